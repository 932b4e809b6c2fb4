"""From a change of evaluation to what an operator reads: title, place, evidence."""

from __future__ import annotations

from anlan.monitoring.actions.process import Finding
from anlan.monitoring.models import AlarmRule, Datastream, RuleKind, Station
from anlan.monitoring.pipeline.scope import Place, Scope
from anlan.monitoring.queries import moment
from anlan.monitoring.rules.alarms import BAND_NAMES, Change


def title_of(rule: AlarmRule, change: Change, stream: Datastream | None, station: Station | None) -> str:
    """One line: where, what, how much, against which limit."""
    place = station.name if station else rule.area.name
    if rule.kind == RuleKind.LIMIT and stream and change.value is not None:
        sign = "≥" if change.band.startswith("hi") else "≤"
        limit = rule.levels[change.band]
        band = BAND_NAMES[change.band]
        return f"{place}{stream.name}{change.value:g} {stream.unit} {sign} {band}{limit:g} {stream.unit}"
    if rule.kind == RuleKind.RATE and stream and change.value is not None:
        word = "上升" if change.value > 0 else "下降"
        return f"{place}{stream.name}{word}过快：{abs(change.value):.3g} {stream.unit}/h（{rule.title}）"
    if rule.kind == RuleKind.SILENCE:
        return f"{place}离线：超过应报间隔{rule.silence_factor:g}倍未收到数据"
    if rule.kind == RuleKind.GROUP:
        return f"{place}{rule.title}：{change.value or 0:.0f} 个同时成立（≥{rule.k}）"
    return f"{place}{rule.title}"


def unit_of(rule: AlarmRule, stream: Datastream | None) -> str:
    if stream is None:
        return "个" if rule.kind == RuleKind.GROUP else ""
    return f"{stream.unit}/h" if rule.kind == RuleKind.RATE else stream.unit


def finding(scope: Scope, change: Change, trigger: Place | None = None, suppressed: str = "") -> Finding | None:
    """None when rule or target have left the registry meanwhile. trigger: the station that completed an area rule."""
    rule = scope.rules.get(change.rule_id)
    station = scope.station_of(change.target) or (scope.named.station(trigger.pk) if trigger else None)
    if rule is None or station is None:
        return None
    stream = scope.stream_of(change.target)
    return Finding(
        rule=rule,
        subject=change.target,
        started_at=moment(change.start),
        at=moment(change.at),
        title=title_of(rule, change, stream, None if change.target[0] == "a" else station),
        area=rule.area if change.target[0] == "a" else station.area,
        data_class=station.data_class,
        lon=station.lon,
        lat=station.lat,
        band=change.band,
        value=change.value,
        unit=unit_of(rule, stream),
        station=station,
        datastream=stream,
        samples=[(moment(at).isoformat(), value) for at, value in change.samples],
        suppressed=suppressed,
    )
