"""SL 651-2014 水文监测数据通信规约: HEX/BCD frames (tables 20-23) and ASCII frames (tables 16-19), both directions.

Pure: bytes in, values out. Times are Beijing time with two-digit years, given back aware (+08:00).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from anlan.gateways.devices.contract import Chunk, Decoded, FrameError, Reading
from anlan.gateways.devices.sl651.body import Group, read_ascii_body, read_body
from anlan.gateways.devices.sl651.elements import FUNCTIONS

BEIJING = timezone(timedelta(hours=8))
START_HEX, START_ASCII = b"\x7e\x7e", 0x01
STX, SYN = 0x02, 0x16
ETX, ETB, ENQ, EOT, ACK, NAK, ESC = 0x03, 0x17, 0x05, 0x04, 0x06, 0x15, 0x1B
ENDS = {ETX: "ETX", ETB: "ETB", ENQ: "ENQ", EOT: "EOT", ACK: "ACK", NAK: "NAK", ESC: "ESC"}
HEX_HEAD, ASCII_HEAD = 14, 24
#: Largest frame: 12-bit length + head + tail; more than this without a frame is garbage.
MAX_FRAME = 4095 + HEX_HEAD + 3


def crc_table() -> list[int]:
    """CRC-16/MODBUS (6.2.3) of each byte: reflected 0xA001."""
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ 0xA001 if byte & 1 else byte >> 1
        table.append(byte)
    return table


TABLE = crc_table()


def crc16(data: bytes) -> int:
    """CRC-16/MODBUS, initial 0xFFFF."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc >> 8) ^ TABLE[(crc ^ byte) & 0xFF]
    return crc


def beijing(digits: str) -> datetime:
    """YYMMDDHHmm[SS] in Beijing time; two-digit years are 20YY (the standard is of 2014)."""
    try:
        shape = "%Y%m%d%H%M%S" if len(digits) == 12 else "%Y%m%d%H%M"
        return datetime.strptime(f"20{digits}", shape).replace(tzinfo=BEIJING)
    except ValueError as error:
        raise FrameError(f"时间 {digits} 不是有效的 YYMMDDHHmm[SS]") from error


@dataclass(frozen=True)
class Head:
    """What stands before the body, the same for both encodings and directions."""

    ascii: bool
    up: bool
    centre: int
    station: str
    password: str
    function: str
    length: int
    start: int
    head_bytes: int


@dataclass
class Frame:
    """One frame, taken apart."""

    head: Head
    serial: int | None = None
    sent_at: datetime | None = None
    end: int | None = None
    packets: int = 1
    packet: int = 1
    body: bytes = b""
    checksum_ok: bool = False
    length_ok: bool = False
    groups: list[Group] = field(default_factory=list)
    parameters: str = ""
    problem: str = ""


def read_head(data: bytes) -> Head:
    """The head of a frame that starts at data[0]; raises FrameError when it cannot be one."""
    if data[:2] == START_HEX:
        return read_hex_head(data)
    if data[:1] == b"\x01":
        return read_ascii_head(data)
    raise FrameError("起始字不是 7E7E（HEX）或 01（ASCII）")


def read_hex_head(data: bytes) -> Head:
    if len(data) < HEX_HEAD:
        raise FrameError(f"帧头不足 {HEX_HEAD} 字节")
    direction = data[11] >> 4
    if direction not in {0, 8}:
        raise FrameError(f"上下行标识 {direction:X} 不是 0 或 8")
    up = direction == 0
    centre, station = (data[2], data[3:8]) if up else (data[7], data[2:7])
    length = (data[11] & 0x0F) << 8 | data[12]
    if data[13] not in {STX, SYN}:
        raise FrameError(f"报文起始符 {data[13]:02X} 不是 02 或 16")
    return Head(
        False,
        up,
        centre,
        station.hex().upper(),
        data[8:10].hex().upper(),
        f"{data[10]:02X}",
        length,
        data[13],
        HEX_HEAD,
    )


