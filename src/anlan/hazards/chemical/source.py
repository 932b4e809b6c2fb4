"""Source terms of HJ 169-2018 appendix F: how much comes out of a hole, flashes, and evaporates from a pool."""

from __future__ import annotations

from math import pi, sqrt

G, R = 9.81, 8.314
AMBIENT_PA = 101_325.0
#: Table F.2: conductivity W/(m K), diffusivity m2/s of what a pool lies on.
GROUND = {
    "水泥": (1.1, 1.29e-7), "土地": (0.9, 4.3e-7), "干涸土地": (0.3, 2.3e-7), "湿地": (0.6, 3.3e-7),
    "砂砾地": (2.5, 11.0e-7),
}  # fmt: skip
#: Table F.3: stability -> (n, alpha).
POOL = {"A": (0.2, 3.846e-3), "B": (0.2, 3.846e-3), "C": (0.25, 4.685e-3), "D": (0.25, 4.685e-3),
        "E": (0.3, 5.285e-3), "F": (0.3, 5.285e-3)}  # fmt: skip


def hole_area(diameter_m: float) -> float:
    """m2."""
    return pi * diameter_m**2 / 4


def liquid_rate(diameter_m: float, density: float, gauge_pa: float, head_m: float, coefficient: float = 0.65) -> float:
    """kg/s of liquid of `density` kg/m3 under `gauge_pa` Pa above ambient and `head_m` m of liquid (F.1)."""
    speed = sqrt(2 * max(0.0, gauge_pa) / density + 2 * G * head_m)
    return coefficient * hole_area(diameter_m) * density * speed


def critical_ratio(gamma: float) -> float:
    """Ambient over vessel pressure below which the flow is choked (F.2)."""
    return float((2 / (gamma + 1)) ** (gamma / (gamma - 1)))


def gas_factor(ratio: float, gamma: float) -> float:
    """Y: 1 choked, less when the flow is subsonic (F.5); `ratio` = ambient over vessel pressure."""
    if ratio <= critical_ratio(gamma):
        return 1.0
    inner = 2 / (gamma - 1) * ((gamma + 1) / 2) ** ((gamma + 1) / (gamma - 1))
    return float(ratio ** (1 / gamma) * sqrt(max(0.0, 1 - ratio ** ((gamma - 1) / gamma))) * sqrt(inner))


def gas_rate(
    diameter_m: float,
    pressure_pa: float,
    temperature_k: float,
    molar_mass: float,
    gamma: float,
    coefficient: float = 1.0,
    ambient_pa: float = AMBIENT_PA,
) -> tuple[float, str]:
    """(kg/s, "choked" | "subsonic") of gas at `pressure_pa` absolute (F.2 to F.5)."""
    if pressure_pa <= ambient_pa:
        return 0.0, "subsonic"
    ratio = ambient_pa / pressure_pa
    choked = sqrt(molar_mass * gamma / (R * temperature_k) * (2 / (gamma + 1)) ** ((gamma + 1) / (gamma - 1)))
    rate = gas_factor(ratio, gamma) * coefficient * hole_area(diameter_m) * pressure_pa * choked
    return rate, "choked" if ratio <= critical_ratio(gamma) else "subsonic"


def two_phase_rate(
    diameter_m: float,
    pressure_pa: float,
    vapour_density: float,
    liquid_density: float,
    vapour_share: float,
    coefficient: float = 0.8,
    critical: float = 0.55,
) -> float:
    """kg/s of a boiling mixture (F.6, F.7); critical pressure = 0.55 of the vessel's (the standard prints "0.55 Pa": 待核对)."""
    density = 1 / (vapour_share / vapour_density + (1 - vapour_share) / liquid_density)
    return coefficient * hole_area(diameter_m) * sqrt(2 * density * pressure_pa * (1 - critical))


def flash_fraction(temperature_c: float, boiling_c: float, cp: float = 1000.0, latent: float = 3.0e5) -> float:
    """Share of a superheated liquid that flashes (F.9); cp J/(kg K) and latent J/kg default to chlorine-like values."""
    return min(1.0, max(0.0, cp * (temperature_c - boiling_c) / latent))


def heat_evaporation(
    area_m2: float, ground_c: float, boiling_c: float, latent: float, seconds: float, ground: str = "水泥"
) -> float:
    """kg/s that the warmth of the ground boils off a cold pool after `seconds` (F.11)."""
    conductivity, diffusivity = GROUND[ground]
    flux = conductivity * max(0.0, ground_c - boiling_c) / sqrt(pi * diffusivity * seconds)
    return flux * area_m2 / latent


def mass_evaporation(
    vapour_pa: float, molar_mass: float, temperature_k: float, wind_m_s: float, radius_m: float, stability: str
) -> float:
    """kg/s that the wind carries off a pool (F.12)."""
    n, alpha = POOL[stability]
    speed = wind_m_s ** ((2 - n) / (2 + n)) * radius_m ** ((4 + n) / (2 + n))
    return float(alpha * vapour_pa * molar_mass / (R * temperature_k) * speed)
