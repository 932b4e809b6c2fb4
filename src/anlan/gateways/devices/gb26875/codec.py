"""GB/T 26875.3-2011 城市消防远程监控系统 第3部分：报警传输网络通信协议. Little-endian, framed by length. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from anlan.gateways.devices.contract import Chunk, Decoded, FrameError, Reading
from anlan.gateways.devices.gb26875.tables import (
    ANALOGS,
    COMMANDS,
    COMPONENT_STATE,
    OPERATIONS,
    SYSTEM_STATE,
    TRANSMITTER_STATE,
    TYPES,
)  # fmt: skip

BEIJING = timezone(timedelta(hours=8))
START, END = b"@@", b"##"
HEAD, MIN_FRAME = 27, 30
#: 8.2.4: application data up to 1024 bytes.
MAX_DATA = 1024
MAX_FRAME = MIN_FRAME + MAX_DATA
SEND, CONFIRM, DENY = 2, 3, 6


@dataclass
class Frame:
    """A frame taken apart; objects as far as they could be read."""

    serial: int
    version: tuple[int, int]
    at: datetime | None
    source: int
    destination: int
    command: int
    length: int
    data: bytes = b""
    length_ok: bool = False
    checksum_ok: bool = False
    kind: int | None = None
    objects: list[dict[str, Any]] = field(default_factory=list)
    problem: str = ""


class Cursor:
    """Reads an object field by field."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        if self.at + count > len(self.data):
            raise FrameError(f"信息体在第 {self.at} 字节处被截断：还需 {count} 字节")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, count: int = 1, signed: bool = False) -> int:
        return int.from_bytes(self.take(count), "little", signed=signed)

    def text(self, count: int) -> str:
        return self.take(count).split(b"\0")[0].decode("gb18030", errors="replace").strip()

    def time(self) -> datetime | None:
        return moment(self.take(6))


def moment(raw: bytes) -> datetime | None:
    """sec, min, hour, day, month, year - 2000, as plain binary; None where it is no time (vendors send zeros)."""
    second, minute, hour, day, month, year = raw
    try:
        return datetime(2000 + year, month, day, hour, minute, second, tzinfo=BEIJING)
    except ValueError:
        return None


def time_tag(at: datetime) -> bytes:
    at = at.astimezone(BEIJING)
    return bytes([at.second, at.minute, at.hour, at.day, at.month, at.year - 2000])


def read(data: bytes) -> Frame:
    """A frame that begins with `@@`; a damaged one is read as far as it goes."""
    if data[:2] != START:
        raise FrameError("启动符不是 40 40")
    if len(data) < HEAD:
        raise FrameError(f"控制单元不足 {HEAD - 2} 字节")
    length = int.from_bytes(data[24:26], "little")
    frame = Frame(
        serial=int.from_bytes(data[2:4], "little"),
        version=(data[4], data[5]),
        at=moment(data[6:12]),
        source=int.from_bytes(data[12:18], "little"),
        destination=int.from_bytes(data[18:24], "little"),
        command=data[26],
        length=length,
    )
    frame.length_ok = len(data) == MIN_FRAME + length and data[-2:] == END and length <= MAX_DATA
    frame.data = data[HEAD : HEAD + length] if frame.length_ok else data[HEAD : max(HEAD, len(data) - 3)]
    checked = data[: HEAD + len(frame.data)]
    frame.checksum_ok = len(data) > len(checked) and sum(checked[2:]) & 0xFF == data[len(checked)]
    try:
        read_objects(frame)
    except FrameError as error:
        frame.problem = str(error)
    return frame


def read_objects(frame: Frame) -> None:
    if not frame.data:
        return
    cursor = Cursor(frame.data)
    frame.kind, count = cursor.number(), cursor.number()
    reader = READERS.get(frame.kind)
    for _ in range(count if reader else 0):
        assert reader is not None
        frame.objects.append(reader(cursor))


