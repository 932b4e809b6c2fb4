"""Every registry of every room, from its declaration and its sample row alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext

from anlan.kernel.accounts.actor import Actor, system
from anlan.kernel.documents import sheets
from anlan.kernel.errors import AnlanError
from anlan.kernel.geo.layers import LAYERS
from anlan.kernel.models import Area
from anlan.kernel.register import actions, exporting, query
from anlan.kernel.register.declare import REGISTERS, Register
from anlan.kernel.register.fields import field_of, is_number
from anlan.kernel.register.importing import Report, import_rows
from anlan.kernel.register.scoping import place_of, visible
from anlan.web.icons import ICONS
from tests.conftest import City, actor
from tests.web.conftest import SignIn, signed_in

__all__ = ["signed_in"]
LOADER = system("装载")
EVERY = pytest.mark.parametrize("slug", sorted(REGISTERS))


def needs(register: Register) -> list[Register]:
    """The registries that rows of this one point to."""
    targets = {field_of(register, name).related_model for name in register.fields} - {None, Area, register.model}
    return [other for other in REGISTERS.values() if other.model in targets]


def load_needed(register: Register, loaded: set[str]) -> None:
    for other in needs(register):
        if other.slug not in loaded:
            loaded.add(other.slug)
            load_needed(other, loaded)
            assert import_rows(LOADER, other, [sample(other)]).refused == []


def sample(register: Register, change: str = "") -> dict[str, str]:
    """The sample row; with `change` another one like it."""
    row = {name: str(value) for name, value in register.sample.items()}
    unique = set(register.key)
    for constraint in register.model._meta.constraints:
        unique |= set(getattr(constraint, "fields", ())) | {
            getattr(e, "name", "") for e in getattr(constraint, "expressions", ())
        }
    for name in unique & set(row):
        field = field_of(register, name)
        if change and isinstance(field, models.CharField) and not field.choices:
            row[name] = f"{row[name]}{change}"[-(field.max_length or 99) :]
    return row


def load(register: Register, *changes: str) -> Report:
    load_needed(register, {register.slug})
    report = import_rows(LOADER, register, [sample(register, change) for change in changes])
    assert report.refused == []
    assert report.unknown == []
    return report


def row_of(register: Register) -> Any:
    """The row made last."""
    return visible(register.model, LOADER, register.view_permission).latest("pk")


def stranger(city: City, row: Any) -> Actor:
    """Who may do everything, in a district that is not the row's."""
    area, _top = place_of(row)
    home = city.west if area is not None and area.path.startswith(city.east.path) else city.east
    return actor(home, name="邻区")


@EVERY
def test_the_sample_row_can_be_imported(slug: str, city: City) -> None:
    assert load(REGISTERS[slug], "").created == 1


@EVERY
def test_a_list_of_three_rows_costs_no_more_queries_than_a_list_of_one(
    slug: str, city: City, signed_in: SignIn
) -> None:
    client, register = signed_in(), REGISTERS[slug]
    load(register, "")
    queries(client, f"/registers/{slug}/")  # the first page of a session also writes the session
    cost = [queries(client, f"/registers/{slug}/")]
    load(register, "2", "3")
    cost.append(queries(client, f"/registers/{slug}/"))
    assert cost[0] == cost[1]
    assert queries(client, f"/api/registers/{slug}") > 0


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        answer = client.get(url)
    assert answer.status_code == 200, answer.content.decode()
    return len(captured)


@EVERY
def test_every_page_of_a_registry_opens(slug: str, city: City, signed_in: SignIn) -> None:
    client, register = signed_in(), REGISTERS[slug]
    load(register, "")
    pk = row_of(register).pk
    for address in (
        "",
        "?q=x&sort=-" + register.columns[0],
        "new",
        "import",
        "template",
        "export",
        f"{pk}/",
        f"{pk}/edit",
        f"{pk}/word",
    ):
        assert client.get(f"/registers/{slug}/{address}").status_code == 200, address
    content = client.get(f"/registers/{slug}/export", {"file": "csv"}).content
    assert len(sheets.read_csv(content)) == visible(register.model, LOADER, register.view_permission).count()
    for name in register.filters:
        assert client.get(f"/registers/{slug}/", {name: "1", f"{name}_min": "1"}).status_code == 200


@EVERY
def test_another_district_sees_nothing_and_changes_nothing(slug: str, city: City) -> None:
    register = REGISTERS[slug]
    load(register, "")
    row = row_of(register)
    other = stranger(city, row)
    if place_of(row)[0] is not None:
        assert row.pk not in set(query.listing(register, other, {}).values_list("pk", flat=True))
    with pytest.raises(AnlanError):
        actions.delete(other, register, row.pk)
    with pytest.raises(AnlanError):
        actions.update(other, register, row.pk, {})
    report = import_rows(other, register, [sample(register)])
    assert (report.created, report.updated, len(report.refused)) == (0, 0, 1)


@EVERY
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_an_export_comes_back_as_it_went(slug: str, kind: str, city: City) -> None:
    register = REGISTERS[slug]
    load(register, "", "2")
    content = exporting.export(register, LOADER, {}, kind)
    report = import_rows(LOADER, register, sheets.read(f"file.{kind}", content))
    assert (report.refused, report.unknown, report.created, report.updated) == ([], [], 0, 0)
    assert report.unchanged >= 2


def bad_cell(register: Register) -> dict[str, str]:
    """One wrong value for a column that does not identify the row."""
    for name in register.fields:
        field = field_of(register, name)
        if name in register.key:
            continue
        if is_number(field) and not field.is_relation:
            return {name: "不是数"}
        if field.choices or field.is_relation:
            return {name: "没有这个"}
    name = next(n for n in register.fields if n not in register.key and field_of(register, n).max_length)
    return {name: "长" * (field_of(register, name).max_length + 1)}


@EVERY
def test_a_wrong_value_gets_its_row_and_reason_and_the_next_row_goes_in(slug: str, city: City) -> None:
    register = REGISTERS[slug]
    load_needed(register, {slug})
    bad = bad_cell(register)
    report = import_rows(LOADER, register, [sample(register) | bad, sample(register, "2")])
    assert report.created == 1
    [(row_no, reasons)] = report.refused
    [(name, reason)] = reasons.items()
    assert (row_no, name) == (2, next(iter(bad)))
    assert "不正确，允许：" in reason


@EVERY
def test_a_located_row_is_on_the_map_for_those_who_may_see_it(slug: str, city: City) -> None:
    register = REGISTERS[slug]
    if register.symbol is None:
        return  # not drawn, or drawn by a layer of the room's own
    assert register.symbol.icon in ICONS
    load(register, "")
    row, layer = row_of(register), LAYERS[register.symbol.layer]
    shown = layer.features(LOADER, None)["features"]
    assert row.pk in {feature["id"] for feature in shown}
    if place_of(row)[0] is not None:
        assert row.pk not in {feature["id"] for feature in layer.features(stranger(city, row), None)["features"]}


NASTY = ["\x00", "%", "'", "9" * 40, "-1", "nan", "１", "a/b:c", "\u202e", "(", "乌" * 300]


@EVERY
def test_no_question_a_browser_can_ask_breaks_a_list(slug: str, city: City, signed_in: SignIn) -> None:
    client, register = signed_in(), REGISTERS[slug]
    names = ["q", "sort", "page", "size", "cols", *register.filters, *(f"{name}_min" for name in register.filters)]
    for text in NASTY:
        for address in (f"/registers/{slug}/", f"/api/registers/{slug}"):
            assert client.get(address, dict.fromkeys(names, text)).status_code in {200, 422}, (address, text)
