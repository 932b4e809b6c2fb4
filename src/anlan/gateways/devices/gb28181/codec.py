"""SIP messages of GB/T 28181-2016 with MANSCDP+xml bodies (annex A), both directions. Pure.

SIP after RFC 3261: start line, headers, empty line, body of Content-Length bytes. Bodies are GB 2312/GB 18030 or UTF-8 as
their declaration says. Times in bodies are local (Beijing) without zone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from anlan.gateways.devices.contract import Chunk, Decoded, FrameError, Reading

BEIJING = timezone(timedelta(hours=8))
MAX_MESSAGE = 64 * 1024
MAX_HEADERS = 100
START = re.compile(rb"(?:SIP/2\.0 \d{3}|[A-Z]{3,12} sips?:\S{1,200} SIP/2\.0)")
#: RFC 3261, 7.3.3: short forms.
SHORT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "l": "content-length", "c": "content-type", "m": "contact"}
DEVICE = re.compile(r"sips?:([0-9A-Za-z_-]{1,32})@")
#: Annex A.2.5: 报警方式.
METHODS = {
    "1": "电话报警",
    "2": "设备报警",
    "3": "短信报警",
    "4": "GPS报警",
    "5": "视频报警",
    "6": "设备故障报警",
    "7": "其他报警",
}


@dataclass
class Message:
    """A SIP message. method "" and status > 0: a response."""

    method: str = ""
    uri: str = ""
    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    @property
    def device(self) -> str:
        """Whose message it is: the 20-digit number in From."""
        found = DEVICE.search(self.header("from"))
        return found[1] if found else ""


def read(data: bytes) -> Message:
    """One message. Raises FrameError."""
    head, separator, body = data.partition(b"\r\n\r\n")
    if not separator or len(data) > MAX_MESSAGE:
        raise FrameError("SIP 消息没有空行，或超过 64 KiB")
    lines = head.decode("utf-8", "replace").split("\r\n")
    made = start_line(lines[0])
    for line in lines[1 : MAX_HEADERS + 1]:
        if line[:1] in (" ", "\t") and made.headers:
            key, value = made.headers[-1]
            made.headers[-1] = (key, f"{value} {line.strip()}")
            continue
        name, colon, value = line.partition(":")
        if not colon:
            raise FrameError(f"SIP 头 {line[:60]!r} 没有冒号")
        key = name.strip().lower()
        made.headers.append((SHORT.get(key, key), value.strip()))
    length = made.header("content-length")
    if length and (not length.isascii() or not length.isdigit() or int(length) != len(body)):
        raise FrameError(f"Content-Length {length[:12]} 与实际 {len(body)} 字节不符")
    made.body = body
    return made


def start_line(line: str) -> Message:
    parts = line.split(" ", 2)
    if len(parts) >= 2 and parts[0] == "SIP/2.0" and len(parts[1]) == 3 and parts[1].isascii() and parts[1].isdigit():
        return Message(status=int(parts[1]))
    if len(parts) == 3 and parts[2] == "SIP/2.0" and parts[0].isascii() and parts[0].isupper():
        return Message(method=parts[0], uri=parts[1])
    raise FrameError(f"SIP 起始行 {line[:60]!r} 不认识")


def content(message: Message) -> dict[str, Any]:
    """The MANSCDP body: {"root", "CmdType", "SN", "DeviceID", ..., "items": [...]}; {} when there is none."""
    if not message.body.strip():
        return {}
    try:
        root = fromstring(recoded(message.body))
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise FrameError(f"MANSCDP 正文不是有效的 XML：{error}") from error
    told: dict[str, Any] = {"root": root.tag}
    for child in root:
        if child.tag == "DeviceList":
            told["items"] = [flat(item) for item in child]
        elif len(child):
            told[child.tag] = flat(child)
        else:
            told[child.tag] = (child.text or "").strip()
    return told


def recoded(body: bytes) -> bytes:
    """As UTF-8: the declared GB 2312 is GB 18030 in practice, and the parser knows neither."""
    head = body[:120].lower()
    if b"gb2312" in head or b"gbk" in head or b"gb18030" in head:
        text = body.decode("gb18030", "replace")
        return re.sub(r"<\?xml[^>]*\?>", "", text, count=1).encode()
    return body


def flat(item: Element) -> dict[str, str]:
    return {child.tag: (child.text or "").strip() for child in item}


def moment(text: str, now: datetime) -> datetime:
    """Local time of a body; the time of arrival when there is none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return now
    return at if at.tzinfo else at.replace(tzinfo=BEIJING)


