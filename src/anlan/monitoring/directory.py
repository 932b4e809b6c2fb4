"""The registry as processes hold it whole: compact, and kept true by reading only the stations that changed.

A gateway finds a datastream by (protocol address, element code). A million of them as objects are a gigabyte and half a
minute; here stations that are built alike share one layout, and a datastream is made out of it when it is asked for.
"""

from __future__ import annotations

import logging
from array import array
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from django.db import connection

from anlan.monitoring.rules.quality import conversion

log = logging.getLogger(__name__)
#: Versions of the registry whose changes are remembered; who is further behind reads all of it.
KEPT = 10_000
Key: TypeAlias = tuple[str, str]
#: Unit, valid_min, valid_max, scale, offset.
Kind: TypeAlias = tuple[str, float | None, float | None, float, float]


class StreamRef(NamedTuple):
    """What a gateway needs to know of a datastream to write its readings; made for each of them, so of the cheapest kind."""

    id: int
    station_id: int
    unit: str
    valid_min: float | None
    valid_max: float | None
    #: stored = sent x scale + offset
    scale: float = 1.0
    offset: float = 0.0
    #: Added to the device's times, seconds: its clock is known to be wrong by so much.
    clock_s: int = 0


class Changes(NamedTuple):
    """What became of the registry up to `version`; stations None = read everything."""

    version: int
    stations: frozenset[int] | None


CHANGES = """
select v.version, c.version, c.station from monitoring_version v
left join monitoring_registrychange c on c.version > %(since)s and v.version - %(since)s <= %(kept)s
where v.name = 'registry'
"""
FORGET = """
delete from monitoring_registrychange where version < (select version from monitoring_version where name = 'registry') - %s
"""


def changes(since: int) -> Changes:
    """The stations that changed, or whose datastreams did, after version `since` (negative: nothing is known yet)."""
    with connection.cursor() as cursor:
        cursor.execute(CHANGES, {"since": since, "kept": KEPT})
        rows = cursor.fetchall()
    version = int(rows[0][0])
    noted = [station for _, at, station in rows if at is not None]
    if not 0 <= since <= version or version - since > KEPT or None in noted:
        return Changes(version, None)
    return Changes(version, frozenset(noted))


def forget_old_changes() -> int:
    """Drop what nobody will ask for; returns how many notes."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET, [2 * KEPT])
        return int(cursor.rowcount)


class Layout(NamedTuple):
    """What stations that are built alike have in common: code -> position, and the kind of each position."""

    at: dict[str, int]
    kinds: tuple[Kind, ...]


class Entry(NamedTuple):
    """One station: its datastreams' ids, by the position of their codes."""

    station: int
    clock_s: int
    ids: array[int]
    layout: Layout


#: The separators cannot come from a device: protocols' codes are printable.
READ = """
select s.id, s.address, coalesce(s.clock_offset_s, 0), string_agg(d.id::text, ',' order by d.id),
  string_agg(concat_ws(E'\\x1f', translate(d.source_code, E'\\x1e\\x1f', ''), d.unit, d.source_unit,
    coalesce(d.valid_min::text, ''), coalesce(d.valid_max::text, '')), E'\\x1e' order by d.id)
from monitoring_station s join monitoring_datastream d on d.station_id = s.id
where s.protocol = %(protocol)s and s.in_service and (%(stations)s::bigint[] is null or s.id = any(%(stations)s))
group by s.id
"""


class Directory(Mapping[Key, StreamRef]):
    """The datastreams of one protocol's stations in service. Reading it costs one query; `update` reads some stations."""

    def __init__(self, protocol: str) -> None:
        self.protocol = protocol
        self.entries: dict[str, Entry] = {}
        self.addresses: dict[int, str] = {}
        self.layouts: dict[str, Layout] = {}
        self.keys_by_id: dict[int, Key] | None = None
        self.read()

    def read(self) -> None:
        """All of it anew."""
        found = list(self.rows(None))
        self.entries, self.addresses = dict(found), {entry.station: address for address, entry in found}
        self.keys_by_id = None

    def update(self, stations: Collection[int]) -> None:
        """These stations anew; what is gone, or speaks another protocol now, is dropped. Never without one in between."""
        if not stations:
            return
        found = dict(self.rows(list(stations)))
        gone = {self.addresses.pop(station) for station in stations if station in self.addresses} - set(found)
        self.entries.update(found)
        self.addresses.update({entry.station: address for address, entry in found.items()})
        for address in gone:
            self.entries.pop(address, None)
        self.keys_by_id = None

    def rows(self, stations: list[int] | None) -> Iterator[tuple[str, Entry]]:
        with connection.cursor() as cursor:
            cursor.execute(READ, {"protocol": self.protocol, "stations": stations})
            for station, address, clock_s, ids, text in cursor.fetchall():
                layout = self.layouts.get(text) or self.layouts.setdefault(text, layout_of(text))
                yield address, Entry(station, clock_s, array("q", map(int, ids.split(","))), layout)

    def get(self, key: Key, default: Any = None) -> Any:
        entry = self.entries.get(key[0])
        position = None if entry is None else entry.layout.at.get(key[1])
        if entry is None or position is None:
            return default
        return StreamRef(entry.ids[position], entry.station, *entry.layout.kinds[position], entry.clock_s)

    def __getitem__(self, key: Key) -> StreamRef:
        found: StreamRef | None = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def __contains__(self, key: object) -> bool:
        return isinstance(key, tuple) and len(key) == 2 and self.get(key) is not None

    def __iter__(self) -> Iterator[Key]:
        return ((address, code) for address, entry in list(self.entries.items()) for code in entry.layout.at)

    def __len__(self) -> int:
        return sum(len(entry.layout.at) for entry in list(self.entries.values()))

    def by_id(self) -> Mapping[int, Key]:
        """Address and code by the datastream's number, for protocols that name it so; gathered once a change."""
        if self.keys_by_id is None:
            self.keys_by_id = {ref.id: key for key, ref in self.items()}
        return self.keys_by_id


def layout_of(text: str) -> Layout:
    """Positions without a usable unit have no code: their readings are unknown, and the log says why."""
    at: dict[str, int] = {}
    kinds: list[Kind] = []
    for position, line in enumerate(text.split("\x1e")):
        code, unit, source, low, high = line.split("\x1f")
        try:
            scale, offset = conversion(source, unit)
        except ValueError as error:
            log.error("element %s is not taken: %s", code, error)
            scale, offset = 1.0, 0.0
        else:
            at[code] = position
        kinds.append((unit, float(low) if low else None, float(high) if high else None, scale, offset))
    return Layout(at, tuple(kinds))
