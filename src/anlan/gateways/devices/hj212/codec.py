"""HJ 212-2017 污染物在线监控系统数据传输标准 (with the 2005 shape and the version bits of 2025). Pure.

`##` + length of the segment (4 digits) + segment + CRC (4 hex) + CR LF. Times are Beijing time. The CRC of Annex A
keeps only 8 bits of its state from byte to byte (256 different values), so length and syntax are checked as well.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from anlan.gateways.devices.contract import Chunk, Decoded, FrameError, Reading
from anlan.gateways.devices.hj212.codes import find

BEIJING = timezone(timedelta(hours=8))
START, HEAD, TAIL = b"##", 6, 4
#: The standard allows 1024 bytes of segment; the field holds 9999, and the field's devices use more than they may.
MAX_SEGMENT = 9999
VERSIONS = {0: "2005", 1: "2017", 2: "2025"}
#: Sub-fields that hold a number: real time, minimum, average, maximum, total, converted values, noise, facility.
NUMBERS = {
    "Rtd", "Min", "Avg", "Max", "Cou", "ZsRtd", "ZsMin", "ZsAvg", "ZsMax", "Data", "DayData", "NightData", "RS", "RT",
}  # fmt: skip
COMMANDS = {
    "2011": "实时数据", "2021": "设备运行状态", "2022": "设备运行状态停止", "2031": "日数据", "2041": "设备运行时间日历史",
    "2051": "分钟数据", "2061": "小时数据", "2081": "数采仪开机时间", "9011": "请求应答", "9012": "执行结果",
    "9013": "通知应答", "9014": "数据应答", "1062": "设置实时数据间隔", "1012": "设置现场机时间",
}  # fmt: skip
FIELD = re.compile(r"([A-Za-z0-9_]+)=([^;]*)")


def crc_step(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return value


#: Only eight bits are left of the state before each step, so that a table of 256 says it all.
STEPS = [crc_step(value) for value in range(256)]


def crc(data: bytes) -> int:
    """Annex A: not CRC-16/MODBUS, though it looks like it."""
    value = 0xFFFF
    for byte in data:
        value = STEPS[(value >> 8) ^ byte]
    return value


@dataclass
class Message:
    """A segment taken apart. items: quantity -> sub-field -> text; single values are under the empty sub-field."""

    head: dict[str, str] = field(default_factory=dict)
    items: dict[str, dict[str, str]] = field(default_factory=dict)
    length_ok: bool = False
    checksum_ok: bool = False
    problem: str = ""
    size: int = 0

    @property
    def flag(self) -> int | None:
        text = self.head.get("Flag", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None

    @property
    def version(self) -> str:
        return VERSIONS.get((self.flag or 0) >> 2, f"版本位 {(self.flag or 0) >> 2}")

    @property
    def wants_answer(self) -> bool:
        return bool((self.flag or 0) & 1)

    @property
    def data_time(self) -> str:
        return self.items.get("DataTime", {}).get("", "")

    def number(self, name: str) -> int:
        text = self.head.get(name, "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0


def moment(digits: str) -> datetime | None:
    """YYYYMMDDhhmmss with or without milliseconds, Beijing time."""
    try:
        return datetime.strptime(digits[:14], "%Y%m%d%H%M%S").replace(tzinfo=BEIJING) if len(digits) >= 14 else None
    except ValueError:
        return None


def read(data: bytes) -> Message:
    """A frame that begins with `##`; a damaged one is read as far as it goes."""
    if data[:2] != START:
        raise FrameError("包头不是 ##")
    if len(data) < HEAD or not data[2:HEAD].isdigit():
        raise FrameError(f"数据段长度“{data[2:HEAD].decode('ascii', 'replace')}”不是 4 位十进制数")
    message, length = Message(), int(data[2:HEAD])
    body = data[HEAD:].rstrip(b"\r\n")
    message.length_ok = len(body) == length + TAIL
    segment = body[:length] if message.length_ok else body[:-TAIL]
    message.size = HEAD + len(segment) + TAIL
    try:
        message.checksum_ok = int(body[len(segment) : len(segment) + TAIL], 16) == crc(segment)
    except ValueError:
        message.checksum_ok = False
    read_segment(message, segment.decode("utf-8", errors="replace"))
    return message


def read_segment(message: Message, text: str) -> None:
    """`QN=…;ST=…;…;CP=&&…&&`: fields in any order, the 2005 shape without QN and Flag included."""
    head, mark, rest = text.partition("CP=&&")
    message.head = dict(FIELD.findall(head))
    if not mark:
        message.problem = "没有 CP=&&…&&"
        return
    content, end, after = rest.partition("&&")
    message.head.update(FIELD.findall(after))
    if not end:
        message.problem = "CP 没有以 && 结束"
    for item in content.split(";"):
        code = ""
        for part in item.split(","):
            name, _, value = part.partition("=")
            quantity, dash, sub = name.strip().rpartition("-")
            if dash:
                code = quantity
            elif name.strip() == "Flag" and code:  # "w01018-Rtd=2.2,Flag=N" is met in the field
                quantity, sub = code, "Flag"
            else:
                quantity, sub = name.strip(), ""
            if quantity:
                message.items.setdefault(quantity, {})[sub] = value.strip()


def readings_of(message: Message, data_time: str = "") -> list[Reading]:
    """Every number, at its SampleTime or the message's DataTime."""
    at = moment(data_time or message.data_time)
    address, found = message.head.get("MN", ""), []
    for code, values in message.items.items():
        known = find(code)
        when = moment(values.get("SampleTime", "")) or at
        for sub, text in values.items():
            if sub not in NUMBERS or when is None:
                continue
            value, flag = number(text), values.get("Flag", "N")[:1].upper() or "N"
            found.append(
                Reading(
                    address=address, code=code, value=value, unit=known.unit if sub != "Cou" else "", at=when,
                    name=known.name, flag=flag if value is not None else "F", field=sub,
                )
            )  # fmt: skip
    return found


