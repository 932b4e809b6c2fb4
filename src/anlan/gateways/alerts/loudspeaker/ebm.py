"""应急广播消息 (GD/J 082 family, as public platforms show it; the standard's text was not at hand: 待核对). Pure.

A tar file `EBDT_<EBDID>.tar` holds `EBDB_<EBDID>.xml`. The same order has the same ids, so that the platform knows it again.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from defusedxml import ElementTree

from anlan.gateways.alerts.contract import Outcome, Receipt

BEIJING = timezone(timedelta(hours=8))
SEVERITY = {"红": "1", "橙": "2", "黄": "3", "蓝": "4"}
PLAY, CANCEL = "1", "2"


@dataclass(frozen=True)
class Order:
    """What is to be played where. serial: 16 digits, the same for every attempt."""

    serial: str
    source: str
    dest: str
    sender_name: str
    event_code: str
    level: str
    title: str
    text: str
    start: datetime
    end: datetime
    areas: Sequence[str]
    cancel: bool
    sent: datetime


def serial(key: str) -> str:
    """Sixteen digits out of a message's key."""
    return f"{int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], 'big') % 10**16:016}"


def moment(at: datetime) -> str:
    return at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def fill(parent: Element, **values: str) -> None:
    for name, value in values.items():
        SubElement(parent, name).text = value


def document(order: Order, sound: bytes = b"") -> bytes:
    ebd = Element("EBD")
    fill(ebd, EBDVersion="1", EBDID=ebd_id(order), EBDType="EBM")
    fill(SubElement(ebd, "SRC"), EBRID=order.source)
    fill(SubElement(ebd, "DEST"), EBRID=order.dest)
    fill(ebd, EBDTime=moment(order.sent))
    ebm = SubElement(ebd, "EBM")
    fill(ebm, EBMVersion="1", EBMID=f"{order.source}{order.start.astimezone(BEIJING):%Y%m%d}{order.serial[-4:]}")
    fill(
        SubElement(ebm, "MsgBasicInfo"), MsgType=CANCEL if order.cancel else PLAY, SenderName=order.sender_name,
        SenderCode=order.source, SendTime=moment(order.sent), EventType=order.event_code, Severity=SEVERITY[order.level],
        StartTime=moment(order.start), EndTime=moment(order.end),
    )  # fmt: skip
    codes = ",".join(f"{code[:12]:0<12}" for code in order.areas)
    content = SubElement(ebm, "MsgContent")
    fill(content, LanguageCode="zho", MsgTitle=order.title, MsgDesc=order.text, AreaCode=codes)
    if sound:  # AuxiliaryType 2 = 音频文件 (待核对)
        fill(
            SubElement(content, "Auxiliary"), AuxiliaryType="2", AuxiliaryDesc=sound_name(order), Size=str(len(sound)),
            Digest=hashlib.sha256(sound).hexdigest(),
        )  # fmt: skip
    return bytes(tostring(ebd, encoding="utf-8", xml_declaration=True))


def ebd_id(order: Order) -> str:
    """`10` + our resource code (23) + serial (16) = 41 digits."""
    return f"10{order.source}{order.serial}"


def sound_name(order: Order) -> str:
    return f"EBDR_{ebd_id(order)}.wav"


def packet(order: Order, sound: bytes = b"") -> tuple[str, bytes]:
    """(file name, tar). sound: the text as a WAV file, for terminals without speech of their own."""
    name, out = ebd_id(order), io.BytesIO()
    files = [(f"EBDB_{name}.xml", document(order, sound)), *([(sound_name(order), sound)] if sound else [])]
    with tarfile.open(fileobj=out, mode="w") as tar:
        for title, body in files:
            member = tarfile.TarInfo(title)
            member.size = len(body)
            tar.addfile(member, io.BytesIO(body))
    return f"EBDT_{name}.tar", out.getvalue()


def judge(answer: Any) -> Receipt:
    """EBDResponse/ResultCode 1 = received; the platform says so in XML or in a tar that holds it."""
    try:
        root = ElementTree.fromstring(unpacked(answer.content), forbid_dtd=True)
    except (ValueError, SyntaxError, tarfile.TarError):
        return Receipt(Outcome.UNKNOWN, "应急广播平台的回答不是 EBD")
    code = next((e.text for e in root.iter() if str(e.tag).endswith("ResultCode")), "")
    why = next((e.text or "" for e in root.iter() if str(e.tag).endswith("ResultDesc")), "")
    if code == "1":
        return Receipt(Outcome.DELIVERED, "应急广播平台已接收")
    return Receipt(Outcome.REFUSED, f"应急广播平台拒绝 {code}：{why[:80]}")


def unpacked(data: bytes) -> bytes:
    if data.lstrip()[:1] == b"<":
        return data
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        member = next(one for one in tar.getmembers() if one.name.startswith("EBDB_"))
        found = tar.extractfile(member)
        return found.read(1 << 20) if found else b""
