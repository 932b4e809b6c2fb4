"""How the alarm system does: figures, groups, and a rule tried on history."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from anlan.kernel import clock
from anlan.kernel.errors import Forbidden, Invalid
from anlan.monitoring import queries
from anlan.monitoring.models import Alarm, AlarmRule
from anlan.monitoring.pipeline.backtest import backtest
from anlan.monitoring.rules import nuisance
from anlan.monitoring.rules.alarms import BAND_NAMES
from anlan.monitoring.rules.isa import State
from anlan.monitoring.views.alarms import actor_of
from anlan.monitoring.views.rules import condition

PERIODS = {"1": "24 小时", "7": "7 天", "30": "30 天"}
BY = {"unit": "按危险单元", "area": "按区划", "cause": "按起因"}
NUMBERS = ("hihi", "hi", "lo", "lolo", "deadband", "on_delay_s", "off_delay_s")
#: EEMUA 191: how alarms should be spread over priorities; ours are four, the lowest two share the rest.
GOOD_SPREAD = {1: "≤ 5 %", 2: "≤ 15 %", 3: "其余", 4: "其余"}


def days_of(request: HttpRequest) -> int:
    given = request.GET.get("days", "7")
    return int(given) if given in PERIODS else 7


@require_GET
def figures(request: HttpRequest) -> HttpResponse:
    """KPIs after ISA-18.2 and EEMUA 191, for what the viewer may see."""
    actor, days, end = actor_of(request), days_of(request), clock.now()
    start = end - timedelta(days=days)
    operators = request.GET.get("operators", "1")
    if not operators.isdigit() or not 1 <= int(operators) <= 200:
        raise Invalid("operators", operators, "1 至 200", label="值守人数", unit="人")
    raises, names = queries.raises(actor, start, end)
    found = nuisance.figures(raises, start, end, int(operators))
    context = {
        "found": found, "days": str(days), "periods": PERIODS.items(), "operators": operators,
        "worst": [(*names[source], count, part) for source, count, part in found.worst],  # type: ignore[index]
        "priorities": [(priority, part, GOOD_SPREAD.get(priority, "")) for priority, part in found.priorities.items()],
        "stale": queries.stale_alarms(actor, end - nuisance.STALE_AFTER)[:50],
        "acceptable": nuisance.ACCEPTABLE_10_MIN, "busiest": nuisance.FLOOD_BEGINS, "start": start, "end": end,
        "standing": queries.standing(actor), "most_standing": nuisance.MOST_STANDING, "most_stale": nuisance.MOST_STALE,
        "chattering": [(*names[source], count) for source, count in nuisance.chattering(raises)],  # type: ignore[index]
        "top_part": sum(part for _, _, part in found.worst[:10]),
    }  # fmt: skip
    return render(request, "monitoring/assessment.html", context)


def item(alarm: Alarm) -> nuisance.Item:
    unit = alarm.station.hazard_unit if alarm.station else None
    return nuisance.Item(
        alarm.pk, alarm.title, alarm.priority, alarm.started_at, unit.name if unit else "", alarm.area.name,
        alarm.rule.title, alarm.state not in (State.UNACKNOWLEDGED.value, State.RETURNED.value),
    )  # fmt: skip


@require_GET
def groups(request: HttpRequest) -> HttpResponse:
    """Open alarms gathered, the first of each group on top: what a flood is read by."""
    actor, by = actor_of(request), request.GET.get("by", "unit")
    by = by if by in BY else "unit"
    hidden = (State.SUPPRESSED.value, State.SHELVED.value, State.OUT_OF_SERVICE.value)
    rows = queries.open_alarms(actor).exclude(state__in=hidden).select_related("station__hazard_unit", "area", "rule")
    now = clock.now()
    recent, _ = queries.raises(actor, now - timedelta(hours=1), now)
    storms = nuisance.floods([one.at for one in recent], now)
    context = {
        "groups": nuisance.grouped([item(row) for row in rows], by), "by": by, "choices": BY.items(),
        "flood": storms[-1] if storms and storms[-1].end is None else None,
    }  # fmt: skip
    return render(request, "monitoring/alarm_groups.html", context)


def changed(rule: AlarmRule, request: HttpRequest) -> AlarmRule:
    """The rule with the limits of the form, not saved."""
    for name in NUMBERS:
        given = request.GET.get(name)
        if given is None:
            continue
        try:
            value = float(given) if given.strip() else None
        except ValueError as error:
            raise Invalid(name, given, "数", label=name) from error
        whole = name.endswith("_s")
        if whole or name == "deadband":
            value = max(0.0, value or 0.0)
        setattr(rule, name, int(value) if whole and value is not None else value)
    return rule


@require_GET
def trial(request: HttpRequest, pk: int) -> HttpResponse:
    """A rule, as it is or with other limits, over the last days."""
    actor, days, end = actor_of(request), days_of(request), clock.now()
    if not actor.has("monitoring.rules"):
        raise Forbidden(f"{actor.name}没有“monitoring.rules”权限", permission="monitoring.rules")
    rule = changed(queries.rules(actor).one(pk), request)
    found = backtest(actor, rule, end - timedelta(days=days), end)
    context = {
        "rule": rule, "text": condition(rule), "found": found, "days": str(days), "periods": PERIODS.items(),
        "fields": [(name, str(AlarmRule._meta.get_field(name).verbose_name), getattr(rule, name)) for name in NUMBERS],  # type: ignore[union-attr]
        "rows": [(one, BAND_NAMES.get(one.band, "")) for one in found.shown],
    }  # fmt: skip
    return render(request, "monitoring/backtest.html", context)
