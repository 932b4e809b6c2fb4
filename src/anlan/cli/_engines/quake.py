"""Earthquake: motion and intensity at sites, isoseismals, losses, aftershocks."""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np

from anlan.cli._engines.contract import Engine, Field, Json, at_least_zero, choice, positive, read_points, read_rows
from anlan.hazards.contract import InputError
from anlan.hazards.plane import ellipse, metres_per_degree, polygon
from anlan.hazards.seismic import aftershocks as omori
from anlan.hazards.seismic import attenuation as at
from anlan.hazards.seismic import degree_of, loss
from anlan.hazards.seismic.field import (
    BETWEEN,
    Observation,
    conditioned,
    field,
    gathered,
    isoseismals,
    people_by_degree,
    station,
)
from anlan.hazards.seismic.impact import ROMAN
from anlan.hazards.seismic.rupture import MAGNITUDES, Rupture, Sites, described, estimated, of_corners
from anlan.hazards.seismic.shaking import GB18306, MODELS, WANG, Shaking, resolved, shaking
from anlan.hazards.seismic.site import PLAIN

#: Vs30 (m/s) of a site that tells none.
VS30 = PLAIN.default


def quake(given: Json) -> Json:
    """Intensity and motion at sites, isoseismals around the epicentre, people and losses where residents are given."""
    sites = read_points(given["sites"], "sites", 2, 3)
    seen = observations(given)
    for name in ("lon", "lat"):
        if (sites or seen or given["population"] or given["corners"]) and given[name] is None:
            raise InputError(name, None, "度（给出 sites、台站、人口时必填）")
    rupture = rupture_of(given)
    model = resolved(given["model"])
    result: Json = {"model": model, "rupture": described(rupture), **motion(given, rupture, sites, seen)}
    result["isoseismals"] = lines(given, rupture, model, seen)
    if model in WANG:
        result["motion_model"] = f"GB 18306-2015 {given['region']}（待核对）"
    if given["population"]:
        result |= people(given, rupture, seen)
    result["notes"] = notes(model, any(len(site) > 2 for site in sites) and not given["site"])
    return result


def notes(model: str, vs30: bool) -> list[str]:
    if model in WANG or model in GB18306 or model.startswith("yu2013"):
        return ["椭圆衰减，震中距，基岩，无深度项" + ("；未计 Vs30" if vs30 else "")]
    if model.startswith("YuEtAl"):
        return ["俞言祥等 2013，按所用程序库加 15 km 深度项（论文无此项）；值低于 1 gal、1 cm/s 处不取其符号错误"]
    return ["NGA-West2；盆地深度取 Vs30 对应的均值，震级按 Mw"]


def rupture_of(given: Json) -> Rupture:
    if given["corners"]:
        place = given["lon"], given["lat"], 10.0 if given["depth_km"] is None else given["depth_km"]
        return of_corners(given["magnitude"], place, given["corners"], given["rake_deg"] or 0.0)
    lon, lat = (0.0 if given[name] is None else given[name] for name in ("lon", "lat"))
    depth = 10.0 if given["depth_km"] is None else given["depth_km"]
    return estimated(given["magnitude"], lon, lat, depth, given["strike_deg"], given["dip_deg"], given["rake_deg"])


def observations(given: Json) -> list[Observation]:
    """Stations [{lon, lat, pga_m_s2, pgv_m_s}] and felt reports [[lon, lat, degree]]."""
    rows = read_rows(given["stations"], STATION, "stations")
    instruments = [station(row["lon"], row["lat"], row["pga_m_s2"], row["pgv_m_s"]) for row in rows]
    reports = read_points(given["reports"], "reports", 3, 3)
    return [*instruments, *gathered([(x, y, degree) for x, y, degree in reports])]


def places(sites: list[list[float]]) -> Sites:
    return Sites.of(
        [s[0] for s in sites], [s[1] for s in sites], np.array([s[2] if len(s) > 2 else VS30 for s in sites], float)
    )


