"""Alarm list, alarm page, the verbs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import AnlanError, Invalid, NotFound
from anlan.monitoring import actions, queries
from anlan.monitoring.models import Alarm, Priority
from anlan.monitoring.rules.alarms import BAND_NAMES
from anlan.monitoring.rules.isa import Point, State, Trigger, allowed
from anlan.monitoring.views.chart import draw

#: Trigger -> (verb in the address, label, style, label of the reason field, "" when none is asked).
VERBS = {
    Trigger.ACKNOWLEDGE: ("acknowledge", "确认", "primary", ""),
    Trigger.RESET: ("reset", "复位", "primary", "现场核实情况"),
    Trigger.SHELVE: ("shelve", "搁置 1 小时", "", "理由"),
    Trigger.UNSHELVE: ("unshelve", "取消搁置", "", ""),
    Trigger.SUPPRESS: ("suppress", "抑制", "", "理由"),
    Trigger.UNSUPPRESS: ("unsuppress", "解除抑制", "", ""),
    Trigger.REMOVE: ("remove", "停用", "danger", "理由"),
    Trigger.RESTORE: ("restore", "恢复使用", "", ""),
}
STATUS = {
    "unacknowledged": "bad", "acknowledged": "warn", "returned": "warn", "latched": "warn", "normal": "ok",
    "shelved": "info", "suppressed": "info", "out_of_service": "none",
}  # fmt: skip
AROUND = timedelta(hours=3)


def actor_of(request: HttpRequest) -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


def verbs_of(actor: Actor, alarm: Alarm) -> list[dict[str, str]]:
    """What this actor may do with the alarm now."""
    if not actor.may("monitoring.handle", alarm.area.path, alarm.data_class):
        return []
    point = Point(State(alarm.state), alarm.active, alarm.latched)
    found = []
    for trigger in allowed(point):
        if trigger in VERBS:
            verb, label, kind, reason = VERBS[trigger]
            url = f"/monitoring/alarms/{alarm.pk}/{verb}"
            found.append({"url": url, "label": label, "kind": kind, "reason": reason})
    return found


def shown(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "")


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Open alarms by priority; `show=all` the past too."""
    actor = actor_of(request)
    everything = shown(request, "show") == "all"
    rows = queries.alarms(actor).order_by("-raised_at") if everything else queries.open_alarms(actor)
    if shown(request, "priority") in {"1", "2", "3", "4"}:
        rows = rows.filter(priority=int(shown(request, "priority")))
    if shown(request, "state") in {state.value for state in State}:
        rows = rows.filter(state=shown(request, "state"))
    page = Paginator(rows, 50).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [(row, verbs_of(actor, row)[:1], STATUS[row.state]) for row in page],
        "states": [(state.value, state.label) for state in State],
        "priorities": Priority.choices,
        "everything": everything,
    }
    template = "monitoring/alarm_rows.html" if request.headers.get("HX-Request") else "monitoring/alarms.html"
    return render(request, template, context)


def context_of(actor: Actor, alarm: Alarm) -> dict[str, Any]:
    explanation = alarm.explanation
    limits = {BAND_NAMES.get(band, band): level for band, level in explanation.get("limits", {}).items()}
    end = min(clock.now(), (alarm.cleared_at or clock.now()) + AROUND)
    start = alarm.started_at - AROUND
    chart = None
    if alarm.datastream_id and alarm.rule.kind == "limit" and end > start:
        chart = draw(queries.series(actor, alarm.datastream_id, start, end), start, end, limits)
    return {
        "alarm": alarm, "status": STATUS[alarm.state], "verbs": verbs_of(actor, alarm), "limits": limits,
        "band": BAND_NAMES.get(alarm.band, ""), "explanation": explanation, "chart": chart,
        "samples": [(datetime.fromisoformat(at), value) for at, value in explanation.get("samples", [])],
        "changes": alarm.changes.order_by("at", "pk"),
        "state_labels": {state.value: state.label for state in State},
    }  # fmt: skip


@require_GET
def page(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    return render(request, "monitoring/alarm.html", context_of(actor, queries.alarm(actor, pk)))


@require_GET
def panel(request: HttpRequest, pk: int) -> HttpResponse:
    """The alarm in the side panel of the map."""
    actor = actor_of(request)
    return render(request, "monitoring/alarm_panel.html", context_of(actor, queries.alarm(actor, pk)))


def perform(by: Actor, pk: int, verb: str, reason: str, minutes: int) -> Alarm:
    if verb == "shelve":
        return actions.shelve_alarm(by, pk, minutes, reason)
    simple: dict[str, Callable[..., Alarm]] = {
        "acknowledge": actions.acknowledge_alarm, "reset": actions.reset_alarm, "unshelve": actions.unshelve_alarm,
        "suppress": actions.suppress_alarm, "unsuppress": actions.unsuppress_alarm,
        "remove": actions.take_out_of_service, "restore": actions.return_to_service,
    }  # fmt: skip
    if verb not in simple:
        raise NotFound(f"告警没有“{verb}”这个动作")
    return simple[verb](by, pk, reason)


def minutes_of(request: HttpRequest) -> int:
    given = request.POST.get("minutes", "60")
    if not given.isdigit():
        raise Invalid("minutes", given, "1 至 1440", label="搁置时长", unit="min")
    return int(given)


@require_POST
def do(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """One verb; htmx gets the panel again, a plain form goes back to where it was."""
    actor = actor_of(request)
    reason = request.POST.get("reason", "")
    if request.headers.get("HX-Request"):
        alarm = perform(actor, pk, verb, reason, minutes_of(request))
        return render(request, "monitoring/alarm_panel.html", context_of(actor, queries.alarm(actor, alarm.pk)))
    try:
        perform(actor, pk, verb, reason, minutes_of(request))
    except AnlanError as error:
        if error.status in {403, 404}:
            raise
        messages.error(request, error.message)
    return back(request, f"/monitoring/alarms/{pk}/")


def back(request: HttpRequest, otherwise: str) -> HttpResponse:
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return redirect(target if safe else otherwise)
