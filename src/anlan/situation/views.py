"""泄漏研判: from a tank and a hole to who must do what, with the wind that blows now."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.timezone import localtime
from django.views.decorators.http import require_GET, require_http_methods

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import AnlanError, Conflict, Forbidden, Invalid, NotFound
from anlan.situation import actions, queries
from anlan.situation import report as reports

RECENT = 30
KINDS = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "pdf": "application/pdf",
    "png": "image/png",
}  # fmt: skip
#: What the form asks, with label and unit; the rest comes from the unit and the weather station.
NUMBERS = (
    ("hole_mm", "孔径", "mm"), ("rate_kg_s", "已知源强", "kg/s"),
    ("inventory_t", "存量", "t"), ("duration_min", "最长泄漏时间", "min"), ("bund_m2", "围堰面积", "m²"),
    ("wind_m_s", "风速", "m/s"), ("wind_from_deg", "风向（来向）", "°"),
)  # fmt: skip
JETS = (("", "受阻（近源最不利）"), ("horizontal", "水平顺风"), ("vertical", "垂直向上"))
PHASES = (("", "按单元"), ("liquid", "液相"), ("gas", "气相"), ("rupture", "整体破裂"))


def seen_by(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if not actor.has(queries.VIEW):
        raise Forbidden(f"{actor.name}没有“{queries.VIEW}”权限", permission=queries.VIEW)
    return actor


def asked(given: Any) -> dict[str, Any]:
    """What the form says of the hole; empty fields are left to the unit."""
    found: dict[str, Any] = {"phase": given["phase"]} if given.get("phase") else {}
    if given.get("jet"):
        found["jet"] = given["jet"]
    if given.get("substance", "").strip():
        found["substance"] = given["substance"].strip()
    for name, label, unit in NUMBERS:
        if (text := given.get(name, "").strip()) == "":
            continue
        try:
            found[name] = float(text)
        except ValueError as error:
            raise Invalid(name, text, f"数（{unit}）", label=label) from error
    return found


def start(actor: Actor, given: Any) -> int:
    unit, said = given.get("unit", ""), given.get("correlation_id", "")
    try:
        correlation_id = UUID(said) if said else None
    except ValueError as error:
        raise Invalid("correlation_id", said, "UUID", label="关联号") from error
    if not unit.isdigit():
        raise Invalid("unit", unit, "登记簿中的一个危险单元", label="危险单元")
    return actions.follow_release(actor, asked(given), int(unit), correlation_id=correlation_id).pk


@require_http_methods(["GET", "POST"])
def releases(request: HttpRequest) -> HttpResponse:
    """Releases that are followed or were, and the form that starts one."""
    actor, error = seen_by(request), ""
    given = request.POST if request.method == "POST" else request.GET
    if request.method == "POST":
        try:
            return redirect("release", start(actor, given))
        except Invalid as refused:
            error = refused.message
    context = {
        "watches": queries.watches(actor)[:RECENT], "units": queries.unit_choices(actor), "numbers": fields(given),
        "phases": PHASES, "jets": JETS,
        "given": given, "unit": given.get("unit", ""), "error": error, "may_run": actor.has(actions.RUN),
    }  # fmt: skip
    return render(request, "situation/releases.html", context, status=422 if error else 200)


def fields(given: Any) -> list[tuple[str, str, str, str]]:
    usual = {"hole_mm": "25"}
    return [(name, label, unit, given.get(name, usual.get(name, ""))) for name, label, unit in NUMBERS]


@require_http_methods(["GET", "POST"])
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """One release: what to do now, and why."""
    actor, error = seen_by(request), ""
    if request.method == "POST":
        try:
            verb(actor, pk, request.POST)
            return redirect("release", pk)
        except AnlanError as refused:
            error = refused.message
    watch = queries.watch(actor, pk)
    context = {
        "watch": watch, "advice": watch.advice, "post": watch.advice.get("post", {}), "error": error,
        "source": watch.source, "may_run": actor.has(actions.RUN) and watch.ended_at is None,
    }  # fmt: skip
    return render(request, "situation/release.html", context, status=422 if error else 200)


def verb(actor: Actor, pk: int, given: Any) -> None:
    """The button pressed."""
    what = given.get("verb", "")
    if what == "revise":
        actions.revise_release(actor, pk, asked(given))
    elif what == "confirm":
        actions.confirm_release(actor, pk, asked(given))
    elif what == "detectors":
        actions.weigh_detectors(actor, pk)
    elif what == "end":
        actions.end_release(actor, pk, given.get("reason", ""))
    elif what == "again":
        actions.reassess_release(actor, pk)
    else:
        raise Invalid("verb", what, "revise、confirm、detectors、again、end", label="操作")


@require_GET
def report(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """The report as Word, PDF, or map and people as PNG."""
    actor = seen_by(request)
    if kind not in KINDS:
        raise NotFound(f"没有“{kind}”格式的报告")
    watch = queries.watch(actor, pk)
    if watch.run is None or watch.assessed_at is None:
        raise Conflict(f"“{watch.title}”还没有推演结果")
    answer = HttpResponse(reports.made(watch, kind, actor.name), content_type=KINDS[kind])
    name = f"{watch.title}研判报告{localtime(watch.assessed_at):%Y%m%d%H%M}.{kind}"
    answer["Content-Disposition"] = content_disposition_header(True, name)
    return answer