def motion(given: Json, rupture: Rupture, sites: list[list[float]], seen: list[Observation]) -> Json:
    if not sites:
        return {"intensity": [], "degree": [], "pga_g": [], "pgv_cm_s": []}
    at_sites = places(sites)
    found: Shaking = shaking(given["model"], rupture, at_sites, given["region"], given["china"], given["site"])
    degree = found.intensity
    if seen:
        degree = conditioned(rupture, given["model"], seen, at_sites, found, given["region"])[0]
    return {
        "intensity": degree.tolist(), "degree": [degree_of(v) for v in degree.tolist()], "pga_g": found.pga_g.tolist(),
        "pgv_cm_s": found.pgv_cm_s.tolist(), "sigma_ln_pga": found.sigma_ln_pga.tolist(), "sigma_intensity": found.sigma.tolist(),
    }  # fmt: skip


def lines(given: Json, rupture: Rupture, model: str, seen: list[Observation]) -> list[Json]:
    """Contours of degree - 0.5, strongest first; ellipses (km, even without an epicentre) of a relation of intensity."""
    if (model in WANG or model in GB18306) and not seen:
        return ellipses(given, WANG.get(model) or GB18306[model])
    if given["lon"] is None:
        return []
    drawn = isoseismals(field(rupture, given["model"], seen, given["region"]))
    return [
        {"degree": degree, "name": f"{ROMAN[degree]}度", "semi_major_km": None, "semi_minor_km": None, "area_km2": km2,
         "polygon": {"type": "MultiPolygon", "coordinates": shapes}}
        for degree, shapes, km2 in drawn
    ]  # fmt: skip


def ellipses(given: Json, region: str) -> list[Json]:
    found = []
    for degree in range(max(ROMAN), min(ROMAN) - 1, -1):
        major, minor = at.isoseismal(given["magnitude"], degree, region)
        if minor > 0:
            ring = ellipse(major * 1000, minor * 1000, given["strike_deg"])
            shape = None if given["lon"] is None else polygon(given["lon"], given["lat"], ring)
            found.append({"degree": degree, "name": f"{ROMAN[degree]}度", "semi_major_km": major, "semi_minor_km": minor,
                          "area_km2": pi * major * minor, "polygon": shape})  # fmt: skip
    return found


def people(given: Json, rupture: Rupture, seen: list[Observation]) -> Json:
    """Residents by degree, losses and needs."""
    rows = read_rows(given["population"], RESIDENT, "population")
    sites = Sites.of([r["lon"] for r in rows], [r["lat"] for r in rows], VS30)
    found = shaking(given["model"], rupture, sites, given["region"], given["china"])
    degree, sigma = found.intensity, found.sigma
    between = float(BETWEEN**0.5 * sigma.mean())
    if seen:
        degree, sigma, _ = conditioned(rupture, given["model"], seen, sites, found, given["region"])
        between = min(between, float(sigma.mean()))
    counts = [row["people"] for row in rows]
    within = max(float(np.mean(sigma**2)) - between**2, 0.01) ** 0.5
    return {
        "population_by_intensity": {str(k): v for k, v in people_by_degree(degree, counts).items()},
        **answer(loss.binned(degree, counts), town(given), between, within, given["hour"]),
    }


def answer(residents: Any, where: loss.Town, between: float, within: float, hour: float | None) -> Json:
    night = loss.night_at(hour) if hour is not None else False
    found = loss.losses(residents, [where], between, within, night)
    return {
        "casualties": {name: dict(found.of(name)) for name in ("deaths", "serious", "injured", "buried", "homeless")},
        "loss_yuan": dict(found.of("loss_yuan")), "buildings_m2": dict(found.floor_m2), "needs": loss.needs(found), "night": night,
    }  # fmt: skip


def town(given: Json) -> loss.Town:
    mix = given["mix"] or loss.Town().mix
    return loss.Town(mix=mix, per_km2=given["per_km2"])


def quake_loss(given: Json) -> Json:
    """Losses where the intensity is known: [[degree, people], ...]."""
    rows = read_points(given["exposure"], "exposure", 2, 2)
    for i, (degree, count) in enumerate(rows):
        if not (1 <= degree <= 12 and count >= 0):
            raise InputError(f"exposure[{i}]", [degree, count], "[1 至 12 度, >= 0 人]")
    residents = loss.binned([row[0] for row in rows], [row[1] for row in rows])
    return answer(residents, town(given), given["sigma"], 0.3, given["hour"])


