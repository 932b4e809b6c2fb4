"""Sparkplug B payloads: the Protocol Buffers of Eclipse Sparkplug 3.0 (6.4), read and written by hand. Pure.

Only what carries readings is taken apart (metrics with name or alias, time, type, value); data sets, templates and
metadata are passed over. Unknown fields are skipped, as Protocol Buffers demand.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from anlan.gateways.devices.contract import Decoded, FrameError, Reading

MAX_METRICS = 50_000
NAMESPACE = "spBv1.0"
KINDS = {"NBIRTH", "NDEATH", "DBIRTH", "DDEATH", "NDATA", "DDATA", "NCMD", "DCMD"}
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
#: Signed types keep their two's complement in an unsigned field of so many bits (6.4.16).
SIGNED_BITS = {1: 8, 2: 16, 3: 32, 4: 64}
INT64, DOUBLE, BOOLEAN = 4, 10, 11
Value = float | bool | str | None


@dataclass(frozen=True)
class Metric:
    """One metric. alias 0 = none. at_ms 0 = the payload's time counts."""

    name: str = ""
    alias: int = 0
    at_ms: int = 0
    datatype: int = 0
    value: Value = None
    historical: bool = False
    null: bool = False


@dataclass(frozen=True)
class Payload:
    at_ms: int = 0
    seq: int = 0
    metrics: list[Metric] = field(default_factory=list)


def varint(data: bytes, at: int) -> tuple[int, int]:
    """(value, next position)."""
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise FrameError(f"第 {at} 字节处的变长整数不完整")
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at


