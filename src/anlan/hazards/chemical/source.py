"""Source terms: how much comes out of a hole.

Liquid: Bernoulli/Torricelli; gas: isentropic orifice, choked or not (HJ 169-2018 appendix F; TNO Yellow Book 2.5).
"""

from __future__ import annotations

from math import pi, sqrt

G, R = 9.80665, 8.314462618
AMBIENT_PA = 101_325.0


def hole_area(diameter_m: float) -> float:
    """m2."""
    return pi * diameter_m**2 / 4


def liquid_rate(diameter_m: float, density: float, gauge_pa: float, head_m: float, coefficient: float = 0.65) -> float:
    """kg/s of liquid of `density` kg/m3 under `gauge_pa` Pa above ambient and `head_m` m of liquid (HJ 169 F.1)."""
    speed = sqrt(2 * max(0.0, gauge_pa) / density + 2 * G * head_m)
    return coefficient * hole_area(diameter_m) * density * speed


def critical_ratio(gamma: float) -> float:
    """Ambient over vessel pressure below which the flow is choked."""
    return float((2 / (gamma + 1)) ** (gamma / (gamma - 1)))


def gas_rate(
    diameter_m: float,
    pressure_pa: float,
    temperature_k: float,
    molar_mass: float,
    gamma: float,
    coefficient: float = 1.0,
    ambient_pa: float = AMBIENT_PA,
) -> tuple[float, str]:
    """(kg/s, "choked" | "subsonic") of gas at `pressure_pa` absolute (HJ 169 F.2, F.3)."""
    if pressure_pa <= ambient_pa:
        return 0.0, "subsonic"
    base = coefficient * hole_area(diameter_m) * pressure_pa * sqrt(molar_mass * gamma / (R * temperature_k))
    choked = float((2 / (gamma + 1)) ** ((gamma + 1) / (2 * (gamma - 1))))
    ratio = ambient_pa / pressure_pa
    if ratio <= critical_ratio(gamma):
        return base * choked, "choked"
    inner = 2 / (gamma - 1) * ratio ** (2 / gamma) * (1 - ratio ** ((gamma - 1) / gamma))
    return base * sqrt(inner), "subsonic"


def flash_fraction(temperature_c: float, boiling_c: float, cp: float = 1000.0, latent: float = 3.0e5) -> float:
    """Share of a superheated liquid that flashes (HJ 169 F.4); cp J/(kg K) and latent J/kg default to chlorine-like values."""
    return min(1.0, max(0.0, cp * (temperature_c - boiling_c) / latent))
