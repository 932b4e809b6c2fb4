"""Zones for the map and what they mean to residents: the engine behind `HAZARD`, apart because it loads compiled kernels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anlan.hazards.contract import Footprint, Residents, Zone
from anlan.hazards.seismic import aftershocks, loss, site
from anlan.hazards.seismic.advice import advice
from anlan.hazards.seismic.field import (
    BETWEEN,
    FAINTEST,
    Field,
    Observation,
    conditioned,
    field,
    gathered,
    isoseismals,
    people_by_degree,
    sites_on,
    station,
)
from anlan.hazards.seismic.moving import arrival_s, frames
from anlan.hazards.seismic.rupture import Rupture, Sites, estimated
from anlan.hazards.seismic.shaking import shaking

Floats = NDArray[np.float64]
#: Shown as roman numerals, with what people meet there (GB/T 17742 table 1, shortened).
ROMAN = {5: "Ⅴ", 6: "Ⅵ", 7: "Ⅶ", 8: "Ⅷ", 9: "Ⅸ", 10: "Ⅹ", 11: "Ⅺ", 12: "Ⅻ"}
MEANING = {
    5: "多数人有感，门窗作响", 6: "多数人站立不稳，少数房屋轻微破坏", 7: "多数人惊逃，房屋轻微至中等破坏",
    8: "多数人摇晃颠簸，房屋中等至严重破坏", 9: "房屋严重破坏", 10: "房屋大多毁坏", 11: "房屋绝大多数毁坏", 12: "房屋几乎全部毁坏",
}  # fmt: skip
#: Degree from which people count as in danger (危险区内人口): houses are damaged from Ⅵ on (GB/T 17742 table 1); Ⅴ is only felt.
ENDANGERS = 6


@dataclass(frozen=True)
class Case:
    """An earthquake as its inputs have it, and what was seen of it."""

    rupture: Rupture
    model: str
    region: str
    seen: tuple[Observation, ...]
    ground: site.SiteMap = site.PLAIN


def case(lon: float, lat: float, given: Mapping[str, Any]) -> Case:
    """Of inputs that `HAZARD.read` has checked."""
    rake = (
        given["rake_deg"]
        if given["mechanism"] == "given"
        else {"strike-slip": 0.0, "reverse": 90.0, "normal": -90.0}.get(given["mechanism"])
    )
    rupture = estimated(given["magnitude"], lon, lat, given["depth_km"], given["strike_deg"], None, rake)
    instruments = [station(x, y, pga or None, pgv or None) for x, y, pga, pgv in given["readings"] or []]
    people = gathered([(x, y, degree) for x, y, degree in given["reports"] or []])
    return Case(
        rupture,
        model_of(given),
        given["motion_region"],
        (*instruments, *people),
        site.of_rasters(given["ground"], given["vs30"]),
    )


def model_of(given: Mapping[str, Any]) -> str:
    wang = {"西部": "wang2000-west", "东部": "wang2000-east"}
    return wang[given["region"]] if given["model"] == "auto" else str(given["model"])


def footprint(lon: float, lat: float, given: Mapping[str, Any], model: str) -> Footprint:
    """Isoseismals of degree Ⅴ and above."""
    quake = case(lon, lat, given)
    found = field(quake.rupture, quake.model, quake.seen, quake.region, ground=quake.ground)
    drawn = isoseismals(found)
    zones = [
        Zone(
            f"{ROMAN[degree]} 度区", max(1, min(4, 10 - degree)), MEANING[degree],
            {"type": "MultiPolygon", "coordinates": shapes}, float(degree), "度", endangers=degree >= ENDANGERS,
        )
        for degree, shapes, _ in drawn
    ]  # fmt: skip
    return Footprint(
        model=f"{model}（{quake.model}）" if given["model"] != "auto" else model,
        zones=zones,
        assumptions=assumed(quake, given, found),
        limits=limits(quake, found),
        summary={
            "area_km2": {ROMAN[degree]: round(km2) for degree, _, km2 in drawn},
            "epicentral_intensity": round(float(found.intensity.max()), 1),
            "greatest_pga_g": round(float(found.shaking.pga_g.max()), 3),
            "bias": round(found.bias, 2),
            "observations": found.used,
            "frames": frames(quake.rupture, drawn),
        },
    )


def assumed(quake: Case, given: Mapping[str, Any], found: Field) -> list[str]:
    point = quake.model.startswith(("wang", "gb18306", "yu2013"))
    plane = f"断层面 {quake.rupture.length_km:.0f}×{quake.rupture.width_km:.0f} km（Wells & Coppersmith 1994）"
    lines = [
        f"{given['region']}衰减关系" if given["model"] == "auto" else f"模型 {quake.model}",
        f"长轴走向 {given['strike_deg']:g}°（待核对）",
        f"点源椭圆，震中距；{site.SOURCE}" if point else plane,
        quake.ground.said(),
    ]
    if found.used:
        lines.append(f"已用 {found.used} 处台站与有感上报修正（Worden 等 2018），全场平均偏差 {found.bias:+.1f} 度")
    return lines


def limits(quake: Case, found: Field) -> list[str]:
    sigma = float(np.median(found.sigma))
    said = [f"单点烈度标准差约 {sigma:.1f} 度；实际烈度受断层与场地影响可差一度以上"]
    return said if found.used else [*said, "未用台站记录修正"]


def impact(lon: float, lat: float, given: Mapping[str, Any], living: Sequence[Residents]) -> dict[str, Any]:
    """People by community and degree, losses with p10, p50, p90, needs and advice."""
    quake = case(lon, lat, given)
    if not living:
        return {}
    x, y, people = (
        np.concatenate([np.asarray(getattr(home, name), float) for home in living]) for name in ("lon", "lat", "people")
    )
    owner = np.repeat(np.arange(len(living)), [len(home.lon) for home in living])
    degree, sigma, between = at_homes(quake, sites_on(quake.ground, x, y))
    towns = [town_of(home) for home in living]
    within = float(np.sqrt(max(float(np.mean(sigma**2)) - between**2, 0.01)))
    night = loss.night_at(given["hour"]) if given["hour"] >= 0 else False
    residents = loss.binned(degree, people, owner, len(living))
    found = loss.losses(residents, towns, between, within, night)
    surveyed = sum(home.mix is not None for home in living)
    needed = loss.needs(found)
    main = given["magnitude"]
    shocks = [aftershocks.forecast(main, least, 0.0, days) for least in steps(main) for days in (1.0, 3.0, 7.0, 30.0)]
    strong = next(row.probability for row in shocks if row.stop_d == 3.0)
    greatest = int(np.floor(degree.max() + 0.5))
    return {
        "people_by_degree": {str(k): round(v) for k, v in people_by_degree(degree, people).items()},
        "communities": communities(
            quake.rupture, living, degree, people, owner, residents, towns, between, within, night
        ),
        "losses": {name: rounded(row) for name, row in found.figures.items()},
        "buildings_m2": {name: round(area) for name, area in found.floor_m2.items()},
        "needs": needed,
        "night": night,
        "aftershocks": [vars(row) for row in shocks],
        "advice": advice(greatest, found.figures, needed, float(people[degree >= 3.5].sum()), strong),
        "sources": [buildings_from(surveyed, len(living)), *SOURCES],
        "people_in_danger": round(float(people[degree >= ENDANGERS - 0.5].sum())),
    }


def town_of(home: Residents) -> loss.Town:
    """What a community lives in: its inventory, else the demonstration's shares."""
    plain = loss.Town()
    return loss.Town(
        mix=home.mix or plain.mix, per_km2=home.per_km2, floor_m2=home.floor_m2 or plain.floor_m2, yuan_m2=plain.yuan_m2
    )