def fields(data: bytes) -> Iterator[tuple[int, int, Any]]:
    """(number, wire type, value) of every field: int, 8 or 4 bytes, or bytes."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            value, at = varint(data, at)
            yield number, wire, value
            continue
        size = {FIXED64: 8, FIXED32: 4}.get(wire)
        if wire == BYTES:
            size, at = varint(data, at)
        if size is None or not number:
            raise FrameError(f"第 {at} 字节处的字段 {number} 类型 {wire} 不认识")
        if at + size > len(data):
            raise FrameError(f"字段 {number} 应有 {size} 字节，只剩 {len(data) - at} 字节")
        yield number, wire, data[at : at + size]
        at += size


def read(data: bytes) -> Payload:
    """A payload. Raises FrameError."""
    at_ms = seq = 0
    metrics: list[Metric] = []
    for number, wire, value in fields(data):
        if number == 1 and wire == VARINT:
            at_ms = value
        elif number == 2 and wire == BYTES:
            if len(metrics) >= MAX_METRICS:
                raise FrameError(f"一条消息超过 {MAX_METRICS} 个量")
            metrics.append(metric(value))
        elif number == 3 and wire == VARINT:
            seq = value
    return Payload(at_ms, seq, metrics)


def metric(data: bytes) -> Metric:
    found: dict[int, Any] = {}
    for number, wire, value in fields(data):
        if number in (1, 15) and wire == BYTES:
            found[number] = value.decode(errors="replace")
        elif number == 12 and wire == FIXED32:
            found[number] = struct.unpack("<f", value)[0]
        elif number == 13 and wire == FIXED64:
            found[number] = struct.unpack("<d", value)[0]
        elif wire == VARINT:
            found[number] = value
    value = None
    datatype = int(found.get(4, 0))
    for number in (10, 11, 12, 13, 14, 15):
        if number in found:
            value = bool(found[number]) if number == 14 else found[number]
            if number in (10, 11) and datatype in SIGNED_BITS:
                value = signed(found[number], SIGNED_BITS[datatype])
    return Metric(
        found.get(1, ""), found.get(2, 0), found.get(3, 0), datatype, value, bool(found.get(5)), bool(found.get(7))
    )


def signed(value: int, bits: int) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def put_varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def put(number: int, wire: int, value: Any) -> bytes:
    body = value if wire != VARINT else put_varint(value)
    return put_varint(number << 3 | wire) + (put_varint(len(body)) if wire == BYTES else b"") + body


def encode(payload: Payload) -> bytes:
    """A payload, for simulators and commands. Numbers are doubles unless their datatype is a whole one."""
    parts = [put(1, VARINT, payload.at_ms)]
    parts += [put(2, BYTES, encode_metric(one)) for one in payload.metrics]
    return b"".join([*parts, put(3, VARINT, payload.seq)])


def encode_metric(one: Metric) -> bytes:
    out = put(1, BYTES, one.name.encode()) if one.name else b""
    out += put(2, VARINT, one.alias) if one.alias else b""
    out += put(3, VARINT, one.at_ms) if one.at_ms else b""
    out += put(4, VARINT, one.datatype or type_of(one.value))
    out += put(5, VARINT, 1) if one.historical else b""
    if one.value is None or one.null:
        return out + put(7, VARINT, 1)
    if isinstance(one.value, bool):
        return out + put(14, VARINT, int(one.value))
    if isinstance(one.value, str):
        return out + put(15, BYTES, one.value.encode())
    if one.datatype in SIGNED_BITS:
        return out + put(
            10 if one.datatype < INT64 else 11, VARINT, int(one.value) % (1 << max(32, SIGNED_BITS[one.datatype]))
        )
    return out + put(13, FIXED64, struct.pack("<d", one.value))


def type_of(value: Value) -> int:
    return BOOLEAN if isinstance(value, bool) else 12 if isinstance(value, str) else DOUBLE


@dataclass(frozen=True)
class Topic:
    """spBv1.0/group/KIND/edge[/device]. address: group/edge[/device]."""

    group: str
    kind: str
    edge: str
    device: str = ""

    @property
    def address(self) -> str:
        return "/".join(part for part in (self.group, self.edge, self.device) if part)


def topic_of(text: str) -> Topic:
    parts = text.split("/")
    if len(parts) not in (4, 5) or parts[0] != NAMESPACE or parts[2] not in KINDS or not all(parts):
        raise FrameError(f"主题 {text[:120]} 不是 {NAMESPACE}/组/消息类型/边缘节点[/设备]")
    return Topic(parts[1], parts[2], parts[3], parts[4] if len(parts) == 5 else "")


def readings(
    topic: Topic, payload: Payload, names: dict[int, str] | None = None, now: datetime | None = None
) -> tuple[list[Reading], list[int]]:
    """Numbers and booleans as readings, and the aliases nobody has explained. names: alias -> name, from the birth."""
    found: list[Reading] = []
    unknown: list[int] = []
    for one in payload.metrics:
        name = one.name or (names or {}).get(one.alias, "")
        if not name:
            unknown.append(one.alias)
        elif name not in ("bdSeq",) and not name.startswith(("Node Control/", "Device Control/")):
            if isinstance(one.value, str):
                continue
            at = moment(one.at_ms or payload.at_ms, now)
            number = None if one.null or one.value is None or not math.isfinite(one.value) else float(one.value)
            found.append(Reading(topic.address, name, number, "", at, backfill=one.historical))
    return found, unknown


def moment(at_ms: int, now: datetime | None) -> datetime:
    if not at_ms and now is not None:
        return now
    try:
        return datetime.fromtimestamp(at_ms / 1000, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise FrameError(f"时间 {at_ms} ms 超出可表示的范围") from error


def from_text(text: str) -> bytes:
    """Command line: topic, space, payload in hex; or the payload alone."""
    topic, _, payload = text.strip().rpartition(" ")
    return (topic.encode() + b" " if topic else b"") + bytes.fromhex(payload)


def decode_text(data: bytes) -> Decoded:
    topic_text, separator, payload = data.partition(b" ")
    if not data.startswith(NAMESPACE.encode()) or not separator:
        topic_text, payload = f"{NAMESPACE}/-/NDATA/-".encode(), data
    topic, found = topic_of(topic_text.decode(errors="replace")), read(payload)
    told, unknown = readings(topic, found)
    frame: dict[str, Any] = {
        "kind": topic.kind, "address": topic.address, "timestamp": found.at_ms, "seq": found.seq,
        "metrics": [{"name": m.name, "alias": m.alias, "datatype": m.datatype, "value": m.value} for m in found.metrics],
        "aliases_without_name": unknown,
    }  # fmt: skip
    return Decoded(True, None, True, True, frame, told, key=f"sparkplug:{topic.address}:{found.at_ms}:{found.seq}")


def metrics(values: Iterable[tuple[str, Value]], at_ms: int = 0) -> list[Metric]:
    return [Metric(name=name, value=value, at_ms=at_ms) for name, value in values]
