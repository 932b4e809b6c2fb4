"""Vessels that empty: gas blow-down, falling liquid level, flashing two-phase flow, and what a rupture throws into the air."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt

import numpy as np

from anlan.hazards.chemical import source

FloatArray = np.ndarray
#: Length of a hole or nozzle from which on flashing is in equilibrium, m (Fauske & Epstein 1988).
EQUILIBRIUM_M = 0.1
#: Share of the mass that leaves between two rows of a history.
STEP = 0.01
#: Liquid carried off as droplets per share that flashes (practice: as much again; Kletz, CCPS 1999): 待核对.
DROPLETS_PER_FLASH = 1.0


@dataclass(frozen=True)
class History:
    """A release over time: s, kg/s, Pa absolute, K, kg left."""

    seconds: FloatArray
    rate: FloatArray
    pressure_pa: FloatArray
    temperature_k: FloatArray
    left_kg: FloatArray

    @property
    def released_kg(self) -> float:
        return float(self.left_kg[0] - self.left_kg[-1])

    def mean_rate(self, within_s: float) -> float:
        """kg/s on average over the first `within_s` seconds."""
        left = float(np.interp(within_s, self.seconds, self.left_kg))
        return float(self.left_kg[0] - left) / within_s


def blow_down(
    volume_m3: float,
    pressure_pa: float,
    temperature_k: float,
    molar_mass: float,
    gamma: float,
    hole_m: float,
    *,
    coefficient: float = 1.0,
    ambient_pa: float = source.AMBIENT_PA,
    last_s: float = 3600.0,
) -> History:
    """Gas that leaves a vessel while what stays expands without heat from outside: P ~ m^g, T ~ m^(g-1) (Yellow Book 2.5.2).

    While choked m = m0 (1 + (g-1)/2 t Q0/m0)^(-2/(g-1)) exactly. Ends at ambient pressure, `last_s`, or a hundredth of the rate.
    """
    mass = first = pressure_pa * volume_m3 * molar_mass / (source.R * temperature_k)
    stays = first * min(1.0, ambient_pa / pressure_pa) ** (1 / gamma)
    at, rows = 0.0, []
    while True:
        share = mass / first
        pressure, kelvin = pressure_pa * share**gamma, temperature_k * share ** (gamma - 1)
        rate, _ = source.gas_rate(hole_m, pressure, kelvin, molar_mass, gamma, coefficient, ambient_pa)
        rows.append((at, rate, pressure, kelvin, mass))
        if at >= last_s or rate <= rows[0][1] * 1e-2:
            return History(*(np.array(column) for column in zip(*rows, strict=True)))
        step = min(min(STEP * mass, 0.1 * (mass - stays)) / rate, last_s - at)
        half = mass - rate * step / 2
        ratio = half / first
        middle, _ = source.gas_rate(hole_m, pressure_pa * ratio**gamma, temperature_k * ratio ** (gamma - 1), molar_mass,
                                    gamma, coefficient, ambient_pa)  # fmt: skip
        mass, at = mass - middle * step, at + step


def drain(
    area_m2: float,
    level_m: float,
    hole_m: float,
    density: float,
    gauge_pa: float = 0.0,
    *,
    coefficient: float = 0.65,
    kelvin: float = 293.15,
    last_s: float = 3600.0,
    points: int = 101,
) -> History:
    """Liquid above a hole in an upright vessel of `area_m2` whose gas space keeps its pressure: F.1 of HJ 169 with a falling level.

    The speed at the hole falls evenly with time, v = v0 - g (Cd a / A) t: exact.
    """
    squeeze = coefficient * source.hole_area(hole_m) / area_m2
    first = sqrt(2 * gauge_pa / density + 2 * source.G * level_m)
    bottom = sqrt(2 * gauge_pa / density)
    empty = (first - bottom) / (source.G * squeeze)
    seconds = np.linspace(0.0, min(empty, last_s), points)
    speed = first - source.G * squeeze * seconds
    level = np.maximum((speed**2 - bottom**2) / (2 * source.G), 0.0)
    same = np.ones(points)
    return History(
        seconds, squeeze * area_m2 * density * speed, same * (source.AMBIENT_PA + gauge_pa), same * kelvin,
        density * area_m2 * level,
    )  # fmt: skip


def flashing_rate(
    hole_m: float,
    pressure_pa: float,
    temperature_k: float,
    latent: float,
    cp: float,
    vapour_density: float,
    liquid_density: float,
    *,
    length_m: float = EQUILIBRIUM_M,
    saturated_pa: float | None = None,
    coefficient: float = 0.65,
) -> float:
    """kg/s of a saturated liquid that boils as it leaves (Fauske & Epstein 1988; Crowl & Louvar 4-105):
    A L / vfg / sqrt(N T cp), N = L^2 / (2 dP rho Cd^2 vfg^2 T cp) + l/0.1 m (1 from 0.1 m on), plus what overpressure adds."""
    area = source.hole_area(hole_m)
    growth = 1 / vapour_density - 1 / liquid_density
    share = min(1.0, length_m / EQUILIBRIUM_M)
    drop = max(1.0, pressure_pa - source.AMBIENT_PA)
    hindered = latent**2 / (2 * drop * liquid_density * coefficient**2 * growth**2 * temperature_k * cp)
    equilibrium = latent / growth / sqrt((share + hindered * (1 - share)) * temperature_k * cp)
    pushed = 0.0
    if saturated_pa is not None and pressure_pa > saturated_pa:
        pushed = coefficient * sqrt(2 * liquid_density * (pressure_pa - saturated_pa))
    ceiling = coefficient * sqrt(2 * liquid_density * drop)
    return area * float(min(ceiling, sqrt(equilibrium**2 + pushed**2)))


@dataclass(frozen=True)
class Airborne:
    """What of a liquid goes into the air at once: shares of mass that flash, fly as droplets, and rain out into a pool."""

    flash: float
    droplets: float

    @property
    def share(self) -> float:
        return self.flash + self.droplets

    @property
    def rained_out(self) -> float:
        return 1 - self.share

    @property
    def liquid_of_airborne(self) -> float:
        """Share of what is in the air that is droplets."""
        return self.droplets / self.share if self.share else 0.0


def airborne(flash: float, per_flash: float = DROPLETS_PER_FLASH) -> Airborne:
    """Droplets as a multiple of what flashes, never more than what is left."""
    return Airborne(flash, min(1 - flash, flash * per_flash))


def expanded_speed(
    rate: float, hole_m: float, pressure_pa: float, gamma: float, kelvin: float, molar_mass: float
) -> float:
    """m/s of a choked gas jet once it has come down to ambient pressure (Birch 1987: momentum kept, no air taken in)."""
    ratio = source.critical_ratio(gamma)
    if source.AMBIENT_PA / pressure_pa > ratio:
        density = source.AMBIENT_PA * molar_mass / (source.R * kelvin)
        return rate / (density * source.hole_area(hole_m))
    sonic = sqrt(2 * gamma / (gamma + 1) * source.R * kelvin / molar_mass)
    return sonic + (pressure_pa * ratio - source.AMBIENT_PA) * source.hole_area(hole_m) / rate


def hole_fits(hole_m: float, volume_m3: float) -> bool:
    """A hole wider than the diameter of a ball of the vessel's volume is a rupture, not a hole."""
    return hole_m <= (6 * volume_m3 / pi) ** (1 / 3)
