"""Points of a Modbus device: where a value lies, how it is laid out, what it means. Pure."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from anlan.gateways.devices.contract import FrameError
from anlan.gateways.devices.modbus.codec import MOST_BITS, MOST_REGISTERS, TABLES

#: Type -> struct format and registers.
TYPES = {
    "int16": ("h", 1), "uint16": ("H", 1), "int32": ("i", 2), "uint32": ("I", 2), "int64": ("q", 4), "uint64": ("Q", 4),
    "float32": ("f", 2), "float64": ("d", 4),
}  # fmt: skip
#: Makers disagree on the order of words and bytes: ABCD = high word first, as the standard's registers are.
ORDERS = ("ABCD", "CDAB", "BADC", "DCBA")
#: Gaps up to so many registers are read along rather than asked for again.
GAP = 8


@dataclass(frozen=True)
class Point:
    """value = raw x scale + offset. bit: of a register used as a set of flags; None = the whole value.
    invalid: a raw value by which the device says that it has none."""

    code: str
    table: str
    register: int
    type: str = "uint16"
    order: str = "ABCD"
    scale: float = 1.0
    offset: float = 0.0
    unit: str = ""
    bit: int | None = None
    invalid: float | None = None

    @property
    def count(self) -> int:
        return 1 if self.is_bit else TYPES[self.type][1]

    @property
    def is_bit(self) -> bool:
        return self.table in ("coil", "discrete")


def point(entry: Mapping[str, Any], where: str) -> Point:
    """A point out of a file. Raises FrameError naming the field and what is allowed."""
    unknown = set(entry) - set(Point.__dataclass_fields__)
    if unknown:
        raise FrameError(f"{where} 有不认识的字段 {sorted(unknown)}")
    try:
        made = Point(**entry)
    except TypeError as error:
        raise FrameError(f"{where} 应有 code、table、register：{error}") from error
    if made.table not in TABLES or made.type not in TYPES or made.order not in ORDERS:
        raise FrameError(
            f"{where}：table 应为 {'/'.join(TABLES)}，type 应为 {'/'.join(TYPES)}，order 应为 {'/'.join(ORDERS)}"
        )
    if not isinstance(made.register, int) or not 0 <= made.register <= 65_536 - made.count:
        raise FrameError(f"{where}.register 的值 {made.register!r} 应在 0～65535 内（从 0 数起，不带表号）")
    if made.bit is not None and (made.type != "uint16" or made.bit not in range(16)):
        raise FrameError(f"{where}.bit 的值 {made.bit!r} 应为 0～15，且 type 为 uint16")
    return made


def value(made: Point, data: bytes) -> float | None:
    """The value in the point's own bytes (registers: 2 x count bytes; bits: one byte, 0 or 1)."""
    if made.is_bit:
        return float(data[0] & 1)
    if made.bit is not None:
        return float(int.from_bytes(data, "big") >> made.bit & 1)
    words = [data[n : n + 2] for n in range(0, len(data), 2)]
    if made.order in ("CDAB", "DCBA"):
        words.reverse()
    if made.order in ("BADC", "DCBA"):
        words = [word[::-1] for word in words]
    raw = struct.unpack(">" + TYPES[made.type][0], b"".join(words))[0]
    if raw == made.invalid or not math.isfinite(raw):
        return None
    found = float(raw * made.scale + made.offset)
    return found if math.isfinite(found) else None


def bytes_of(made: Point, number: float) -> bytes:
    """The registers that hold a value: the other direction, for simulators."""
    kind = TYPES[made.type][0]
    raw = (number - made.offset) / made.scale
    data = struct.pack(">" + kind, raw if kind in "fd" else round(raw))
    words = [data[n : n + 2] for n in range(0, len(data), 2)]
    if made.order in ("BADC", "DCBA"):
        words = [word[::-1] for word in words]
    if made.order in ("CDAB", "DCBA"):
        words.reverse()
    return b"".join(words)


@dataclass(frozen=True)
class Block:
    """Points that one question fetches."""

    table: str
    start: int
    count: int
    points: tuple[Point, ...]


def blocks(points: Sequence[Point]) -> list[Block]:
    """As few questions as the protocol allows."""
    found: list[Block] = []
    for made in sorted(points, key=lambda one: (one.table, one.register)):
        most = MOST_BITS if made.is_bit else MOST_REGISTERS
        end = made.register + made.count
        last = found[-1] if found else None
        near = last is not None and last.table == made.table and made.register <= last.start + last.count + GAP
        if last is not None and near and end - last.start <= most:
            count = max(last.count, end - last.start)
            found[-1] = Block(last.table, last.start, count, (*last.points, made))
        else:
            found.append(Block(made.table, made.register, made.count, (made,)))
    return found


def values(block: Block, data: bytes) -> list[tuple[Point, float | None]]:
    """The values of a block's points in its answer."""
    found = []
    for made in block.points:
        at = made.register - block.start
        part = bytes([data[at // 8] >> at % 8 & 1]) if made.is_bit else data[2 * at : 2 * (at + made.count)]
        found.append((made, value(made, part)))
    return found
