"""The command line's and the interface's input of a park: read and checked before any work, by name, value and range."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, pi
from typing import Any

import numpy as np

from anlan.hazards.chemical import criteria
from anlan.hazards.chemical.plume import STABILITIES
from anlan.hazards.chemical.qra.model import Grid, People, Rose
from anlan.hazards.chemical.qra.scenario import KINDS, Scenario
from anlan.hazards.chemical.qra.tree import Ignition, parameters
from anlan.hazards.chemical.substances import Substance, find
from anlan.hazards.chemical.vessel import hole_fits
from anlan.hazards.contract import InputError

#: A map larger than this is an error of units, not a park.
MOST_CELLS = 25_000_000
MOST_SCENARIOS, MOST_ROWS = 20_000, 200_000
FAR_M = 1e7
#: Rounded probabilities may miss 1 by so much; they are then taken in proportion.
SUM_WITHIN = 1e-3


@dataclass(frozen=True)
class Target:
    """A protection target (GB 36894-2018): where, and its class."""

    x: float
    y: float
    kind: str
    name: str = ""


@dataclass(frozen=True)
class Request:
    grid: Grid
    scenarios: tuple[Scenario, ...]
    rose: Rose
    people: People | None
    targets: tuple[Target, ...]
    sources: tuple[Ignition, ...]
    existing: bool
    #: The first so many targets are receptors without a class of their own.
    receptors: int = 0
    #: Share of the time that is day (1 = it is day now); None = the parameters'.
    day: float | None = None


def number(
    given: Mapping[str, Any], path: str, name: str, low: float, high: float, unit: str = "", default: Any = ...
) -> Any:
    """A finite number within a range, or its default (... = it must be given)."""
    value = given.get(name)
    if value is None and default is not ...:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or not low <= value <= high:
        raise InputError(path + name, value, f"{low:g} 至 {high:g} {unit}".strip())
    return float(value)


def word(given: Mapping[str, Any], path: str, name: str, allowed: Sequence[str], default: str | None = None) -> str:
    value = given.get(name, default)
    if value not in allowed:
        raise InputError(path + name, value, "、".join(allowed))
    return str(value)


def objects(given: Mapping[str, Any], name: str, most: int, needed: bool = True) -> list[tuple[str, Mapping[str, Any]]]:
    """(path, row) of a list of objects."""
    rows = given.get(name)
    if rows is None and not needed:
        return []
    if not isinstance(rows, list) or len(rows) > most or (needed and not rows):
        shown = len(rows) if isinstance(rows, list) else rows
        raise InputError(name, shown, f"{1 if needed else 0} 至 {most} 个对象的数组")
    for i, row in enumerate(rows):
        if not isinstance(row, dict):
            raise InputError(f"{name}[{i}]", row, "JSON 对象")
    return [(f"{name}[{i}].", row) for i, row in enumerate(rows)]


def known(given: Mapping[str, Any], path: str, names: Sequence[str]) -> None:
    for name in given:
        if name not in names:
            raise InputError(path + name, given[name], f"只接受 {'、'.join(names)}")


def grid_of(given: Any) -> Grid:
    if not isinstance(given, dict):
        raise InputError("grid", given, "JSON 对象：x0、y0、cell_m、nx、ny")
    known(given, "grid.", ("x0", "y0", "cell_m", "nx", "ny"))
    counts = []
    for name in ("nx", "ny"):
        value = number(given, "grid.", name, 1, MOST_CELLS)
        if value != int(value):
            raise InputError(f"grid.{name}", value, "整数")
        counts.append(int(value))
    if counts[0] * counts[1] > MOST_CELLS:
        raise InputError("grid.nx", counts[0] * counts[1], f"nx × ny 至多 {MOST_CELLS} 格（请放大 cell_m 或缩小范围）")
    place = [number(given, "grid.", name, -FAR_M, FAR_M, "m") for name in ("x0", "y0")]
    return Grid(place[0], place[1], number(given, "grid.", "cell_m", 0.1, 5000, "m"), *counts)


#: Optional numbers of a scenario: range and unit.
NUMBERS: dict[str, tuple[float, float, str]] = {
    "height_m": (0, 300, "m"), "rate_kg_s": (1e-9, 1e6, "kg/s"), "mass_kg": (1e-6, 1e10, "kg"), "duration_s": (1, 1e6, "s"),
    "hole_mm": (0.1, 5000, "mm"), "pressure_mpa": (0.1, 100, "MPa（绝对）"), "temperature_c": (-270, 1000, "℃"),
    "inventory_kg": (1e-6, 1e10, "kg"), "head_m": (0, 100, "m"), "bund_m2": (1, 1e6, "m²"), "immediate_ignition": (0, 1, ""),
    "delayed_ignition": (0, 1, ""),
}  # fmt: skip
#: What a kind cannot do without.
NEEDED = {
    "continuous": ("rate_kg_s",), "instantaneous": ("mass_kg",), "rupture": ("inventory_kg",), "toxic": ("rate_kg_s",),
    "puff": ("mass_kg",), "jet_fire": ("rate_kg_s",), "pool_fire": ("bund_m2",), "fireball": ("mass_kg",),
    "flash_fire": ("rate_kg_s",), "vce": ("rate_kg_s",),
}  # fmt: skip


def fits(path: str, row: Mapping[str, Any], values: Mapping[str, float | None], substance: Substance) -> None:
    """A hole wider than what is in the vessel could fill is a rupture, not a hole."""
    hole, stock = values["hole_mm"], values["inventory_kg"]
    if hole is None or stock is None:
        return
    density = substance.liquid_density
    if row.get("phase", "liquid") == "gas":
        bar = (values["pressure_mpa"] or 0.1013) / 0.101325
        density = bar * substance.vapour_density(20.0 if values["temperature_c"] is None else values["temperature_c"])
    if not hole_fits(hole / 1000, stock / density):
        across = (6 * stock / density / pi) ** (1 / 3) * 1000
        raise InputError(
            path + "hole_mm", hole, f"不大于容器本身（存量 {stock:g} kg，约 {across:.0f} mm），或用 kind = rupture"
        )


def scenario_of(path: str, row: Mapping[str, Any]) -> Scenario:
    known(
        row,
        path,
        ("id", "name", "x", "y", "frequency_per_y", "kind", "substance", "phase", "vessel_diameter_m", *NUMBERS),
    )
    kind = word(row, path, "kind", KINDS)
    text = row.get("substance")
    if not isinstance(text, str) or not text.strip():
        raise InputError(path + "substance", text, "物质名称、CAS 号或键")
    try:
        substance = find(text)
    except InputError as error:
        raise InputError(path + "substance", error.value, error.allowed) from error
    values = {name: number(row, path, name, *span, default=None) for name, span in NUMBERS.items()}
    for name in NEEDED.get(kind, ()):
        if values[name] is None:
            low, high, unit = NUMBERS[name]
            raise InputError(path + name, None, f"{low:g} 至 {high:g} {unit}".strip())
    if kind == "leak" and values["hole_mm"] is None and values["rate_kg_s"] is None:
        raise InputError(path + "hole_mm", None, "0.1 至 5000 mm，或给出 rate_kg_s")
    able(path, kind, row, substance)
    across = number(row, path, "vessel_diameter_m", 0.01, 200, "m", None)
    if across is not None and values["hole_mm"] is not None and values["hole_mm"] > across * 1000:
        raise InputError(path + "hole_mm", values["hole_mm"], f"不大于设备直径 {across * 1000:g} mm")
    fits(path, row, values, substance)
    return Scenario(
        id=str(row.get("id", path.rstrip("."))), name=str(row.get("name", "")), kind=kind, substance=substance.key,
        x=number(row, path, "x", -FAR_M, FAR_M, "m"), y=number(row, path, "y", -FAR_M, FAR_M, "m"),
        frequency=number(row, path, "frequency_per_y", 0, 1e3, "次/年"),
        phase=word(row, path, "phase", ("gas", "liquid"), "liquid" if kind in ("leak", "rupture") else "gas"),
        **{name: value for name, value in values.items() if value is not None},
    )  # fmt: skip


def able(path: str, kind: str, row: Mapping[str, Any], substance: Any) -> None:
    """A kind that a substance has no data for is refused, instead of passing as harmless."""
    if kind in ("toxic", "puff") and not substance.probit:
        raise InputError(path + "substance", row["substance"], "有毒性概率常数的物质")
    burns = substance.lfl_pct is not None and substance.combustion_mj_kg is not None
    if kind in ("jet_fire", "pool_fire", "fireball", "flash_fire", "vce") and not burns:
        raise InputError(path + "substance", row["substance"], "有爆炸下限和燃烧热数据的物质")
    if not burns and not substance.probit:
        raise InputError(path + "substance", row["substance"], "有毒性概率常数或燃烧数据的物质")


def rose_of(given: Mapping[str, Any]) -> Rose:
    """The joint frequency; a row may be of the day or of the night alone (`period`), else it is both's by their hours."""
    rows, lit = [], []
    shares = {"day": 1.0, "night": 0.0, "all": parameters()["people"]["day_share"]}
    for path, row in objects(given, "weather", MOST_ROWS):
        known(row, path, ("stability", "wind_m_s", "direction_deg", "probability", "period"))
        lit.append(shares[word(row, path, "period", tuple(shares), "all")])
        rows.append((
            word(row, path, "stability", STABILITIES), number(row, path, "wind_m_s", 0, 60, "m/s"),
            number(row, path, "direction_deg", 0, 360, "°（来向）"), number(row, path, "probability", 0, 1),
        ))  # fmt: skip
    total = sum(row[3] for row in rows)
    if abs(total - 1) > SUM_WITHIN:
        raise InputError("weather[].probability", round(total, 6), f"各行之和为 1（±{SUM_WITHIN:g}）")
    scaled = [(stability, wind, wind_from % 360, p / total) for stability, wind, wind_from, p in rows]
    return Rose.of(scaled, word(given, "", "wind_sectors", ("ray", "filled"), "ray") == "filled", lit)


