"""The table of substances; sources stand in the table itself."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from anlan.hazards.contract import InputError


@dataclass(frozen=True)
class Substance:
    """molar_mass kg/mol, boiling_c degC at 1 atm, gamma = cp/cv, liquid_density kg/m3, endpoints mg/m3, threshold t."""

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


@cache
def table() -> dict[str, Substance]:
    rows = tomllib.loads((Path(__file__).parent / "substances.toml").read_text(encoding="utf-8"))
    return {key: Substance(key=key, **{**row, "probit": tuple(row.get("probit", ()))}) for key, row in rows.items()}


def find(word: str) -> Substance:
    """By key, CAS number or Chinese name."""
    for substance in table().values():
        if word in {substance.key, substance.cas, substance.name}:
            return substance
    raise InputError("substance", word, "、".join(table()))