def bits(value: int, names: dict[int, str]) -> list[str]:
    return [name for bit, name in names.items() if value >> bit & 1]


def system_state(c: Cursor) -> dict[str, Any]:
    found = {"system": c.number(), "address": c.number(), "state": c.number(2)}
    return {**found, "states": bits(found["state"], SYSTEM_STATE), "at": c.time()}


def component_state(c: Cursor) -> dict[str, Any]:
    found: dict[str, Any] = {
        "system": c.number(), "address": c.number(), "part": c.number(), "part_address": c.number(4),
        "state": c.number(2), "text": c.text(31),
    }  # fmt: skip
    return {**found, "states": bits(found["state"], COMPONENT_STATE), "at": c.time()}


def component_analog(c: Cursor) -> dict[str, Any]:
    found = {
        "system": c.number(), "address": c.number(), "part": c.number(), "part_address": c.number(4),
        "analog": c.number(), "raw": c.number(2, signed=True),
    }  # fmt: skip
    name, unit, step = ANALOGS.get(found["analog"], ("用户自定义", "", 1.0))
    return {**found, "name": name, "unit": unit, "value": round(found["raw"] * step, 6), "at": c.time()}


def operation(c: Cursor) -> dict[str, Any]:
    found = {"system": c.number(), "address": c.number(), "operation": c.number(), "operator": c.number()}
    return {**found, "operations": bits(found["operation"], OPERATIONS), "at": c.time()}


def software_version(c: Cursor) -> dict[str, Any]:
    return {"system": c.number(), "address": c.number(), "software": f"{c.number()}.{c.number()}"}


def configuration(c: Cursor) -> dict[str, Any]:
    found = {"system": c.number(), "address": c.number()}
    return {**found, "text": c.text(c.number())}


def component_configuration(c: Cursor) -> dict[str, Any]:
    found = {"system": c.number(), "address": c.number(), "part": c.number(), "part_address": c.number(4)}
    return {**found, "text": c.text(31)}


def system_time(c: Cursor) -> dict[str, Any]:
    return {"system": c.number(), "address": c.number(), "at": c.time()}


def transmitter_state(c: Cursor) -> dict[str, Any]:
    state = c.number()
    return {"state": state, "states": bits(state, TRANSMITTER_STATE), "at": c.time()}


def transmitter_operation(c: Cursor) -> dict[str, Any]:
    code = c.number()
    return {"operation": code, "operations": bits(code, OPERATIONS), "operator": c.number(), "at": c.time()}


#: Type flag (table 5) to the reader of one object.
READERS: dict[int, Callable[[Cursor], dict[str, Any]]] = {
    1: system_state,
    2: component_state,
    3: component_analog,
    4: operation,
    5: software_version,
    6: configuration,
    7: component_configuration,
    8: system_time,
    21: transmitter_state,
    24: transmitter_operation,
    25: lambda c: {"software": f"{c.number()}.{c.number()}"},
    26: lambda c: {"text": c.text(c.number())},
    28: lambda c: {"at": c.time()},
}


def readings_of(frame: Frame) -> list[Reading]:
    """Fire and fault (0/1) of states, and analog values; the element code is system.address[.part].what."""
    found: list[Reading] = []
    for item in frame.objects:
        at = item.get("at") or frame.at
        if at is None:
            continue
        place = ".".join(str(item[name]) for name in ("system", "address", "part_address") if name in item) or "0"
        if "states" in item:
            for bit, what, name in ((1, "fire", "火警"), (2, "fault", "故障")):
                value = float(item["state"] >> bit & 1)
                found.append(Reading(str(frame.source), f"{place}.{what}", value, "", at, name=name))
        elif "analog" in item:
            code = f"{place}.a{item['analog']}"
            found.append(Reading(str(frame.source), code, item["value"], item["unit"], at, name=item["name"]))
    return found