def number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and not text.strip().lower().startswith(("n", "i")) else None


def describe(message: Message) -> dict[str, Any]:
    head = message.head
    return {
        "qn": head.get("QN"),
        "st": head.get("ST"),
        "cn": head.get("CN"),
        "command": COMMANDS.get(head.get("CN", ""), ""),
        "pw": head.get("PW"),
        "mn": head.get("MN"),
        "flag": head.get("Flag"),
        "version": message.version,
        "answer_wanted": message.wants_answer,
        "packets": message.number("PNUM") or None,
        "packet": message.number("PNO") or None,
        "cp": {code: values.get("") if list(values) == [""] else values for code, values in message.items.items()},
    }


def reason_of(message: Message) -> str | None:
    if not message.length_ok:
        return "数据段长度与包中所写不符"
    if not message.checksum_ok:
        return "CRC 校验不符"
    if message.problem:
        return message.problem
    if not message.head.get("MN") or not message.head.get("CN"):
        return "缺少 MN 或 CN"
    return None


def key_of(message: Message) -> str:
    head = message.head
    return f"hj212:{head.get('MN')}:{head.get('CN')}:{message.data_time or head.get('QN')}:{head.get('PNO', '')}"


def decode(data: bytes) -> Decoded:
    """One frame. The readings of a damaged one are for people to look at, not to be kept."""
    message = read(data)
    return Decoded(
        valid=message.length_ok and message.checksum_ok,
        reason=reason_of(message),
        checksum_ok=message.checksum_ok,
        length_ok=message.length_ok,
        frame=describe(message),
        readings=readings_of(message),
        key=key_of(message),
        rest=data[message.size :].lstrip(b"\r\n"),
    )


def encode(segment: str) -> bytes:
    """A frame around a segment. Raises FrameError when the length field cannot hold it."""
    body = segment.encode()
    if len(body) > MAX_SEGMENT:
        raise FrameError(f"数据段 {len(body)} 字节，上限 {MAX_SEGMENT}")
    return b"##%04d%s%04X\r\n" % (len(body), body, crc(body))


class Hj212Framer:
    """Cuts a stream at `##` and the length; after garbage, or a frame that was cut off, it finds the next whole one."""

    def __init__(self) -> None:
        self.buffer = bytearray()

    def feed(self, data: bytes) -> list[Chunk]:
        self.buffer += data
        view, chunks, at, garbage = bytes(self.buffer), list[Chunk](), 0, 0
        while (start := view.find(START, at)) >= 0:
            size = size_at(view, start)
            if size is None:  # not enough bytes yet: unless a whole frame stands behind what was cut off
                inner = whole_frame_after(view, start)
                if inner < 0:
                    break
                at = inner
                continue
            if size == 0:
                at = start + 1
                continue
            chunks += junk(view[garbage:start])
            chunks.append(Chunk(view[start : start + size]))
            at = garbage = start + size
        keep = start if start >= 0 else len(view) - view.endswith(b"#")
        chunks += junk(view[garbage:keep])
        del self.buffer[: max(keep, garbage)]
        return chunks


def junk(data: bytes) -> list[Chunk]:
    return [Chunk(data, "不属于任何包的字节")] if data.strip(b"\r\n") else []


def size_at(data: bytes, start: int) -> int | None:
    """Bytes of the frame that begins here; 0 when none does; None when more bytes are needed to know."""
    digits = data[start + 2 : start + HEAD]
    if digits and not digits.isdigit():
        return 0
    if len(digits) < 4:
        return None
    size = HEAD + int(digits) + TAIL
    return size if len(data) - start >= size else None


def whole_frame_after(data: bytes, start: int) -> int:
    inner = data.find(START, start + 1)
    while inner >= 0:
        size = size_at(data, inner)
        if size and reason_of(read(data[inner : inner + size])) is None:
            return inner
        inner = data.find(START, inner + 1)
    return -1
