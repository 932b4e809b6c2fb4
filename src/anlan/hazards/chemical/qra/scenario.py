"""From what may leak to footprints: source term, event tree, outcomes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from anlan.hazards.chemical import source
from anlan.hazards.chemical.qra import effects
from anlan.hazards.chemical.qra.effects import Cloud, Release
from anlan.hazards.chemical.qra.kernels import outline_at
from anlan.hazards.chemical.qra.model import Floats, Footprint, Outline, People, Rose, Study
from anlan.hazards.chemical.qra.tree import (
    BLAST,
    FIREBALL,
    FLASH,
    JET,
    NONE,
    POOL,
    TOXIC,
    Ignition,
    delayed,
    grow,
    immediate,
    parameters,
)
from anlan.hazards.chemical.substances import Substance, find

#: A release that is given, one that a hole or a burst makes, and outcomes that are given outright.
RELEASES = ("continuous", "instantaneous", "leak", "rupture")
OUTRIGHT = {
    "toxic": TOXIC, "puff": TOXIC, "jet_fire": JET, "pool_fire": POOL, "fireball": FIREBALL, "flash_fire": FLASH, "vce": BLAST,
}  # fmt: skip
KINDS = (*RELEASES, *OUTRIGHT)
#: Scenarios whose dense layers are solved together: their layers are kept until their footprints are made.
AT_ONCE_SOLVED = 64
AT_ONCE = {"instantaneous", "rupture", "puff", "fireball"}


@dataclass(frozen=True)
class Scenario:
    """One way in which something gets out, at (x, y) m, so many times a year. None = worked out or left to its default."""

    id: str
    x: float
    y: float
    frequency: float
    kind: str
    substance: str
    name: str = ""
    height_m: float = 1.0
    rate_kg_s: float | None = None
    mass_kg: float | None = None
    duration_s: float | None = None
    hole_mm: float | None = None
    phase: str = "liquid"
    pressure_mpa: float = 0.1013
    temperature_c: float = 20.0
    inventory_kg: float | None = None
    head_m: float = 2.0
    bund_m2: float | None = None
    immediate_ignition: float | None = None
    delayed_ignition: float | None = None
    #: Whose it is, as in `People.owners`.
    owner: int = -1

    @property
    def at_once(self) -> bool:
        return self.kind in AT_ONCE


@dataclass(frozen=True)
class Out:
    """A source term: what gets into the air, whether it boils off at once, what feeds a fire (kg/s or kg), pool m2."""

    release: Release
    boiling: bool
    fuel: float
    pool_m2: float

    @property
    def at_once(self) -> bool:
        return self.release.rate is None


def source_of(scenario: Scenario, substance: Substance, rose: Rose) -> Out:
    boils = scenario.phase == "gas" or scenario.temperature_c > substance.boiling_c
    if scenario.kind in ("leak", "rupture"):
        return from_vessel(scenario, substance, rose, boils)
    temperature = (
        min(scenario.temperature_c, substance.boiling_c) if scenario.phase == "liquid" else scenario.temperature_c
    )
    seconds = scenario.duration_s or parameters()["effects"]["no_isolation_s"]
    if scenario.at_once:
        mass = float(scenario.mass_kg or 0.0)
        return Out(
            Release(substance, None, mass, 0.0, temperature, scenario.height_m),
            boils,
            mass,
            pool(scenario, substance, mass),
        )
    rate = float(scenario.rate_kg_s or 0.0)
    release = Release(
        substance, np.full(len(rose.classes), rate), rate * seconds, seconds, temperature, scenario.height_m
    )
    return Out(release, boils, rate, pool(scenario, substance, rate * seconds))


def pool(scenario: Scenario, substance: Substance, mass: float) -> float:
    """m2: the liquid as thin as it runs, within its bund."""
    given = parameters()["effects"]
    return max(1.0, min(scenario.bund_m2 or given["bund_m2"], mass / substance.liquid_density / given["pool_depth_m"]))


def flashing(scenario: Scenario, substance: Substance) -> float:
    """Share that gets into the air of a liquid that boils off: what flashes and as much again as droplets; of gas all."""
    if scenario.phase == "gas":
        return 1.0
    cp, latent = (substance.cp_kj_kg_k or 1.0) * 1000, (substance.latent_kj_kg or 300.0) * 1000
    return min(1.0, 2 * source.flash_fraction(scenario.temperature_c, substance.boiling_c, cp, latent))


def droplets(scenario: Scenario, substance: Substance) -> float:
    """Share of what gets into the air that is still liquid: half, until all flashes."""
    if scenario.phase == "gas":
        return 0.0
    airborne = flashing(scenario, substance)
    flashed = min(airborne, airborne / 2 if airborne < 1 else 1.0)
    return 1 - flashed / airborne if airborne > 0 else 0.0


def leak_rate(scenario: Scenario, substance: Substance) -> float:
    """kg/s out of the hole."""
    if scenario.hole_mm is None:
        return float(scenario.rate_kg_s or 0.0)
    pressure = scenario.pressure_mpa * 1e6
    if scenario.phase == "gas":
        kelvin = scenario.temperature_c + 273.15
        return source.gas_rate(scenario.hole_mm / 1000, pressure, kelvin, substance.molar_mass, substance.gamma)[0]
    gauge = max(0.0, pressure - source.AMBIENT_PA)
    return source.liquid_rate(scenario.hole_mm / 1000, substance.liquid_density, gauge, scenario.head_m)


def from_vessel(scenario: Scenario, substance: Substance, rose: Rose, boils: bool) -> Out:
    """A hole, or the whole content at once."""
    stock = scenario.inventory_kg or 0.0
    winds = len(rose.classes)
    if scenario.kind == "rupture" and boils:
        mass = stock * flashing(scenario, substance)
        temperature = (
            min(scenario.temperature_c, substance.boiling_c) if scenario.phase == "liquid" else scenario.temperature_c
        )
        drops = droplets(scenario, substance)
        return Out(Release(substance, None, mass, 0.0, temperature, scenario.height_m, drops), True, stock, 1.0)
    limit = scenario.duration_s or parameters()["effects"]["isolation_s"]
    out = stock / limit if scenario.kind == "rupture" else leak_rate(scenario, substance)
    seconds = min(limit, stock / out) if out > 0 and stock > 0 else limit
    if boils:
        airborne = np.full(winds, out * flashing(scenario, substance))
        temperature = (
            min(scenario.temperature_c, substance.boiling_c) if scenario.phase == "liquid" else scenario.temperature_c
        )
        total = float(airborne[0]) * seconds
        drops = droplets(scenario, substance)
        release = Release(substance, airborne, total, seconds, temperature, scenario.height_m, drops)
        return Out(release, True, out, 1.0)
    area = pool(scenario, substance, out * seconds)
    pressure = effects.vapour_pressure(substance, min(scenario.temperature_c, 40.0))
    rates = np.array([
        source.mass_evaporation(pressure, substance.molar_mass, 293.15, max(effects.LEAST_WIND, wind), sqrt(area / np.pi), stability)
        for stability, wind in rose.classes
    ])  # fmt: skip
    lasts = max(seconds, parameters()["effects"]["no_isolation_s"])
    rates = np.minimum(rates, out * seconds / lasts)
    release = Release(substance, rates, float(rates.max()) * lasts, lasts, min(scenario.temperature_c, 40.0), 0.0)
    return Out(release, False, out, area)


def ignited(
    scenario: Scenario, out: Out, half: Floats, reach: Floats, rose: Rose, sources: Sequence[Ignition]
) -> Floats:
    """Probability of delayed ignition [weather, wind]: given, or by the sources that the cloud meets, or a default."""
    shape = rose.probability.shape
    if scenario.delayed_ignition is not None:
        return np.full(shape, scenario.delayed_ignition)
    if not sources:
        return np.full(shape, parameters()["delayed"]["otherwise"])
    places = np.array([(item.x, item.y) for item in sources])
    per_metre = (half.shape[1] - 1) / np.maximum(reach, 1e-9)
    inside = outline_at(places, scenario.x, scenario.y, rose.towards, half, per_metre, reach)
    return delayed(inside, list(sources), 60.0 if out.at_once else min(out.release.seconds, 1800.0))


def footprints(
    index: int, scenario: Scenario, rose: Rose, sources: Sequence[Ignition] = ()
) -> tuple[list[Footprint], dict[str, float]]:
    """(footprints, outcome -> probability within this scenario)."""
    substance = find(scenario.substance)
    out = source_of(scenario, substance, rose)
    cloud = effects.cloud_of(out.release, rose)
    burns = substance.lfl_pct is not None and substance.combustion_mj_kg is not None
    none = np.zeros((len(rose.classes), effects.NODES)), np.zeros(len(rose.classes))
    half, reach = effects.flammable(cloud, substance) if burns else none
    if scenario.kind in OUTRIGHT:
        tree = {OUTRIGHT[scenario.kind]: np.ones_like(rose.probability)}
    else:
        soon = scenario.immediate_ignition
        if soon is None:
            soon = immediate(substance, out.fuel, out.at_once)
        later = ignited(scenario, out, half, reach, rose, sources) if burns else np.zeros_like(rose.probability)
        tree = grow(out.at_once, out.boiling, bool(substance.probit), burns, soon, later)
    found: list[Footprint] = []
    for outcome, chance in tree.items():
        if outcome != NONE:
            weight = scenario.frequency * rose.probability * chance
            if weight.any():
                found += effect(outcome, index, scenario, out, cloud, weight, (half, reach), rose)
    return found, {outcome: float((rose.probability * chance).sum()) for outcome, chance in tree.items()}


def effect(
    outcome: str, index: int, scenario: Scenario, out: Out, cloud: Cloud, weight: Floats, limit: tuple[Floats, Floats], rose: Rose
) -> Iterator[Footprint]:  # fmt: skip
    """Footprints of one outcome; none where it harms nobody."""
    substance, place = out.release.substance, (scenario.x, scenario.y)
    half, reach = limit
    if outcome == TOXIC:
        plume = effects.poison(cloud, out.release, index, *place, weight)
        if plume.reach.max() > 0:
            yield plume
    elif outcome == FLASH and reach.max() > 0:
        yield Outline(index, FLASH, *place, weight, half, reach)
    elif outcome == BLAST:
        blasts = effects.explosion(cloud, out.release, reach, rose, index, *place, weight)
        yield from (item for item in blasts if item.reach.max() > 0)
    elif outcome == JET and out.fuel > 0:
        yield effects.jet_fire(out.fuel, substance, index, place, weight)
    elif outcome == POOL:
        yield effects.pool_fire(out.pool_m2, substance, index, place, weight)
    elif outcome == FIREBALL and out.fuel > 0:
        yield effects.fireball(out.fuel, substance, index, place, weight)


def study(
    scenarios: Sequence[Scenario],
    rose: Rose,
    people: People | None = None,
    sources: Sequence[Ignition] = (),
    day: float | None = None,
) -> Study:
    """All scenarios with their footprints; `day` = share of the time that is day, for people (None = the parameters')."""
    found: list[Footprint] = []
    for start in range(0, len(scenarios), AT_ONCE_SOLVED):
        part = scenarios[start : start + AT_ONCE_SOLVED]
        releases = [source_of(one, find(one.substance), rose).release for one in part]
        effects.solved(key for release in releases for key in effects.layer_keys(release, rose).values())
        for index, scenario in enumerate(part, start):
            found += footprints(index, scenario, rose, sources)[0]
    names, owners = tuple(item.id for item in scenarios), tuple(item.owner for item in scenarios)
    return Study(names, tuple(found), rose, people, parameters()["people"]["day_share"] if day is None else day, owners)
