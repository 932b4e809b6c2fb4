"""Rows of the entity sets for an actor, filtered and ordered in the database."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

import shapely
from django.db import connection
from django.db.models import Count, Prefetch, Q, QuerySet

from anlan.gateways.devices.sensorthings.entities import (
    JOINT,
    QUALITY,
    SETS,
    EntitySet,
    Quantity,
    Reading,
    Together,
)
from anlan.gateways.devices.sensorthings.odata import Arithmetic, Call, Compare, Field, Geography, Logic, Options, wrong
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Invalid, NotFound
from anlan.monitoring import queries

#: A count is exact up to here; more is answered with this number (a full count of 1e8 readings helps nobody).
COUNT_LIMIT = 1_000_000
SUFFIX = {"eq": "", "gt": "__gt", "ge": "__gte", "lt": "__lt", "le": "__lte"}
SIGN = {"eq": "=", "ne": "<>", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
MIRROR = {"gt": "lt", "ge": "le", "lt": "gt", "le": "ge", "eq": "eq", "ne": "ne"}
TEXT = {"startswith": "__startswith", "endswith": "__endswith", "substringof": "__contains", "contains": "__contains"}
WITHIN = {"st_within", "st_intersects", "geo.intersects"}
PARTS = {"year", "month", "day", "hour", "minute", "second"}


#: How far back from the newest value the newest readings are looked for, days, before all of them are.
SPANS = (1 / 24, 1.0, 16.0)


@dataclass
class Page:
    """Some rows of a collection, and whether there are more."""

    rows: list[Any]
    more: bool
    count: int | None = None


@dataclass(frozen=True)
class Collection:
    """An entity set as seen from somewhere: all of it, or below one entity. within: ORM restriction.

    Of Observations, `within` restricts the datastreams; stream: the only one, which the actor was found to see; station:
    whose MultiDatastream it belongs to.
    """

    kind: EntitySet
    within: Q = field(default_factory=Q)
    stream: int = 0
    station: int = 0


def unsupported(what: str) -> Invalid:
    return wrong(
        "$filter",
        what,
        "比较、and/or/not、startswith、endswith、substringof、st_within、geo.distance、year…second、now",
    )


#: Functions (table 24) and operators (table 23) on numbers, as SQL has them.
ROUNDING = {"round": "round", "floor": "floor", "ceiling": "ceil"}
SYMBOLS = {"add": "+", "sub": "-", "mul": "*", "div": "/"}


def column(kind: EntitySet, name: str) -> str:
    found = kind.fields.get(name)
    if found is None:
        raise wrong(f"{kind.name} 的属性", name, "、".join(sorted(kind.fields)))
    return found


def constant(value: Any) -> Any:
    if isinstance(value, Call) and value.name == "now" and not value.arguments:
        return clock.now()
    if isinstance(value, Field | Call | Compare | Logic):
        raise unsupported(str(value))
    return value


def fields_first(node: Compare) -> Compare:
    """`5 lt result` as `result gt 5`."""
    if isinstance(node.left, Field | Arithmetic) or (isinstance(node.left, Call) and node.left.name != "now"):
        return node
    return Compare(MIRROR[node.op], node.right, node.left)


class Condition:
    """Filters of stations and datastreams as conditions of the ORM."""

    def __init__(self, kind: EntitySet, stations: QuerySet[Any]) -> None:
        self.kind, self.stations = kind, stations

    def of(self, node: Any) -> Q:
        if isinstance(node, Logic):
            parts = [self.of(part) for part in node.parts]
            if node.op == "not":
                return ~parts[0]
            return reduce(operator.or_ if node.op == "or" else operator.and_, parts)
        if isinstance(node, Compare):
            return self.compare(fields_first(node))
        if isinstance(node, Call):
            return self.call(node)
        raise unsupported(str(node))

    def compare(self, node: Compare) -> Q:
        if isinstance(node.left, Call) and isinstance(node.right, bool) and node.op in {"eq", "ne"}:
            found = self.call(node.left)
            return found if node.right == (node.op == "eq") else ~found
        if isinstance(node.left, Call) and node.left.name in {"tolower", "toupper"} and node.op == "eq":
            return Q(**{f"{column(self.kind, field_of(node.left.arguments))}__iexact": constant(node.right)})
        if isinstance(node.left, Call) and node.left.name == "geo.distance":
            return self.distance(node.left, node.op, constant(node.right))
        if not isinstance(node.left, Field):
            raise unsupported(str(node.left))
        name, value = column(self.kind, node.left.path), constant(node.right)
        if name.endswith("location"):
            raise unsupported(node.left.path)
        if value is None:
            return Q(**{f"{name}__isnull": node.op == "eq"})
        return ~Q(**{name: value}) if node.op == "ne" else Q(**{name + SUFFIX[node.op]: value})

    def call(self, node: Call) -> Q:
        if node.name in TEXT and len(node.arguments) == 2:
            words = [argument for argument in node.arguments if isinstance(argument, str)]
            if len(words) == 1:
                return Q(**{column(self.kind, field_of(node.arguments)) + TEXT[node.name]: words[0]})
        if node.name in WITHIN and len(node.arguments) == 2:
            shapes = [argument for argument in node.arguments if isinstance(argument, Geography)]
            name = column(self.kind, field_of(node.arguments))
            if len(shapes) == 1 and name.endswith("location"):
                return Q(**{f"{name.removesuffix('location')}pk__in": self.inside(shapes[0])})
        raise unsupported(node.name)

    def distance(self, node: Call, op: str, limit: Any) -> Q:
        """`geo.distance(location, geography'…') lt 0.1`: in degrees of WGS 84, the coordinate system's own unit (OData 4.0
        part 2, 5.1.1.9.1), as other servers have it."""
        shapes = [argument for argument in node.arguments if isinstance(argument, Geography)]
        name = column(self.kind, field_of(node.arguments))
        if len(shapes) != 1 or not name.endswith("location") or op not in SUFFIX or op == "eq":
            raise unsupported(node.name)
        if isinstance(limit, bool) or not isinstance(limit, int | float) or limit < 0:
            raise wrong("geo.distance", limit, "不小于 0 的度数")
        closer = self.inside(shapes[0], float(limit), closed=op in ("le", "gt"))
        found = Q(**{f"{name.removesuffix('location')}pk__in": closer})
        return found if op in ("lt", "le") else ~found

    def inside(self, shape: Geography, reach: float = 0.0, closed: bool = True) -> list[int]:
        """Stations within `reach` degrees of a WKT shape (itself, when closed): by its box in the database, exactly by
        Shapely."""
        try:
            area = shapely.from_wkt(shape.wkt)
        except shapely.errors.ShapelyError as error:
            raise wrong("geography", shape.wkt[:80], "WKT，经度在前") from error
        if area is None or area.is_empty:
            raise wrong("geography", shape.wkt[:80], "WKT，经度在前")
        west, south, east, north = area.bounds
        box = self.stations.filter(
            lon__gte=west - reach, lon__lte=east + reach, lat__gte=south - reach, lat__lte=north + reach
        )
        near = ((pk, area.distance(shapely.Point(lon, lat))) for pk, lon, lat in box.values_list("pk", "lon", "lat"))
        return [pk for pk, away in near if away < reach or (closed and away == reach)]


def field_of(arguments: tuple[Any, ...]) -> str:
    fields = [argument.path for argument in arguments if isinstance(argument, Field)]
    if len(fields) != 1:
        raise unsupported(str(arguments))
    return fields[0]


def ordered(kind: EntitySet, options: Options) -> list[str]:
    return [("-" if down else "") + column(kind, name) for name, down in options.order] + ["pk"]


class Store:
    """What one actor may see."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor

    def rows_of(self, where: Collection) -> QuerySet[Any]:
        """Stations or datastreams of a collection."""
        if where.kind.name in {"Datastreams", "ObservedProperties", "Observations"}:
            return queries.datastreams(self.actor).filter(where.within)
        if where.kind.name == "HistoricalLocations":
            return queries.stations(self.actor).none()
        found = queries.stations(self.actor).filter(where.within)
        return self.with_several(found) if where.kind.name == "MultiDatastreams" else found

    def with_several(self, stations: QuerySet[Any]) -> QuerySet[Any]:
        """Stations with more than one datastream, and these."""
        streams = queries.datastreams(self.actor).order_by()
        several = streams.values("station_id").annotate(number=Count("pk")).filter(number__gt=1).values("station_id")
        parts = Prefetch("datastreams", queries.datastreams(self.actor).order_by("pk"), to_attr="parts")
        return stations.filter(pk__in=several).prefetch_related(parts).distinct()

    def page(self, where: Collection, options: Options) -> Page:
        if where.kind is JOINT:
            return self.together(where.station, options)
        if where.kind.name == "Observations":
            return self.observations(where, options)
        rows = self.rows_of(where)
        if options.filter is not None:
            condition = Condition(where.kind, queries.stations(self.actor))
            rows = rows.filter(condition.of(options.filter)).distinct()
        if where.kind.name == "ObservedProperties":
            if where.station:  # in the order of the units and results of its MultiDatastream
                names = list(rows.order_by("pk").values_list("quantity", flat=True))
            else:
                names = sorted(set(rows.values_list("quantity", flat=True)))
            return cut([Quantity(name) for name in names], options, len(names))
        count = rows.count() if options.count else None
        found = list(rows.order_by(*ordered(where.kind, options))[options.skip : options.skip + options.top + 1])
        return Page(found[: options.top], len(found) > options.top, count)

    def one(self, where: Collection, pk: str) -> Any:
        """The entity, or NotFound."""
        found: Any = None
        if where.kind.name == "Observations" and pk.startswith("m"):
            found = self.joint(where, pk)
        elif where.kind.name == "Observations":
            found = self.observation(where, pk)
        elif where.kind.name == "ObservedProperties":
            known = self.rows_of(where).filter(quantity=pk).exists()
            found = Quantity(pk) if known else None
        elif pk.isascii() and pk.isdigit() and len(pk) < 18:
            found = self.rows_of(where).filter(pk=int(pk)).first()
        if found is None:
            raise NotFound(f"{where.kind.name}({pk}) 不存在，或不在您的管辖范围内", field="id", value=pk)
        return found

    def observation(self, where: Collection, pk: str) -> Reading | None:
        stream, _, ms = pk.partition("-")
        if not (stream.isdigit() and ms.lstrip("-").isdigit() and len(stream) < 10 and len(ms) < 15):
            return None
        at = datetime.fromtimestamp(int(ms) / 1000, UTC)
        only = Collection(where.kind, where.within & Q(pk=int(stream)))
        found = self.observations(only, Options(filter=Compare("eq", Field("phenomenonTime"), at), top=1)).rows
        return found[0] if found else None

    def joint(self, where: Collection, pk: str) -> Together | None:
        """`m<station>-<milliseconds>`."""
        station, _, ms = pk[1:].partition("-")
        if not (station.isdigit() and ms.lstrip("-").isdigit() and len(station) < 10 and len(ms) < 15):
            return None
        if (where.station or int(station)) != int(station):
            return None
        at = datetime.fromtimestamp(int(ms) / 1000, UTC)
        only = Options(filter=Compare("eq", Field("phenomenonTime"), at), top=1)
        rows = self.together(int(station), only).rows
        return rows[0] if rows else None

    def together(self, station: int, options: Options) -> Page:
        """What the datastreams of a station said, instant by instant, the newest first where nothing else is asked."""
        streams = list(
            queries.datastreams(self.actor).filter(station_id=station).order_by("pk").values_list("pk", flat=True)
        )
        condition, values = sql_of(JOINT, options.filter) if options.filter is not None else ("true", [])
        down = options.order[0][1] if options.order else True
        for name, _ in options.order:
            column(JOINT, name)
        body = f"from observation where stream = any(%s) and ({condition})"
        with connection.cursor() as cursor:
            instants = instants_of(cursor, body, streams, values, options, down)
            cursor.execute(
                "select at, stream, value, quality, received from observation where stream = any(%s) and at = any(%s)",
                [streams, instants[: options.top]],
            )
            said = {(at, stream): (number(value), quality, got) for at, stream, value, quality, got in cursor}
            count = None
            if options.count:
                few = f"select count(*) from (select distinct at {body} limit %s) few"  # noqa: S608 - our own columns
                cursor.execute(few, [streams, *values, COUNT_LIMIT])
                count = int(cursor.fetchone()[0])
        rows = [joined(station, at, [said.get((at, stream)) for stream in streams]) for at in instants[: options.top]]
        return Page(rows, len(instants) > options.top, count)

    def observations(self, where: Collection, options: Options) -> Page:
        """Readings of the datastreams of this collection. The table is read by SQL: it is partitioned by day."""
        condition, more = sql_of(where.kind, options.filter) if options.filter is not None else ("true", [])
        if where.stream:
            body, values = f"from observation where stream = %s and ({condition})", [where.stream, *more]
        else:
            streams, parameters = self.rows_of(where).order_by().values("pk").query.sql_with_params()
            body, values = f"from observation where stream in ({streams}) and ({condition})", [*parameters, *more]
        wanted = [(column(where.kind, name), down) for name, down in options.order]
        if where.stream and wanted == [("at", True)]:
            rows = newest_first(where.stream, body, values, options)
        else:
            # A tie must not be shown on two pages, or on none.
            last = ["at"] if where.stream else ["at", "stream"]
            order = ", ".join([f"{name} {'desc' if down else 'asc'}" for name, down in wanted] + last)
            rows = fetched(f"{body} order by {order}", values, options)
        count = None
        if options.count:
            few = f"select count(*) from (select 1 {body} limit %s) few"  # noqa: S608 - columns are of our own table
            with connection.cursor() as cursor:
                cursor.execute(few, [*values, COUNT_LIMIT])
                count = int(cursor.fetchone()[0])
        return Page(rows[: options.top], len(rows) > options.top, count)