def read_ascii_head(data: bytes) -> Head:
    """01 + centre 2 + station 10 + password 4 + function 2 + direction and length 4 + STX/SYN (down: station first)."""
    if len(data) < ASCII_HEAD:
        raise FrameError(f"帧头不足 {ASCII_HEAD} 字节")
    try:
        text = data[1:23].decode("ascii")
        length = int(text[19:22], 16)
        direction = int(text[18], 16)
        up = direction == 0
        centre, station = (text[:2], text[2:12]) if up else (text[10:12], text[:10])
        number = int(centre, 16)
        int(station, 16)
    except ValueError as error:
        raise FrameError("ASCII 帧头含非十六进制字符") from error
    if direction not in {0, 8} or data[23] not in {STX, SYN}:
        raise FrameError("ASCII 帧的上下行标识或报文起始符不正确")
    return Head(True, up, number, station, text[12:16], text[16:18].upper(), length, data[23], ASCII_HEAD)


def frame_length(head: Head) -> int:
    """Bytes of the whole frame: head, what the length field counts, end character, checksum."""
    return head.head_bytes + head.length + 1 + (4 if head.ascii else 2)


def take_apart(data: bytes) -> Frame:
    """A frame out of bytes that begin with its start; a damaged one is read as far as it goes."""
    head = read_head(data)
    frame = Frame(head)
    size = frame_length(head)
    frame.length_ok = len(data) == size and data[head.head_bytes + head.length] in ENDS
    whole = data if frame.length_ok else data[:size]
    tail = 4 if head.ascii else 2
    check = whole[-tail:]
    try:
        sent = int(check, 16) if head.ascii else int.from_bytes(check, "big")
    except ValueError:
        sent = -1
    frame.checksum_ok = sent == crc16(whole[:-tail])
    at = head.head_bytes
    frame.end = whole[at + head.length] if frame.length_ok else None
    content = whole[at : at + head.length]
    if head.start == SYN:
        content = read_packet_field(frame, content)
    frame.body = content
    return frame


def read_packet_field(frame: Frame, content: bytes) -> bytes:
    """M3: total and number of packets, 12 bits each, before the body."""
    width = 6 if frame.head.ascii else 3
    try:
        field24 = int(content[:width], 16) if frame.head.ascii else int.from_bytes(content[:width], "big")
    except ValueError as error:
        raise FrameError("包总数及序号不是十六进制") from error
    frame.packets, frame.packet = field24 >> 12, field24 & 0xFFF
    return content[width:]


def read_serial(frame: Frame) -> bytes:
    """Serial number and sending time, only in the first packet; returns what follows."""
    body = frame.body
    if frame.head.ascii:
        text = body.decode("ascii", errors="replace")
        frame.serial, frame.sent_at = int(text[:4], 16), beijing(text[4:16])
        return body[16:]
    if len(body) < 8:
        raise FrameError("正文不足 8 字节（流水号 2 + 发报时间 6）")
    frame.serial = int.from_bytes(body[:2], "big")
    frame.sent_at = beijing(body[2:8].hex())
    return body[8:]


def interpret(frame: Frame) -> None:
    """Fill serial, time, groups or parameters; what cannot be read is named in `problem`."""
    try:
        rest = read_serial(frame) if frame.packet == 1 else frame.body
        if not frame.head.up:
            frame.parameters = rest.hex().upper()
        elif frame.packets > 1:
            frame.parameters = f"第 {frame.packet}/{frame.packets} 包，{len(rest)} 字节"
        elif frame.head.ascii:
            frame.groups = read_ascii_body(rest, frame.head.station, frame.sent_at)
        else:
            frame.groups = read_body(rest, frame.head.function, frame.head.station, frame.sent_at)
    except FrameError as error:
        frame.problem = str(error)
    except (ValueError, IndexError) as error:
        frame.problem = f"正文无法解析：{error}"


def readings_of(frame: Frame) -> list[Reading]:
    """The observations of an uplink; those of 31H, 34H and 38H older than the report are backfill."""
    if not frame.head.up:
        return []
    return [
        Reading(
            address=group.station,
            code=group.code,
            value=group.value,
            unit=group.unit,
            at=group.at,
            name=group.name,
            flag=group.flag,
            backfill=frame.head.function == "38",
        )
        for group in frame.groups
        if group.at is not None and group.is_number
    ]


def describe(frame: Frame) -> dict[str, Any]:
    head = frame.head
    return {
        "direction": "up" if head.up else "down",
        "encoding": "ascii" if head.ascii else "hex",
        "centre": head.centre,
        "station": head.station,
        "password": head.password,
        "function": head.function,
        "function_name": FUNCTIONS.get(head.function, "用户自定义"),
        "length": head.length,
        "start": "SYN" if head.start == SYN else "STX",
        "end": ENDS.get(frame.end) if frame.end is not None else None,
        "packets": frame.packets,
        "packet": frame.packet,
        "serial": frame.serial,
        "sent_at": frame.sent_at.isoformat() if frame.sent_at else None,
        "elements": [group.as_pair() for group in frame.groups],
        "parameters": frame.parameters,
    }


