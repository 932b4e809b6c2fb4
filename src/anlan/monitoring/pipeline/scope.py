"""What the rules cover: each rule spread over the datastreams, stations and areas it watches.

The worker holds a province's registry: datastreams are two columns by id, stations a few fields each. The rows that an
alarm names are fetched when there is one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from sys import intern

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from anlan.monitoring.models import AlarmRule, Datastream, RuleKind, Station
from anlan.monitoring.pipeline import store
from anlan.monitoring.rules import alarms

WHY = "the worker serves all areas"
#: A value counts as held for this many reporting intervals when no further one comes.
HOLD_INTERVALS = 5
PLACES = """
select s.id, s.name, s.kind, a.path, s.interval_s, s.via_id from monitoring_station s join kernel_area a on a.id = s.area_id
where s.in_service and (%(stations)s::bigint[] is null or s.id = any(%(stations)s))
"""
#: The quantity's position in the list of those that rules name, 0 = none of them.
STREAMS = """
select d.id, d.station_id as station, coalesce(array_position(%s::text[], d.quantity::text), 0) as quantity
from monitoring_datastream d join monitoring_station s on s.id = d.station_id
where s.in_service and (%s::bigint[] is null or s.id = any(%s))
"""
STREAM_COLUMNS = (("id", ">i8"), ("station", ">i8"), ("quantity", ">i4"))


@dataclass(frozen=True, slots=True)
class Place:
    """A station in service as rules see it. path: of its area."""

    pk: int
    name: str
    kind: str
    path: str
    interval_s: int
    via_id: int | None


class Streams:
    """The datastreams in service, as columns by id."""

    def __init__(self, names: list[str]) -> None:
        #: The quantities that rules name; `quantity` holds positions in it, from 1.
        self.names = names
        self.station, self.quantity = np.zeros(1, np.int64), np.zeros(1, np.int16)

    def read(self, stations: Collection[int] | None = None) -> set[int]:
        """All, or those of some stations anew; returns the ids that were, or are, of these."""
        wanted = None if stations is None else list(stations)
        table = store.packed(STREAMS, STREAM_COLUMNS, [self.names, wanted, wanted])
        ids, before = table["id"].astype(np.int64), np.empty(0, np.int64)
        self.reach(int(ids.max(initial=0)))
        if wanted is not None:
            before = np.nonzero(np.isin(self.station, wanted))[0]
            self.station[before] = 0
        self.station[ids], self.quantity[ids] = table["station"], table["quantity"]
        return set() if wanted is None else {*ids.tolist(), *before.tolist()}

    def reach(self, stream: int) -> None:
        """Room for this id."""
        more = stream + 1 - len(self.station)
        if more > 0:
            self.station = np.concatenate([self.station, np.zeros(more + 1024, np.int64)])
            self.quantity = np.concatenate([self.quantity, np.zeros(more + 1024, np.int16)])

    def station_of(self, stream: int) -> int:
        """0 when it is not in service."""
        return int(self.station[stream]) if 0 < stream < len(self.station) else 0

    def stations_of(self, streams: NDArray[np.int32] | NDArray[np.int64]) -> NDArray[np.int64]:
        inside = streams < len(self.station)
        return np.where(inside, self.station[np.where(inside, streams, 0)], 0)


@dataclass
class Named:
    """Rows that alarms name, fetched once until the registry changes."""

    stations: dict[int, Station | None] = field(default_factory=dict)
    streams: dict[int, Datastream | None] = field(default_factory=dict)

    def station(self, pk: int) -> Station | None:
        if pk not in self.stations:
            rows = Station.objects.unscoped(WHY).select_related("area", "hazard_unit")
            self.stations[pk] = rows.filter(pk=pk).first()
        return self.stations[pk]

    def stream(self, pk: int) -> Datastream | None:
        if pk not in self.streams:
            self.streams[pk] = Datastream.objects.unscoped(WHY).filter(pk=pk).first()
        return self.streams[pk]


class Compiled:
    """A rule as evaluation sees it, once for each reporting interval."""

    def __init__(self, rule: AlarmRule) -> None:
        self.rule = rule
        self.made: dict[int, alarms.Rule] = {}

    def at(self, interval_s: int) -> alarms.Rule:
        if interval_s not in self.made:
            self.made[interval_s] = compiled(self.rule, interval_s)
        return self.made[interval_s]


class Scope:
    """The registry and the rules as the worker holds them in memory."""

    def __init__(self, rules: dict[int, AlarmRule]) -> None:
        self.rules = rules
        self.streams = Streams(sorted({rule.quantity for rule in rules.values() if rule.quantity}))
        self.places: dict[int, Place] = {}
        #: datastream -> rules over it
        self.watching: dict[int, tuple[alarms.Rule, ...]] = {}
        #: station -> its silence rule
        self.silence: dict[int, AlarmRule] = {}
        #: member rule code -> composites and area rules that depend on it
        self.dependants: dict[str, list[AlarmRule]] = defaultdict(list)
        self.children: dict[int, list[int]] = {}
        self.named = Named()
        for rule in sorted(rules.values(), key=lambda row: row.code):
            for code in members(rule):
                self.dependants[code].append(rule)
        self.read()

    def read(self, stations: Collection[int] | None = None) -> set[int]:
        """All of the registry, or some stations anew; returns the datastreams concerned."""
        self.named = Named()
        self.read_places(stations)
        concerned = self.streams.read(stations)
        self.spread(stations, concerned)
        return concerned

    def read_places(self, stations: Collection[int] | None) -> None:
        with connection.cursor() as cursor:
            cursor.execute(PLACES, {"stations": None if stations is None else list(stations)})
            found = {
                pk: Place(pk, name, intern(kind), intern(path), interval_s, via)
                for pk, name, kind, path, interval_s, via in cursor.fetchall()
            }
        kept = {} if stations is None else {pk: place for pk, place in self.places.items() if pk not in stations}
        self.places = {**kept, **found}
        children: dict[int, list[int]] = defaultdict(list)
        for place in self.places.values():
            if place.via_id:
                children[place.via_id].append(place.pk)
        self.children = dict(children)

    def spread(self, stations: Collection[int] | None, concerned: set[int]) -> None:
        """Rules over the whole registry, or over what is concerned of it."""
        places = self.places.values() if stations is None else [self.places[pk] for pk in stations if pk in self.places]
        ids = np.nonzero(self.streams.station)[0] if stations is None else np.array(sorted(concerned), np.int64)
        for gone in concerned:
            self.watching.pop(gone, None)
        for pk in stations or ():
            self.silence.pop(pk, None)
        watching: dict[int, list[alarms.Rule]] = defaultdict(list)
        for rule in sorted(self.rules.values(), key=lambda row: row.code):
            if rule.kind in (RuleKind.LIMIT, RuleKind.RATE):
                made = Compiled(rule)
                for stream, station in self.watched(rule, ids):
                    watching[stream].append(made.at(self.places[station].interval_s))
            elif rule.kind == RuleKind.SILENCE:
                self.silence.update({place.pk: rule for place in places if covers(rule, place.path, place.kind)})
        shared: dict[tuple[int, ...], tuple[alarms.Rule, ...]] = {}
        for stream, rules in watching.items():
            self.watching[stream] = shared.setdefault(tuple(map(id, rules)), tuple(rules))

    def watched(self, rule: AlarmRule, ids: NDArray[np.int64]) -> list[tuple[int, int]]:
        """(datastream, station) of those of `ids` that a threshold or rate rule watches."""
        if rule.datastream_id:
            station = self.streams.station_of(rule.datastream_id)
            return [(rule.datastream_id, station)] if station in self.places and rule.datastream_id in ids else []
        if not rule.quantity:
            return []
        mine = ids[self.streams.quantity[ids] == self.streams.names.index(rule.quantity) + 1]
        pairs = zip(mine.tolist(), self.streams.station[mine].tolist(), strict=True)
        inside = {
            pk: covers(rule, place.path, place.kind)
            for pk in np.unique(self.streams.station[mine]).tolist()
            if (place := self.places.get(pk))
        }
        return [(stream, station) for stream, station in pairs if inside.get(station)]

    def place_of(self, target: str) -> Place | None:
        """The station a target is, or belongs to."""
        if target[0] == "d":
            return self.places.get(self.streams.station_of(int(target[1:])))
        return self.places.get(int(target[1:])) if target[0] == "s" else None

    def station_of(self, target: str) -> Station | None:
        """The row of the same."""
        place = self.place_of(target)
        return None if place is None else self.named.station(place.pk)

    def stream_of(self, target: str) -> Datastream | None:
        """The row of the datastream a target is, while it is in service."""
        if target[0] != "d" or not self.streams.station_of(int(target[1:])):
            return None
        return self.named.stream(int(target[1:]))


def members(rule: AlarmRule) -> set[str]:
    """Codes of the rules that a composite or area rule looks at."""
    if rule.kind in (RuleKind.LIMIT, RuleKind.RATE, RuleKind.SILENCE):
        return set()
    return alarms.members(rule.expression) if rule.kind == RuleKind.COMPOSITE else set(rule.members)


def compiled(rule: AlarmRule, interval_s: int) -> alarms.Rule:
    """A rule as evaluation sees it, on a datastream that reports every `interval_s` seconds."""
    window_ms = rule.rate_window_s * 1000 if rule.kind == RuleKind.RATE else 0
    limits = alarms.bands_to_limits(rule.levels, rule.deadband, rule.on_delay_s * 1000, rule.off_delay_s * 1000)
    return alarms.Rule(rule.pk, rule.version, limits, window_ms, HOLD_INTERVALS * interval_s * 1000)


def covers(rule: AlarmRule, path: str, kind: str) -> bool:
    """Whether a station of this kind, in the area of this path, is of the rule's kind and inside its area."""
    return path.startswith(rule.area.path) and rule.station_kind in ("", kind)


def watched(rule: AlarmRule, streams: Iterable[Datastream], stations: Mapping[int, Station]) -> list[int]:
    """The datastreams of a threshold or rate rule among these rows."""
    if rule.datastream_id:
        return [rule.datastream_id]
    if not rule.quantity:
        return []
    mine = (row for row in streams if row.quantity == rule.quantity)
    homes = ((row.pk, stations[row.station_id]) for row in mine)
    return [pk for pk, home in homes if covers(rule, home.area.path, home.kind)]


def load() -> Scope:
    """Everything from the database: stations in service, their datastreams, the rules in force."""
    in_force = AlarmRule.objects.unscoped(WHY).filter(enabled=True).exclude(kind=RuleKind.COMPUTED)
    return Scope({row.pk: row for row in in_force.select_related("area")})
