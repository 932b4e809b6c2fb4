"""The message of the national warning platform (12379, 国家突发事件预警信息发布系统): written, and held against its codes.

GB/T 35965.1-2018 (identifier, sender, event code, colour, area code), as quoted by public users of the interface; the
standard's own text was not at hand, so every rule here is 待核对.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from anlan.monitoring.rules.cap.model import Alert, AlertArea, AlertInfo, Method

AMP = "http://com.icss.amp"
register_namespace("amp", AMP)
#: Division 6 + organisation type 3 (GB/T 4657; 416 = 气象局) + unit 3 + extension 2.
SENDER_CODE = re.compile(r"\d{14}")
IDENTIFIER = re.compile(r"(\d{14})_(\d{14})(_\d+)?")
EVENT_CODE = re.compile(r"1[12349][A-Z0]\d\d|1[0-9]000|00000")
AREA_CODE = re.compile(r"\d{12}|\d{14}")
COLOURS = ("Red", "Orange", "Yellow", "Blue", "Unknown")
COLOUR_NAMES = {"Red": "红色", "Orange": "橙色", "Yellow": "黄色", "Blue": "蓝色"}
COLOUR_OF = {"Extreme": "Red", "Severe": "Orange", "Moderate": "Yellow", "Minor": "Blue"}
STATUSES, KINDS = ("Actual", "Test", "Exercise", "Draft"), ("Alert", "Update", "Cancel", "Ack", "Error")


def colour(info: AlertInfo) -> str:
    """The colour a message gives: its own, or what its severity means by convention."""
    given = dict(info.parameters).get("colour", "")
    return given if given in COLOURS else COLOUR_OF.get(info.severity, "Unknown")


def departures(alert: Alert) -> Iterator[tuple[str, str]]:
    """(element, what is wrong), for what the CAP checks do not look at."""
    found = IDENTIFIER.fullmatch(alert.identifier)
    if not found:
        yield "identifier", f"“{alert.identifier}”应为 14 位发布单位编码_14 位时间"
    if not SENDER_CODE.fullmatch(alert.sender_code):
        yield "senderCode", f"“{alert.sender_code}”应为 14 位数字"
    elif found and found[1] != alert.sender_code:
        yield "identifier", f"开头的单位编码 {found[1]} 与 senderCode {alert.sender_code} 不同"
    for reference in alert.references:
        if not IDENTIFIER.fullmatch(reference):
            yield "references", f"“{reference}”应为首发预警的编号"
    for n, info in enumerate(alert.infos):
        yield from info_departures(info, f"info[{n}]")


def info_departures(info: AlertInfo, where: str) -> Iterator[tuple[str, str]]:
    if info.event and not EVENT_CODE.fullmatch(info.event):
        yield f"{where}.eventType", f"“{info.event}”应为五位事件类型码"
    for name in ("effective", "sender_name", "headline", "description"):
        if not getattr(info, name):
            yield f"{where}.{name}", "必填，为空"
    for n, area in enumerate(info.areas):
        for _, code in area.geocodes:
            if not AREA_CODE.fullmatch(code):
                yield f"{where}.area[{n}].geocode", f"“{code}”应为 12 或 14 位区划码"


def sender_code(division: str, organisation: str = "000", unit: str = "000", extension: str = "00") -> str:
    """Division code (GB/T 2260, six digits) + organisation type (GB/T 4657) + unit + extension."""
    return f"{division[:6]:0<6}{organisation}{unit}{extension}"


def identifier(code: str, entered: datetime) -> str:
    return f"{code}_{entered:%Y%m%d%H%M%S}"


def file_name(alert: Alert) -> str:
    """`<sender>_<sendtime>_<eventType>_<COLOR>_<STATUS>.XML`."""
    assert alert.sent is not None
    info = alert.infos[0]
    parts = (identifier(alert.sender_code, alert.sent), info.event, colour(info).upper(), alert.message_type.upper())
    return "_".join(parts) + ".XML"


def headline(sender_name: str, message_type: str, event: str, shade: str) -> str:
    """Sender + 发布 or 解除 + kind + colour + 预警. event: the kind's Chinese name. shade: one of `COLOURS`."""
    action = "解除" if message_type == "Cancel" else "发布"
    return f"{sender_name}{action}{event}{COLOUR_NAMES.get(shade, '')}预警"