def readings_of(told: dict[str, Any], now: datetime) -> list[Reading]:
    """Alarms as `alarm.<method>`; who is on line as `online`."""
    kind, device = told.get("CmdType", ""), str(told.get("DeviceID", ""))
    if not device:
        return []
    if kind == "Alarm":
        method = str(told.get("AlarmMethod", "7"))[:2]
        name = f"{METHODS.get(method, '报警')}：{told.get('AlarmDescription', '')}"[:80]
        return [Reading(device, f"alarm.{method}", 1.0, "", moment(str(told.get("AlarmTime", "")), now), name)]
    if kind == "Keepalive":
        return [Reading(device, "online", 1.0 if told.get("Status", "OK") == "OK" else 0.0, "", now)]
    if kind == "DeviceStatus":
        return [Reading(device, "online", 1.0 if told.get("Online") == "ONLINE" else 0.0, "", now)]
    if kind == "Catalog":
        items = [item for item in told.get("items", []) if item.get("DeviceID") and item.get("Status")]
        states = {"ON": 1.0, "ONLINE": 1.0, "OK": 1.0}
        return [
            Reading(
                item["DeviceID"], "online", states.get(item["Status"].upper(), 0.0), "", now, item.get("Name", "")[:80]
            )
            for item in items
        ]
    return []


def decode(data: bytes) -> Decoded:
    """One message with its body."""
    message = read(data)
    told = content(message) if "MANSCDP" in message.header("content-type").upper() else {}
    frame = {
        "method": message.method, "status": message.status, "device": message.device,
        "call_id": message.header("call-id"), "cseq": message.header("cseq"), "body": told,
    }  # fmt: skip
    epoch = datetime.fromtimestamp(0, BEIJING)
    key = f"gb28181:{message.device}:{message.header('call-id')}:{message.header('cseq')}"
    return Decoded(True, None, True, True, frame, readings_of(told, epoch), key)


def answer(message: Message, status: str, *more: tuple[str, str]) -> bytes:
    """A response to a request: "200 OK"."""
    kept = [(name, value) for name, value in message.headers if name in ("via", "from", "to", "call-id", "cseq")]
    names = {"via": "Via", "from": "From", "to": "To", "call-id": "Call-ID", "cseq": "CSeq"}
    lines = [f"SIP/2.0 {status}"]
    for name, value in kept:
        tagged = f"{value};tag=anlan" if name == "to" and "tag=" not in value else value
        lines.append(f"{names[name]}: {tagged}")
    lines += [f"{name}: {value}" for name, value in more]
    return ("\r\n".join([*lines, "Content-Length: 0"]) + "\r\n\r\n").encode()


def request(
    method: str, device: str, centre: str, host: str, number: int, xml: str = "", *more: tuple[str, str]
) -> bytes:
    """A request from `device` to `centre`, or the other way round. xml: MANSCDP body."""
    body = xml.encode("gb18030")
    kind = [("Content-Type", "Application/MANSCDP+xml")] if xml else []
    headers = [
        ("Via", f"SIP/2.0/UDP {host};rport;branch=z9hG4bK{number}"), ("From", f"<sip:{device}@{host}>;tag={number}"),
        ("To", f"<sip:{centre}@{host}>"), ("Call-ID", f"{number}@{host}"), ("CSeq", f"{number} {method}"),
        ("Max-Forwards", "70"), *kind, *more, ("Content-Length", str(len(body))),
    ]  # fmt: skip
    lines = [f"{method} sip:{centre}@{host} SIP/2.0", *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def catalog_query(device: str, centre: str, host: str, number: int) -> bytes:
    """Ask a device or platform what it has (annex A.2.4.3)."""
    xml = (
        f'<?xml version="1.0" encoding="GB2312"?>\r\n<Query><CmdType>Catalog</CmdType><SN>{number}</SN>'
        f"<DeviceID>{device}</DeviceID></Query>"
    )
    return request("MESSAGE", centre, device, host, number, xml)


class SipFramer:
    """Cuts messages by Content-Length; a datagram is one message, a TCP stream may hold several."""

    def __init__(self) -> None:
        self.buffer = bytearray()

    def feed(self, data: bytes) -> list[Chunk]:
        self.buffer += data
        chunks: list[Chunk] = []
        while self.buffer:
            start = START.search(self.buffer)
            if start is None:
                keep = min(len(self.buffer), 256) if len(self.buffer) <= MAX_MESSAGE else 0
                if len(self.buffer) > keep:
                    chunks.append(Chunk(self.take(len(self.buffer) - keep), "不属于任何 SIP 消息的字节"))
                break
            if start.start():
                chunks.append(Chunk(self.take(start.start()), "不属于任何 SIP 消息的字节"))
                continue
            size = self.size()
            if size == 0 and len(self.buffer) <= MAX_MESSAGE:
                break
            if size == 0 or size > MAX_MESSAGE:
                chunks.append(Chunk(self.take(len(start[0])), "SIP 消息过长"))
            elif len(self.buffer) < size:
                break
            else:
                chunks.append(Chunk(self.take(size)))
        return chunks

    def take(self, count: int) -> bytes:
        part = bytes(self.buffer[:count])
        del self.buffer[:count]
        return part

    def size(self) -> int:
        """Bytes of the message at the front, 0 while its head is not complete."""
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return 0
        found = re.search(
            rb"\r\n(?:content-length|l)\s*:\s*(\d{1,7})\s*(?:\r\n|$)", bytes(self.buffer[:end]), re.IGNORECASE
        )
        return end + 4 + (int(found[1]) if found else 0)
