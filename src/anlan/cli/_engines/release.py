"""Chemical releases: source terms of HJ 169-2018 appendix F and of vessels that empty."""

from __future__ import annotations

from math import pi
from typing import Any

from anlan.cli._engines.contract import Engine, Field, Json, at_least_zero, choice, positive
from anlan.hazards.chemical import plume, source, vessel
from anlan.hazards.chemical import pool as pools
from anlan.hazards.chemical.substances import Substance, find
from anlan.hazards.contract import InputError

ROOM_K = 298.15
STABILITIES = plume.STABILITIES
SUBSTANCE = Field("substance", "物质", "string", default=None)
#: Rows of a history that are shown.
ROWS = 60


def substance_of(given: Json) -> Substance | None:
    return find(given["substance"]) if given["substance"] else None


def need(given: Json, name: str, otherwise: float | None, allowed: str = "数字，或给出 substance") -> float:
    """A property given, or that of the substance."""
    value = given[name] if given[name] is not None else otherwise
    if value is None:
        raise InputError(name, None, allowed)
    return float(value)


def release(given: Json) -> Json:
    return RELEASES[given["kind"]](given, substance_of(given))


def coefficient(given: Json, usual: float) -> float:
    return usual if given["discharge_coefficient"] is None else float(given["discharge_coefficient"])


def finish(given: Json, rate: float, regime: str, **more: Any) -> Json:
    """The rate, and how long it lasts when the inventory is known."""
    lasts = given["inventory_kg"] / rate if given["inventory_kg"] is not None and rate > 0 else None
    limit = given["duration_s"]
    lasts = limit if lasts is None else min(lasts, limit) if limit is not None else lasts
    total = None if lasts is None else rate * lasts
    return {"rate_kg_s": rate, "duration_s": lasts, "released_kg": total, "regime": regime, **more}


#: No hole of a vessel or pipe is wider, m.
WIDEST_M = 20.0


def within_content(given: Json, hole: float, density: float) -> None:
    """A hole no wider than what `inventory_kg` of this density takes up."""
    kg = given["inventory_kg"]
    if kg and not vessel.hole_fits(hole, kg / density):
        most = (6 * kg / density / pi) ** (1 / 3)
        raise InputError("hole_diameter_m", hole, f"不大于容器：<= {most:.3g} m（存量 {kg:g} kg），或用 rupture")


def liquid(given: Json, of: Substance | None) -> Json:
    density = need(given, "density_kg_m3", of.liquid_density if of else None)
    hole = need(given, "hole_diameter_m", None, "> 0 m")
    within_content(given, hole, density)
    rate = source.liquid_rate(
        hole, density, need(given, "gauge_pressure_pa", 0.0), need(given, "head_m", 0.0), coefficient(given, 0.65)
    )
    more: Json = {}
    if of and given["temperature_k"] is not None and of.latent_kj_kg and of.cp_kj_kg_k:
        more["flash_fraction"] = flash_share(given, of)
    return finish(given, rate, "liquid", area_m2=source.hole_area(hole), **more)


def gas(given: Json, of: Substance | None) -> Json:
    pressure = need(given, "pressure_pa", None, "> 0 Pa（绝对压力）")
    ambient = given["ambient_pressure_pa"]
    gamma = need(given, "gamma", of.gamma if of else None)
    if gamma <= 1:
        raise InputError("gamma", gamma, "> 1")
    hole = need(given, "hole_diameter_m", None, "> 0 m")
    molar = need(given, "molar_mass_kg_mol", of.molar_mass if of else None)
    kelvin = need(given, "temperature_k", 293.15)
    rate, regime = source.gas_rate(hole, pressure, kelvin, molar, gamma, coefficient(given, 1.0), ambient)
    ratio = min(1.0, ambient / pressure)
    return finish(
        given, rate, regime, area_m2=source.hole_area(hole), critical_ratio=source.critical_ratio(gamma),
        Y=source.gas_factor(ratio, gamma),
    )  # fmt: skip