def fetched(body: str, values: list[Any], options: Options) -> list[Reading]:
    """One more than a page, so that it is seen whether there are more."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"select stream, at, value, quality, received {body} limit %s offset %s",
            [*values, options.top + 1, options.skip],
        )
        return [Reading(s, at, number(v), q, received) for s, at, v, q, received in cursor.fetchall()]


def newest_first(stream: int, body: str, values: list[Any], options: Options) -> list[Reading]:
    """The newest readings of a datastream. A year of days is four hundred partitions, and planning a question over all of
    them takes longer than answering it: the span is widened back from the newest value until it holds enough."""
    with connection.cursor() as cursor:
        cursor.execute("select at from monitoring_latest where datastream_id = %s", [stream])
        known = cursor.fetchone()
    rows: list[Reading] = []
    for days in SPANS if known else ():
        span = [*values, known[0] - timedelta(days=days), known[0]]
        rows = fetched(f"{body} and at >= %s and at <= %s order by at desc", span, options)
        if len(rows) > options.top:
            return rows
    return fetched(f"{body} order by at desc", values, options)


def instants_of(
    cursor: Any, body: str, streams: list[int], values: list[Any], options: Options, down: bool
) -> list[datetime]:
    """At which instants something was said, one more than a page. From the newest back, the span is widened until it
    holds enough, as in `newest_first`."""
    cursor.execute("select max(at) from monitoring_latest where datastream_id = any(%s)", [streams])
    newest = cursor.fetchone()[0]
    way = "desc" if down else "asc"
    spans = [newest - timedelta(days=days) for days in SPANS] if newest and down else []
    found: list[datetime] = []
    for since in [*spans, None]:
        span, more = ("and at >= %s", [since]) if since else ("", [])
        cursor.execute(
            f"select distinct at {body} {span} order by at {way} limit %s offset %s",
            [streams, *values, *more, options.top + 1, options.skip],
        )
        found = [row[0] for row in cursor]
        if len(found) > options.top:
            break
    return found


def joined(station: int, at: datetime, said: list[tuple[float | None, int, datetime] | None]) -> Together:
    received = max(one[2] for one in said if one is not None)
    values = tuple(None if one is None else one[0] for one in said)
    return Together(station, at, values, tuple(None if one is None else one[1] for one in said), received)


def number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value


def cut(rows: list[Any], options: Options, count: int) -> Page:
    rows = rows[::-1] if options.order and options.order[0][1] else rows
    shown = rows[options.skip : options.skip + options.top]
    return Page(shown, options.skip + options.top < count, count if options.count else None)


def sql_of(kind: EntitySet, node: Any) -> tuple[str, list[Any]]:
    """A filter on readings as SQL and its parameters."""
    if isinstance(node, Logic):
        parts = [sql_of(kind, part) for part in node.parts]
        values = [value for _, more in parts for value in more]
        if node.op == "not":
            return f"not ({parts[0][0]})", values
        return f" {node.op} ".join(f"({text})" for text, _ in parts), values
    if isinstance(node, Compare):
        return sql_compare(kind, fields_first(node))
    raise unsupported(str(node))


def sql_compare(kind: EntitySet, node: Compare) -> tuple[str, list[Any]]:
    if isinstance(node.left, Arithmetic) or (isinstance(node.left, Call) and node.left.name in ROUNDING):
        text, values = sql_number(kind, node.left)
        number_ = constant(node.right)
        check_kind("value", number_)
        return f"({text} {SIGN[node.op]} %s and value <> 'NaN')", [*values, number_]
    left, value = sql_left(kind, node.left), constant(node.right)
    if left == "quality":
        value = quality_number(value)
    if value is None:
        missing = "(value is null or value = 'NaN')" if left == "value" else f"{left} is null"
        return (missing if node.op == "eq" else f"not {missing}"), []
    check_kind(left, value)
    text = f"{left} {SIGN[node.op]} %s"
    # PostgreSQL sorts NaN (no data) above every number; a comparison must not find it.
    return (f"({text} and value <> 'NaN')" if left == "value" else text), [value]


def sql_number(kind: EntitySet, node: Any) -> tuple[str, list[Any]]:
    """A computed value of a reading: arithmetic on its result, and rounding."""
    if isinstance(node, int | float) and not isinstance(node, bool):
        return "%s::float8", [node]
    if isinstance(node, Call) and node.name in ROUNDING and len(node.arguments) == 1:
        text, values = sql_number(kind, node.arguments[0])
        return f"{ROUNDING[node.name]}({text})", values
    if isinstance(node, Arithmetic):
        left, first = sql_number(kind, node.left)
        right, second = sql_number(kind, node.right)
        if node.op in ("div", "mod"):
            right = f"nullif({right}, 0)"
        if node.op == "mod":
            return f"mod(({left})::numeric, ({right})::numeric)::float8", [*first, *second]
        return f"({left} {SYMBOLS[node.op]} {right})", [*first, *second]
    if isinstance(node, Field) and column(kind, node.path) == "value":
        return "value", []
    raise unsupported(str(node))


def sql_left(kind: EntitySet, node: Any) -> str:
    if isinstance(node, Field):
        return column(kind, node.path)
    if isinstance(node, Call) and node.name in PARTS and len(node.arguments) == 1:
        inner = node.arguments[0]
        if isinstance(inner, Field) and column(kind, inner.path) in {"at", "received"}:
            return f"extract({node.name} from {column(kind, inner.path)} at time zone 'UTC')"
    raise unsupported(str(node))


def quality_number(value: Any) -> int:
    for code, name in QUALITY.items():
        if value == name:
            return code
    raise wrong("resultQuality", value, "、".join(QUALITY.values()))


def check_kind(left: str, value: Any) -> None:
    """Times with times and numbers with numbers, before the database complains in its own words."""
    good: dict[str, Callable[[Any], bool]] = {
        "at": lambda v: isinstance(v, datetime),
        "received": lambda v: isinstance(v, datetime),
    }
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not good.get(left, lambda _: is_number)(value):
        allowed = "带时区的时间，如 2026-11-23T08:00:00Z" if left in good else "数"
        raise wrong("$filter", value, allowed)


def below(parent_kind: EntitySet, parent: Any, name: str) -> Collection:
    """The collection that a navigation from `parent` leads to."""
    if name not in parent_kind.links:
        raise NotFound(
            f"{parent_kind.name} 没有导航 {name}，可用：{'、'.join(parent_kind.links)}", field="path", value=name
        )
    target = SETS[parent_kind.links[name][0]]
    if parent_kind.name == "MultiDatastreams" and name in ("Observations", "ObservedProperties"):
        return Collection(JOINT if name == "Observations" else target, Q(station_id=parent.pk), station=parent.pk)
    only = parent.pk if (parent_kind.name, name) == ("Datastreams", "Observations") else 0
    return Collection(target, restriction(parent_kind.name, parent, target.name), only)


#: Entity sets whose rows are stations.
OF_STATIONS = {"Things", "Locations", "Sensors", "FeaturesOfInterest", "HistoricalLocations", "MultiDatastreams"}


def restriction(parent: str, row: Any, target: str) -> Q:
    of_stations = target in OF_STATIONS
    if parent == "Datastreams":
        return Q(pk=row.station_id) if of_stations else Q(pk=row.pk)
    if isinstance(row, Together):
        return Q(pk=row.station)
    if parent == "Observations":
        return Q(datastreams__pk=row.stream) if of_stations else Q(pk=row.stream)
    if parent == "ObservedProperties":
        return Q(datastreams__quantity=row.pk) if of_stations else Q(quantity=row.pk)
    return Q(pk=row.pk) if of_stations else Q(station_id=row.pk)