def later(given: Json) -> Json:
    """Aftershocks to be expected, from generic values or those of the sequence so far."""
    sequence = omori.GENERIC
    if given["times_d"]:
        until = given["until_d"] if given["until_d"] is not None else given["start_d"]
        sequence = omori.fit(given["magnitude"], given["complete"], given["times_d"], given["magnitudes"], until)
    rows = [
        vars(omori.forecast(given["magnitude"], least, given["start_d"], given["start_d"] + days, sequence))
        for least in given["least"] for days in given["days"]
    ]  # fmt: skip
    return {"sequence": vars(sequence), "forecast": rows}


def draw(axes: Any, given: Json, result: Json) -> None:
    """Isoseismals in km round the epicentre, with sites by their degree."""
    reach = 10.0
    for line in result["isoseismals"]:
        for ring in rings(given, line):
            axes.fill([p[0] for p in ring], [p[1] for p in ring], alpha=0.25, label=line["name"])
            reach = max(reach, *(abs(value) for point in ring for value in point))
    if given.get("sites"):
        points = [local(given, site) for site in given["sites"]]
        shown = axes.scatter(
            [p[0] for p in points], [p[1] for p in points], c=result["intensity"], cmap="YlOrRd", s=18, ec="k", lw=0.4
        )
        axes.figure.colorbar(shown, ax=axes, label="烈度")
    axes.set_xlabel("东 km")
    axes.set_ylabel("北 km")
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-reach, reach)
    axes.set_aspect("equal")
    axes.set_title(f"M {given['magnitude']:g}，{result['model']}")
    handles, names = axes.get_legend_handles_labels()
    kept = dict(zip(names, handles, strict=True))
    axes.legend(kept.values(), kept.keys())


def draw_losses(axes: Any, given: Json, result: Json) -> None:
    """p10 to p90 of each outcome, with the median."""
    names = {"deaths": "死亡", "serious": "重伤", "injured": "受伤", "buried": "压埋", "homeless": "失去住所"}
    for row, name in enumerate(names):
        found = result["casualties"][name]
        axes.plot([max(found["p10"], 0.1), max(found["p90"], 0.1)], [row, row], lw=6, color="#e8833a", alpha=0.5)
        axes.plot([max(found["p50"], 0.1)], [row], "o", color="#b3001b")
        axes.annotate(f"{found['p50']:.0f}", (max(found["p50"], 0.1), row + 0.15))
    axes.set_yticks(range(len(names)), list(names.values()))
    axes.set_xscale("log")
    axes.set_xlabel("人（p10–p90，点为 p50；小于 0.1 画在 0.1）")
    axes.set_title("地震伤亡与需求（模型推算）")


def draw_later(axes: Any, given: Json, result: Json) -> None:
    """Chance of at least one aftershock of a size and above, by days."""
    for least in sorted({row["least"] for row in result["forecast"]}):
        rows = sorted(
            (row["stop_d"] - row["start_d"], row["probability"]) for row in result["forecast"] if row["least"] == least
        )
        axes.plot([day for day, _ in rows], [100 * chance for _, chance in rows], "o-", label=f"M ≥ {least:g}")
    axes.set_xlabel("天")
    axes.set_ylabel("至少一次的概率 %")
    axes.set_ylim(0, 102)
    axes.set_title(f"M {given['magnitude']:g} 的余震")
    axes.legend()


def local(given: Json, place: list[float]) -> tuple[float, float]:
    east, north = metres_per_degree(given["lat"])
    return (place[0] - given["lon"]) * east / 1000, (place[1] - given["lat"]) * north / 1000


def rings(given: Json, line: Json) -> list[list[tuple[float, float]]]:
    if line["semi_major_km"] is not None:
        strike = 70.0 if given.get("strike_deg") is None else given["strike_deg"]
        return [ellipse(line["semi_major_km"], line["semi_minor_km"], strike)]
    return [[local(given, point) for point in part[0]] for part in line["polygon"]["coordinates"]]


