"""地震: isoseismals by elliptical attenuation, instrumental intensity, first judgement of the grade."""

from __future__ import annotations

from collections.abc import Mapping
from math import log10, pi
from typing import Any

from anlan.hazards.contract import Case, Choice, Footprint, Hazard, Input, Zone
from anlan.hazards.plane import ellipse, polygon

#: 汪素云等 2000: I = a + b M - c lg(R + d), major and minor axis.
ATTENUATION = {
    "西部": ((5.253, 1.398, 4.164, 26.0), (2.019, 1.398, 2.943, 8.0)),
    "东部": ((5.019, 1.446, 4.136, 24.0), (2.240, 1.446, 3.070, 9.0)),
}
ROMAN = {5: "Ⅴ", 6: "Ⅵ", 7: "Ⅶ", 8: "Ⅷ", 9: "Ⅸ", 10: "Ⅹ"}
MEANING = {
    5: "多数人有感，门窗作响", 6: "多数人站立不稳，少数房屋轻微破坏", 7: "多数人惊逃，房屋轻微至中等破坏",
    8: "多数人摇晃颠簸，房屋中等至严重破坏", 9: "房屋严重破坏", 10: "房屋毁坏",
}  # fmt: skip


def radius_km(magnitude: float, intensity: float, region: str = "西部", axis: int = 0) -> float:
    """Epicentral distance (km) at which the intensity falls to `intensity` along an axis (0 major, 1 minor); 0 if never."""
    a, b, c, d = ATTENUATION[region][axis]
    return max(0.0, float(10 ** ((a + b * magnitude - intensity) / c) - d))


def isoseismal(magnitude: float, degree: int, region: str = "西部") -> tuple[float, float]:
    """Semi-axes (km) of the area of `degree` and above: the contour at degree - 0.5."""
    return radius_km(magnitude, degree - 0.5, region, 0), radius_km(magnitude, degree - 0.5, region, 1)


def isoseismal_area_km2(magnitude: float, degree: int, region: str = "西部") -> float:
    major, minor = isoseismal(magnitude, degree, region)
    return pi * major * minor


def intensities(pga_m_s2: float, pgv_m_s: float) -> tuple[float, float, float]:
    """(by PGA, by PGV, instrumental intensity 1 to 12): GB/T 17742-2020 appendix A; m/s2, m/s, 0.1-10 Hz vector peaks."""
    by_a, by_v = 3.17 * log10(pga_m_s2) + 6.59, 3.00 * log10(pgv_m_s) + 9.77
    value = by_v if by_a >= 6.0 and by_v >= 6.0 else (by_a + by_v) / 2
    return by_a, by_v, min(12.0, max(1.0, value))


def instrumental_intensity(pga_m_s2: float, pgv_m_s: float) -> float:
    """GB/T 17742-2020 appendix A, one decimal."""
    return round(intensities(pga_m_s2, pgv_m_s)[2], 1)


def degree_of(intensity: float) -> int:
    """Degree n for n - 0.5 <= I < n + 0.5."""
    return int(intensity + 0.5)


def run(lon: float, lat: float, inputs: Mapping[str, Any]) -> Footprint:
    """Isoseismals of degree Ⅴ and above around the epicentre."""
    given = HAZARD.read(inputs)
    magnitude, region = given["magnitude"], given["region"]
    zones, areas = [], {}
    for degree in range(10, 4, -1):
        major, minor = isoseismal(magnitude, degree, region)
        if minor > 0.5:
            ring = ellipse(major * 1000, minor * 1000, given["strike_deg"])
            level = max(1, min(4, 10 - degree))
            zones.append(
                Zone(f"{ROMAN[degree]} 度区", level, MEANING[degree], polygon(lon, lat, ring), float(degree), "度")
            )
            areas[ROMAN[degree]] = round(pi * major * minor)
    return Footprint(
        model=HAZARD.model,
        zones=zones,
        assumptions=[f"{region}衰减关系", f"长轴走向 {given['strike_deg']:g}°（待核对）", "点源，未计震源深度与场地"],
        limits=["实际烈度受断层与场地影响可差一度以上", "未用台站记录修正"],
        summary={"area_km2": areas, "epicentral_intensity": round(epicentral(magnitude, region), 1)},
    )


def epicentral(magnitude: float, region: str) -> float:
    a, b, c, d = ATTENUATION[region][0]
    return a + b * magnitude - c * log10(d)


HAZARD = Hazard(
    kind="seismic",
    title="地震烈度",
    model="椭圆衰减（汪素云等 2000）",
    citation="汪素云, 俞言祥, 高阿甲, 阎秀杰. 中国分区地震动衰减关系的确定. 中国地震, 2000; GB/T 17742-2020",
    grade="sketch",
    inputs=(
        Input("magnitude", "震级", "M", 3, 9),
        Choice("region", "衰减分区", tuple(ATTENUATION), "西部"),
        Input("strike_deg", "长轴走向", "°", 0, 360, 70),
    ),
    run=run,
    example={"magnitude": 5.8},
    cases=(
        Case("2015-04-15 阿左旗 M5.8 Ⅵ 度及以上面积", isoseismal_area_km2, {"magnitude": 5.8, "degree": 6}, 4727, 0.01,
             "公式值；实测 5030 km²（中国地震局烈度图）"),
        Case("M6.2 Ⅶ 度长半轴", lambda magnitude, degree: isoseismal(magnitude, degree)[0],
             {"magnitude": 6.2, "degree": 7}, 34.5, 0.02, "公式值表"),
        Case("仪器烈度 PGA 1.95 PGV 0.19", instrumental_intensity, {"pga_m_s2": 1.95, "pgv_m_s": 0.19}, 7.6, 0.001,
             "GB/T 17742-2020 附录 A"),
    ),
)  # fmt: skip
