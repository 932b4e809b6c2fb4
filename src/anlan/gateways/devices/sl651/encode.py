"""Building SL 651 frames: reports (for simulators and tests), acknowledgements and commands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from anlan.gateways.devices.contract import FrameError
from anlan.gateways.devices.sl651.codec import BEIJING, ENQ, ESC, ETB, ETX, NAK, STX, SYN, crc16
from anlan.gateways.devices.sl651.elements import BY_ASCII, ELEMENTS, WITH_CLASS


def stamp(at: datetime, seconds: bool = True) -> bytes:
    return bytes.fromhex(at.astimezone(BEIJING).strftime("%y%m%d%H%M%S" if seconds else "%y%m%d%H%M"))


def with_crc(frame: bytes) -> bytes:
    return frame + crc16(frame).to_bytes(2, "big")


def with_ascii_crc(frame: bytes) -> bytes:
    return frame + f"{crc16(frame):04X}".encode()


def bcd(value: float | None, code: str) -> bytes:
    """One element: guide byte, definition byte, BCD digits (FF prefix when negative, all F when there is no data)."""
    element = ELEMENTS[code]
    digits = element.digits + element.digits % 2
    if value is None:
        body = "F" * digits
    else:
        whole = f"{round(abs(value) * 10**element.decimals):0{digits}d}"
        if len(whole) > digits:
            raise FrameError(f"要素 {code} 的值 {value} 超出 {element.digits} 位")
        body = f"FF{whole}" if value < 0 else whole
    raw = bytes.fromhex(body)
    return bytes([int(code, 16), len(raw) << 3 | element.decimals]) + raw


def report(
    station: str,
    values: Sequence[tuple[str, float | None]],
    at: datetime,
    *,
    function: str = "32",
    serial: int = 1,
    centre: int = 1,
    password: str = "0000",  # noqa: S107 - the protocol's field; stations are known by address and network
    kind: str = "48",
    sent_at: datetime | None = None,
) -> bytes:
    """An uplink report of `values` [(element code, value)] observed at `at`."""
    body = serial.to_bytes(2, "big") + stamp(sent_at or at) + b"\xf1\xf1" + bytes.fromhex(station)
    body += bytes.fromhex(kind) if function in WITH_CLASS else b""
    body += b"\xf0\xf0" + stamp(at, seconds=False) + b"".join(bcd(value, code) for code, value in values)
    head = b"\x7e\x7e" + bytes([centre]) + bytes.fromhex(station + password + function)
    return with_crc(head + len(body).to_bytes(2, "big") + bytes([STX]) + body + bytes([ETX]))


def packets(frame: bytes, most: int = 500) -> list[bytes]:
    """M3: a HEX report cut into packets of at most `most` bytes of body; ETB ends all but the last."""
    head, body = frame[:11], frame[14:-3]
    parts = [body[n : n + most] for n in range(0, len(body), most)]
    made = []
    for number, part in enumerate(parts, 1):
        content = (len(parts) << 12 | number).to_bytes(3, "big") + part
        end = ETX if number == len(parts) else ETB
        made.append(with_crc(head + len(content).to_bytes(2, "big") + bytes([SYN]) + content + bytes([end])))
    return made


def ascii_report(
    station: str,
    values: Sequence[tuple[str, float | None]],
    at: datetime,
    *,
    function: str = "32",
    serial: int = 1,
    centre: int = 1,
    password: str = "0000",  # noqa: S107 - as above
    kind: str = "H",
) -> bytes:
    """The same report in the ASCII encoding (tables 16-19)."""
    names = {code: name for name, code in BY_ASCII.items()}
    words = [f"ST {station}", kind, f"TT {stamp(at, seconds=False).hex()}"]
    for code, value in values:
        shown = "M" if value is None else f"{value:.{ELEMENTS[code].decimals}f}"
        words.append(f"{names[code]} {shown}")
    kinds = [words[1]] if function in WITH_CLASS else []
    body = f"{serial:04X}{stamp(at).hex()}" + " ".join([words[0], *kinds, *words[2:]]) + " "
    text = f"{centre:02X}{station}{password}{function}0{len(body):03X}"
    return with_ascii_crc(b"\x01" + text.encode() + bytes([STX]) + body.encode() + bytes([ETX]))


def command(kind: str, address: str, at: datetime, serial: int) -> bytes:
    """ "time": set the station's clock (4AH); "query": its values now (37H)."""
    functions = {"time": "4A", "query": "37"}
    if kind not in functions:
        raise FrameError(f"SL 651 测站没有命令 {kind}")
    return down(address, 1, "0000", functions[kind], serial.to_bytes(2, "big") + stamp(at), ENQ)


def keep_alive(station: str, at: datetime, serial: int = 1, centre: int = 1) -> bytes:
    """2F 链路维持报; it is not answered."""
    body = serial.to_bytes(2, "big") + stamp(at)
    head = b"\x7e\x7e" + bytes([centre]) + bytes.fromhex(station + "00002F")
    return with_crc(head + len(body).to_bytes(2, "big") + bytes([STX]) + body + bytes([ETX]))


def down(station: str, centre: int, password: str, function: str, body: bytes, end: int, start: int = STX) -> bytes:
    """Any downlink: station first, then centre (table 21)."""
    head = b"\x7e\x7e" + bytes.fromhex(station) + bytes([centre]) + bytes.fromhex(password + function)
    return with_crc(head + (0x8000 | len(body)).to_bytes(2, "big") + bytes([start]) + body + bytes([end]))


def acknowledge(
    station: str, centre: int, password: str, function: str, serial: int, at: datetime, end: int = ESC
) -> bytes:
    """M2: confirms the report `serial`; ESC keeps the line, EOT lets the station disconnect."""
    return down(station, centre, password, function, serial.to_bytes(2, "big") + stamp(at), end)


def acknowledge_packets(
    station: str, centre: int, password: str, function: str, total: int, number: int, at: datetime, end: int = ESC
) -> bytes:
    """M3: one confirmation after the last packet, or NAK naming the packet to send again."""
    body = (total << 12 | number).to_bytes(3, "big") + (0).to_bytes(2, "big") + stamp(at)
    return down(station, centre, password, function, body, NAK if end == NAK else end, SYN)


def query(station: str, centre: int, password: str, function: str, at: datetime, parameters: bytes = b"") -> bytes:
    """A question or setting to the station, e.g. 37H live data, 4AH set clock."""
    return down(station, centre, password, function, (0).to_bytes(2, "big") + stamp(at) + parameters, ENQ)
