"""Fire danger grades, signals and seasons."""

from __future__ import annotations

from datetime import date

import pytest

from anlan.hazards.contract import InputError
from anlan.hazards.weather.fire_danger import METHOD, grade_of, in_season, signal_of


@pytest.mark.parametrize(
    ("fwi", "name", "colour"),
    [(0, "低", "绿"), (5.1, "低", "绿"), (5.2, "较低", "蓝"), (11.2, "较高", "黄"), (21.3, "高", "橙"), (37.9, "高", "橙"),
     (38, "极高", "红"), (120, "极高", "红")],
)  # fmt: skip
def test_each_grade_begins_at_its_limit_and_says_by_which_method(fwi: float, name: str, colour: str) -> None:
    found = grade_of(fwi)
    assert (found.name, found.colour, found.method) == (name, colour, METHOD)


@pytest.mark.parametrize(
    ("levels", "colour"), [([1], ""), ([2], "蓝"), ([5, 3], "黄"), ([2, 4], "橙"), ([5], "红"), ([], "")]
)
def test_the_signal_follows_the_level_of_the_last_day(levels: list[int], colour: str) -> None:
    assert signal_of(levels) == colour


def test_a_signal_that_must_last_takes_the_mildest_of_its_days() -> None:
    assert signal_of([5, 4, 5], lasting_days=3) == "橙"
    assert signal_of([5, 5], lasting_days=3) == ""


@pytest.mark.parametrize(
    ("day", "inside"),
    [(date(2026, 3, 14), False), (date(2026, 3, 15), True), (date(2026, 6, 15), True), (date(2026, 6, 16), False),
     (date(2026, 9, 15), True), (date(2026, 11, 16), False)],
)  # fmt: skip
def test_the_season_includes_its_first_and_last_day(day: date, inside: bool) -> None:
    assert in_season(day) is inside


@pytest.mark.parametrize("fwi", [-1, float("nan"), float("inf")])
def test_an_index_that_cannot_be_is_refused(fwi: float) -> None:
    with pytest.raises(InputError, match="fwi"):
        grade_of(fwi)


def test_a_level_that_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="levels"):
        signal_of([6])
