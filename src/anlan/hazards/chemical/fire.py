"""Heat of fires: fireball, pool fire, jet fire. Closed forms of CCPS, Thomas, NUREG-1805 and AQ/T 3046."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import acos, atan, cos, degrees, exp, log, pi, radians, sin, sqrt

import numpy as np

G = 9.81
AIR_DENSITY = 1.2


def transmissivity(path_m: float, vapour_pa: float = 1170.0) -> float:
    """Share of heat that moist air lets through: 2.02 (p_w X)^-0.09 (Pieterson & Huerta), at most 1.

    vapour_pa: partial pressure of water vapour, 1170 Pa = half saturated at 20 degC.
    """
    return min(1.0, 2.02 * (vapour_pa * path_m) ** -0.09) if path_m > 0 else 1.0


@dataclass(frozen=True)
class Fireball:
    """Greatest diameter m, duration s, height of the centre m, surface emissive power kW/m2."""

    diameter_m: float
    duration_s: float
    height_m: float
    emissive_kw_m2: float

    def flux(self, distance_m: float) -> float:
        """kW/m2 on a surface facing the ball at a ground distance."""
        far = distance_m**2 + self.height_m**2
        view = min(1.0, (self.diameter_m / 2) ** 2 / far)
        return self.emissive_kw_m2 * view * transmissivity(max(0.0, sqrt(far) - self.diameter_m / 2))


def fireball(mass_kg: float, combustion_kj_kg: float, radiated: float = 0.3) -> Fireball:
    """CCPS: D = 5.8 M^1/3, t = 0.45 M^1/3 (2.6 M^1/6 from 30 t), H = 0.75 D, E = R M Hc / (pi D2 t)."""
    diameter = 5.8 * mass_kg ** (1 / 3)
    duration = 0.45 * mass_kg ** (1 / 3) if mass_kg < 30_000 else 2.6 * mass_kg ** (1 / 6)
    emissive = radiated * mass_kg * combustion_kj_kg / (pi * diameter**2 * duration)
    return Fireball(diameter, duration, 0.75 * diameter, emissive)


def burning_rate(
    combustion_kj_kg: float, latent_kj_kg: float, cp_kj_kg_k: float, boiling_c: float, ambient_c: float
) -> float:
    """kg/(m2 s) of a large pool: 0.001 Hc / (Cp (Tb - Ta) + Hv) (Burgess)."""
    return 0.001 * combustion_kj_kg / (latent_kj_kg + cp_kj_kg_k * max(0.0, boiling_c - ambient_c))


def flame_length(diameter_m: float, rate_kg_m2_s: float, wind_m_s: float = 0.0, vapour_density: float = 2.5) -> float:
    """m: Thomas 1963, in calm 42 (m/(rho sqrt(g D)))^0.61 D; in wind 55 (...)^0.67 u*^-0.21 D."""
    rate = rate_kg_m2_s / (AIR_DENSITY * sqrt(G * diameter_m))
    if wind_m_s <= 0:
        return float(42 * diameter_m * rate**0.61)
    speed = max(1.0, wind_m_s / (G * rate_kg_m2_s * diameter_m / vapour_density) ** (1 / 3))
    return float(55 * diameter_m * rate**0.67 * speed**-0.21)


def flame_tilt_deg(diameter_m: float, rate_kg_m2_s: float, wind_m_s: float, vapour_density: float = 2.5) -> float:
    """Degrees from upright: cos = 1 up to u* = 1, then 1/sqrt(u*) (AGA 1974)."""
    speed = wind_m_s / (G * rate_kg_m2_s * diameter_m / vapour_density) ** (1 / 3)
    return degrees(acos(min(1.0, 1 / sqrt(max(speed, 1.0)))))


def emissive_power(diameter_m: float) -> float:
    """kW/m2 of a sooty flame: 140 exp(-0.12 D) + 20 (1 - exp(-0.12 D)) (Mudan & Croce, SFPE)."""
    share = exp(-0.12 * diameter_m)
    return 140 * share + 20 * (1 - share)


def cylinder_view(distance_m: float, radius_m: float, height_m: float) -> float:
    """Greatest view factor of an upright cylinder for a target on the ground, `distance_m` from its axis (Mudan 1987)."""
    s, h = max(distance_m / radius_m, 1 + 1e-6), height_m / radius_m
    a, b = (h * h + s * s + 1) / (2 * s), (1 + s * s) / (2 * s)
    near = atan(sqrt((s - 1) / (s + 1)))
    reach_a = atan(sqrt((a + 1) * (s - 1) / ((a - 1) * (s + 1)))) / sqrt(a * a - 1)
    reach_b = atan(sqrt((b + 1) * (s - 1) / ((b - 1) * (s + 1)))) / sqrt(b * b - 1)
    upright = (atan(h / sqrt(s * s - 1)) - h * near + a * h * reach_a) / (pi * s)
    flat = ((b - 1 / s) * reach_b - (a - 1 / s) * reach_a) / pi
    return min(1.0, sqrt(upright**2 + max(flat, 0.0) ** 2))


def tilted_view(distance_m: float, radius_m: float, height_m: float, tilt_deg: float, cells: int = 60) -> float:
    """Greatest view factor of a cylinder leaning by `tilt_deg` towards (negative: away from) a target on the ground, `distance_m` from
    the middle of its foot: the vector sum of cos / (pi s^2) over the visible mantle (definition; Mudan 1987 has it in closed form)."""
    lean = radians(tilt_deg)
    turn, along = np.meshgrid((np.arange(cells) + 0.5) * 2 * pi / cells, (np.arange(cells) + 0.5) * height_m / cells)
    x = radius_m * np.cos(turn) + along * sin(lean)
    y, z = radius_m * np.sin(turn), along * cos(lean)
    # the mantle of a sheared cylinder: every ring lies flat, so its normal is lifted by the lean
    normal = np.array([np.cos(turn) * cos(lean), np.sin(turn) * cos(lean), -np.cos(turn) * sin(lean)])
    area = radius_m * 2 * pi / cells * height_m / cells
    way = np.array([distance_m - x, -y, -z])
    far = np.sqrt((way**2).sum(axis=0))
    seen = np.maximum((normal * way).sum(axis=0), 0.0) * area / (pi * far**4)
    whole = (seen * way * (z > 0)).reshape(3, -1).sum(axis=1)
    return float(min(1.0, sqrt(float((whole**2).sum()))))


def solid_flame(
    distance_m: float, diameter_m: float, length_m: float, vapour_pa: float = 1170.0, tilt_deg: float = 0.0
) -> float:
    """kW/m2 at `distance_m` from the foot's middle of a sooty flame that leans towards the target; the full emissive power inside it."""
    radius = diameter_m / 2
    reach = radius + length_m * sin(radians(max(tilt_deg, 0.0)))
    if distance_m <= radius:
        return emissive_power(diameter_m)
    through = transmissivity(max(distance_m - reach, 1.0) if tilt_deg > 0 else distance_m - radius, vapour_pa)
    upright = abs(tilt_deg) < 0.5
    view = cylinder_view if upright else partial(tilted_view, tilt_deg=tilt_deg)
    return emissive_power(diameter_m) * view(distance_m, radius, length_m) * through


