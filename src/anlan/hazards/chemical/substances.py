"""The table of substances; sources stand in the table itself."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from anlan.hazards.contract import InputError


@dataclass(frozen=True)
class Substance:
    """molar_mass kg/mol, boiling_c degC at 1 atm, gamma = cp/cv, liquid_density kg/m3, endpoints mg/m3, threshold t.

    latent_kj_kg at the boiling point, cp_kj_kg_k of the liquid, lfl_pct vol%, combustion_mj_kg net; None = not tabled.
    """

    key: str
    name: str
    cas: str
    molar_mass: float
    boiling_c: float
    gamma: float
    liquid_density: float
    threshold_t: float
    beta: float
    endpoint_1: float | None = None
    endpoint_2: float | None = None
    probit: tuple[float, ...] = ()
    latent_kj_kg: float | None = None
    cp_kj_kg_k: float | None = None
    lfl_pct: float | None = None
    combustion_mj_kg: float | None = None
    aliases: tuple[str, ...] = ()
    endpoint_to_check: bool = False

    def need(self, field: str) -> float:
        """A property that a calculation cannot do without."""
        value = getattr(self, field)
        if value is None:
            raise InputError("substance", self.key, f"有 {field} 数据的物质（{self.name} 未收录该项）")
        return float(value)

    def vapour_density(self, temperature_c: float) -> float:
        """kg/m3 of the ideal gas at 1 atm."""
        return 101_325 * self.molar_mass / (8.314 * (temperature_c + 273.15))


@cache
def table() -> dict[str, Substance]:
    rows = tomllib.loads((Path(__file__).parent / "substances.toml").read_text(encoding="utf-8"))
    lists = ("probit", "aliases")
    return {
        key: Substance(key=key, **{**row, **{n: tuple(row.get(n, ())) for n in lists}}) for key, row in rows.items()
    }


def find(word: str) -> Substance:
    """By key, CAS number, Chinese name or alias; near names are suggested."""
    text = word.strip().lower()
    known: dict[str, Substance] = {}
    for substance in table().values():
        for name in (substance.key, substance.cas, substance.name, *substance.aliases):
            known.setdefault(name.lower(), substance)
    if text in known:
        return known[text]
    near = get_close_matches(text, known, 5, 0.4)
    raise InputError("substance", word, f"相近的有 {'、'.join(near)}" if near else "、".join(table()))