STATION = (
    Field("lon", "经度", unit="°", low=-180, high=180), Field("lat", "纬度", unit="°", low=-85, high=85),
    positive("pga_m_s2", "峰值加速度", "m/s²", None, 50), positive("pgv_m_s", "峰值速度", "m/s", None, 10),
)  # fmt: skip
RESIDENT = (*STATION[:2], at_least_zero("people", "人数", "人"))
MAGNITUDE = Field("magnitude", "震级", unit="M", low=MAGNITUDES[0], high=MAGNITUDES[1])
HOUR = Field("hour", "发震时刻（当地）", unit="h", low=0, high=24, default=None)
MIX = (
    Field("mix", "房屋类型比例 {A, B, C, D}，缺省为演示值", "object", default=None),
    at_least_zero("per_km2", "人口密度", "人/km²", 300.0), HOUR,
)  # fmt: skip
ENGINES: tuple[Engine, ...] = (
    Engine(
        "quake", "地震烈度、地震动与影响",
        "汪素云等 2000; GB 18306-2015; 俞言祥等 2013; NGA-West2 2014 (BSSA14, ASK14, CY14, CB14); GB/T 17742-2020; Worden 等 2018",
        (MAGNITUDE, Field("lon", "经度", unit="°", low=-180, high=180, default=None),
         Field("lat", "纬度", unit="°", low=-85, high=85, default=None),
         Field("depth_km", "深度", unit="km", low=0, high=700, default=None),
         Field("strike_deg", "长轴走向", unit="°", low=0, high=360, default=70.0),
         Field("dip_deg", "倾角", unit="°", low=1, high=90, default=None),
         Field("rake_deg", "滑动角", unit="°", low=-180, high=180, default=None),
         Field("corners", "断层面四角 [lon, lat, 深度 km]", "array", default=[]),
         Field("sites", "场点 [lon, lat, vs30?]", "array", default=[]), choice("model", "模型", MODELS, "auto"),
         choice("region", "地震动分区", tuple(at.INTENSITY), "东部区"),
         Field("china", "取论文的中国衰减项", "boolean", default=False),
         Field("site", "椭圆衰减计场地项（GB 18306-2015 表 E.1，按 sites 的 Vs30）", "boolean", default=False),
         Field("stations", "强震台 [{lon, lat, pga_m_s2, pgv_m_s}]", "array", default=[]),
         Field("reports", "有感上报 [[lon, lat, 烈度]]", "array", default=[]),
         Field("population", "居民 [{lon, lat, people}]", "array", default=[]), *MIX),
        quake,
        {"magnitude": 5.8, "lon": 106.3, "lat": 39.8, "depth_km": 10, "sites": [[106.82, 39.67], [106.71, 39.50]],
         "population": [{"lon": 106.82, "lat": 39.67, "people": 341000}, {"lon": 106.71, "lat": 39.5, "people": 122400}]},
        plot=draw,
    ),
    Engine(
        "quake-loss", "地震损失快速评估", "GB/T 17742-2008 表 1; GB/T 18208.4; 马玉宏、谢礼立 2000",
        (Field("exposure", "[[烈度, 人数], ...]", "array"),
         at_least_zero("sigma", "烈度的共同误差（标准差）", "度", 0.35, 2), *MIX),
        quake_loss, {"exposure": [[7.2, 120000], [6.4, 340000]], "hour": 3}, plot=draw_losses,
    ),
    Engine(
        "aftershocks", "余震统计", "Reasenberg & Jones 1989, 1994; Ogata 1983; Aki 1965",
        (MAGNITUDE, Field("least", "震级下限", "array", default=[5.0, 4.0, 3.0]),
         Field("days", "预报天数", "array", default=[1.0, 3.0, 7.0, 30.0]), at_least_zero("start_d", "自主震起", "d", 0.0, 3650),
         Field("complete", "完整震级", low=0, high=8, default=3.0), Field("times_d", "余震时间（主震后天数）", "array", default=[]),
         Field("magnitudes", "余震震级", "array", default=[]), at_least_zero("until_d", "目录截止", "d", None, 3650)),
        later, {"magnitude": 5.8}, plot=draw_later,
    ),
)  # fmt: skip
