"""Every number of every chemical verb, spoilt: an error that names it, or an answer without a NaN; never anything else."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import Any

import pytest

from anlan.cli import _engines
from anlan.cli._engines.contract import Engine
from anlan.hazards.chemical import HAZARD
from anlan.hazards.contract import Input, InputError

VERBS = (
    "major-hazard", "release", "plume", "puff", "puff-train", "heavy-puff", "flash-fire", "indoor", "stability", "probit", "bleve",
    "pool-fire", "jet-fire", "blast",
)  # fmt: skip
SPOILT = (math.nan, math.inf, -math.inf, -1.0, 1e308, 1e-300, "x", True, [])
RELEASES: tuple[dict[str, Any], ...] = (
    {"kind": "liquid", "substance": "甲苯", "hole_diameter_m": 0.025, "gauge_pressure_pa": 5e4, "head_m": 5},
    {"kind": "two_phase", "substance": "氯", "hole_diameter_m": 0.05, "pressure_pa": 7e5, "temperature_k": 293},
    {"kind": "blow_down", "substance": "甲烷" , "molar_mass_kg_mol": 0.016, "gamma": 1.31, "hole_diameter_m": 0.02, "volume_m3": 10,
     "pressure_pa": 5e6},
    {"kind": "draining", "substance": "甲醇", "hole_diameter_m": 0.05, "tank_area_m2": 5, "head_m": 3},
    {"kind": "saturated_liquid", "substance": "氯", "hole_diameter_m": 0.05, "pressure_pa": 7e5, "temperature_k": 293},
    {"kind": "pool_spread", "substance": "甲醇", "liquid_rate_kg_s": 5, "seconds": 300, "temperature_k": 293},
    {"kind": "pool_evaporation", "substance": "甲醇", "pool_radius_m": 5, "wind_m_s": 2, "vapour_pressure_pa": 12_000},
    {"kind": "rupture", "substance": "氯", "inventory_kg": 1000, "temperature_k": 293},
)  # fmt: skip


def numbers(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for one in value:
            yield from numbers(one)
    elif isinstance(value, float):
        yield value


def asked(engine: Engine, given: dict[str, Any]) -> tuple[Any, InputError | None]:
    """(answer, refusal)."""
    try:
        return engine.answer(given), None
    except InputError as error:
        return None, error


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    for verb in VERBS:
        yield verb, copy.deepcopy(_engines.load(verb).example)
    yield "pool-fire", {**_engines.load("pool-fire").example, "model": "solid-flame"}
    yield "blast", {"cloud_m3": 1000, "strength": 7, "curve": "multi-energy", "distances_m": [50]}
    yield "plume", {**_engines.load("plume").example, "substance": "氯", "model": "dense"}
    for given in RELEASES:
        yield "release", dict(given)


@pytest.mark.parametrize(("verb", "given"), list(cases()))
def test_a_spoilt_number_is_named_or_answered(verb: str, given: dict[str, Any]) -> None:
    engine = _engines.load(verb)
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        for bad in SPOILT:
            found, refused = asked(engine, {**given, name: bad})
            if refused is not None:
                assert refused.field, f"{verb}.{name} = {bad}: no field named"
                assert refused.allowed, f"{verb}.{name} = {bad}: no range named"
                continue
            assert isinstance(bad, float), f"{verb}.{name} took {bad!r}"
            assert all(math.isfinite(one) for one in numbers(found)), f"{verb}.{name} = {bad}: {found}"


@pytest.mark.parametrize("name", [item.name for item in HAZARD.inputs if isinstance(item, Input)])
def test_every_input_of_a_footprint_has_a_range_with_its_unit(name: str) -> None:
    item = next(one for one in HAZARD.inputs if one.name == name)
    assert isinstance(item, Input)
    for bad in (math.nan, math.inf, item.low - 1, item.high + 1, "x", True):
        with pytest.raises(InputError) as refused:
            HAZARD.run(106.7, 39.4, {**(HAZARD.example or {}), name: bad})
        assert (refused.value.field, f"{item.low:g} 至 {item.high:g} {item.unit}".strip()) == (
            name,
            refused.value.allowed,
        )


def test_a_hole_wider_than_its_vessel_is_refused_before_any_work() -> None:
    wide = {"substance": "氯", "phase": "liquid", "hole_mm": 900, "inventory_t": 0.2}
    with pytest.raises(InputError, match="不大于容器本身"):
        HAZARD.run(106.7, 39.4, wide)
    with pytest.raises(InputError, match="不大于容器"):
        _engines.load("release").answer({**RELEASES[2], "volume_m3": 0.001, "hole_diameter_m": 0.5})
    small = {"kind": "liquid", "substance": "氯", "head_m": 2, "inventory_kg": 50, "hole_diameter_m": 0.8}
    with pytest.raises(InputError, match=r"不大于容器：<= 0\.394 m（存量 50 kg）"):
        _engines.load("release").answer(small)
    with pytest.raises(InputError, match="20 m"):
        _engines.load("release").answer({**small, "inventory_kg": None, "hole_diameter_m": 5000})


@pytest.mark.parametrize(("phase", "kg"), [("liquid", 200), ("gas", 3)])
def test_a_hole_wider_than_its_vessel_is_refused_in_quantified_risk_too(phase: str, kg: float) -> None:
    example = copy.deepcopy(_engines.load("qra").example)
    example["scenarios"][0] |= {"hole_mm": 900, "inventory_kg": kg, "phase": phase, "pressure_mpa": 0.4}
    with pytest.raises(InputError, match=r"不大于容器本身（存量 \d+ kg，约 \d+ mm）") as refused:
        _engines.load("qra").answer(example)
    assert refused.value.field == "scenarios[0].hole_mm"


def test_a_billion_cells_are_refused_before_any_work() -> None:
    example = copy.deepcopy(_engines.load("qra").example)
    example["grid"] = {"x0": 0, "y0": 0, "cell_m": 1, "nx": 40_000, "ny": 25_000}
    with pytest.raises(InputError) as refused:
        _engines.load("qra").answer(example)
    assert "grid" in refused.value.field
