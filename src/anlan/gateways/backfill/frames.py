"""Dumps of a protocol's frames: a text log with one frame a line, or the bytes as they went over the line.

Each frame goes through the same session as on line; what it would have answered is left unsaid.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from anlan.gateways.backfill.tables import Bad, FileError, Item, Value
from anlan.gateways.devices.contract import DeviceProtocol, FrameError, Step

CHUNK = 64 * 1024
#: The longest run of bytes in hex in a line of a log is taken for its frame.
HEX = re.compile(r"(?:[0-9A-Fa-f]{2}[ ,]?){10,}")
LOOK = 4096


def is_text(file: Path) -> bool:
    with file.open("rb") as raw:
        head = raw.read(LOOK)
    return not head or sum(32 <= byte < 127 or byte in b"\t\r\n" or byte > 127 for byte in head) == len(head)


def frame_in(line: str, protocol: DeviceProtocol) -> bytes | None:
    """The frame in one line of a log, whatever stands before it."""
    if protocol.from_text != bytes.fromhex:  # frames that are text themselves
        start = line.find("##")
        return line[start:].encode() + b"\r\n" if start >= 0 else None
    found = max(HEX.findall(line), key=len, default="")
    digits = found.replace(" ", "").replace(",", "")
    return bytes.fromhex(digits[: len(digits) // 2 * 2]) if digits else None


def read_frames(file: Path, protocol: DeviceProtocol, now: datetime, told: Callable[[float], None]) -> Iterator[Item]:
    """Readings of every frame of the file; frames that are refused are named."""
    if protocol.session is None:
        raise FileError(f"协议 {protocol.name} 没有可重放的报文")
    pieces = lines(file, protocol, told) if is_text(file) else chunks(file, told)
    session = protocol.session()
    for where, data in pieces:
        if data is None:
            yield Bad(where, "", "这一行没有报文")
            continue
        try:
            steps = session.receive(data, now)
        except FrameError as error:
            yield Bad(where, data.hex().upper()[:400], str(error))
            continue
        for step in steps:
            yield from items(step, where)


def items(step: Step, where: str) -> Iterator[Item]:
    if step.reason:
        yield Bad(where, step.raw.hex().upper()[:400], step.reason)
    for reading in step.readings:
        yield Value(where, (reading.address, reading.code), reading.at, reading.value, reading.flag)


def lines(file: Path, protocol: DeviceProtocol, told: Callable[[float], None]) -> Iterator[tuple[str, bytes | None]]:
    size = max(1, file.stat().st_size)
    with file.open("rb") as raw:
        for number, line in enumerate(raw, 1):
            if number % 500 == 0:
                told(raw.tell() / size)
            text = line.decode("utf-8", errors="replace").strip()
            if text and not text.startswith("#" if protocol.from_text == bytes.fromhex else "//"):
                yield f"第 {number} 行", frame_in(text, protocol)


def chunks(file: Path, told: Callable[[float], None]) -> Iterator[tuple[str, bytes]]:
    size, at = max(1, file.stat().st_size), 0
    with file.open("rb") as raw:
        while data := raw.read(CHUNK):
            yield f"第 {at}～{at + len(data)} 字节", data
            at += len(data)
            told(at / size)
