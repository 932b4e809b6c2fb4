"""判据: whether a hazard that has reached a thing may set off the next one there, with the figures that say so.

A criterion answers `None` where the next hazard cannot follow. Otherwise 较可能 (the criterion is met by what is known) or
须核实 (it depends on what only people there can see). Constants that could not be checked are named here and shown 待核对.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import acos, pi, sqrt
from typing import Any

from anlan.hazards.flood import flash

LIKELY, POSSIBLE = "较可能", "须核实"
VERDICTS = (LIKELY, POSSIBLE)
G_WATER = 1000.0  # kg/m3
STEEL = 7850.0  # kg/m3
#: Share of a vessel's volume that its design quantity fills (GB 18218 counts the design maximum).
DESIGN_FILL = 0.85
#: Absolute pressure (MPa) up to which a tank is taken as an upright cylinder with a flat bottom; above: lying on saddles.
UPRIGHT_MPA = 0.13
#: Thinnest shell (m) of upright and lying vessels, length over diameter of lying ones, height of saddles (m): 待核对 by drawing.
UPRIGHT_SHELL_M, LYING_SHELL_M, LYING_SLENDER, SADDLE_M = 0.006, 0.010, 4.0, 0.8
#: Allowed stress of vessel steel (MPa) that sets the shell of lying vessels: 待核对.
ALLOWED_MPA = 150.0
#: Steel of roof, bottom and heads over that of the shell.
REST_OF_STEEL = 1.35
#: A level below this share is taken as usual in operation: a tank that floats at it is 较可能.
USUAL_FILL = 0.5
#: Depth (m) at which roads and yards count as flooded (as the flood engine's zones).
WET_M = 0.15
#: Seismic intensity from which vessels and pipes may leak, and from which that is likely (GB/T 17742-2020 words; 待核对).
SHAKEN, SHAKEN_LIKELY = 6.0, 8.0
#: Water this near the crest (m) makes a breach 较可能; within twice of it, 须核实: 待核对 against each dike's design freeboard.
FREEBOARD_M = 0.5
#: Operating pressure (MPa) from which heat on a vessel matters.
PRESSED_MPA = 0.3


@dataclass(frozen=True)
class Seen:
    """What is known at the thing: the value of the worst zone over it, and what came with the hazard.

    `value` in the zone's own unit (m of water, degrees of intensity, hours to arrival or per cent); `level` 1 (worst) to 4.
    """

    node: str
    level: int
    value: float | None = None
    unit: str = ""
    colour: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """The verdict, the sentence that says why, and the figures in it (for the page and for checking)."""

    verdict: str
    why: str
    figures: dict[str, float] = field(default_factory=dict)


Criterion = Callable[[Seen, Mapping[str, Any]], Finding | None]
CRITERIA: dict[str, Criterion] = {}


def criterion(name: str) -> Callable[[Criterion], Criterion]:
    def keep(found: Criterion) -> Criterion:
        CRITERIA[name] = found
        return found

    return keep


@dataclass(frozen=True)
class Vessel:
    """A vessel as far as its design quantity tells: volume m3, diameter m, length or height m, mass of steel kg, content kg/m3."""

    upright: bool
    volume_m3: float
    diameter_m: float
    long_m: float
    steel_kg: float
    density: float


def vessel(quantity_t: float, density: float, pressure_mpa: float) -> Vessel:
    """An equal vessel: upright as high as wide at low pressure, lying four times as long as wide under pressure."""
    volume = quantity_t * 1000 / density / DESIGN_FILL
    upright = pressure_mpa <= UPRIGHT_MPA
    slender = 1.0 if upright else LYING_SLENDER
    diameter = (4 * volume / (pi * slender)) ** (1 / 3)
    shell = UPRIGHT_SHELL_M if upright else max(LYING_SHELL_M, pressure_mpa * diameter / (2 * ALLOWED_MPA))
    steel = STEEL * shell * pi * diameter * slender * diameter * REST_OF_STEEL
    return Vessel(upright, volume, diameter, slender * diameter, steel, density)


def displaced_m3(of: Vessel, depth_m: float) -> float:
    """Water (m3) that a vessel displaces at a depth of water over the ground: an upright cylinder, or one on saddles."""
    if of.upright:
        return pi / 4 * of.diameter_m**2 * min(max(0.0, depth_m), of.long_m)
    radius = of.diameter_m / 2
    h = min(max(0.0, depth_m - SADDLE_M), of.diameter_m)
    segment = radius**2 * acos((radius - h) / radius) - (radius - h) * sqrt(max(0.0, 2 * radius * h - h * h))
    return segment * of.long_m


def critical_fill(of: Vessel, depth_m: float) -> float:
    """Filling (share of the volume) below which an unanchored vessel floats: buoyancy over steel and content (Archimedes).

    Landucci et al. 2012 (Reliab. Eng. Syst. Saf. 106, 200-216) for upright, 2014 (132, 125-145) for lying vessels; anchors and
    the speed of the water are left out. 0 or less: it does not float even empty.
    """
    return (G_WATER * displaced_m3(of, depth_m) - of.steel_kg) / (of.density * of.volume_m3)


@criterion("afloat")
def afloat(seen: Seen, facts: Mapping[str, Any]) -> Finding | None:
    """A tank in flood water: below which level it floats and tears its pipes."""
    if facts.get("kind") not in {"储罐", "气柜"} or seen.value is None or not facts.get("liquid_density"):
        return None
    of = vessel(facts["quantity_t"], facts["liquid_density"], facts["pressure_mpa"])
    fill = min(1.0, critical_fill(of, seen.value))
    if fill <= 0:
        return None
    shape = "立式" if of.upright else "卧式"
    why = (
        f"水深 ≥ {seen.value:g} m：按设计量折算 {shape}罐直径约 {of.diameter_m:.1f} m，液位低于 {fill:.0%} 时浮力大于自重，"
        "未锚固即会漂浮并拉断管线"
    )
    return Finding(
        LIKELY if fill >= USUAL_FILL else POSSIBLE, why,
        {"critical_fill": round(fill, 3), "depth_m": seen.value, "diameter_m": round(of.diameter_m, 2)},
    )  # fmt: skip


@criterion("shaken")
def shaken(seen: Seen, facts: Mapping[str, Any]) -> Finding | None:
    """Shaking at a vessel, pipe or building."""
    if seen.value is None or seen.value < SHAKEN:
        return None
    likely = seen.value >= SHAKEN_LIKELY
    return Finding(LIKELY if likely else POSSIBLE, f"推算烈度 {seen.value:.0f} 度", {"intensity": seen.value})


@criterion("shaken-bridge")
def shaken_bridge(seen: Seen, facts: Mapping[str, Any]) -> Finding | None:
    """Shaking at a bridge; a road without one from Ⅷ on."""
    if not facts.get("bridge") and (seen.value or 0) < SHAKEN_LIKELY:
        return None
    return shaken(seen, facts)


@criterion("wet")
def wet(seen: Seen, facts: Mapping[str, Any]) -> Finding | None:
    """Water at a road, a building, an instrument."""
    if seen.value is None or seen.value < WET_M:
        return None
    words = f"推算水深 ≥ {seen.value:g} m"
    return Finding(LIKELY if seen.value >= 0.5 else POSSIBLE, words, {"depth_m": seen.value})


@criterion("wet-carbide")
def wet_carbide(seen: Seen, facts: Mapping[str, Any]) -> Finding | None:
    """Calcium carbide and water give acetylene: 1 kg of carbide up to about 0.3 m3."""
    if facts.get("substance") != "calcium_carbide":
        return None
    deep = seen.unit == "m" and (seen.value or 0) >= WET_M
    why = f"库存电石设计量 {facts.get('quantity_t', 0):g} t，遇水放出乙炔（发气量约 0.3 m³/kg，待核对）"
    return Finding(LIKELY if deep or seen.colour in {"红", "橙"} else POSSIBLE, why)


@criterion("burning")
def burning(seen: Seen, facts: Mapping[str, Any]) -> Finding | None:
    """A fire that may arrive: hours of its zone, or chance."""
    if seen.unit == "h" and seen.value is not None:
        return Finding(
            LIKELY if seen.value <= 3 else POSSIBLE, f"推算 {seen.value:g} 小时内火线可能到达", {"hours": seen.value}
        )
    if seen.unit == "%" and seen.value is not None:
        words = f"集合推演中 {seen.value:g} % 以上在 6 小时内烧到"
        return Finding(LIKELY if seen.value >= 50 else POSSIBLE, words, {"chance": seen.value / 100})
    return Finding(POSSIBLE, "位于火场影响范围内")


@criterion("flammable")
def flammable(seen: Seen, facts: Mapping[str, Any]) -> Finding | None:
    """What leaks can burn: its lower flammable limit is tabled."""
    limit = facts.get("lfl_pct") or seen.facts.get("lfl_pct")
    if not limit:
        return None
    return Finding(POSSIBLE, f"泄漏物可燃，爆炸下限 {limit:g} %（体积）", {"lfl_pct": float(limit)})


@criterion("pressed")
def pressed(seen: Seen, facts: Mapping[str, Any]) -> Finding | None:
    """A vessel under pressure in heat."""
    if facts.get("pressure_mpa", 0) < PRESSED_MPA:
        return None
    return Finding(POSSIBLE, f"操作压力 {facts['pressure_mpa']:g} MPa（绝对），气温升高时罐压上升")


@criterion("freezing")
def freezing(seen: Seen, facts: Mapping[str, Any]) -> Finding | None:
    """Pipes and tanks of liquids in a cold wave."""
    if facts.get("kind") not in {"管道", "储罐"}:
        return None
    return Finding(POSSIBLE, f"{seen.colour}色寒潮降温，伴热失效处可能冻堵、冻裂")


@criterion("toxic-near")
def toxic_near(seen: Seen, facts: Mapping[str, Any]) -> Finding | None:
    """A works or a unit inside a toxic cloud: nobody may be left to run it."""
    return Finding(
        LIKELY if seen.level == 1 else POSSIBLE, f"位于泄漏影响范围内（{seen.level} 级区），当班人员可能被迫撤离"
    )


#: Rain of a warning signal's colour (h, mm): 暴雨预警信号 of the national standard (中国气象局令第16号).
RAIN_OF = {"红": (3.0, 100.0), "橙": (3.0, 50.0), "黄": (6.0, 50.0), "蓝": (12.0, 50.0)}


@criterion("critical-rain")
def critical_rain(seen: Seen, facts: Mapping[str, Any]) -> Finding | None:
    """Rain measured or warned of against the critical rain of a small catchment; with the peak it would give."""
    number = facts["curve_number"]
    shape = flash.Catchment(facts["area_km2"], facts["length_km"], facts["slope"], number, facts["flood_flow_m3_s"])
    surveyed = {float(h): float(mm) for h, mm in facts.get("critical_mm", {}).items()}
    rain: dict[float, float | None] = {
        float(name[1:]): float(mm) for name, mm in seen.facts.items() if name in {"p1", "p3", "p6", "p12", "p24"}
    }
    hours, least = RAIN_OF.get(seen.colour, (0.0, 0.0))
    if hours:
        rain[hours] = max(least, rain.get(hours) or 0.0)
    found = flash.judge(rain, surveyed or flash.guidance(shape))
    if not found.action:
        return None
    runoff = flash.runoff_mm(rain[found.window_h] or 0.0, number)
    figures = {
        "ratio": round(found.ratio, 3),
        "peak_m3_s": min(10_000.0, max(0.1, round(runoff * shape.peak_per_mm(found.window_h), 1))),
        "peak_h": min(48.0, max(0.05, round(found.window_h / 2 + 0.6 * shape.concentration_h, 2))),
    }
    words = f"{found.action}：{found.reason}，推算洪峰 {figures['peak_m3_s']:g} m³/s"
    return Finding(LIKELY if found.ratio >= 1 else POSSIBLE, words, figures)


@criterion("holding")
def holding(seen: Seen, facts: Mapping[str, Any]) -> Finding | None:
    """A dam or dike that holds high water: by its freeboard where both levels are known, else by the colour."""
    crest, level = facts.get("crest_m"), facts.get("level_m") or seen.facts.get("stage_m")
    if crest is not None and level is not None:
        free = float(crest) - float(level)
        if free > FREEBOARD_M * 2:
            return None
        words = f"水位 {level:.2f} m，距顶 {free:.2f} m（顶高 {crest:.2f} m）"
        return Finding(LIKELY if free <= FREEBOARD_M else POSSIBLE, words, {"freeboard_m": round(free, 2)})
    return Finding(
        LIKELY if seen.colour == "红" else POSSIBLE, f"{seen.colour or seen.level}级水情下偎水，堤顶高程未登记"
    )


@criterion("here")
def here(seen: Seen, facts: Mapping[str, Any]) -> Finding | None:
    """Simply inside: what the zone's own level says."""
    return Finding(LIKELY if seen.level <= 2 else POSSIBLE, f"位于影响范围内（{seen.level} 级）")


@criterion("frail")
def frail(seen: Seen, facts: Mapping[str, Any]) -> Finding | None:
    """Places of people who cannot leave by themselves: schools, nurseries, homes, hospitals."""
    if facts.get("kind", "") not in {"学校", "幼儿园", "养老院", "福利院", ""}:
        return None
    return here(seen, facts)


@criterion("severe")
def severe(seen: Seen, facts: Mapping[str, Any]) -> Finding | None:
    """The colour alone: 红 and 橙 make it likely."""
    if not seen.colour:
        return Finding(POSSIBLE, f"{seen.level} 级")
    return Finding(LIKELY if seen.colour in {"红", "橙"} else POSSIBLE, f"{seen.colour}色")