def describe(frame: Frame) -> dict[str, Any]:
    shown = [{**item, "at": item["at"].isoformat() if item.get("at") else None} for item in frame.objects]
    return {
        "serial": frame.serial,
        "version": f"{frame.version[0]}.{frame.version[1]}",
        "at": frame.at.isoformat() if frame.at else None,
        "source": frame.source,
        "destination": frame.destination,
        "command": frame.command,
        "command_name": COMMANDS.get(frame.command, "预留"),
        "type": frame.kind,
        "type_name": TYPES.get(frame.kind, "用户自定义") if frame.kind is not None else None,
        "objects": shown,
        "data": frame.data.hex().upper(),
    }


def reason_of(frame: Frame) -> str | None:
    if not frame.length_ok:
        return f"长度不符：应用数据单元写为 {frame.length} 字节，或结束符不是 23 23"
    if not frame.checksum_ok:
        return "校验和不符"
    return frame.problem or None


def decode(data: bytes) -> Decoded:
    """One frame. The readings of a damaged one are for people to look at, not to be kept."""
    frame = read(data)
    when = frame.at.isoformat() if frame.at else ""
    return Decoded(
        valid=frame.length_ok and frame.checksum_ok,
        reason=reason_of(frame),
        checksum_ok=frame.checksum_ok,
        length_ok=frame.length_ok,
        frame=describe(frame),
        readings=readings_of(frame),
        key=f"gb26875:{frame.source}:{frame.serial}:{when}:{frame.kind}",
    )


def encode(serial: int, at: datetime, source: int, destination: int, command: int, data: bytes = b"") -> bytes:
    """A frame of version 1.1. Raises FrameError when the data are too long."""
    if len(data) > MAX_DATA:
        raise FrameError(f"应用数据单元 {len(data)} 字节，上限 {MAX_DATA}")
    body = serial.to_bytes(2, "little") + b"\x01\x01" + time_tag(at) + source.to_bytes(6, "little")
    body += destination.to_bytes(6, "little") + len(data).to_bytes(2, "little") + bytes([command]) + data
    return START + body + bytes([sum(body) & 0xFF]) + END


class Gb26875Framer:
    """Cuts a stream by length: `@@` and `##` may occur inside. After garbage it finds the next whole frame."""

    def __init__(self) -> None:
        self.buffer = bytearray()

    def feed(self, data: bytes) -> list[Chunk]:
        self.buffer += data
        view, chunks, at, garbage = bytes(self.buffer), list[Chunk](), 0, 0
        while (start := view.find(START, at)) >= 0:
            size = size_at(view, start)
            if size is None:
                inner = whole_frame_after(view, start)
                if inner < 0:
                    break
                at = inner
                continue
            if size == 0:
                at = start + 1
                continue
            if start > garbage:
                chunks.append(Chunk(view[garbage:start], "不属于任何帧的字节"))
            chunks.append(Chunk(view[start : start + size]))
            at = garbage = start + size
        keep = max(start if start >= 0 else len(view) - view.endswith(b"@"), garbage)
        if keep > garbage:
            chunks.append(Chunk(view[garbage:keep], "不属于任何帧的字节"))
        del self.buffer[:keep]
        return chunks


def size_at(data: bytes, start: int) -> int | None:
    """Bytes of the frame here; 0 when none begins here; None when more bytes are needed."""
    if len(data) - start < HEAD:
        return None
    length = int.from_bytes(data[start + 24 : start + 26], "little")
    if length > MAX_DATA:
        return 0
    size = MIN_FRAME + length
    if len(data) - start < size:
        return None
    return size if data[start + size - 2 : start + size] == END else 0


def whole_frame_after(data: bytes, start: int) -> int:
    inner = data.find(START, start + 1)
    while inner >= 0:
        size = size_at(data, inner)
        if size and read(data[inner : inner + size]).checksum_ok:
            return inner
        inner = data.find(START, inner + 1)
    return -1
