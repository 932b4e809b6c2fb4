"""The rules in force, as sentences; they are edited in their registry."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from anlan.kernel.errors import Forbidden
from anlan.monitoring import queries
from anlan.monitoring.models import AlarmRule, RuleKind
from anlan.monitoring.rules.alarms import BAND_NAMES
from anlan.monitoring.views.alarms import actor_of


def condition(rule: AlarmRule) -> str:
    """What the rule says, in one line."""
    levels = [f"{BAND_NAMES[band]} {level:g}" for band, level in rule.levels.items() if level is not None]
    if rule.kind in (RuleKind.LIMIT, RuleKind.RATE):
        rate = f"（{rule.rate_window_s} s 内每小时变化）" if rule.kind == RuleKind.RATE else ""
        return f"{'、'.join(levels)}{rate}，回差 {rule.deadband:g}，触发延时 {rule.on_delay_s} s，恢复延时 {rule.off_delay_s} s"
    if rule.kind == RuleKind.COMPUTED:
        return "模型推算值达到判据时报警，限值随每次推算给出"
    if rule.kind == RuleKind.SILENCE:
        return f"超过应报间隔 {rule.silence_factor:g} 倍未收到数据"
    if rule.kind == RuleKind.GROUP:
        return f"{rule.get_group_by_display()}：{'、'.join(rule.members)} 中至少 {rule.k} 个成立"
    return str(rule.expression)


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    if not actor.has("monitoring.rules"):
        raise Forbidden(f"{actor.name}没有“monitoring.rules”权限", permission="monitoring.rules")
    rows = [(rule, condition(rule)) for rule in queries.rules(actor)]
    return render(request, "monitoring/rules.html", {"rows": rows})
