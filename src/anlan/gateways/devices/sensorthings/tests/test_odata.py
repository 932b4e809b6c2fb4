"""The query language."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.gateways.devices.sensorthings.odata import Call, Compare, Field, Geography, Logic, parse_filter, parse_query
from anlan.kernel.errors import Invalid


def test_and_binds_closer_than_or_and_not_closest() -> None:
    tree = parse_filter("result gt 5 or not result lt 1 and Thing/name eq 'it''s'")
    assert tree == Logic("or", (
        Compare("gt", Field("result"), 5),
        Logic("and", (
            Logic("not", (Compare("lt", Field("result"), 1),)), Compare("eq", Field("Thing/name"), "it's"),
        )),
    ))  # fmt: skip


def test_times_shapes_and_functions_are_read() -> None:
    assert parse_filter("phenomenonTime ge 2026-11-23T08:00:00Z") == Compare(
        "ge", Field("phenomenonTime"), datetime(2026, 11, 23, 8, tzinfo=UTC)
    )
    assert parse_filter("st_within(location, geography'POINT(1 2)')") == Call(
        "st_within", (Field("location"), Geography("POINT(1 2)"))
    )


def test_options_inside_an_expansion_belong_to_it() -> None:
    options = parse_query("$top=5&$expand=Datastreams($top=1;$expand=Observations($filter=result gt 3)),Locations")
    inside = options.expand["Datastreams"]
    assert (options.top, inside.top, sorted(options.expand)) == (5, 1, ["Datastreams", "Locations"])
    assert inside.expand["Observations"].filter == Compare("gt", Field("result"), 3)
    assert list(parse_query("$expand=Datastreams/Observations").expand["Datastreams"].expand) == ["Observations"]


@given(st.text(alphabet="()',;/ $=abcdeglnot01.-:TZ\"", max_size=60))
def test_no_query_makes_it_fall_over(text: str) -> None:
    for query in (f"$filter={text}", f"$expand={text}", f"$orderby={text}", text):
        try:
            parse_query(query)
        except Invalid:
            continue


@pytest.mark.parametrize("text", ["", "result eq", "result eq 3 4", "f(", "'open", "a eq 1 and"])
def test_half_a_filter_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_filter(text)
