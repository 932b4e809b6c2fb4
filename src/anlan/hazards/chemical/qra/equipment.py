"""Scenarios of a piece of equipment, by a named set of generic failure frequencies or by figures of the park's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from anlan.hazards.chemical.qra.scenario import Scenario
from anlan.hazards.chemical.qra.tree import parameters
from anlan.hazards.contract import InputError

SETS = ("hj169", "purple", "api581")
TYPES = {
    "vessel": "压力容器、气体储罐、塔器", "process": "反应器、工艺储罐", "atmospheric": "常压储罐", "double": "常压双包容储罐",
    "full": "常压全包容储罐", "pump": "泵、压缩机", "pipe": "管道", "tanker": "压力罐车",
}  # fmt: skip
#: Types that a set does not list (a road tanker in HJ 169) are taken from this one.
OTHERWISE = "purple"
TEN_MIN_S = 600.0
#: A hole of 10 % of the largest connection is at most so wide, mm (HJ 169-2018 E.1).
WIDEST_TENTH_MM = 50.0


@dataclass(frozen=True)
class Equipment:
    """What holds a substance: its type (`TYPES`), content kg, state, diameter of its largest connection, length of a pipe."""

    id: str
    type: str
    substance: str
    x: float
    y: float
    inventory_kg: float
    pressure_mpa: float = 0.1013
    temperature_c: float = 20.0
    phase: str = "liquid"
    height_m: float = 1.0
    connection_mm: float = 50.0
    length_m: float = 1.0
    bund_m2: float | None = None
    name: str = ""
    owner: int = -1


@dataclass(frozen=True)
class Frequencies:
    """Which generic failure frequencies hold: a named set, and in its place what a park keeps of its own.

    own: type -> size -> 1/y (of a pipe 1/(m y)); a type that has any row of its own is taken from there alone.
    sources: type -> where those figures are from.
    """

    chosen: str = "hj169"
    own: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)

    def set_for(self, kind: str) -> str:
        """The set that lists this type: the chosen one, else OTHERWISE."""
        sets = parameters()["sets"]
        known = self.chosen in sets and kind not in sets[self.chosen] and kind in sets[OTHERWISE]
        return OTHERWISE if known else self.chosen

    def source(self, kind: str) -> str:
        """Where the figures of a type are from, in words."""
        if kind in self.own:
            return self.sources.get(kind, "") or "园区自定"
        chosen = parameters()["sets"][self.set_for(kind)]
        return str(chosen["title"]) + ("（待核对）" if chosen["to_check"] else "")

    def rates(self, item: Equipment) -> dict[str, float]:
        """Size of release -> 1/y."""
        if item.type in self.own:
            length = item.length_m if item.type == "pipe" else 1.0
            return {size: often * length for size, often in self.own[item.type].items()}
        chosen = self.set_for(item.type)
        table = parameters()["sets"].get(chosen)
        if table is None:
            raise InputError("frequency_set", chosen, "、".join(SETS))
        if item.type == "pipe" and chosen in parameters()["pipe_sizes"]:
            row = next(row for row in parameters()["pipe_sizes"][chosen] if item.connection_mm <= row[0])
            return {"10%": row[1] * item.length_m, "100%": row[2] * item.length_m}
        if item.type not in table:
            raise InputError(
                "type", item.type, "、".join(key for key, value in table.items() if isinstance(value, dict))
            )
        return dict(table[item.type])


GENERIC = Frequencies()
#: A size of release: mm of a hole, a share of the largest connection, the whole content in 10 min, or at once.
SIZE = re.compile(r"[0-9]{1,4}(\.[0-9])?%?|10min|rupture")


def proper_size(size: str) -> bool:
    """Can a release of this size be reckoned: a hole of 0.1 to 1000 mm, 1 to 100 %, `10min`, `rupture`?"""
    if SIZE.fullmatch(size) is None:
        return False
    if size in ("10min", "rupture"):
        return True
    return 1 <= float(size[:-1]) <= 100 if size.endswith("%") else 0.1 <= float(size) <= 1000


def hole_mm(size: str, item: Equipment) -> float:
    """mm of a size in the table: a number, or a share of the connection; never wider than the connection."""
    if size.endswith("%"):
        share = float(size[:-1]) / 100
        return min(WIDEST_TENTH_MM, share * item.connection_mm) if share <= 0.1 else share * item.connection_mm
    return float(size)


def scenarios(item: Equipment, frequencies: Frequencies = GENERIC) -> list[Scenario]:
    """Every release of the table at this equipment."""
    found = []
    for size, often in frequencies.rates(item).items():
        base = Scenario(
            id=f"{item.id}/{size}", x=item.x, y=item.y, frequency=often, kind="leak", substance=item.substance,
            name=f"{item.name or item.id} {words(size)}", height_m=item.height_m, phase=item.phase,
            pressure_mpa=item.pressure_mpa, temperature_c=item.temperature_c, inventory_kg=item.inventory_kg, bund_m2=item.bund_m2, owner=item.owner,
        )  # fmt: skip
        if size == "rupture":
            found.append(Scenario(**{**vars(base), "kind": "rupture"}))
        elif size == "10min":
            found.append(
                Scenario(**{**vars(base), "rate_kg_s": item.inventory_kg / TEN_MIN_S, "duration_s": TEN_MIN_S})
            )
        else:
            found.append(Scenario(**{**vars(base), "hole_mm": hole_mm(size, item)}))
    return found


def words(size: str) -> str:
    """How people call a release."""
    if size == "rupture":
        return "整体破裂"
    if size == "10min":
        return "10 min 全部泄漏"
    if size.endswith("%"):
        return "全管径泄漏" if size == "100%" else f"{size} 孔径泄漏"
    return f"{size} mm 孔泄漏"