def two_phase(given: Json, of: Substance | None) -> Json:
    pressure = need(given, "pressure_pa", None, "> 0 Pa（绝对压力）")
    density = need(given, "density_kg_m3", of.liquid_density if of else None)
    share = given["vapour_fraction"]
    if share is None:
        share = flash_share(given, of) if of else need(given, "vapour_fraction", None, "0 至 1，或给出 substance")
    molar = need(given, "molar_mass_kg_mol", of.molar_mass if of else None)
    vapour = 0.55 * pressure * molar / (source.R * need(given, "temperature_k", 293.15))
    hole = need(given, "hole_diameter_m", None, "> 0 m")
    if share >= 1:
        return gas(given, of)
    rate = source.two_phase_rate(hole, pressure, vapour, density, share, coefficient(given, 0.8))
    return finish(given, rate, "flashing", vapour_fraction=share, to_check="临界压力取 0.55 P（HJ 169 印作 0.55 Pa）")


def flash_share(given: Json, of: Substance | None) -> float:
    kelvin = need(given, "temperature_k", 293.15)
    boiling = need(given, "boiling_k", of.boiling_c + 273.15 if of else None)
    cp = need(given, "cp_j_kg_k", of.cp_kj_kg_k * 1000 if of and of.cp_kj_kg_k else None)
    latent = need(given, "latent_j_kg", of.latent_kj_kg * 1000 if of and of.latent_kj_kg else None)
    return source.flash_fraction(kelvin, boiling, cp, latent)


def flash(given: Json, of: Substance | None) -> Json:
    """Share of a liquid release that flashes, and what it makes per second."""
    share = flash_share(given, of)
    out = given["liquid_rate_kg_s"]
    rate = share * (liquid(given, of)["rate_kg_s"] if out is None else out)
    return finish(given, rate, "flashing", flash_fraction=share)


def pool(given: Json, of: Substance | None) -> Json:
    """Wind and warm ground over a pool, whichever properties are given."""
    kelvin = need(given, "temperature_k", ROOM_K)
    radius = need(given, "pool_radius_m", None, "> 0 m")
    boiling = need(given, "boiling_k", of.boiling_c + 273.15 if of else None)
    if boiling < kelvin:
        latent = need(given, "latent_j_kg", of.latent_kj_kg * 1000 if of and of.latent_kj_kg else None)
        area, seconds = pi * radius**2, given["seconds"]
        rate = source.heat_evaporation(area, kelvin, boiling, latent, seconds, given["ground"])
        return finish(given, rate, "boiling", after_s=seconds)
    molar = need(given, "molar_mass_kg_mol", of.molar_mass if of else None)
    wind = need(given, "wind_m_s", None, "> 0 m/s")
    pressure = need(given, "vapour_pressure_pa", None, "> 0 Pa")
    rate = source.mass_evaporation(pressure, molar, kelvin, wind, radius, given["stability"])
    return finish(given, rate, "evaporating")


def rupture(given: Json, of: Substance | None) -> Json:
    """The whole inventory at once."""
    mass = need(given, "inventory_kg", None, "> 0 kg")
    parts = vessel.airborne(flash_share(given, of)) if of and of.latent_kj_kg else None
    return {
        "rate_kg_s": None, "duration_s": 0.0, "released_kg": mass, "regime": "instantaneous",
        "flash_fraction": parts.flash if parts else None, "aerosol_fraction": parts.droplets if parts else None,
        "airborne_kg": mass * parts.share if parts else None,
    }  # fmt: skip