def reason_of(frame: Frame, size: int) -> str | None:
    if not frame.length_ok:
        return f"长度不符：应为 {frame_length(frame.head)} 字节且结束符有效，实为 {size} 字节"
    if not frame.checksum_ok:
        return "校验不符"
    return frame.problem or None


def decode(data: bytes) -> Decoded:
    """One frame. Raises FrameError only when nothing of it can be recognised.

    The readings of a damaged frame (`valid` is False) are what could be read, for people to look at, not to be kept.
    """
    frame = take_apart(data)
    interpret(frame)
    valid = frame.length_ok and frame.checksum_ok
    return Decoded(
        valid=valid,
        reason=reason_of(frame, len(data)),
        checksum_ok=frame.checksum_ok,
        length_ok=frame.length_ok,
        frame=describe(frame),
        readings=readings_of(frame),
        key=key_of(frame),
        rest=data[frame_length(frame.head) :],
    )


def key_of(frame: Frame) -> str:
    """Natural identity of a report: a repeat keeps station, function, serial and time."""
    when = frame.sent_at.strftime("%y%m%d%H%M%S") if frame.sent_at else ""
    return f"sl651:{frame.head.station}:{frame.head.function}:{frame.serial}:{when}:{frame.packet}"


class Sl651Framer:
    """Cuts a TCP stream into frames by their length field; after garbage it looks for the next start.

    Garbage comes out in pieces as long as it lasts, so that a flood of it is a few records and not one a byte.
    """

    def __init__(self) -> None:
        self.buffer = bytearray()

    def feed(self, data: bytes) -> list[Chunk]:
        self.buffer += data
        view, chunks = bytes(self.buffer), list[Chunk]()
        at = garbage = 0
        reason = ""
        while (start := next_start(view, at)) >= 0:
            if start > at:
                reason = reason or NO_FRAME
            size, problem = frame_at(view, start)
            if problem:
                reason, at = reason or problem, start + 1
                continue
            if size == 0:
                inner = whole_frame_inside(view, start)
                if inner < 0:
                    at = start
                    break
                reason, at = reason or "被后一帧打断的半帧", inner
                continue
            if start > garbage:
                chunks.append(Chunk(view[garbage:start], reason or NO_FRAME))
            chunks.append(Chunk(view[start : start + size]))
            at = garbage = start + size
            reason = ""
        else:
            at = len(view)
        if at > garbage:
            chunks.append(Chunk(view[garbage:at], reason or NO_FRAME))
        del self.buffer[:at]
        return chunks


NO_FRAME = "不属于任何帧的字节"


def next_start(data: bytes, at: int) -> int:
    """Where a frame may begin at or after `at`, -1 when nowhere; a lone 7E at the very end may still become a start."""
    found = [place for place in (data.find(START_HEX, at), data.find(START_ASCII, at)) if place >= 0]
    if found:
        return min(found)
    return len(data) - 1 if len(data) > at and data[-1] == START_HEX[0] else -1


def frame_at(data: bytes, start: int) -> tuple[int, str]:
    """(size, "") of the frame that begins here, (0, "") when more bytes are needed, (0, reason) when none does."""
    if data[start : start + 1] == START_HEX[:1] and len(data) - start < HEX_HEAD:
        return 0, ""
    need, tail = (ASCII_HEAD, 5) if data[start] == START_ASCII else (HEX_HEAD, 3)
    if len(data) - start < need:
        return 0, ""
    try:
        size = frame_length(read_head(data[start : start + need]))
    except FrameError as error:
        return 0, str(error)
    if len(data) - start < size:
        return 0, ""
    if data[start + size - tail] not in ENDS:
        return 0, "按长度找不到报文结束符"
    return size, ""


def whole_frame_inside(data: bytes, start: int) -> int:
    """Where, within an unfinished frame, a complete one with a good checksum begins: the first was cut off. Else -1."""
    inner = data.find(START_HEX, start + 1)
    while inner >= 0:
        size, _ = frame_at(data, inner)
        if size and crc16(data[inner : inner + size - 2]) == int.from_bytes(
            data[inner + size - 2 : inner + size], "big"
        ):
            return inner
        inner = data.find(START_HEX, inner + 1)
    return -1
