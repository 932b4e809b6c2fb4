"""Adiabatic mixing of a release with air: density, temperature and volume share of the mixture by the share of mass.

A superheated liquid that flashes leaves cold droplets: they stay at the temperature at which the vapour is saturated with them
and evaporate into the entrained air. Enthalpy is conserved, heat from the ground and the water in the air are not counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

R, AMBIENT_PA = 8.314, 101_325.0
AIR_M, AIR_CP = 0.02896, 1006.0
FloatArray = np.ndarray
#: Shares of mass at which the table is kept: fine where a cloud spends its way.
SHARES = np.concatenate([[0.0], np.geomspace(1e-6, 1.0, 160)])


@dataclass(frozen=True)
class Material:
    """What mixes: kg/mol, cp of the gas J/(kg K), temperature K and share of mass that is droplets at the source.

    latent J/kg, boiling K, liquid_density kg/m3: only needed with droplets.
    """

    molar_mass: float
    cp: float
    temperature_k: float
    droplets: float = 0.0
    latent: float = 0.0
    boiling_k: float = 0.0
    liquid_density: float = 1000.0

    def saturated_pa(self, kelvin: FloatArray) -> FloatArray:
        """Vapour pressure by Clausius and Clapeyron from the boiling point."""
        power = self.latent * self.molar_mass / R * (1 / self.boiling_k - 1 / np.maximum(kelvin, 50.0))
        return AMBIENT_PA * np.exp(np.clip(power, -60.0, 8.0))


@dataclass(frozen=True)
class Mixture:
    """Tables over SHARES: density kg/m3, temperature K, volume share of the vapour and droplets as if all were vapour."""

    density: FloatArray
    temperature_k: FloatArray
    volume_share: FloatArray

    def at(self, share: FloatArray) -> FloatArray:
        """Density for shares of mass."""
        return np.interp(share, SHARES, self.density)


def mixture(material: Material, air_k: float) -> Mixture:
    """The table for one material in air of `air_k` K at sea-level pressure."""
    w = SHARES
    moles_air, moles_gas = (1 - w) / AIR_M, w / material.molar_mass
    warm = AIR_CP * (1 - w) + material.cp * w
    all_vapour = (AIR_CP * (1 - w) * air_k + material.cp * w * material.temperature_k
                  - w * material.droplets * material.latent) / warm  # fmt: skip
    kelvin, liquid = all_vapour, np.zeros_like(w)
    if material.droplets > 0:
        kelvin, liquid = with_droplets(material, air_k, w)
    vapour = np.maximum(w - liquid, 0.0)
    volume = (moles_air + vapour / material.molar_mass) * R * kelvin / AMBIENT_PA + liquid / material.liquid_density
    share = np.divide(moles_gas, moles_air + moles_gas, out=np.ones_like(w), where=w < 1)
    return Mixture(1 / volume, kelvin, share)


def with_droplets(material: Material, air_k: float, w: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(temperature K, droplets kg/kg): bisection on the temperature at which enthalpy balances with what is still liquid."""
    moles_air = np.maximum((1 - w) / AIR_M, 1e-12)
    start = (
        AIR_CP * (1 - w) * air_k + material.cp * w * material.temperature_k - w * material.droplets * material.latent
    )
    low, high = np.full_like(w, 100.0), np.full_like(w, max(air_k, material.temperature_k) + 1)

    def liquid(kelvin: FloatArray) -> FloatArray:
        saturated = np.minimum(material.saturated_pa(kelvin) / AMBIENT_PA, 1 - 1e-9)
        vapour = moles_air * saturated / (1 - saturated) * material.molar_mass
        return np.clip(w - vapour, 0.0, w)

    for _ in range(50):
        middle = (low + high) / 2
        heat = (AIR_CP * (1 - w) + material.cp * w) * middle - liquid(middle) * material.latent
        low, high = np.where(heat < start, middle, low), np.where(heat < start, high, middle)
    drops = liquid(high)
    high[w >= 1], drops[w >= 1] = material.temperature_k, material.droplets
    return high, drops
