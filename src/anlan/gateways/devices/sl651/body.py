"""The body of SL 651 reports: element groups, time groups, several stations, uniform series."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from anlan.gateways.devices.contract import FrameError
from anlan.gateways.devices.sl651.elements import BY_ASCII, CLASSES, CONFIGURATION, ELEMENTS, WITH_CLASS, Element

BEIJING = timezone(timedelta(hours=8))
FIVE_MINUTES = timedelta(minutes=5)
UNKNOWN = Element("", "厂家扩展", "", 0, 0)


@dataclass(frozen=True)
class Group:
    """One element of the body. `value` is None where the device has no data; `flag` F marks digits that are no BCD."""

    code: str
    name: str
    unit: str
    value: float | None
    at: datetime | None
    station: str
    flag: str = "N"
    raw: str = ""
    is_number: bool = True

    def as_pair(self) -> list[Any]:
        if not self.is_number:
            return [self.code, self.raw]
        return [self.code, {"invalid": self.raw} if self.flag == "F" else self.value]


@dataclass
class Cursor:
    """Where we are in the body, and for which station and time."""

    data: bytes
    station: str
    at: datetime | None
    position: int = 0
    step: timedelta | None = None

    def take(self, count: int) -> bytes:
        if self.position + count > len(self.data):
            raise FrameError(f"要素在第 {self.position} 字节处被截断：还需 {count} 字节")
        taken = self.data[self.position : self.position + count]
        self.position += count
        return taken

    @property
    def left(self) -> int:
        return len(self.data) - self.position


def parse_time(digits: str) -> datetime:
    try:
        return datetime.strptime(f"20{digits}", "%Y%m%d%H%M").replace(tzinfo=BEIJING)
    except ValueError as error:
        raise FrameError(f"观测时间 {digits} 不是有效的 YYMMDDHHmm") from error


def bcd(raw: bytes, decimals: int) -> tuple[float | None, str]:
    """(value, flag) of BCD digits: all F = no data; FF or FF0 before the digits = negative; other letters = invalid."""
    digits = raw.hex().upper()
    if digits.strip("F") == "" and digits:
        return None, "N"
    sign = 1
    if digits.startswith("FF"):
        sign, digits = -1, digits[2:]
    if not digits.isdigit():
        return None, "F"
    return sign * int(digits) / 10**decimals, "N"


def read_body(data: bytes, function: str, station: str, sent_at: datetime | None) -> list[Group]:
    """All groups of a HEX body after serial and sending time."""
    cursor = Cursor(data, station, sent_at)
    groups: list[Group] = []
    while cursor.left:
        groups += read_group(cursor, function)
    return groups


def read_group(cursor: Cursor, function: str) -> list[Group]:
    guide = cursor.take(1)[0]
    code = f"{guide:02X}"
    definition = cursor.take(1)[0]
    if guide == 0xF1 and definition == 0xF1:
        return read_station(cursor, function)
    if guide == 0xF0 and definition == 0xF0:
        cursor.at = parse_time(cursor.take(5).hex())
        return [text(cursor, "TT", cursor.at.strftime("%y%m%d%H%M"))]
    if guide in {0xF2, 0xF3} and definition == guide:
        return read_rest(cursor, guide)
    if guide == 0xFD and definition == 0xF6:
        return [text(cursor, "FD", cursor.take(cursor.left).hex().upper())]
    if function in CONFIGURATION:
        return [text(cursor, code, cursor.take(definition >> 3).hex().upper())]
    if guide == 0x04 and definition == 0x18:
        return read_uniform(cursor)
    if guide == 0x45 and definition == 0x20:
        return [text(cursor, "45", cursor.take(4).hex().upper())]
    if guide == 0xF4 and definition == 0x60:
        return list(series(cursor, code, cursor.take(12), 1, 0.1))
    if 0xF5 <= guide <= 0xFC and definition == 0xC0:
        return list(series(cursor, code, cursor.take(24), 2, 0.01))
    if guide == 0xFF:
        code, definition = f"FF{definition:02X}", cursor.take(1)[0]
    return [number(cursor, code, cursor.take(definition >> 3), definition & 7)]


def read_station(cursor: Cursor, function: str) -> list[Group]:
    """F1F1: from here on the report speaks of this station; some functions add a class byte."""
    cursor.station = cursor.take(5).hex().upper()
    groups = [text(cursor, "ST", cursor.station)]
    if function in WITH_CLASS and cursor.left:
        kind = f"{cursor.take(1)[0]:02X}"
        groups.append(text(cursor, "CLASS", CLASSES.get(kind, kind).split(" ")[0]))
    return groups


def read_rest(cursor: Cursor, guide: int) -> list[Group]:
    """F2F2 manual text (GB 18030) and F3F3 picture: the rest of the body."""
    rest = cursor.take(cursor.left)
    if guide == 0xF2:
        return [text(cursor, "RGZS", rest.decode("gb18030", errors="replace"))]
    return [text(cursor, "PIC", f"{len(rest)} 字节")]


def read_uniform(cursor: Cursor) -> list[Group]:
    """31H: step dhm, one element identifier, then its values back to back, the first at the observation time."""
    raw = cursor.take(3).hex()
    if not raw.isdigit():
        raise FrameError(f"时间步长 {raw} 不是 BCD")
    days, hours, minutes = (int(raw[i : i + 2]) for i in (0, 2, 4))
    step = timedelta(days=days, hours=hours, minutes=minutes)
    groups = [text(cursor, "04", raw)]
    if cursor.left < 2 or cursor.data[cursor.position] >= 0xF0:  # a five-minute series keeps its own step
        return groups
    code, definition = f"{cursor.take(1)[0]:02X}", cursor.take(1)[0]
    width, decimals = definition >> 3, definition & 7
    if not width:
        raise FrameError(f"要素 {code} 的数据宽度为 0")
    first, index = cursor.at, 0
    while cursor.left >= width:
        value = number(cursor, code, cursor.take(width), decimals)
        groups.append(replace(value, at=first + index * step if first else None))
        index += 1
    return groups


def series(cursor: Cursor, code: str, raw: bytes, width: int, factor: float) -> Iterator[Group]:
    """F4…FC: twelve binary values at five-minute steps; all ones = none."""
    element = ELEMENTS.get(code, UNKNOWN)
    for index in range(12):
        item = int.from_bytes(raw[index * width : (index + 1) * width], "big")
        none = item == (1 << 8 * width) - 1
        value = None if none else round(item * factor, 2)
        at = cursor.at + index * FIVE_MINUTES if cursor.at else None
        yield Group(code, element.name, element.unit, value, at, cursor.station)


def number(cursor: Cursor, code: str, raw: bytes, decimals: int) -> Group:
    element = ELEMENTS.get(code, UNKNOWN)
    value, flag = bcd(raw, decimals)
    return Group(code, element.name, element.unit, value, cursor.at, cursor.station, flag, raw.hex().upper())


def text(cursor: Cursor, code: str, content: str) -> Group:
    return Group(code, code, "", None, cursor.at, cursor.station, raw=content, is_number=False)


def read_ascii_body(data: bytes, station: str, sent_at: datetime | None) -> list[Group]:
    """`ID SP value SP …` after serial and time; `M` = missing; ST and TT change station and time."""
    words = data.decode("ascii", errors="replace").split()
    if words[:1] == ["ST"] and len(words) > 2 and len(words[2]) == 1:
        del words[2]  # the station's class stands behind its address, without a name of its own
    cursor = Cursor(b"", station, sent_at)
    groups: list[Group] = []
    for name, value in zip(words[::2], words[1::2], strict=False):
        if name == "ST":
            cursor.station = value
        elif name == "TT":
            cursor.at = parse_time(value)
        elif name not in BY_ASCII:
            groups.append(text(cursor, name, value))
        else:
            groups.append(ascii_number(cursor, BY_ASCII[name], value))
    return groups


def ascii_number(cursor: Cursor, code: str, word: str) -> Group:
    element = ELEMENTS[code]
    if word == "M":
        return Group(code, element.name, element.unit, None, cursor.at, cursor.station)
    try:
        return Group(code, element.name, element.unit, float(word), cursor.at, cursor.station, raw=word)
    except ValueError:
        return Group(code, element.name, element.unit, None, cursor.at, cursor.station, "F", word)