def jet_points(rate_kg_s: float, combustion_kj_kg: float, radiated: float, x: float, points: int = 5) -> float:
    """kW/m2 at ground distance x from the hole, beside a jet that points along x: `points` equal sources along the flame."""
    long = jet_length(rate_kg_s, combustion_kj_kg)
    power = rate_kg_s * combustion_kj_kg / points
    total = 0.0
    for i in range(points):
        away = max(0.5, abs(x - long * (i + 0.5) / points))
        total += point_source(power, radiated, away, jet_transmissivity(away))
    return total


def pool_heat_kw(area_m2: float, rate_kg_m2_s: float, combustion_kj_kg: float) -> float:
    """Heat release."""
    return area_m2 * rate_kg_m2_s * combustion_kj_kg


def point_source(heat_kw: float, radiated: float, distance_m: float, through: float = 1.0) -> float:
    """kW/m2 at `distance_m` from the middle of the flame."""
    return through * radiated * heat_kw / (4 * pi * distance_m**2)


def jet_length(rate_kg_s: float, combustion_kj_kg: float) -> float:
    """m: (Hc m)^0.444 / 161.66, Hc in J/kg (AQ/T 3046 E.57)."""
    return float((combustion_kj_kg * 1000 * rate_kg_s) ** 0.444 / 161.66)


def jet_transmissivity(distance_m: float) -> float:
    """1 - 0.0565 ln r (AQ/T 3046 E.59)."""
    return min(1.0, max(0.0, 1 - 0.0565 * log(distance_m))) if distance_m > 0 else 1.0