def shown(history: vessel.History) -> Json:
    """A release over time, thinned to ROWS rows."""
    step = max(1, len(history.seconds) // ROWS)
    picks = [*range(0, len(history.seconds) - 1, step), len(history.seconds) - 1]
    columns = {"seconds": history.seconds, "rates_kg_s": history.rate, "pressures_pa": history.pressure_pa,
               "temperatures_k": history.temperature_k, "left_kg": history.left_kg}  # fmt: skip
    return {name: [float(values[i]) for i in picks] for name, values in columns.items()}


def over_time(history: vessel.History, regime: str) -> Json:
    return {
        "rate_kg_s": float(history.rate[0]), "duration_s": float(history.seconds[-1]), "released_kg": history.released_kg,
        "mean_rate_10min_kg_s": history.mean_rate(min(600.0, float(history.seconds[-1]))), "regime": regime, **shown(history),
    }  # fmt: skip


def blow_down(given: Json, of: Substance | None) -> Json:
    """A gas vessel that empties, without heat from outside."""
    gamma = need(given, "gamma", of.gamma if of else None)
    molar = need(given, "molar_mass_kg_mol", of.molar_mass if of else None)
    hole, volume = need(given, "hole_diameter_m", None, "> 0 m"), need(given, "volume_m3", None, "> 0 m³")
    fits(hole, volume)
    history = vessel.blow_down(
        volume, need(given, "pressure_pa", None, "> 0 Pa（绝对压力）"), need(given, "temperature_k", 293.15), molar, gamma, hole,
        coefficient=coefficient(given, 1.0), ambient_pa=given["ambient_pressure_pa"], last_s=given["duration_s"] or 3600.0,
    )  # fmt: skip
    first = source.critical_ratio(gamma) >= given["ambient_pressure_pa"] / history.pressure_pa[0]
    return over_time(history, "choked" if first else "subsonic")


def draining(given: Json, of: Substance | None) -> Json:
    """A liquid vessel whose level falls."""
    hole, area = need(given, "hole_diameter_m", None, "> 0 m"), need(given, "tank_area_m2", None, "> 0 m²")
    level = need(given, "head_m", None, "> 0 m")
    fits(hole, area * level)
    density = need(given, "density_kg_m3", of.liquid_density if of else None)
    history = vessel.drain(area, level, hole, density, given["gauge_pressure_pa"] or 0.0,
                           coefficient=coefficient(given, 0.65), last_s=given["duration_s"] or 86_400.0)  # fmt: skip
    return over_time(history, "liquid")


def fits(hole: float, volume: float) -> None:
    if not vessel.hole_fits(hole, volume):
        raise InputError("hole_diameter_m", hole, f"不大于容器：<= {(6 * volume / pi) ** (1 / 3):.3g} m，或用 rupture")


def saturated(given: Json, of: Substance | None) -> Json:
    """A liquid at its boiling pressure that flashes in the hole (Fauske & Epstein 1988)."""
    if of is None:
        raise InputError("substance", None, "物质名称")
    kelvin, pressure = need(given, "temperature_k", 293.15), need(given, "pressure_pa", None, "> 0 Pa（绝对压力）")
    boils_at = of.saturated_pa(kelvin - 273.15)
    rate = vessel.flashing_rate(
        need(given, "hole_diameter_m", None, "> 0 m"), pressure, kelvin, of.need("latent_kj_kg") * 1000,
        of.need("cp_kj_kg_k") * 1000, boils_at * of.molar_mass / (source.R * kelvin), of.liquid_density,
        length_m=given["nozzle_length_m"], saturated_pa=boils_at,
    )  # fmt: skip
    parts = vessel.airborne(flash_share({**given, "temperature_k": kelvin}, of))
    return finish(given, rate, "flashing", saturated_pa=boils_at, flash_fraction=parts.flash,
                  aerosol_fraction=parts.droplets, rainout_fraction=parts.rained_out)  # fmt: skip


def spreading(given: Json, of: Substance | None) -> Json:
    """A pool that spreads and evaporates while it is fed."""
    if of is None:
        raise InputError("substance", None, "物质名称")
    kelvin, last = need(given, "temperature_k", 293.15), given["seconds"]
    rate, feeding = given["liquid_rate_kg_s"] or 0.0, given["duration_s"] or last
    spilled = given["inventory_kg"] or 0.0
    if rate <= 0 and spilled <= 0:
        raise InputError("liquid_rate_kg_s", rate, "> 0 kg/s，或给出 inventory_kg")
    what = pools.Liquid(of.liquid_density, of.need("latent_kj_kg") * 1000, of.molar_mass,
                        min(of.saturated_pa(kelvin - 273.15), 101_325.0), kelvin - of.boiling_c - 273.15)  # fmt: skip
    site = pools.Site(given["ground"], given["bund_area_m2"], given["wind_m_s"] or 2.0, given["stability"], kelvin)
    found = pools.spread(what, site, lambda s: rate if s < feeding else 0.0, last, spilled)
    picks = [*range(1, len(found.seconds) - 1, max(1, len(found.seconds) // ROWS)), len(found.seconds) - 1]
    return {
        "rate_kg_s": found.mean_rate(last), "duration_s": last, "released_kg": found.evaporated_kg,
        "left_kg_total": float(found.mass[-1]), "regime": "boiling" if what.superheat_k > 0 else "evaporating",
        "seconds": [float(found.seconds[i]) for i in picks], "rates_kg_s": [float(found.rate[i]) for i in picks],
        "radii_m": [float(found.radius[i]) for i in picks], "left_kg": [float(found.mass[i]) for i in picks],
    }  # fmt: skip


RELEASES = {
    "liquid": liquid, "gas": gas, "two_phase": two_phase, "flash": flash, "pool_evaporation": pool, "rupture": rupture,
    "blow_down": blow_down, "draining": draining, "saturated_liquid": saturated, "pool_spread": spreading,
}  # fmt: skip


def draw_release(axes: Any, given: Json, result: Json) -> None:
    """The rate over time; a constant one as a step that ends."""
    if "seconds" in result:
        axes.plot([s / 60 for s in result["seconds"]], result["rates_kg_s"])
    else:
        lasts, rate = (result["duration_s"] or 600.0) / 60, result["rate_kg_s"] or 0.0
        axes.step([0, lasts, lasts], [rate, rate, 0.0], where="post")
    axes.set_xlabel("时间 min")
    axes.set_ylabel("泄漏速率 kg/s")
    axes.set_title(f"源强（{given['kind']}，模型推算）")


def optional(name: str, title: str, unit: str) -> Field:
    return positive(name, title, unit, None)


ENGINES = (
    Engine(
        "release", "泄漏源强", "HJ 169-2018 附录 F",
        (choice("kind", "类型", tuple(RELEASES)), SUBSTANCE, positive("hole_diameter_m", "孔径", "m", None, WIDEST_M),
         positive("discharge_coefficient", "流量系数", "", None, 1), optional("density_kg_m3", "液体密度", "kg/m³"),
         at_least_zero("gauge_pressure_pa", "表压", "Pa", None), at_least_zero("head_m", "液位", "m", None),
         optional("pressure_pa", "绝对压力", "Pa"), positive("ambient_pressure_pa", "环境压力", "Pa", 101_325.0),
         optional("molar_mass_kg_mol", "摩尔质量", "kg/mol"), optional("gamma", "绝热指数", ""),
         optional("temperature_k", "温度", "K"), optional("boiling_k", "沸点", "K"),
         optional("cp_j_kg_k", "液体比热", "J/(kg·K)"), optional("latent_j_kg", "汽化热", "J/kg"),
         at_least_zero("vapour_fraction", "蒸气份额", "", None, 1), at_least_zero("liquid_rate_kg_s", "液体泄漏速率", "kg/s", None),
         optional("inventory_kg", "存量", "kg"), optional("duration_s", "泄漏时间上限", "s"),
         optional("pool_radius_m", "液池半径", "m"), optional("vapour_pressure_pa", "饱和蒸气压", "Pa"),
         optional("wind_m_s", "风速", "m/s"), choice("stability", "稳定度", STABILITIES, "D"),
         choice("ground", "地面", tuple(source.GROUND), "水泥"), positive("seconds", "蒸发时刻（pool_spread 为总时长）", "s", 60.0),
         optional("volume_m3", "容器容积", "m³"), optional("tank_area_m2", "储罐截面积", "m²"),
         optional("bund_area_m2", "围堰面积", "m²"), at_least_zero("nozzle_length_m", "接管长度", "m", 0.1)),
        release,
        {"kind": "gas", "substance": "氯", "hole_diameter_m": 0.025, "pressure_pa": 700_000, "temperature_k": 293.15},
        plot=draw_release,
    ),
)  # fmt: skip
