"""The table of substances; sources stand in the table itself."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from math import exp
from pathlib import Path

from anlan.hazards.contract import InputError


@dataclass(frozen=True)
class Substance:
    """molar_mass kg/mol, boiling_c degC at 1 atm, gamma = cp/cv, liquid_density kg/m3, endpoints mg/m3, threshold t.

    latent_kj_kg at the boiling point, cp_kj_kg_k of the liquid, lfl_pct and ufl_pct vol%, combustion_mj_kg net; None = not tabled.
    antoine: log10(p/Pa) = A - B/(T/K + C); aegl_*: at 10 min, 30 min, 1 h, 4 h, 8 h.
    """

    key: str
    name: str
    cas: str
    molar_mass: float
    boiling_c: float
    gamma: float
    liquid_density: float
    threshold_t: float | None = None
    beta: float | None = None
    endpoint_1: float | None = None
    endpoint_2: float | None = None
    probit: tuple[float, ...] = ()
    latent_kj_kg: float | None = None
    cp_kj_kg_k: float | None = None
    lfl_pct: float | None = None
    combustion_mj_kg: float | None = None
    aliases: tuple[str, ...] = ()
    endpoint_to_check: bool = False
    english: str = ""
    un: str = ""
    formula: str = ""
    ufl_pct: float | None = None
    flash_c: float | None = None
    idlh_ppm: float | None = None
    antoine: tuple[float, ...] = ()
    aegl_2_ppm: tuple[float, ...] = ()
    aegl_3_ppm: tuple[float, ...] = ()
    #: Class of GB 18218 table 2 where the substance is not named in table 1.
    category: str = ""

    def need(self, field: str) -> float:
        """A property that a calculation cannot do without."""
        value = getattr(self, field)
        if value is None:
            raise InputError("substance", self.key, f"有 {field} 数据的物质（{self.name} 未收录该项）")
        return float(value)

    def vapour_density(self, temperature_c: float) -> float:
        """kg/m3 of the ideal gas at 1 atm."""
        return 101_325 * self.molar_mass / (8.314 * (temperature_c + 273.15))

    @property
    def names(self) -> tuple[str, ...]:
        """Everything people may call it."""
        un = (f"UN{self.un}", f"UN {self.un}") if self.un else ()
        return self.key, self.cas, self.name, self.english, self.formula, *un, *self.aliases

    @property
    def gas_cp(self) -> float:
        """J/(kg K) of the ideal gas, from gamma."""
        return self.gamma / (self.gamma - 1) * 8.314 / self.molar_mass if self.gamma > 1 else 1000.0

    def saturated_pa(self, temperature_c: float) -> float:
        """Vapour pressure: Antoine where tabled, else Clausius and Clapeyron from the boiling point."""
        kelvin = temperature_c + 273.15
        if self.antoine:
            a, b, c = self.antoine
            return float(10 ** (a - b / (kelvin + c)))
        power = self.need("latent_kj_kg") * 1000 * self.molar_mass / 8.314
        return float(101_325 * exp(power * (1 / (self.boiling_c + 273.15) - 1 / kelvin)))

    def mg_m3(self, ppm: float) -> float:
        """At 25 degC and 1 atm."""
        return ppm * self.molar_mass * 1000 / 24.45

    @property
    def stoichiometric_pct(self) -> float | None:
        """Volume share of fuel in a mixture that just burns, from the formula; None for what does not burn in air."""
        if self.combustion_mj_kg is None or not self.formula:
            return None
        atoms: dict[str, float] = {}
        for element, count in re.findall(r"([A-Z][a-z]?)(\d*)", self.formula):
            atoms[element] = atoms.get(element, 0) + float(count or 1)
        hydrogen = atoms.get("H", 0) - atoms.get("Cl", 0) - atoms.get("Br", 0)
        oxygen = atoms.get("C", 0) + hydrogen / 4 + atoms.get("S", 0) - atoms.get("O", 0) / 2
        return 100 / (1 + oxygen / 0.2095)


@cache
def table() -> dict[str, Substance]:
    rows = tomllib.loads((Path(__file__).parent / "substances.toml").read_text(encoding="utf-8"))
    lists = ("probit", "aliases", "antoine", "aegl_2_ppm", "aegl_3_ppm")
    return {
        key: Substance(key=key, **{**row, **{n: tuple(row.get(n, ())) for n in lists}}) for key, row in rows.items()
    }


def find(word: str) -> Substance:
    """By key, CAS number, Chinese name or alias; near names are suggested."""
    text = word.strip().lower()
    known: dict[str, Substance] = {}
    for substance in table().values():
        for name in substance.names:
            if name:
                known.setdefault(name.lower(), substance)
    if text in known:
        return known[text]
    near = get_close_matches(text, known, 5, 0.4)
    raise InputError("substance", word, f"相近的有 {'、'.join(near)}" if near else "、".join(table()))
