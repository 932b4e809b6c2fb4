"""JT/T 808-2011/2013/2019 道路运输车辆卫星定位系统 终端通讯协议. Big-endian, between flags 7E, escaped. Pure.

The version is a matter of each frame (bit 14 of the properties). Times are Beijing time; coordinates WGS84 unless
status bit 5 says that they are encrypted. A latitude above 90 is decoded as it stands: to refuse it is the centre's part.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from anlan.gateways.devices.contract import Chunk, Decoded, FrameError, Reading
from anlan.gateways.devices.jt808.tables import ALARMS, EXTRAS, MESSAGES, STATUS

BEIJING = timezone(timedelta(hours=8))
FLAG = b"\x7e"
#: 1023 bytes of body, all escaped, and the head.
MAX_FRAME = 2 * (1023 + 21) + 2
LOCATION = 28


@dataclass(frozen=True)
class Location:
    """0x0200 basic position: degrees, metres, km/h, degrees from north."""

    alarm: int
    status: int
    lat: float
    lon: float
    altitude_m: int
    speed_km_h: float
    direction_deg: int
    at: datetime | None
    extra: dict[str, Any] = field(default_factory=dict)
    backfill: bool = False

    @property
    def fixed(self) -> bool:
        return bool(self.status >> 1 & 1)

    @property
    def possible(self) -> bool:
        return abs(self.lat) <= 90 and abs(self.lon) <= 180


@dataclass
class Frame:
    """A message taken apart."""

    message: int
    properties: int
    phone: str
    serial: int
    is_2019: bool
    body: bytes
    total: int = 1
    number: int = 1
    length_ok: bool = False
    checksum_ok: bool = False
    locations: list[Location] = field(default_factory=list)
    problem: str = ""


def unescape(data: bytes) -> bytes:
    """7D 02 -> 7E and 7D 01 -> 7D in one pass."""
    out, at = bytearray(), 0
    while at < len(data):
        if data[at] == 0x7D and at + 1 < len(data):  # some terminals leave the check byte itself unescaped
            if data[at + 1 : at + 2] not in (b"\x01", b"\x02"):
                raise FrameError(f"第 {at} 字节的转义 7D 之后应为 01 或 02")
            out.append(0x7D if data[at + 1] == 1 else 0x7E)
            at += 2
        else:
            out.append(data[at])
            at += 1
    return bytes(out)


def escape(data: bytes) -> bytes:
    return data.replace(b"\x7d", b"\x7d\x01").replace(b"\x7e", b"\x7d\x02")


def xor(data: bytes) -> int:
    found = 0
    for byte in data:
        found ^= byte
    return found


def read(data: bytes) -> Frame:
    """A frame with its flags; a damaged one is read as far as it goes."""
    if data[:1] != FLAG or data[-1:] != FLAG or len(data) < 2:
        raise FrameError("标识位不是 7E")
    plain = unescape(data[1:-1])
    if len(plain) < 5:
        raise FrameError("消息头不足")
    properties = int.from_bytes(plain[2:4], "big")
    is_2019 = bool(properties >> 14 & 1)
    at, width = (5, 10) if is_2019 else (4, 6)
    head = at + width + 2 + (4 if properties >> 13 & 1 else 0)
    if len(plain) < head + 1:
        raise FrameError(f"消息头应为 {head} 字节，实为 {len(plain) - 1} 字节")
    frame = Frame(
        message=int.from_bytes(plain[:2], "big"),
        properties=properties,
        phone=plain[at : at + width].hex().upper(),
        serial=int.from_bytes(plain[at + width : at + width + 2], "big"),
        is_2019=is_2019,
        body=plain[head:-1],
    )
    if properties >> 13 & 1:
        frame.total, frame.number = (int.from_bytes(plain[head - n : head - n + 2], "big") for n in (4, 2))
    frame.length_ok = len(frame.body) == properties & 0x3FF
    frame.checksum_ok = xor(plain[:-1]) == plain[-1]
    interpret(frame)
    return frame


def interpret(frame: Frame) -> None:
    if frame.total > 1 or frame.properties >> 10 & 7:
        return
    try:
        if frame.message == 0x0200:
            frame.locations = [location(frame.body)]
        elif frame.message == 0x0201:  # the answer to 0x8201: the serial asked, then a position
            frame.locations = [location(frame.body[2:])]
        elif frame.message == 0x0704:
            frame.locations = batch(frame.body)
    except FrameError as error:
        frame.problem = str(error)


def location(body: bytes, backfill: bool = False) -> Location:
    if len(body) < LOCATION:
        raise FrameError(f"位置基本信息应为 {LOCATION} 字节，实为 {len(body)} 字节")
    alarm, status, lat, lon = (int.from_bytes(body[n : n + 4], "big") for n in (0, 4, 8, 12))
    altitude, speed, direction = (int.from_bytes(body[n : n + 2], "big") for n in (16, 18, 20))
    return Location(
        alarm=alarm,
        status=status,
        lat=(-lat if status >> 2 & 1 else lat) / 1e6,
        lon=(-lon if status >> 3 & 1 else lon) / 1e6,
        altitude_m=altitude,
        speed_km_h=speed / 10,
        direction_deg=direction,
        at=moment(body[22:28]),
        extra=extras(body[LOCATION:]),
        backfill=backfill,
    )


def moment(raw: bytes) -> datetime | None:
    try:
        return datetime.strptime(f"20{raw.hex()}", "%Y%m%d%H%M%S").replace(tzinfo=BEIJING)
    except ValueError:
        return None


def extras(data: bytes) -> dict[str, Any]:
    """Additional items: id, length, value. Known numbers with unit, others as hex."""
    found: dict[str, Any] = {}
    at = 0
    while at + 2 <= len(data):
        key, length = data[at], data[at + 1]
        value = data[at + 2 : at + 2 + length]
        if len(value) < length:
            found[f"{key:02X}"] = f"截断：{value.hex().upper()}"
            break
        name, step = EXTRAS.get(key, ("", 0.0))
        found[f"{key:02X}"] = round(int.from_bytes(value, "big") * step, 3) if name and value else value.hex().upper()
        at += 2 + length
    return found


def batch(body: bytes) -> list[Location]:
    """0x0704: count, kind (1 = from a blind area: history), then {length, location}."""
    if len(body) < 3:
        raise FrameError("定位数据批量上传不足 3 字节")
    count, kind, at, found = int.from_bytes(body[:2], "big"), body[2], 3, list[Location]()
    for _ in range(count):
        length = int.from_bytes(body[at : at + 2], "big")
        part = body[at + 2 : at + 2 + length]
        if len(part) < length or not length:
            raise FrameError(f"批量上传写为 {count} 条，读到 {len(found)} 条后被截断")
        found.append(location(part, kind == 1))
        at += 2 + length
    return found


def bits(value: int, names: dict[int, str]) -> list[str]:
    return [name for bit, name in names.items() if value >> bit & 1]


def readings_of(frame: Frame) -> list[Reading]:
    """lon, lat, altitude, speed, direction and alarm bits; without a fix the position is marked as not usable."""
    found: list[Reading] = []
    for place in frame.locations:
        if place.at is None:
            continue
        where = "N" if place.fixed else "D"
        for code, value, unit, name, flag in (
            ("lon", place.lon, "°", "经度", where),
            ("lat", place.lat, "°", "纬度", where),
            ("altitude", float(place.altitude_m), "m", "高程", where),
            ("speed", place.speed_km_h, "km/h", "速度", "N"),
            ("direction", float(place.direction_deg), "°", "方向", where),
            ("alarm", float(place.alarm), "", "报警标志", "N"),
        ):
            found.append(Reading(frame.phone, code, value, unit, place.at, name, flag, place.backfill))
    return found


def shown(place: Location) -> dict[str, Any]:
    return {
        "lat": place.lat,
        "lon": place.lon,
        "altitude_m": place.altitude_m,
        "speed_km_h": place.speed_km_h,
        "direction_deg": place.direction_deg,
        "at": place.at.isoformat() if place.at else None,
        "alarms": bits(place.alarm, ALARMS),
        "status": bits(place.status, STATUS),
        "alarm_bits": place.alarm,
        "status_bits": place.status,
        "extra": place.extra,
    }


def describe(frame: Frame) -> dict[str, Any]:
    content: dict[str, Any] = {
        "message_id": f"{frame.message:04X}",
        "message": MESSAGES.get(frame.message, ""),
        "phone": frame.phone,
        "serial": frame.serial,
        "version": "2019" if frame.is_2019 else "2011/2013",
        "encryption": frame.properties >> 10 & 7,
        "packets": frame.total,
        "packet": frame.number,
        "body": frame.body.hex().upper(),
    }
    if frame.message in {0x0200, 0x0201} and frame.locations:
        content.update(shown(frame.locations[0]))
    elif frame.locations:
        content["locations"] = [shown(place) for place in frame.locations]
    return content


def reason_of(frame: Frame) -> str | None:
    if not frame.length_ok:
        return f"消息体应为 {frame.properties & 0x3FF} 字节，实为 {len(frame.body)} 字节"
    if not frame.checksum_ok:
        return "校验码不符"
    return frame.problem or None


def decode(data: bytes) -> Decoded:
    """One frame. The readings of a damaged one are for people to look at, not to be kept."""
    frame = read(data)
    when = frame.locations[0].at if frame.locations else None
    return Decoded(
        valid=frame.length_ok and frame.checksum_ok,
        reason=reason_of(frame),
        checksum_ok=frame.checksum_ok,
        length_ok=frame.length_ok,
        frame=describe(frame),
        readings=readings_of(frame),
        key=f"jt808:{frame.phone}:{frame.message:04X}:{frame.serial}:{when.isoformat() if when else ''}",
    )


def encode(message: int, phone: str, serial: int, body: bytes, is_2019: bool = False) -> bytes:
    """A frame of one packet. Raises FrameError when the body is too long."""
    if len(body) > 1023:
        raise FrameError(f"消息体 {len(body)} 字节，上限 1023")
    properties = len(body) | (1 << 14 if is_2019 else 0)
    head = message.to_bytes(2, "big") + properties.to_bytes(2, "big") + (b"\x01" if is_2019 else b"")
    plain = head + bytes.fromhex(phone) + serial.to_bytes(2, "big") + body
    return FLAG + escape(plain + bytes([xor(plain)])) + FLAG


def encode_packets(
    message: int, phone: str, serial: int, body: bytes, is_2019: bool = False, most: int = 1000
) -> list[bytes]:
    """A long body in packets (bit 13 of the properties: total and number follow the serial)."""
    parts = [body[n : n + most] for n in range(0, len(body), most)]
    frames = []
    for number, part in enumerate(parts, 1):
        properties = len(part) | 1 << 13 | (1 << 14 if is_2019 else 0)
        head = message.to_bytes(2, "big") + properties.to_bytes(2, "big") + (b"\x01" if is_2019 else b"")
        head += bytes.fromhex(phone) + ((serial + number - 1) & 0xFFFF).to_bytes(2, "big")
        plain = head + len(parts).to_bytes(2, "big") + number.to_bytes(2, "big") + part
        frames.append(FLAG + escape(plain + bytes([xor(plain)])) + FLAG)
    return frames


class Jt808Framer:
    """Cuts a stream at the flags. A flag that ends nothing readable may begin the next frame."""

    def __init__(self) -> None:
        self.buffer = bytearray()

    def feed(self, data: bytes) -> list[Chunk]:
        self.buffer += data
        view, chunks, at = bytes(self.buffer), list[Chunk](), 0
        while (start := view.find(FLAG, at)) >= 0:
            if start > at:
                chunks.append(Chunk(view[at:start], "不属于任何帧的字节"))
            end = view.find(FLAG, start + 1)
            if end < 0:
                at = start
                break
            if end - start < 12:  # too short for any message: two flags in a row, or what was cut off
                if end > start + 1:
                    chunks.append(Chunk(view[start:end], "不足一帧"))
                at = end
                continue
            chunks.append(Chunk(view[start : end + 1]))
            at = end + 1
        else:
            if len(view) > at:
                chunks.append(Chunk(view[at:], "不属于任何帧的字节"))
            at = len(view)
        if len(view) - at > MAX_FRAME:
            chunks.append(Chunk(view[at:], "超过一帧的最大长度仍没有标识位"))
            at = len(view)
        del self.buffer[:at]
        return chunks
