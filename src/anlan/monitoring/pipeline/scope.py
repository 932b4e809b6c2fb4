"""What the rules cover: each rule spread over the datastreams, stations and areas it watches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from anlan.monitoring.models import AlarmRule, Datastream, RuleKind, Station
from anlan.monitoring.rules import alarms

WHY = "the worker serves all areas"
#: A value counts as held for this many reporting intervals when no further one comes.
HOLD_INTERVALS = 5


@dataclass
class Scope:
    """The registry and the rules as the worker holds them in memory."""

    rules: dict[int, AlarmRule]
    streams: dict[int, Datastream]
    stations: dict[int, Station]
    #: datastream -> rules over it
    watching: dict[int, list[alarms.Rule]] = field(default_factory=dict)
    #: station -> its silence rule
    silence: dict[int, AlarmRule] = field(default_factory=dict)
    #: member rule code -> composites and area rules that depend on it
    dependants: dict[str, list[AlarmRule]] = field(default_factory=dict)
    children: dict[int, list[int]] = field(default_factory=dict)

    def rule_by_code(self, code: str) -> AlarmRule | None:
        return next((rule for rule in self.rules.values() if rule.code == code), None)

    def station_of(self, target: str) -> Station | None:
        """The station a target is, or belongs to."""
        if target[0] == "d":
            stream = self.streams.get(int(target[1:]))
            return self.stations.get(stream.station_id) if stream else None
        return self.stations.get(int(target[1:])) if target[0] == "s" else None


def compiled(rule: AlarmRule, interval_s: int) -> alarms.Rule:
    """A rule as evaluation sees it, on a datastream that reports every `interval_s` seconds."""
    window_ms = rule.rate_window_s * 1000 if rule.kind == RuleKind.RATE else 0
    limits = alarms.bands_to_limits(rule.levels, rule.deadband, rule.on_delay_s * 1000, rule.off_delay_s * 1000)
    return alarms.Rule(rule.pk, rule.version, limits, window_ms, HOLD_INTERVALS * interval_s * 1000)


def covers(rule: AlarmRule, station: Station) -> bool:
    """Whether a station is of the rule's kind and inside its area."""
    return station.area.path.startswith(rule.area.path) and rule.station_kind in ("", station.kind)


def watched(rule: AlarmRule, streams: Iterable[Datastream], stations: dict[int, Station]) -> list[int]:
    """The datastreams of a threshold or rate rule."""
    if rule.datastream_id:
        return [rule.datastream_id]
    if not rule.quantity:
        return []
    return [row.pk for row in streams if row.quantity == rule.quantity and covers(rule, stations[row.station_id])]


def load() -> Scope:
    """Everything from the database: stations in service, their datastreams, the rules in force."""
    stations = {
        row.pk: row
        for row in Station.objects.unscoped(WHY).filter(in_service=True).select_related("area", "hazard_unit")
    }
    streams = {row.pk: row for row in Datastream.objects.unscoped(WHY).filter(station_id__in=stations)}
    in_force = AlarmRule.objects.unscoped(WHY).filter(enabled=True).exclude(kind=RuleKind.COMPUTED)
    rules = {row.pk: row for row in in_force.select_related("area")}
    scope = Scope(rules, streams, stations)
    spread(scope)
    children: dict[int, list[int]] = defaultdict(list)
    for station in stations.values():
        if station.via_id:
            children[station.via_id].append(station.pk)
    scope.children = dict(children)
    return scope


def spread(scope: Scope) -> None:
    watching: dict[int, list[alarms.Rule]] = defaultdict(list)
    dependants: dict[str, list[AlarmRule]] = defaultdict(list)
    for rule in sorted(scope.rules.values(), key=lambda row: row.code):
        if rule.kind in (RuleKind.LIMIT, RuleKind.RATE):
            for stream in watched(rule, scope.streams.values(), scope.stations):
                if stream in scope.streams:
                    station = scope.stations[scope.streams[stream].station_id]
                    watching[stream].append(compiled(rule, station.interval_s))
        elif rule.kind == RuleKind.SILENCE:
            for station in scope.stations.values():
                if covers(rule, station):
                    scope.silence[station.pk] = rule
        else:
            codes = alarms.members(rule.expression) if rule.kind == RuleKind.COMPOSITE else set(rule.members)
            for code in codes:
                dependants[code].append(rule)
    scope.watching, scope.dependants = dict(watching), dict(dependants)