def people_of(given: Mapping[str, Any]) -> People | None:
    usual = parameters()["people"]
    names = ("x", "y", "people", "people_night", "indoor_fraction", "indoor_fraction_night", "name")
    rows = []
    for path, row in objects(given, "population", MOST_ROWS, needed=False):
        known(row, path, names)
        day = number(row, path, "people", 0, 1e8, "人")
        inside = number(row, path, "indoor_fraction", 0, 1, "", usual["indoors_day"])
        later = usual["indoors_night"] if row.get("indoor_fraction") is None else inside
        rows.append((
            number(row, path, "x", -FAR_M, FAR_M, "m"), number(row, path, "y", -FAR_M, FAR_M, "m"), day,
            number(row, path, "people_night", 0, 1e8, "人", day), inside,
            number(row, path, "indoor_fraction_night", 0, 1, "", later),
        ))  # fmt: skip
    if not rows:
        return None
    table = np.array(rows)
    day_people, night_people, by_day, by_night = table[:, 2:].T
    return People(
        table[:, :2],
        day_people,
        night_people,
        by_day,
        by_night,
        tuple(str(row.get("name", "")) for row in given["population"]),
    )


def targets_of(given: Mapping[str, Any]) -> tuple[Target, ...]:
    """Protection targets with their class, and receptors, which count as the strictest class."""
    found = []
    for i, place in enumerate(given.get("receptors") or []):
        if not isinstance(place, list | tuple) or len(place) != 2:
            raise InputError(f"receptors[{i}]", place, "[x, y]，m")
        ends = dict(zip("xy", place, strict=True))
        x, y = (number(ends, f"receptors[{i}].", name, -FAR_M, FAR_M, "m") for name in "xy")
        found.append(Target(x, y, "一类", f"受体 {i + 1}"))
    for path, row in objects(given, "targets", MOST_ROWS, needed=False):
        known(row, path, ("x", "y", "class", "name"))
        x, y = (number(row, path, name, -FAR_M, FAR_M, "m") for name in "xy")
        found.append(Target(x, y, word(row, path, "class", tuple(criteria.NEW)), str(row.get("name", ""))))
    return tuple(found)


