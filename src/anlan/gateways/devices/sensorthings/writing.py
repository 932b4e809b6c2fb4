"""Making things and readings through SensorThings. A reading is promised only when the log has it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import repeat
from operator import itemgetter
from typing import Any, Protocol

from anlan.gateways.devices.sensorthings.entities import Reading, Together
from anlan.gateways.log import AHEAD, Row
from anlan.gateways.webhand import hand
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Conflict, Invalid
from anlan.kernel.register import actions as register_actions
from anlan.kernel.register.declare import REGISTERS, Register
from anlan.monitoring import log as layout
from anlan.monitoring import queries

PROTOCOL = "sensorthings"
PERMISSION = "monitoring.ingest"
#: Readings older than this are history: kept, never a live alarm.
LATE = timedelta(hours=6)
parse = datetime.fromisoformat
WHEN = itemgetter(1)
MAX_VALUES = 200_000


def moment(value: object, field: str, latest: datetime) -> datetime:
    """An instant, or the end of an interval `start/end`; not after `latest`."""
    text = str(value)
    if "/" in text:
        text = text.rsplit("/", 1)[-1]
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(field, value, "带时区的 ISO 8601，如 2026-11-23T08:00:00Z") from error
    if found.tzinfo is None:
        raise Invalid(field, value, "带时区的 ISO 8601，如 2026-11-23T08:00:00Z")
    if found > latest:
        raise Invalid(field, value, f"不晚于现在起 {AHEAD.total_seconds() / 3600:g} 小时")
    return found


def number(value: object, field: str, unit: str) -> float:
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Invalid(field, value, "有限的数或 null", unit=unit)
    return float(value)


def reference(body: dict[str, Any], name: str) -> int:
    """The `@iot.id` of a linked entity."""
    given = body.get(name)
    found = given.get("@iot.id") if isinstance(given, dict) else None
    if isinstance(found, bool) or not isinstance(found, int):
        raise Invalid(f"{name}.@iot.id", found, "已有实体的编号（整数）")
    return found


class Sink(Protocol):
    """A datastream as readings go into it."""

    @property
    def pk(self) -> int: ...
    @property
    def unit(self) -> str: ...
    @property
    def valid_min(self) -> float | None: ...
    @property
    def valid_max(self) -> float | None: ...


def quality(value: float, stream: Sink) -> int:
    if math.isnan(value):
        return layout.NO_DATA
    low, high = stream.valid_min, stream.valid_max
    if (low is not None and value < low) or (high is not None and value > high):
        return layout.OUT_OF_RANGE
    return layout.GOOD


def by_age(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """What is live, and what is history."""
    border = (clock.now() - LATE).timestamp() * 1000
    if min(map(WHEN, rows), default=border) >= border:
        return list(rows), []
    return [row for row in rows if row[1] >= border], [row for row in rows if row[1] < border]


def keep(rows: Sequence[Row]) -> None:
    """Into the log, history apart from what is live."""
    live, late = by_age(rows)
    if live:
        hand.keep_rows(PROTOCOL, live)
    if late:
        hand.keep_rows(PROTOCOL, late, backfill=True)


def observation(stream: Sink, body: dict[str, Any]) -> tuple[Row, Reading]:
    """A single one, as it goes into the log and as it is shown."""
    now = clock.now()
    at = moment(body["phenomenonTime"], "phenomenonTime", now + AHEAD) if "phenomenonTime" in body else now
    if "result" not in body:
        raise Invalid("result", None, "数或 null", unit=stream.unit)
    value = number(body["result"], "result", stream.unit)
    row = (stream.pk, round(at.timestamp() * 1000), value, quality(value, stream))
    return row, Reading(stream.pk, at, None if math.isnan(value) else value, row[3], now)


def create_observation(by: Actor, body: dict[str, Any]) -> Reading:
    row, reading = observation(queries.datastreams(by, PERMISSION).one(reference(body, "Datastream")), body)
    keep([row])
    return reading


def joint(by: Actor, body: dict[str, Any]) -> tuple[list[Row], Together]:
    """What all datastreams of a station say at one instant, `result` in the order of their numbers; null = says nothing."""
    station = reference(body, "MultiDatastream")
    streams = list(queries.datastreams(by, PERMISSION).filter(station_id=station).order_by("pk"))
    if len(streams) < 2:
        raise Invalid("MultiDatastream.@iot.id", station, "您可写入的、有多条数据流的测站编号")
    now = clock.now()
    at = moment(body["phenomenonTime"], "phenomenonTime", now + AHEAD) if "phenomenonTime" in body else now
    given = body.get("result")
    if not isinstance(given, list) or len(given) != len(streams):
        raise Invalid("result", given, f"{len(streams)} 个值的列表：{'、'.join(one.name for one in streams)}")
    ms = round(at.timestamp() * 1000)
    rows = []
    for index, (stream, said) in enumerate(zip(streams, given, strict=True)):
        value = number(said, f"result[{index}]", stream.unit)
        rows.append((stream.pk, ms, value, quality(value, stream)))
    values = tuple(None if math.isnan(row[2]) else row[2] for row in rows)
    return rows, Together(station, at, values, tuple(row[3] for row in rows), now)


def create_joint(by: Actor, body: dict[str, Any]) -> Together:
    rows, reading = joint(by, body)
    keep(rows)
    return reading


def create_observations(by: Actor, body: Any, base: str) -> list[str]:
    """9.3.4 data arrays: one answer for each row, its link or the word error with the reason."""
    rows, answers = arrays(queries.datastreams(by, PERMISSION).one, body, base)
    if rows:
        keep(rows)
    return answers


def groups_of(body: Any) -> list[dict[str, Any]]:
    if not isinstance(body, list) or not body:
        raise Invalid("body", type(body).__name__, "数据数组的列表")
    for index, group in enumerate(body):
        if not isinstance(group, dict):
            raise Invalid(f"[{index}]", type(group).__name__, "JSON 对象")
    if (
        sum(len(group.get("dataArray") or []) for group in body if isinstance(group.get("dataArray"), list))
        > MAX_VALUES
    ):
        raise Invalid("dataArray", "过多", f"合计不超过 {MAX_VALUES} 条")
    return body


def streams_of(body: Any) -> set[int]:
    """The datastreams that data arrays are for."""
    return {reference(group, "Datastream") for group in groups_of(body)}


def arrays(find: Callable[[int], Sink], body: Any, base: str) -> tuple[list[Row], list[str]]:
    """The readings of data arrays, and an answer for each of their rows."""
    rows: list[Row] = []
    answers: list[str] = []
    for index, group in enumerate(groups_of(body)):
        answers += read_group(find(reference(group, "Datastream")), group, f"[{index}]", rows, base)
    return rows, answers


def read_group(stream: Sink, group: dict[str, Any], where: str, rows: list[Row], base: str) -> list[str]:
    components, values = group.get("components"), group.get("dataArray")
    if not isinstance(components, list) or "result" not in components:
        raise Invalid(f"{where}.components", components, "含 result 与 phenomenonTime 的列表")
    if not isinstance(values, list):
        raise Invalid(f"{where}.dataArray", type(values).__name__, "列表")
    time_at = components.index("phenomenonTime") if "phenomenonTime" in components else None
    table = Table(
        stream, where, f"{base}/Observations('{stream.pk}-", len(components), time_at, components.index("result")
    )
    return table.all_good(values, rows) or table.one_by_one(values, rows)


@dataclass(frozen=True)
class Table:
    """A data array being read. link: of a reading, up to its time."""

    stream: Sink
    where: str
    link: str
    width: int
    time_at: int | None
    result_at: int

    def all_good(self, values: list[Any], rows: list[Row]) -> list[str]:
        """All lines at once, as nearly every array allows: finite numbers with times that can be; else nothing is done
        and the answer is empty."""
        try:
            results = [line[self.result_at] for line in values if len(line) == self.width]
            total = math.fsum(results)
            now = clock.now()
            times = [now] * len(results) if self.time_at is None else [parse(line[self.time_at]) for line in values]
            if bool in set(map(type, results)) or len(results) < len(values) or not math.isfinite(total):
                return []
            if max(times) > now + AHEAD:
                return []
            at = [round(time.timestamp() * 1000) for time in times]
        except (TypeError, ValueError, OverflowError):  # a naive time cannot be compared with an aware one
            return []
        good = [quality(value, self.stream) for value in results] if self.limited else repeat(layout.GOOD)
        rows.extend(zip(repeat(self.stream.pk), at, results, good))
        return [f"{self.link}{ms}')" for ms in at]

    @property
    def limited(self) -> bool:
        return self.stream.valid_min is not None or self.stream.valid_max is not None

    def one_by_one(self, values: list[Any], rows: list[Row]) -> list[str]:
        """Line by line, each with its answer: link, or what is wrong with it."""
        now, answers = clock.now(), []
        for n, line in enumerate(values):
            field = f"{self.where}.dataArray[{n}]"
            try:
                if not isinstance(line, list) or len(line) != self.width:
                    raise Invalid(field, line, f"{self.width} 个值")
                said = None if self.time_at is None else line[self.time_at]
                at = now if self.time_at is None else moment(said, f"{field}.phenomenonTime", now + AHEAD)
                value = number(line[self.result_at], f"{field}.result", self.stream.unit)
            except Invalid as error:
                answers.append(f"error: {error.message}")
                continue
            ms = round(at.timestamp() * 1000)
            rows.append((self.stream.pk, ms, value, quality(value, self.stream)))
            answers.append(f"{self.link}{ms}')")
        return answers


def registry_of(label: str) -> Register:
    """The registry of a table; things are made through it, so that its rules and the journal hold here too."""
    found = next((r for r in REGISTERS.values() if r.model._meta.label == label), None)
    if found is None:
        raise Conflict(f"没有 {label} 的登记簿，不能经 SensorThings 新建")
    return found


def text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Invalid(name, value, "非空文字")
    return value.strip()


def create_thing(by: Actor, body: dict[str, Any]) -> Any:
    """A station. `properties` carries code, area (`mca:150302`), kind, protocol, address; `Locations` its point."""
    properties = body.get("properties") or {}
    if not isinstance(properties, dict):
        raise Invalid("properties", properties, "对象")
    lon, lat = place_of(body)
    code = str(properties.get("code") or "")
    data = {
        "code": code,
        "name": text(body, "name"),
        "area": properties.get("area", ""),
        "kind": properties.get("kind", "其他"),
        "protocol": properties.get("protocol", PROTOCOL),
        "address": properties.get("address", code),
        "owner": properties.get("owner", ""),
        "interval_s": properties.get("intervalSeconds", 300),
        "in_service": "是",
        "lon": lon,
        "lat": lat,
        "data_class": properties.get("dataClass", 2),
    }
    register = registry_of("monitoring.Station")
    row = register_actions.create(by, register, {k: str(v) for k, v in data.items() if k in register.fields})
    for index, stream in enumerate(body.get("Datastreams") or []):
        if not isinstance(stream, dict):
            raise Invalid(f"Datastreams[{index}]", stream, "对象")
        create_datastream(by, {**stream, "Thing": {"@iot.id": row.pk}})
    return queries.stations(by).one(row.pk)


def place_of(body: dict[str, Any]) -> tuple[float, float]:
    given = body.get("Locations")
    first = given[0] if isinstance(given, list) and given else given
    location = first.get("location") if isinstance(first, dict) else None
    if isinstance(location, dict) and location.get("type") == "Feature":
        location = location.get("geometry")
    try:
        lon, lat = location["coordinates"][:2]  # type: ignore[index]
        return float(lon), float(lat)
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise Invalid("Locations[0].location", location, "GeoJSON Point，经度在前", unit="°") from error


def create_datastream(by: Actor, body: dict[str, Any]) -> Any:
    """A datastream of an existing Thing."""
    thing = queries.stations(by).one(reference(body, "Thing"))
    properties = body.get("properties") or {}
    unit, observed = body.get("unitOfMeasurement"), body.get("ObservedProperty")
    if not isinstance(unit, dict) or not isinstance(properties, dict):
        raise Invalid("unitOfMeasurement", unit, "含 symbol 的对象")
    name = text(body, "name")
    quantity = (observed or {}).get("name") or (observed or {}).get("@iot.id") if isinstance(observed, dict) else None
    source = str(properties.get("sourceCode") or name)
    data = {
        "code": properties.get("code") or f"{thing.code}-{source}",
        "station": thing.code,
        "source_code": source,
        "name": name,
        "quantity": quantity or properties.get("quantity") or name,
        "unit": unit.get("symbol") or unit.get("name") or "",
        "valid_min": properties.get("validMin", ""),
        "valid_max": properties.get("validMax", ""),
    }
    register = registry_of("monitoring.Datastream")
    kept = {k: "" if v is None else str(v) for k, v in data.items() if k in register.fields}
    row = register_actions.create(by, register, kept)
    return queries.datastreams(by).one(row.pk)


#: Entities that may be changed, and whose registry they are rows of.
LABELS = {"Things": "monitoring.Station", "Locations": "monitoring.Station", "Datastreams": "monitoring.Datastream"}


CHANGEABLE = {
    "Things": ("name", "properties"),
    "Locations": ("name", "location"),
    "Datastreams": ("name", "unitOfMeasurement", "properties"),
}


def only_changeable(name: str, body: dict[str, Any]) -> None:
    """A JSON Patch says exactly what it wants: nothing of it is passed over."""
    for field in body:
        if field not in CHANGEABLE[name]:
            raise Invalid("path", f"/{field}", "、".join(f"/{one}" for one in CHANGEABLE[name]))


def change(by: Actor, name: str, pk: int, body: dict[str, Any]) -> Any:
    """Change a row by its registry's own rules; what the body does not name keeps its value."""
    data = datastream_changes(body) if name == "Datastreams" else thing_changes(body)
    register = registry_of(LABELS[name])
    if not data:
        raise Invalid("body", list(body), "name、properties、location、unitOfMeasurement 等可改的字段")
    register_actions.update(by, register, pk, {k: str(v) for k, v in data.items() if k in register.fields})
    return queries.datastreams(by).one(pk) if name == "Datastreams" else queries.stations(by).one(pk)


