"""地震: isoseismals and motion by Chinese relations and NGA-West2, instrumental intensity, losses, aftershocks.

This file is light: it is read by every process. What runs over sites (`kernels`, `gmpe`, `field`, `loss`) loads when it is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from math import log, log10, pi
from typing import Any

from anlan.hazards.contract import Case, Choice, Footprint, Ground, Hazard, Input, Residents, Rows
from anlan.hazards.seismic.attenuation import INTENSITY, WANG_2000, YU_2013, intensity_axes, isoseismal, yu_2013


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


def epicentral(magnitude: float, region: str) -> float:
    """Intensity at the epicentre."""
    return intensity_axes(region, magnitude)[0].at(0.0)


def run(lon: float, lat: float, inputs: Mapping[str, Any]) -> Footprint:
    """Isoseismals of degree Ⅴ and above, conditioned on station readings and felt reports where there are any."""
    found: Footprint = import_module("anlan.hazards.seismic.impact").footprint(
        lon, lat, HAZARD.read(inputs), HAZARD.model
    )
    return found


def impact(lon: float, lat: float, inputs: Mapping[str, Any], living: Sequence[Residents]) -> dict[str, Any]:
    """People by community and degree, losses, needs, aftershocks, advice."""
    found: dict[str, Any] = import_module("anlan.hazards.seismic.impact").impact(lon, lat, HAZARD.read(inputs), living)
    return found


def library_motion(model: str, magnitude: float, rjb_km: float) -> float:
    """ln PGA (g) of a vertical strike-slip fault at the top of the ground, Vs30 760."""
    numpy, gmpe = import_module("numpy"), import_module("anlan.hazards.seismic.gmpe")
    rupture = import_module("anlan.hazards.seismic.rupture").estimated(magnitude, 106.8, 39.7, 0.0, 0.0, 90.0, 0.0)
    r = numpy.array([[rjb_km, rjb_km, rjb_km, 0.0]])
    return float(gmpe.at_distances(model, rupture, r, numpy.array([760.0])).ln("PGA")[0])


NGA = ("BSSA14", "ASK14", "CY14", "CB14")
PLACE = (Input("lon", "经度", "°", -180, 180), Input("lat", "纬度", "°", -85, 85))
HAZARD = Hazard(
    kind="seismic",
    title="地震烈度与影响",
    model="椭圆衰减（汪素云等 2000）",
    citation="汪素云, 俞言祥, 高阿甲, 阎秀杰. 中国分区地震动衰减关系的确定. 中国地震, 2000; GB/T 17742-2020; "
    "GB 18306-2015; NGA-West2 (Earthquake Spectra 30(3), 2014); Worden 等 2018; Reasenberg & Jones 1989",
    grade="working",
    inputs=(
        Input("magnitude", "震级", "M", 3, 8.5),
        Choice("region", "衰减分区", tuple(WANG_2000), "西部"),
        Input("strike_deg", "长轴走向", "°", 0, 360, 70),
        Input("depth_km", "震源深度", "km", 0, 700, 10),
        Choice("model", "模型", ("auto", *(f"gb18306-{r}" for r in INTENSITY), *(f"yu2013-{z}" for z in YU_2013), *NGA), "auto",
               {"auto": "按衰减分区（汪素云等 2000）"}),
        Choice("motion_region", "地震动分区（GB 18306）", tuple(INTENSITY), "东部区"),
        Choice("mechanism", "震源机制", ("unknown", "strike-slip", "reverse", "normal", "given"), "unknown",
               {"unknown": "未知", "strike-slip": "走滑", "reverse": "逆冲", "normal": "正断", "given": "按滑动角"}),
        Input("rake_deg", "滑动角", "°", -180, 180, 0),
        Input("vs30", "场地 Vs30（没有场地图处）", "m/s", 150, 2000, 500),
        Input("hour", "发震时刻（时，-1 为未知）", "h", -1, 24, -1),
        Rows("readings", "强震台读数（经度, 纬度, PGA m/s², PGV m/s；缺项填 0）",
             (*PLACE, Input("pga", "PGA", "m/s²", 0, 50), Input("pgv", "PGV", "m/s", 0, 10))),
        Rows("reports", "有感上报（经度, 纬度, 烈度）", (*PLACE, Input("degree", "烈度", "度", 1, 12))),
        Ground("ground", "场地与高程栅格", kinds=("vs30_m_s", "elevation_m"), anywhere=True),
    ),
    run=run,
    impact=impact,
    example={"magnitude": 5.8},
    cases=(
        Case("2015-04-15 阿左旗 M5.8 Ⅵ 度及以上面积", isoseismal_area_km2, {"magnitude": 5.8, "degree": 6}, 4727, 0.01,
             "公式值；实测 5030 km²（中国地震局烈度图）"),
        Case("M6.2 Ⅶ 度长半轴", lambda magnitude, degree: isoseismal(magnitude, degree)[0],
             {"magnitude": 6.2, "degree": 7}, 34.5, 0.02, "公式值表"),
        Case("仪器烈度 PGA 1.95 PGV 0.19", instrumental_intensity, {"pga_m_s2": 1.95, "pgv_m_s": 0.19}, 7.6, 0.001,
             "GB/T 17742-2020 附录 A"),
        Case("俞言祥 2013 东部 M6.0 长轴 20 km PGA", yu_2013,
             {"zone": "东部", "axis": "major", "magnitude": 6.0, "radius_km": 20.0}, 165.8, 0.001, "公式值表"),
        Case("BSSA14 M5.5 走滑 10 km ln PGA", library_motion, {"model": "BSSA14", "magnitude": 5.5, "rjb_km": 10.0},
             0.4856 + (-1.134 + 0.1917) * log(120.25) / 2 - 0.008088 * (120.25**0.5 - 1), 1e-9,
             "Boore 等 2014 式 2、3、8 手算"),
    ),
)  # fmt: skip
