"""园区风险: list of parks, a park's page, its report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.timezone import localtime
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_POST

from anlan.hazards.chemical import criteria
from anlan.hazards.chemical.substances import table
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.documents.word import WORD
from anlan.kernel.errors import Forbidden, Invalid, NotFound
from anlan.supervision import actions, queries
from anlan.supervision.layers import RISK, risk_colour
from anlan.supervision.models import Basis, Park, ParkRisk
from anlan.supervision.park_risk import report as reports
from anlan.supervision.park_risk.crowds import COUNT_HOLDS
from anlan.supervision.park_risk.findings import power, unmet
from anlan.supervision.park_risk.majors import tally

KINDS = {"docx": WORD, "pdf": "application/pdf", "png": "image/png"}
#: Below this a risk is shown as less than it, 1/y.
NO_RISK = 1e-10
#: Level of the interface for each of the four colours.
LEVELS = {"红": 1, "橙": 2, "黄": 3, "蓝": 4}


def seen_by(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if not actor.has("supervision.view"):
        raise Forbidden("需要“supervision.view”权限", permission="supervision.view")
    return actor


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    actor = seen_by(request)
    rows: list[dict[str, Any]] = [
        {"park": park, **{basis: queries.park_risk(actor, park.pk, basis) for basis in Basis.values}}
        for park in queries.parks(actor)
    ]
    for row in rows:
        row["level"] = LEVELS.get(row["annual"].colour) if row["annual"] else None
    return render(request, "supervision/parks.html", {"rows": rows})


@require_GET
def majors(request: HttpRequest) -> HttpResponse:
    """重大危险源: identified and graded from the register."""
    found = queries.majors(seen_by(request))
    levels = {grade: i for i, (grade, _n) in enumerate(tally(found), 1)}
    rows = [{**vars(one), "differs": one.differs, "level": levels.get(one.grade)} for one in found]
    return render(request, "supervision/majors.html", {"rows": rows, "tally": tally(found)})


@require_GET
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """One park: grade, capacity, targets, contributors, F-N diagram, series."""
    actor = seen_by(request)
    park = queries.park(actor, pk)
    basis = request.GET.get("basis", Basis.ANNUAL)
    if basis not in Basis.values:
        raise Invalid("basis", basis, "、".join(Basis.values), label="口径")
    row = queries.park_risk(actor, pk, basis)
    series = queries.park_risk_series(actor, pk, basis)
    context: dict[str, Any] = {
        "park": park, "basis": basis, "bases": Basis.choices, "row": row, "condition": queries.condition(actor, pk),
        "may_run": actor.has("simulation.run"), "history": list(reversed(series))[:20],
        "level": LEVELS.get(row.colour) if row else None,
        "charts": charts(row, series) if row else None, "drawn": drawn(park, row) if row else None, "legend": RISK,
        "on_site": queries.on_site_now(actor, pk), "holds": clock.now() - COUNT_HOLDS,
        "k_shown": f"{row.k:.3g}" if row else "", "pll_shown": power(row.pll) if row else "",
        "distances": [(name, row.distances.get(name, 0)) for name in ("一类", "二类", "三类")] if row else [],
        "candidates": candidates(), "findings": unmet(row) if row else [],
        "targets": target_rows(row), "contributors": shares(row.contributors) if row else [],
    }  # fmt: skip
    return render(request, "supervision/park.html", context)


def candidates() -> list[tuple[str, str]]:
    """(key, name in the language of the page) of what may be supposed."""
    english = (get_language() or "").startswith("en")
    return [(key, table()[key].english if english else name) for key, name in queries.candidates()]


def target_rows(row: ParkRisk | None) -> list[dict[str, Any]]:
    """Numbers as people read them."""
    return [
        {**one, "shown": risk_text(one["risk"]), "limit_shown": power(one["limit"], 0), "top": shares(one["top"])}
        for one in (row.targets if row else [])
    ]


def risk_text(risk: float) -> str:
    return power(risk, 2) if risk >= NO_RISK else f"< {power(NO_RISK, 0)}"


def shares(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**one, "percent": round(one["share"] * 100)} for one in rows]


def charts(row: ParkRisk, series: list[dict[str, Any]]) -> dict[str, Any]:
    """What the scripts draw."""
    return {
        "fn": row.fn,
        "lines": {"upper": criteria.UPPER, "lower": criteria.LOWER, "cut": criteria.N_CUT},
        "series": [
            [int(one["at"].timestamp() * 1000), one["k"], one["d"], one["pll"], one["grade"], one["reason"]] for one in series
        ],
    }  # fmt: skip


def drawn(park: Park, row: ParkRisk) -> dict[str, Any]:
    """The park on its map: outline, contours outermost first, units and targets by what they are called."""
    found: list[dict[str, Any]] = [
        {"type": "Feature", "geometry": line["geometry"], "properties": {"colour": risk_colour(line["risk"]), "risk": line["risk"]}}
        for line in sorted(row.contours, key=lambda one: float(one["risk"]))
        if line["geometry"]
    ]  # fmt: skip
    if park.geometry:
        found.append({"type": "Feature", "geometry": park.geometry, "properties": {"outline": True}})
    points = [(unit[6], unit[7], unit[0], "unit") for unit in row.inputs["units"]]
    points += [(one["lon"], one["lat"], one["name"], "ok" if one["passes"] else "bad") for one in row.targets]
    found += [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [lon, lat]}, "properties": {"name": name, "kind": kind}}
        for lon, lat, name, kind in points
    ]  # fmt: skip
    return {"type": "FeatureCollection", "features": found}


@require_POST
def assess(request: HttpRequest, pk: int) -> HttpResponse:
    actor = seen_by(request)
    basis = request.POST.get("basis", Basis.ANNUAL)
    try:
        row = actions.assess_park(actor, pk, basis, f"{actor.name}手动重算")
    except Invalid as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{row.park.name}：{row.grade}，耗时 {row.took_ms / 1000:.1f} s")
    return redirect(f"/supervision/parks/{pk}/?basis={basis}")


def part(request: HttpRequest, template: str, ask: Callable[[], dict[str, Any]]) -> HttpResponse:
    """A part of the park's page: the answer, or in its place what was wrong with the question."""
    try:
        return render(request, template, {"found": ask()})
    except Invalid as error:
        return render(request, template, {"error": str(error)}, status=422)


