"""CoAP messages (RFC 7252): header, options, payload; and the readings of a POST to `v1/<address>/telemetry`.

The payload is that of MQTT devices: our own JSON (Content-Format 50, or none) or SenML (110, RFC 8428 section 12.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from anlan.gateways.devices.contract import Decoded, FrameError, Reading
from anlan.gateways.devices.mqtt.codec import address_of
from anlan.gateways.devices.mqtt.codec import decode as decode_json

#: Section 3: types of message.
CON, NON, ACK, RST = range(4)
TYPES = ("CON", "NON", "ACK", "RST")
#: Section 12.1: class and detail as one byte.
EMPTY, POST, PUT = 0x00, 0x02, 0x03
CHANGED, BAD_REQUEST, BAD_OPTION, NOT_FOUND, NOT_ALLOWED, UNSUPPORTED = 0x44, 0x80, 0x82, 0x84, 0x85, 0x8F
#: Section 12.2.
URI_HOST, URI_PORT, URI_PATH, CONTENT_FORMAT, URI_QUERY = 3, 7, 11, 12, 15
UNDERSTOOD = {URI_HOST, URI_PORT, URI_PATH, CONTENT_FORMAT, URI_QUERY}
#: Section 12.3 and RFC 8428 section 12.1: JSON, and SenML as JSON.
JSON, SENML = 50, 110
MARKER = 0xFF
#: Section 4.6: a message that fits into one packet has 1152 bytes; one datagram has no more than this.
MOST = 65_507
Option = tuple[int, bytes]


class Refused(FrameError):
    """A request that is well formed and not taken; code: the answer's."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Message:
    kind: int
    code: int
    number: int
    token: bytes = b""
    options: tuple[Option, ...] = ()
    payload: bytes = b""

    def encode(self) -> bytes:
        """Section 3; options in the order of their numbers."""
        data = bytearray([0x40 | self.kind << 4 | len(self.token), self.code])
        data += self.number.to_bytes(2, "big") + self.token
        before = 0
        for number, value in sorted(self.options, key=lambda option: option[0]):
            delta, delta_more = extended(number - before)
            length, length_more = extended(len(value))
            data += bytes([delta << 4 | length]) + delta_more + length_more + value
            before = number
        return bytes(data) + (bytes([MARKER]) + self.payload if self.payload else b"")

    @property
    def path(self) -> str:
        return "/".join(value.decode(errors="replace") for number, value in self.options if number == URI_PATH)

    @property
    def format(self) -> int | None:
        found = [int.from_bytes(value, "big") for number, value in self.options if number == CONTENT_FORMAT]
        return found[0] if found else None


def extended(value: int) -> tuple[int, bytes]:
    """Section 3.1: a nibble, and what does not fit into it."""
    if value < 13:
        return value, b""
    if value < 269:
        return 13, bytes([value - 13])
    return 14, (value - 269).to_bytes(2, "big")


def read(data: bytes) -> Message:
    """A datagram; FrameError says where it breaks section 3."""
    if len(data) < 4:
        raise FrameError(f"报文 {len(data)} 字节，短于 4 字节的头")
    version, kind, size = data[0] >> 6, data[0] >> 4 & 3, data[0] & 15
    if version != 1:
        raise FrameError(f"版本 {version} 应为 1")
    if size > 8 or 4 + size > len(data):
        raise FrameError(f"令牌长度 {size} 应为 0～8 且不超出报文")
    code, number = data[1], int.from_bytes(data[2:4], "big")
    if code == EMPTY and len(data) > 4:
        raise FrameError("空报文（0.00）之后不应有内容")
    options, payload = tail(data[4 + size :])
    return Message(kind, code, number, data[4 : 4 + size], tuple(options), payload)


def tail(data: bytes) -> tuple[list[Option], bytes]:
    """Options and payload, section 3.1."""
    options: list[Option] = []
    at = number = 0
    while at < len(data):
        if data[at] == MARKER:
            if at + 1 == len(data):
                raise FrameError("载荷标志 FF 之后没有载荷")
            return options, data[at + 1 :]
        head, at = data[at], at + 1
        delta, at = nibble(head >> 4, data, at)
        length, at = nibble(head & 15, data, at)
        number += delta
        if at + length > len(data):
            raise FrameError(f"选项 {number} 的长度 {length} 超出报文")
        options.append((number, data[at : at + length]))
        at += length
    return options, b""


def nibble(value: int, data: bytes, at: int) -> tuple[int, int]:
    """A delta or length, and where it ends."""
    if value < 13:
        return value, at
    size = value - 12
    if value == 15 or at + size > len(data):
        raise FrameError("选项的差值或长度为保留值 15，或超出报文")
    return int.from_bytes(data[at : at + size], "big") + (13 if value == 13 else 269), at + size


def readings_of(message: Message, now: datetime) -> list[Reading]:
    """What a request brings. Refused says with which code it is answered when it is not one of ours."""
    strange = [number for number, _ in message.options if number % 2 and number not in UNDERSTOOD]
    if strange:  # section 5.4.1: critical options are not passed over; Block1 (27, RFC 7959) is one
        raise Refused(BAD_OPTION, f"关键选项 {strange[0]} 不支持")
    try:
        address = address_of(message.path)
    except FrameError as error:
        raise Refused(NOT_FOUND, str(error)) from error
    if message.code not in (POST, PUT):
        raise Refused(NOT_ALLOWED, f"方法 {name_of(message.code)} 应为 0.02（POST）或 0.03（PUT）")
    if message.format not in (None, JSON, SENML):
        raise Refused(UNSUPPORTED, f"Content-Format {message.format} 应为 {JSON}（JSON）或 {SENML}（SenML JSON）")
    try:
        return decode_json(message.payload, address, now)
    except FrameError as error:
        raise Refused(BAD_REQUEST, str(error)) from error


def name_of(code: int) -> str:
    return f"{code >> 5}.{code & 31:02d}"


def decode(data: bytes) -> Decoded:
    """For the command line."""
    message = read(data)
    frame = {
        "type": TYPES[message.kind], "code": name_of(message.code), "message_id": message.number,
        "token": message.token.hex(), "path": message.path, "content_format": message.format,
        "options": [[number, value.hex()] for number, value in message.options],
        "payload": message.payload.decode(errors="replace"),
    }  # fmt: skip
    if message.code == EMPTY or message.code >= 0x40:
        return Decoded(True, None, True, True, frame)
    try:
        readings = readings_of(message, datetime.fromtimestamp(0, UTC))
    except Refused as error:
        return Decoded(False, str(error), True, True, frame)
    return Decoded(True, None, True, True, frame, readings)
