"""From a hole in a vessel to what enters the air: the source term of one scenario, with how it was judged, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import pi
from typing import Any

from anlan.hazards.chemical import pool, source, vessel
from anlan.hazards.chemical.cloud import Air, Source
from anlan.hazards.chemical.substances import Substance
from anlan.hazards.contract import InputError

#: Evaporation of a pool is averaged over so long, s.
POOL_S = 600.0
KELVIN = 273.15


@dataclass(frozen=True)
class Released:
    """What enters the air: the source, how long s, kg in all (None = not known), at once or not, and the words."""

    source: Source
    duration_s: float
    total_kg: float | None
    instant: bool
    how: tuple[str, ...]


def released(of: Substance, given: Mapping[str, Any], air: Air) -> Released:
    """The source term of HJ 169-2018 F for the inputs of the engine (`HAZARD.inputs`)."""
    inventory = given["inventory_t"] * 1000
    hole = given["hole_mm"] / 1000
    if inventory and given["phase"] != "gas" and not vessel.hole_fits(hole, inventory / of.liquid_density):
        across = (6 * inventory / of.liquid_density / pi) ** (1 / 3) * 1000
        raise InputError(
            "hole_mm",
            given["hole_mm"],
            f"不大于容器本身（存量 {given['inventory_t']:g} t，约 {across:.0f} mm），或选整体破裂",
        )
    if given["phase"] == "rupture":
        if not inventory:
            raise InputError("inventory_t", given["inventory_t"], "> 0 t（整体破裂须给出存量）")
        return ruptured(of, given, inventory)
    found = gas(of, given, hole) if given["phase"] == "gas" else liquid(of, given, hole, air)
    return lasting(found, given, inventory)


def lasting(found: Released, given: Mapping[str, Any], inventory: float) -> Released:
    """Ends when the vessel is empty, or when it is shut in (HJ 169: 10 min with isolation, 30 min without)."""
    limit = given["duration_min"] * 60
    out = found.duration_s  # kg/s that leave the vessel, carried here until the time is known
    seconds = min(limit, inventory / out) if inventory else limit
    return Released(
        found.source, seconds, found.source.rate * seconds, False, (*found.how, f"持续 {seconds / 60:.3g} min")
    )


def gas(of: Substance, given: Mapping[str, Any], hole: float) -> Released:
    kelvin, pressure = given["temperature_c"] + KELVIN, given["pressure_mpa"] * 1e6
    rate, regime = source.gas_rate(hole, pressure, kelvin, of.molar_mass, of.gamma)
    if rate <= 0:
        raise InputError("pressure_mpa", given["pressure_mpa"], "> 0.1014 MPa（绝对压力须高于大气压）")
    how = f"气相孔口泄漏（{'临界' if regime == 'choked' else '亚临界'}流）"
    return Released(Source(of, rate, kelvin, 0.0, given["height_m"], hole / 2), rate, None, False, (how,))


def flash_of(of: Substance, celsius: float) -> float:
    cp, latent = (of.cp_kj_kg_k or 1.0) * 1000, (of.latent_kj_kg or 300.0) * 1000
    return source.flash_fraction(celsius, of.boiling_c, cp, latent)


def liquid(of: Substance, given: Mapping[str, Any], hole: float, air: Air) -> Released:
    """Liquid from a hole: what flashes and flies goes with the wind at once, the rest evaporates from a pool."""
    gauge = given["pressure_mpa"] * 1e6 - source.AMBIENT_PA
    rate = source.liquid_rate(hole, of.liquid_density, gauge, given["head_m"])
    if rate <= 0:
        raise InputError("head_m", given["head_m"], "> 0 m，或压力高于大气压")
    parts = vessel.airborne(flash_of(of, given["temperature_c"]))
    lying = puddle(of, given, air, rate * parts.rained_out)
    off = lying.mean_rate(POOL_S)
    total = rate * parts.share + off
    if total <= 0:
        raise InputError("temperature_c", given["temperature_c"], "有可观蒸气压的温度")
    droplets = rate * parts.droplets / total
    how = (
        f"液相孔口泄漏 {rate:.3g} kg/s：闪蒸 {parts.flash:.0%}、液滴夹带 {parts.droplets:.0%}（待核对）随风，其余成池",
        f"液池半径 {lying.radius[-1]:.3g} m，前 {POOL_S / 60:g} min 平均蒸发 {off:.3g} kg/s",
    )
    colder = (
        min(given["temperature_c"], of.boiling_c)
        if parts.share or of.boiling_c < air.kelvin - KELVIN
        else air.kelvin - KELVIN
    )
    radius = max(hole, float(lying.radius[-1]) if off > rate * parts.share else hole)
    height = given["height_m"] if parts.share else 0.0
    return Released(Source(of, total, colder + KELVIN, droplets, height, radius), rate, None, False, how)


def puddle(of: Substance, given: Mapping[str, Any], air: Air, feed: float) -> pool.Pool:
    """The pool under the hole on concrete, within the bund if there is one."""
    kelvin = air.kelvin
    lies = min(given["temperature_c"] + KELVIN, kelvin)
    latent = (of.latent_kj_kg or 300.0) * 1000
    warm = kelvin - (of.boiling_c + KELVIN)
    vapour = min(of.saturated_pa(lies - KELVIN), source.AMBIENT_PA) if of.latent_kj_kg or of.antoine else 0.0
    what = pool.Liquid(of.liquid_density, latent, of.molar_mass, vapour, warm)
    site = pool.Site("水泥", given["bund_m2"] or None, air.wind, air.stability, lies)
    return pool.spread(what, site, lambda _s: feed, POOL_S)


def ruptured(of: Substance, given: Mapping[str, Any], inventory: float) -> Released:
    """The vessel is gone at once: what flashes and flies makes one cloud."""
    parts = vessel.airborne(flash_of(of, given["temperature_c"]))
    is_gas = of.boiling_c < given["temperature_c"] and parts.share == 0
    share = 1.0 if is_gas else parts.share
    if share <= 0:
        raise InputError(
            "temperature_c",
            given["temperature_c"],
            f"> {of.boiling_c:g} ℃（{of.name}在此温度下破裂后成池，请按液相泄漏计算）",
        )
    how = f"整体破裂 {inventory / 1000:g} t：{share:.0%} 瞬时成云（闪蒸 {parts.flash:.0%} 及等量液滴，待核对）"
    cold = min(given["temperature_c"], of.boiling_c) + KELVIN
    return Released(Source(of, inventory * share, cold, parts.liquid_of_airborne), 0.0, inventory * share, True, (how,))
