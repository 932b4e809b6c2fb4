"""One answer for the command line, the interface and the report: plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from anlan.hazards.chemical import criteria
from anlan.hazards.chemical.qra import contours, judge
from anlan.hazards.chemical.qra.individual import on_grid
from anlan.hazards.chemical.qra.inputs import Request, read
from anlan.hazards.chemical.qra.model import Floats, Study
from anlan.hazards.chemical.qra.scenario import footprints, study
from anlan.hazards.chemical.qra.societal import Societal, societal

CITATION = "AQ/T 3046-2013; GB 36894-2018; GB/T 37243-2019; HJ 169-2018; CPR 18E"
ASSUMPTIONS = (
    "个人风险：人员长期处于室外且无保护（GB 36894-2018）",
    "毒性暴露至多 30 min，热辐射至多 20 s（AQ/T 3046-2013）",
    "平坦地形、稳定风；风速低于 0.5 m/s 按 0.5 m/s 计（静风近似）",
    "喷射火方向不定，按圆形影响范围计；瞬时泄漏闪火取云团经过的包络",
    "只燃不毒的轻气体按 Briggs 抬升、热泡上升离地；有毒轻气体不计抬升（HJ 169-2018 附录 G，偏安全）",
)

#: A complete input.
EXAMPLE: dict[str, Any] = {
    "grid": {"x0": -2000, "y0": -2000, "cell_m": 40, "nx": 100, "ny": 100},
    "scenarios": [
        {"id": "V-101/25mm", "x": 0, "y": 0, "frequency_per_y": 1e-5, "kind": "leak", "substance": "氯", "hole_mm": 25,
         "pressure_mpa": 0.75, "temperature_c": 20, "inventory_kg": 50_000},
        {"id": "V-201/破裂", "x": 300, "y": 150, "frequency_per_y": 5e-7, "kind": "rupture", "substance": "氯乙烯",
         "inventory_kg": 100_000, "pressure_mpa": 0.5, "temperature_c": 20},
    ],
    "weather": [
        {"stability": stability, "wind_m_s": wind, "direction_deg": direction, "probability": p / 8}
        for stability, wind, p in (("D", 3.0, 0.6), ("F", 1.5, 0.4))
        for direction in range(0, 360, 45)
    ],
    "population": [{"x": 900, "y": 600, "people": 300, "indoor_fraction": 0.9}],
    "targets": [{"x": 900, "y": 600, "class": "二类", "name": "居民点"}],
    "receptors": [[500, 0]],
    "criteria": "GB36894-new",
}  # fmt: skip


@dataclass(frozen=True)
class Result:
    """A region worked out."""

    request: Request
    study: Study
    risk: Floats
    societal: Societal
    verdicts: list[judge.Verdict]
    standing: judge.Standing
    contours: list[contours.Contour]


def assess(request: Request) -> Result:
    made = study(request.scenarios, request.rose, request.people, request.sources, request.day)
    risk = on_grid(made, request.grid)
    group = societal(made)
    found = judge.verdicts(made, request.targets, request.existing)
    levels = sorted(set(criteria.limits(request.existing).values()))
    lines = [contours.contour(risk, request.grid, level) for level in levels]
    return Result(request, made, risk, group, found, judge.standing(found, group.curve), lines)


def shown(one: contours.Contour) -> dict[str, Any]:
    return {"risk": one.level, "area_m2": one.area_m2, "polygons": one.polygons, "leaves_grid": one.cut}


def as_json(result: Result, with_grid: bool = False) -> dict[str, Any]:
    """The contract of `anlan calc qra`."""
    bad = [verdict for verdict in result.verdicts if not verdict.passes]
    received = [verdict.risk for verdict in result.verdicts[: result.request.receptors]]
    answer: dict[str, Any] = {
        "individual_risk": received,
        "max_risk": float(result.risk.max()),
        "contours": [shown(one) for one in result.contours],
        "fn": [list(point) for point in result.societal.curve],
        "fn_zone": result.standing.zone,
        "pll": result.societal.pll,
        "acceptable": not bad and result.standing.zone != criteria.ZONES[2],
        "findings": judge.findings(result.verdicts, result.standing, result.request.existing),
        "targets": [
            {"name": verdict.target.name, "class": verdict.target.kind, "risk": verdict.risk, "limit": verdict.limit,
             "passes": verdict.passes,
             "contributors": [{"scenario": who, "outcome": what, "share": share} for who, what, share in verdict.top]}
            for verdict in result.verdicts[result.request.receptors :]
        ],
        "grade": {"name": result.standing.grade, "colour": result.standing.colour, "k": result.standing.k,
                  "d": result.standing.d if result.societal.curve else None, "remaining": result.standing.room,
                  "basis": "本平台指标：个人风险与限值之比 k，F-N 曲线与上限之比的对数 d"},
        "event_trees": {
            scenario.id: footprints(i, scenario, result.request.rose, result.request.sources)[1]
            for i, scenario in enumerate(result.request.scenarios[:200])
        },
        "assumptions": list(ASSUMPTIONS), "citation": CITATION,
    }  # fmt: skip
    if with_grid:
        answer["risk"] = result.risk.tolist()
    return answer


def run(given: Mapping[str, Any]) -> dict[str, Any]:
    return as_json(assess(read(given)), bool(given.get("return_grid")))