def buildings_from(surveyed: int, total: int) -> str:
    if not surveyed:
        return "房屋比例为演示缺省（房屋登记簿为空，待核对）"
    return f"房屋：{surveyed} 个村（社区）取自房屋登记簿" + (
        f"，其余 {total - surveyed} 个为演示缺省（待核对）" if surveyed < total else ""
    )


#: What the figures of losses rest on, shown beside them.
SOURCES = (
    "平均震害指数 GB/T 17742-2008 表 1", "死亡率 马玉宏、谢礼立 2000",
    "失去住所 GB/T 18208.4", loss.Norms().source, "余震 Reasenberg & Jones 1994 加州通用参数",
)  # fmt: skip


def steps(main: float) -> list[float]:
    """Magnitudes aftershocks are forecast for: one below the main shock first, then down to 3."""
    return [main - 1, *(least for least in (6.0, 5.0, 4.0, 3.0) if least < main - 1)]


def rounded(row: Mapping[str, float]) -> dict[str, int]:
    return {name: round(value) for name, value in row.items()}


def at_homes(quake: Case, sites: Sites) -> tuple[Floats, Floats, float]:
    """(intensity, standard deviation, what of it all places share) where people live."""
    base = shaking(quake.model, quake.rupture, sites, quake.region, site=True)
    between = float(np.sqrt(BETWEEN)) * float(base.sigma.mean())
    if not quake.seen:
        return base.intensity, base.sigma, between
    mean, sigma, _ = conditioned(quake.rupture, quake.model, quake.seen, sites, base, quake.region, quake.ground)
    return mean, sigma, min(between, float(sigma.mean()))


def communities(
    rupture: Rupture, living: Sequence[Residents], degree: Floats, people: Floats, owner: Any, residents: Floats, towns: list[loss.Town],
    between: float, within: float, night: bool,
) -> list[dict[str, Any]]:  # fmt: skip
    """Each community: residents, mean and greatest intensity, homeless and injured as expected, the hardest hit first."""
    rows = []
    spread = float(np.hypot(between, within))
    tables = {town.kind: loss.curves(town, night, spread) for town in {town.kind: town for town in towns}.values()}
    arrivals = arrival_s(
        rupture, *(np.concatenate([np.asarray(getattr(h, n), float) for h in living]) for n in ("lon", "lat"))
    )
    for k, home in enumerate(living):
        mine = owner == k
        total = float(people[mine].sum())
        if total <= 0 or degree[mine].max() < FAINTEST - 0.5:
            continue
        each = tables[towns[k].kind] @ residents[k]
        figures = dict(zip(loss.OUTCOMES, each.tolist(), strict=True))
        rows.append(
            {"area_id": home.key, "name": home.name, "people": round(total), "intensity": round(float(degree[mine] @ people[mine] / total), 1),
             "greatest": round(float(degree[mine].max()), 1), "deaths": round(figures["deaths"], 1),
             "injured": round(figures["injured"], 1), "homeless": round(figures["homeless"]),
             "arrival_s": round(float(arrivals[mine].min()), 1)}
        )  # fmt: skip
    return sorted(rows, key=lambda row: (-row["intensity"], -row["people"]))