def sources_of(given: Mapping[str, Any]) -> tuple[Ignition, ...]:
    table = {key: value for key, value in parameters()["delayed"].items() if isinstance(value, float)}
    found = []
    for path, row in objects(given, "ignition_sources", 10_000, needed=False):
        known(row, path, ("x", "y", "kind", "within_60s", "present"))
        usual = table[word(row, path, "kind", tuple(table))] if row.get("kind") is not None else ...
        found.append(Ignition(
            number(row, path, "x", -FAR_M, FAR_M, "m"), number(row, path, "y", -FAR_M, FAR_M, "m"),
            number(row, path, "within_60s", 0, 1, "", usual), number(row, path, "present", 0, 1, "", 1.0),
        ))  # fmt: skip
    return tuple(found)


READERS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "rose": rose_of, "people": people_of, "targets": targets_of, "sources": sources_of,
}  # fmt: skip


def read(given: Mapping[str, Any]) -> Request:
    """The whole input; InputError names the first wrong field."""
    grid = grid_of(given.get("grid"))
    scenarios = tuple(scenario_of(path, row) for path, row in objects(given, "scenarios", MOST_SCENARIOS))
    existing = word(given, "", "criteria", ("GB36894-new", "GB36894-existing"), "GB36894-new").endswith("existing")
    parts = {name: reader(given) for name, reader in READERS.items()}
    return Request(grid, scenarios, existing=existing, receptors=len(given.get("receptors") or []), **parts)
