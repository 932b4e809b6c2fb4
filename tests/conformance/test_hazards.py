"""Every hazard folder keeps the contract."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from shapely.geometry import Point, shape

from anlan import hazards
from anlan.hazards.contract import Hazard, Input, InputError

FOUND = sorted(hazards.discover().values(), key=lambda h: h.kind)
WUDA = (106.7014, 39.4643)
GRADES = {"sketch", "working", "reference"}


@pytest.mark.parametrize("hazard", FOUND, ids=lambda h: h.kind)
def test_says_what_it_is(hazard: Hazard) -> None:
    folder = Path(hazards.__path__[0]) / hazard.kind
    assert (folder / "README.md").is_file()
    assert hazard.citation
    assert hazard.grade in GRADES
    assert hazard.cases
    for item in hazard.inputs:
        assert item.title
        assert not isinstance(item, Input) or item.low < item.high


@pytest.mark.parametrize("hazard", FOUND, ids=lambda h: h.kind)
def test_its_example_gives_zones_that_nest_and_touch_the_source(hazard: Hazard) -> None:
    result = hazard.run(*WUDA, hazard.example)
    shapes = [shape(zone.geometry) for zone in result.zones]
    assert shapes
    assert all(s.is_valid for s in shapes)
    assert all(inner.area <= outer.area * 1.001 for inner, outer in pairwise(shapes))
    assert min(s.distance(Point(*WUDA)) for s in shapes) < 0.01
    assert result.assumptions
    assert result.limits


@pytest.mark.parametrize("hazard", FOUND, ids=lambda h: h.kind)
def test_a_wrong_input_is_refused_by_name_value_and_range(hazard: Hazard) -> None:
    number = next(item for item in hazard.inputs if isinstance(item, Input))
    with pytest.raises(InputError, match=number.name) as refused:
        hazard.run(*WUDA, {**hazard.example, number.name: number.high * 2 + 1})
    assert f"{number.high:g}" in refused.value.allowed
    with pytest.raises(InputError, match="banana"):
        hazard.run(*WUDA, {**hazard.example, "banana": 1})


@pytest.mark.parametrize(
    ("hazard", "case"),
    [(h, c) for h in FOUND for c in h.cases],
    ids=lambda x: getattr(x, "title", x.__class__.__name__),
)
def test_published_cases(hazard: Hazard, case: object) -> None:
    value = case.function(**case.arguments)  # type: ignore[attr-defined]
    assert value == pytest.approx(case.expected, rel=case.tolerance)  # type: ignore[attr-defined]
