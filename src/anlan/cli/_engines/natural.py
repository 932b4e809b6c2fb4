"""Earthquake, and the footprint of any hazard family."""

from __future__ import annotations

from math import cos, hypot, pi, radians, sin
from typing import Any

from anlan.cli._engines.contract import Engine, Field, Json, choice, positive, read_points
from anlan.hazards import discover
from anlan.hazards.contract import InputError
from anlan.hazards.plane import ellipse, metres_per_degree, polygon
from anlan.hazards.seismic import ATTENUATION, ROMAN, degree_of, instrumental_intensity, isoseismal
from anlan.hazards.seismic.attenuation import INTENSITY, Axis, site_values, through


def quake(given: Json) -> Json:
    """Intensity and motion at sites, isoseismals around the epicentre."""
    for name in ("lon", "lat"):
        if given["sites"] and given[name] is None:
            raise InputError(name, None, "度（给出 sites 时必填）")
    model = "wang2000-west" if given["model"] == "auto" else given["model"]
    region = given["region"]
    values = [at_site(given, model, region, site) for site in read_points(given["sites"], "sites", 2, 3)]
    columns = zip(*values, strict=True) if values else ((), (), ())
    intensity, pga, pgv = ([float(value) for value in column] for column in columns)
    return {
        "model": model,
        "motion_model": f"GB 18306-2015 {region}（待核对）",
        "intensity": intensity,
        "degree": [degree_of(v) for v in intensity],
        "pga_g": [v / 980.665 for v in pga],
        "pgv_cm_s": pgv,
        "isoseismals": isoseismals(given, model),
        "notes": [
            "椭圆衰减，震中距，基岩，无深度项" + ("；未计 Vs30" if any(len(s) > 2 for s in given["sites"]) else "")
        ],
    }


def at_site(given: Json, model: str, region: str, site: list[float]) -> tuple[float, float, float]:
    """(intensity, PGA cm/s2, PGV cm/s)."""
    east, north = metres_per_degree((given["lat"] + site[1]) / 2)
    x, y = (site[0] - given["lon"]) * east / 1000, (site[1] - given["lat"]) * north / 1000
    angle = radians(given["strike_deg"])
    along, across = x * sin(angle) + y * cos(angle), x * cos(angle) - y * sin(angle)
    if model.startswith("gb18306-"):
        return site_values(model.removeprefix("gb18306-"), given["magnitude"], along, across)
    _, pga, pgv = site_values(region, given["magnitude"], along, across)
    return through(*wang_axes(model, given["magnitude"]), along, across), pga, pgv


def wang_axes(model: str, magnitude: float) -> tuple[Axis, Axis]:
    rows = ATTENUATION["东部" if model.endswith("east") else "西部"]
    long, short = (Axis(a + b * magnitude, -c, d) for a, b, c, d in rows)
    return long, short


def isoseismals(given: Json, model: str) -> list[Json]:
    """Contours of degree - 0.5, strongest first; in km without an epicentre."""
    if model.startswith("gb18306-"):
        return []
    region = "东部" if model.endswith("east") else "西部"
    found = []
    for degree in range(max(ROMAN), min(ROMAN) - 1, -1):
        major, minor = isoseismal(given["magnitude"], degree, region)
        if minor > 0:
            ring = ellipse(major * 1000, minor * 1000, given["strike_deg"])
            shape = None if given["lon"] is None else polygon(given["lon"], given["lat"], ring)
            found.append({"degree": degree, "name": f"{ROMAN[degree]}度", "semi_major_km": major, "semi_minor_km": minor,
                          "area_km2": pi * major * minor, "polygon": shape})  # fmt: skip
    return found


def instrument(given: Json) -> Json:
    """GB/T 17742-2020 appendix A."""
    value = instrumental_intensity(given["pga_m_s2"], given["pgv_m_s"])
    return {"intensity": value, "degree": degree_of(value), "name": f"{value:g} 度"}


def footprint(given: Json) -> Json:
    """What the map draws for a hazard family."""
    families = discover()
    if given["kind"] not in families:
        raise InputError("kind", given["kind"], "、".join(families))
    return families[given["kind"]].run(given["lon"], given["lat"], given["inputs"]).as_json()


def draw_isoseismals(axes: Any, given: Json, result: Json) -> None:
    for line in result["isoseismals"]:
        ring = ellipse(line["semi_major_km"], line["semi_minor_km"], given.get("strike_deg") or 70)
        axes.fill([p[0] for p in ring], [p[1] for p in ring], alpha=0.3, label=line["name"])
    axes.set_xlabel("东 km")
    axes.set_ylabel("北 km")
    reach = max((hypot(line["semi_major_km"], 0) for line in result["isoseismals"]), default=10)
    axes.set_xlim(-reach, reach)
    axes.set_aspect("equal")
    axes.legend()


MODELS = ("auto", "wang2000-west", "wang2000-east", *(f"gb18306-{region}" for region in INTENSITY))
PLACE = (
    Field("lon", "经度", unit="°", low=-180, high=180, default=None),
    Field("lat", "纬度", unit="°", low=-85, high=85, default=None),
)
ENGINES: tuple[Engine, ...] = (
    Engine(
        "quake", "地震烈度与地震动", "汪素云等 2000; GB 18306-2015; GB/T 17742-2020",
        (Field("magnitude", "震级", unit="M", low=0, high=9.5), *PLACE,
         Field("depth_km", "深度", unit="km", low=0, high=700, default=None),
         Field("strike_deg", "长轴走向", unit="°", low=0, high=360, default=70.0),
         Field("rake_deg", "滑动角", unit="°", low=-180, high=180, default=None),
         Field("sites", "场点 [lon, lat, vs30?]", "array", default=[]), choice("model", "模型", MODELS, "auto"),
         choice("region", "地震动分区", tuple(INTENSITY), "东部区")),
        quake,
        {"magnitude": 5.8, "lon": 106.3, "lat": 39.8, "depth_km": 10, "sites": [[106.82, 39.67], [106.71, 39.50]]},
        plot=draw_isoseismals,
    ),
    Engine(
        "instrument-intensity", "仪器测定地震烈度", "GB/T 17742-2020 附录 A",
        (positive("pga_m_s2", "峰值加速度", "m/s²"), positive("pgv_m_s", "峰值速度", "m/s")),
        instrument, {"pga_m_s2": 1.95, "pgv_m_s": 0.19},
    ),
    Engine(
        "footprint", "影响范围（一张图所画）", "各灾种 HAZARD 声明",
        (choice("kind", "灾种", tuple(sorted(discover()))), Field("lon", "经度", unit="°", low=-180, high=180),
         Field("lat", "纬度", unit="°", low=-85, high=85), Field("inputs", "灾种输入", "object")),
        footprint,
        {"kind": "chemical", "lon": 106.7014, "lat": 39.4643, "inputs": {"substance": "chlorine", "hole_mm": 25}},
    ),
)  # fmt: skip