def from_cap(alert: Alert, code: str, first: tuple[str, datetime] | None, methods: Iterable[Method] = ()) -> Alert:
    """A CAP alert of ours as the national message. code: the sender's 14 digits. first: (its code, when it was entered)
    of the first alert of the event, which an Update or Cancel names."""
    assert alert.sent is not None
    info = next(info for info in alert.infos if info.language.startswith("zh"))
    own = AlertInfo(**vars(info))
    own.event = dict(info.event_codes).get("12379", "00000")
    own.headline = headline(info.sender_name, alert.message_type, info.event, colour(info))
    own.areas = [
        AlertArea(area.description, area.polygons, area.circles, codes_12(area.geocodes)) for area in info.areas
    ]
    return Alert(
        version="12379", identifier=identifier(code, alert.sent), sender=info.sender_name, sender_code=code, sent=alert.sent,
        status={"Exercise": "Test", "Draft": "Test"}.get(alert.status, alert.status), message_type=alert.message_type,
        scope="Public", secrecy="None", note=alert.note, methods=list(methods), infos=[own],
        references=[identifier(*first)] if first and alert.message_type != "Alert" else [],
    )  # fmt: skip


def codes_12(geocodes: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Our codes of any length as the 12 digits the platform knows."""
    return [("12379", f"{code[:12]:0<12}") for _, code in geocodes if code.isdigit()]


def moment(at: datetime) -> str:
    """`YYYY-MM-DD HH:MI:SS+08:00`."""
    return at.isoformat(sep=" ", timespec="seconds")


def add(parent: Element, name: str, text: str = "") -> Element:
    child = SubElement(parent, f"{{{AMP}}}{name}")
    child.text = text
    return child


def to_xml(alert: Alert) -> bytes:
    """The message; elements that are optional stand there empty, as the platform's own messages have them."""
    assert alert.sent is not None
    root = Element(f"{{{AMP}}}alert")
    for name, value in (
        ("identifier", alert.identifier), ("sender", alert.sender), ("senderCode", alert.sender_code),
        ("sendTime", moment(alert.sent)), ("status", alert.status), ("msgType", alert.message_type), ("scope", alert.scope),
    ):  # fmt: skip
        add(root, name, value)
    code = add(root, "code")
    for method in alert.methods:
        one = add(code, "method")
        for name, value in zip(
            ("methodName", "message", "audienceGrp", "audiencePrt"),
            (method.name, method.message, method.groups, method.part),
            strict=True,
        ):
            add(one, name, value)
    for name, value in (
        ("secClassification", alert.secrecy), ("note", alert.note), ("references", " ".join(alert.references)),
    ):  # fmt: skip
        add(root, name, value)
    for info in alert.infos:
        write_info(root, info)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True, default_namespace=AMP))


def write_info(root: Element, info: AlertInfo) -> None:
    element = add(root, "info")
    for name, value in (
        ("language", info.language), ("eventType", info.event), ("urgency", "Unknown"), ("severity", colour(info)),
        ("certainty", "Unknown"),
    ):  # fmt: skip
        add(element, name, value)
    for name, at in (("effective", info.effective), ("onset", info.onset), ("expires", info.expires)):
        add(element, name, moment(at) if at else "")
    for name, value in (
        ("senderName", info.sender_name), ("headline", info.headline), ("description", info.description),
        ("instruction", info.instruction), ("web", info.web),
    ):  # fmt: skip
        add(element, name, value)
    for resource in info.resources:
        one = add(element, "resource")
        for name, value in (
            ("resourceDesc", resource.description),
            ("size", resource.size),
            ("digest", resource.digest),
        ):
            add(one, name, value)
    for area in info.areas:
        write_area(element, area)


def write_area(info: Element, area: AlertArea) -> None:
    """Circles in metres; codes as one list."""
    element = add(info, "area")
    add(element, "areaDesc", area.description)
    for ring in area.polygons or [[]]:
        add(element, "polygon", " ".join(f"{lat!r},{lon!r}" for lon, lat in ring))
    for lon, lat, radius_km in area.circles or []:
        add(element, "circle", f"{lat!r},{lon!r} {round(radius_km * 1000, 3):g}")
    add(element, "geocode", ",".join(code for _, code in area.geocodes))
