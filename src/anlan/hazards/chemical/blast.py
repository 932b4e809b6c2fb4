"""Blast: TNT equivalent with four published curves of overpressure over scaled distance, and the multi-energy method for vapour
clouds. The curves differ by a factor of two: whoever quotes a figure names the curve."""

from __future__ import annotations

import tomllib
from functools import cache
from math import exp, log, sqrt
from pathlib import Path

AMBIENT_KPA = 101.325
#: kJ/kg of TNT (China 4520; CCPS 4437 to 4765).
TNT_KJ_KG = 4520.0
#: Swisdak 1994: upper scaled distance, coefficients of ln P = sum a (ln Z)^k.
SWISDAK = (
    (2.9, (7.2106, -2.1069, -0.3229, 0.1117, 0.0685)),
    (23.8, (7.5938, -3.0523, 0.40977, 0.0261, -0.01267)),
    (198.5, (6.0536, -1.4066)),
)
#: People and buildings (CCPS, Clancey; 安全评价).
HARM = ((100.0, "多数死亡"), (50.0, "内脏严重损伤或死亡"), (30.0, "听觉器官损伤、骨折"), (20.0, "轻微损伤"),
        (6.9, "房屋部分破坏"), (2.0, "基本安全（个别玻璃破碎）"))  # fmt: skip


def tnt_kg(mass_kg: float, combustion_kj_kg: float, share: float = 0.04, reflection: float = 1.0) -> float:
    """kg of TNT of `share` of a cloud (mean of UVCE 0.04); `reflection` 1.8 for the ground-burst reading of 安全评价."""
    return reflection * share * mass_kg * combustion_kj_kg / TNT_KJ_KG


def crowl(z: float) -> float:
    """kPa: Kinney & Graham as fitted in Crowl & Louvar (surface burst, constant 1616)."""
    top = 1616 * (1 + (z / 4.5) ** 2)
    return AMBIENT_KPA * top / (sqrt(1 + (z / 0.048) ** 2) * sqrt(1 + (z / 0.32) ** 2) * sqrt(1 + (z / 1.35) ** 2))


def kingery(z: float) -> float:
    """kPa: Kingery & Bulmash, surface burst, simplified by Swisdak 1994; 0.2 <= z <= 198.5 m/kg^1/3, held outside."""
    z = min(198.5, max(0.2, z))
    coefficients = next(row for top, row in SWISDAK if z <= top)
    return exp(sum(a * log(z) ** k for k, a in enumerate(coefficients)))


def mills(z: float) -> float:
    """kPa: Mills 1987."""
    return max(0.0, 1772 / z**3 - 114 / z**2 + 108 / z)


def gbt37243(z: float) -> float:
    """kPa: the form of GB/T 37243-2019 (from recall, 待核对)."""
    return 100 * (14 / z**3 + 4.3 / z**2 + 1.1 / z)


CURVES = {"crowl": crowl, "kingery-bulmash": kingery, "mills": mills, "gbt37243": gbt37243}


def overpressure(tnt: float, distance_m: float, curve: str = "kingery-bulmash") -> float:
    """kPa at `distance_m` from `tnt` kg."""
    return CURVES[curve](distance_m / tnt ** (1 / 3))


def distance(tnt: float, kpa: float, curve: str = "kingery-bulmash") -> float:
    """m to which the overpressure reaches `kpa`: every curve falls with distance."""
    low, high = 0.2, 198.0
    for _ in range(60):
        middle = sqrt(low * high)
        if CURVES[curve](middle) > kpa:
            low = middle
        else:
            high = middle
    return float(low * tnt ** (1 / 3))


#: J per m3 of a stoichiometric hydrocarbon-air mixture (AQ/T 3046 E.60).
CLOUD_J_M3 = 3.5e6
#: Initial strength by how crowded the space is that the cloud fills (van den Berg 1985; Kinsella 1993 in the Yellow Book).
STRENGTH = {"open": 3, "moderate": 5, "congested": 7}


@cache
def multi_energy_curves() -> tuple[tuple[float, ...], dict[int, tuple[float, ...]]]:
    """(scaled distances, strength -> scaled peak overpressures): `multi_energy.toml`, replaceable."""
    data = tomllib.loads((Path(__file__).parent / "multi_energy.toml").read_text(encoding="utf-8"))
    return tuple(data["distance"]), {int(k): tuple(v) for k, v in data["strength"].items()}


def multi_energy_scaled(distance: float, strength: int) -> float:
    """Scaled side-on overpressure p/p0 at R (p0/E)^1/3, strength 1 to 10; the plateau near, 1/R beyond the table."""
    at, curves = multi_energy_curves()
    values = curves[strength]
    if distance <= at[0]:
        return values[0]
    if distance >= at[-1]:
        return values[-1] * at[-1] / distance
    i = next(k for k in range(1, len(at)) if distance <= at[k])
    share = log(distance / at[i - 1]) / log(at[i] / at[i - 1])
    return float(values[i - 1] * (values[i] / values[i - 1]) ** share)


def multi_energy(volume_m3: float, distance_m: float, strength: int = 7) -> float:
    """kPa at a distance from the middle of `volume_m3` of stoichiometric cloud in the crowded space (AQ/T 3046 E.60 to E.62)."""
    energy = volume_m3 * CLOUD_J_M3
    return multi_energy_scaled(distance_m / (energy / (AMBIENT_KPA * 1000)) ** (1 / 3), strength) * AMBIENT_KPA


def multi_energy_distance(volume_m3: float, kpa: float, strength: int = 7) -> float:
    """m to which the overpressure reaches `kpa`; 0 where the explosion never makes it."""
    if multi_energy(volume_m3, 1e-3, strength) < kpa:
        return 0.0
    low, high = 1e-3, 1e5
    for _ in range(80):
        middle = sqrt(low * high)
        low, high = (middle, high) if multi_energy(volume_m3, middle, strength) >= kpa else (low, middle)
    return low


def cloud_volume(mass_kg: float, molar_mass: float, stoichiometric_pct: float, kelvin: float = 293.15) -> float:
    """m3 of stoichiometric mixture that `mass_kg` of fuel makes."""
    return mass_kg / molar_mass * 8.314 * kelvin / (AMBIENT_KPA * 1000) / (stoichiometric_pct / 100)
