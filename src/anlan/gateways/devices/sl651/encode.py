"""Building SL 651 frames: reports (for simulators and tests), acknowledgements and commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from anlan.gateways.devices.contract import Command, FrameError
from anlan.gateways.devices.parameters import number, span, text
from anlan.gateways.devices.sl651.codec import BEIJING, ENQ, ESC, ETB, ETX, STX, SYN, crc16
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
    """M3: a report cut into packets of at most `most` bytes of body; ETB ends all but the last."""
    text_like = frame[:1] == b"\x01"
    head, body = (frame[:19], frame[24:-5]) if text_like else (frame[:11], frame[14:-3])
    parts = [body[n : n + most] for n in range(0, len(body), most)]
    made = []
    for number_, part in enumerate(parts, 1):
        end = bytes([ETX if number_ == len(parts) else ETB])
        if text_like:
            content = f"{len(parts):03X}{number_:03X}".encode() + part
            made.append(with_ascii_crc(head + f"0{len(content):03X}".encode() + bytes([SYN]) + content + end))
        else:
            content = (len(parts) << 12 | number_).to_bytes(3, "big") + part
            made.append(with_crc(head + len(content).to_bytes(2, "big") + bytes([SYN]) + content + end))
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


#: Kind -> function code and what it is called (appendix B).
COMMANDS = {
    "time": ("4A", Command("校时")),
    "query": ("37", Command("查询实时数据")),
    "element": ("3A", Command("查询指定要素", {"elements": "要素码，逗号分开，如 39,20"})),
    "history": (
        "38",
        Command(
            "补取时段数据",
            {"start": "开始（整时）", "end": "结束（整时）", "element": "要素码", "step_min": "步长 min（默认 60）"},
        ),
    ),
    "status": ("46", Command("查询状态和报警信息")),
    "version": ("45", Command("查询软件版本")),
    "clock": ("51", Command("查询时钟")),
    "events": ("50", Command("查询事件记录")),
}


def command(kind: str, address: str, at: datetime, serial: int, parameters: Mapping[str, str] | None = None) -> bytes:
    """A command down: "time" sets the clock (4AH), "query" asks for values (37H), "history" for a period (38H) ..."""
    if kind not in COMMANDS:
        raise FrameError(f"SL 651 测站没有命令 {kind}；有：{'、'.join(COMMANDS)}")
    try:
        bytes.fromhex(address)
    except ValueError as error:
        raise FrameError(f"测站地址“{address[:20]}”应为 10 位十六进制") from error
    given, body = parameters or {}, b""
    if kind == "element":
        body = b"".join(identifier(code) for code in text(given, "elements").replace("，", ",").split(","))
    if kind == "history":
        start, end = span(given)
        step = number(given, "step_min", 1, 24 * 60, 60)
        body = bytes.fromhex(
            f"{start:%y%m%d%H}{end:%y%m%d%H}0418{step // 1440:02d}{step // 60 % 24:02d}{step % 60:02d}"
        )
        body += identifier(text(given, "element"))
    return down(address, 1, "0000", COMMANDS[kind][0], serial.to_bytes(2, "big") + stamp(at) + body, ENQ)


def identifier(code: str) -> bytes:
    """Guide and definition byte of an element, without a value."""
    code = code.strip().upper()
    element = ELEMENTS.get(code)
    if element is None:
        raise FrameError(f"SL 651 没有要素码“{code[:10]}”")
    special = {"F4": b"\xf4\x60", "F5": b"\xf5\xc0"}
    size = (element.digits + 1) // 2
    return special.get(code) or bytes([int(code, 16), size << 3 | element.decimals])


def keep_alive(station: str, at: datetime, serial: int = 1, centre: int = 1) -> bytes:
    """2F 链路维持报; it is not answered."""
    body = serial.to_bytes(2, "big") + stamp(at)
    head = b"\x7e\x7e" + bytes([centre]) + bytes.fromhex(station + "00002F")
    return with_crc(head + len(body).to_bytes(2, "big") + bytes([STX]) + body + bytes([ETX]))


def down(station: str, centre: int, password: str, function: str, body: bytes, end: int, start: int = STX) -> bytes:
    """Any downlink: station first, then centre (table 21)."""
    head = b"\x7e\x7e" + bytes.fromhex(station) + bytes([centre]) + bytes.fromhex(password + function)
    return with_crc(head + (0x8000 | len(body)).to_bytes(2, "big") + bytes([start]) + body + bytes([end]))


@dataclass(frozen=True)
class Reply:
    """Who is answered, in the encoding that the station speaks."""

    station: str
    centre: int
    password: str
    function: str
    ascii: bool = False

    def down(self, body: bytes, end: int, start: int = STX) -> bytes:
        if not self.ascii:
            return down(self.station, self.centre, self.password, self.function, body, end, start)
        words = body.hex().upper()
        head = f"{self.station}{self.centre:02X}{self.password}{self.function}8{len(words):03X}"
        return with_ascii_crc(b"\x01" + head.encode() + bytes([start]) + words.encode() + bytes([end]))

    def report(self, serial: int, at: datetime, end: int = ESC) -> bytes:
        """M2: confirms the report `serial`; ESC keeps the line, EOT lets the station disconnect, NAK refuses."""
        return self.down(serial.to_bytes(2, "big") + stamp(at), end)

    def packets(self, total: int, number: int, at: datetime, end: int = ESC) -> bytes:
        """M3: one confirmation after the last packet, or NAK naming the packet to send again."""
        return self.down((total << 12 | number).to_bytes(3, "big") + (0).to_bytes(2, "big") + stamp(at), end, SYN)
