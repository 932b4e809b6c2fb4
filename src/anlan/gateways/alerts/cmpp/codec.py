"""CMPP 2.0 and 3.0 (中国移动通信互联网短信网关接口协议): the messages as bytes. Pure.

Every message: total length, command, sequence (4 bytes each, big endian), body. Lengths of fields differ by version.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

CONNECT, TERMINATE, SUBMIT, DELIVER, ACTIVE_TEST = 0x1, 0x2, 0x4, 0x5, 0x8
RESPONSE = 0x80000000
V2, V3 = 0x20, 0x30
HEAD = struct.Struct(">III")
#: Msg_Fmt 8: UCS-2. One message holds 70 characters; a joined part 67, because six bytes say which part it is (GSM 03.40).
UCS2, ONE, JOINED = 8, 70, 67
#: SUBMIT_RESP Result 8: flow control (流量控制错): later.
BUSY = 8
LONGEST = 4096
#: Stat of a status report: on the phone; still on its way (another report follows). Everything else is an end without it.
DELIVERED, UNDER_WAY = "DELIVRD", {"ACCEPTD", "ENROUTE", ""}


class CmppError(ValueError):
    """Bytes that are no CMPP."""


@dataclass(frozen=True)
class Pdu:
    command: int
    sequence: int
    body: bytes


def pack(command: int, sequence: int, body: bytes = b"") -> bytes:
    return HEAD.pack(HEAD.size + len(body), command, sequence) + body


def split(buffer: bytearray) -> Iterator[Pdu]:
    """Take every whole message off the front of the buffer. Raises CmppError for a length that cannot be."""
    at, end = 0, len(buffer)
    try:
        while end - at >= HEAD.size:
            length, command, sequence = HEAD.unpack_from(buffer, at)
            if not HEAD.size <= length <= LONGEST:
                raise CmppError(f"长度 {length} 不在 {HEAD.size}～{LONGEST} 内")
            if end - at < length:
                return
            body = bytes(buffer[at + HEAD.size : at + length])
            at += length
            yield Pdu(command, sequence, body)
    finally:
        del buffer[:at]


def secret(source: str, password: str, timestamp: str) -> bytes:
    """AuthenticatorSource: MD5(Source_Addr + nine zero bytes + shared secret + MMDDHHMMSS). (MD5 is the protocol's choice.)"""
    text = source.encode() + bytes(9) + password.encode() + timestamp.encode()
    return hashlib.md5(text, usedforsecurity=False).digest()


def connect(sequence: int, source: str, password: str, timestamp: str, version: int) -> bytes:
    body = source.encode()[:6].ljust(6, b"\0") + secret(source, password, timestamp)
    return pack(CONNECT, sequence, body + struct.pack(">BI", version, int(timestamp)))


def connect_status(pdu: Pdu, version: int) -> int:
    """0 = welcome."""
    size = 4 if version >= V3 else 1
    return int.from_bytes(pdu.body[:size], "big")


@lru_cache(64)
def whole(text: str) -> list[tuple[bytes, bool]]:
    return [(text.encode("utf-16-be"), False)]


def parts(text: str, reference: int) -> list[tuple[bytes, bool]]:
    """(content, has a user data header) of one text: one message, or several that the phone joins."""
    if len(text) <= ONE:
        return whole(text)
    pieces = [text[start : start + JOINED] for start in range(0, len(text), JOINED)]
    head = bytes([5, 0, 3, reference & 0xFF, len(pieces)])
    return [(head + bytes([n]) + piece.encode("utf-16-be"), True) for n, piece in enumerate(pieces, 1)]


@lru_cache(256)
def around(
    source: str, service: str, number: str, part: bytes, joined: bool, version: int, total: int, index: int
) -> tuple[bytes, bytes]:
    """What stands before and after the phone: the same for everybody who gets the text."""
    v3 = version >= V3
    before = b"".join(
        (
            bytes(8), bytes([total, index, 1, 9]), service.encode()[:10].ljust(10, b"\0"), b"\x02", bytes(32 if v3 else 21),
            b"\0" if v3 else b"", bytes([0, int(joined), UCS2]), source.encode()[:6].ljust(6, b"\0"), b"01", b"000000",
            bytes(34), number.encode()[:21].ljust(21, b"\0"), b"\x01",
        )
    )  # fmt: skip
    return before, b"".join((b"\0" if v3 else b"", bytes([len(part)]), part, bytes(20 if v3 else 8)))


def submit(sequence: int, source: str, service: str, number: str, phone: str, part: bytes, joined: bool, version: int,
           total: int = 1, index: int = 1) -> bytes:  # fmt: skip
    """One part to one phone, with a status report asked for. source: enterprise code; number: what the phone shows."""
    before, after = around(source, service, number, part, joined, version, total, index)
    wide = 32 if version >= V3 else 21
    return pack(SUBMIT, sequence, before + phone.encode()[:wide].ljust(wide, b"\0") + after)


def submitted(pdu: Pdu, version: int) -> tuple[str, bytes]:
    """(phone, content) of a SUBMIT, for the simulator."""
    wide = 32 if version >= V3 else 21
    extra = 1 if version >= V3 else 0
    phone_at = 8 + 4 + 10 + 1 + wide + extra + 3 + 6 + 2 + 6 + 34 + 21 + 1
    phone = pdu.body[phone_at : phone_at + wide].rstrip(b"\0").decode("ascii", "replace")
    length_at = phone_at + wide + extra
    length = pdu.body[length_at]
    return phone, pdu.body[length_at + 1 : length_at + 1 + length]


def submit_response(sequence: int, message_id: int, result: int, version: int) -> bytes:
    kind = ">QI" if version >= V3 else ">QB"
    return pack(SUBMIT | RESPONSE, sequence, struct.pack(kind, message_id, result))


def submit_result(pdu: Pdu) -> tuple[int, int]:
    """(message id, result); 0 = accepted."""
    return int.from_bytes(pdu.body[:8], "big"), int.from_bytes(pdu.body[8:], "big")


@dataclass(frozen=True)
class Report:
    """状态报告 of one part: the number its SUBMIT was answered with, how it ended, when it was taken (YYMMDDhhmm, Beijing)."""

    number: int
    stat: str
    submitted: str
    done: str
    phone: str


def text_of(data: bytes) -> str:
    return data.split(b"\0")[0].decode("ascii", "replace").strip()


def report(pdu: Pdu, version: int) -> Report | None:
    """The status report in a DELIVER (Registered_Delivery = 1); None for what somebody wrote on his phone. The content: Msg_Id 8,
    Stat 7, Submit_time 10, Done_time 10, Dest_terminal_Id 21 (3.0: 32), SMSC_sequence 4. Raises CmppError when it is cut short."""
    at = 8 + 21 + 10 + 3 + (33 if version >= V3 else 21)
    if len(pdu.body) < at + 2 or pdu.body[at] != 1:
        return None
    said = pdu.body[at + 2 : at + 2 + pdu.body[at + 1]]
    if len(said) < 8 + 7 + 10 + 10 + 21:
        raise CmppError(f"状态报告 {len(said)} 字节，至少 56 字节")
    return Report(
        int.from_bytes(said[:8], "big"),
        text_of(said[8:15]),
        text_of(said[15:25]),
        text_of(said[25:35]),
        text_of(said[35:-4]),
    )


def deliver_report(sequence: int, said: Report, version: int) -> bytes:
    """A DELIVER with a status report, for the simulator."""
    wide = 32 if version >= V3 else 21
    content = b"".join((
        said.number.to_bytes(8, "big"), said.stat.encode()[:7].ljust(7, b"\0"), said.submitted.encode()[:10].ljust(10, b"\0"),
        said.done.encode()[:10].ljust(10, b"\0"), said.phone.encode()[:wide].ljust(wide, b"\0"), sequence.to_bytes(4, "big"),
    ))  # fmt: skip
    head = sequence.to_bytes(8, "big") + bytes(21 + 10 + 3) + said.phone.encode()[:wide].ljust(wide, b"\0")
    v3 = version >= V3
    return pack(
        DELIVER, sequence, head + (b"\0" if v3 else b"") + bytes([1, len(content)]) + content + bytes(20 if v3 else 8)
    )


def deliver_response(pdu: Pdu, version: int) -> bytes:
    return pack(DELIVER | RESPONSE, pdu.sequence, pdu.body[:8] + bytes(4 if version >= V3 else 1))