@require_GET
def point(request: HttpRequest, pk: int) -> HttpResponse:
    """此处风险: individual risk at a place and what brings it there."""
    actor, given = seen_by(request), request.GET
    where = given.get("lon", ""), given.get("lat", "")

    def ask() -> dict[str, Any]:
        found = queries.point_risk(actor, pk, given.get("basis", Basis.ANNUAL), *where)
        return {**found, "shown": risk_text(found["risk"]), "top": shares(found["top"])}

    return part(request, "supervision/point.html", ask)


@require_GET
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """此处还能加什么: what one more unit at a place would change."""
    actor, given = seen_by(request), request.GET
    asked = [given.get(name, "") for name in ("substance", "tonnes", "lon", "lat")]

    def ask() -> dict[str, Any]:
        found = queries.supposed(actor, pk, *asked)
        drawn = {name: found[name] for name in ("contours", "fn", "lon", "lat")}
        rows = [
            {
                **one, "before_shown": risk_text(one["before"]), "after_shown": risk_text(one["after"]),
                "limit_shown": power(one["limit"], 0),
            }
            for one in found["targets"]
        ]  # fmt: skip
        standing = {
            when: {**found[when], "pll_shown": power(found[when]["pll"], 2) if found[when]["pll"] else "0"}
            for when in ("before", "after")
        }
        return {**found, **standing, "targets": rows, "drawn": drawn}

    return part(request, "supervision/plan.html", ask)


@require_GET
def report(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """The report as Word, PDF, or the two pictures as PNG."""
    actor = seen_by(request)
    if kind not in KINDS:
        raise NotFound(f"没有“{kind}”格式的报告")
    row = queries.one_park_risk(actor, pk)
    answer = HttpResponse(reports.made(row, kind, actor.name), content_type=KINDS[kind])
    name = f"{row.park.name}定量风险评估报告{localtime(row.at):%Y%m%d%H%M}.{kind}"
    answer["Content-Disposition"] = content_disposition_header(True, name)
    return answer