def properties_of(body: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    given = body.get("properties", {})
    if not isinstance(given, dict):
        raise Invalid("properties", given, "对象")
    unknown = set(given) - set(names)
    if unknown:
        raise Invalid("properties", sorted(unknown), "、".join(names))
    return {names[name]: "" if value is None else value for name, value in given.items()}


def thing_changes(body: dict[str, Any]) -> dict[str, Any]:
    names = {"area": "area", "kind": "kind", "owner": "owner", "intervalSeconds": "interval_s", "address": "address"}
    data = properties_of(body, names)
    if "name" in body:
        data["name"] = text(body, "name")
    if "location" in body:
        data["lon"], data["lat"] = place_of({"Locations": [body]})
    elif "Locations" in body:
        data["lon"], data["lat"] = place_of(body)
    return data


def datastream_changes(body: dict[str, Any]) -> dict[str, Any]:
    data = properties_of(body, {"validMin": "valid_min", "validMax": "valid_max", "sourceCode": "source_code"})
    if "name" in body:
        data["name"] = text(body, "name")
    if "unitOfMeasurement" in body:
        unit = body["unitOfMeasurement"]
        if not isinstance(unit, dict) or not unit.get("symbol"):
            raise Invalid("unitOfMeasurement", unit, "含 symbol 的对象")
        data["unit"] = unit["symbol"]
    return data


def remove(by: Actor, name: str, pk: int) -> None:
    register_actions.delete(by, registry_of(LABELS[name]), pk, "经 SensorThings 删除")
