"""Reading CAP 1.2 (OASIS, 2010), CAP 1.1 and the 12379 shape. Pure; document type declarations are refused.

Section numbers are those of CAP 1.2. A departure from the standard is a finding; it does not stop the reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from shapely.geometry import Polygon
from shapely.validation import explain_validity

from anlan.monitoring.rules.cap import national, schema
from anlan.monitoring.rules.cap.model import Alert, AlertArea, AlertInfo, AlertResource, Finding, Method, Ring
from anlan.monitoring.rules.cap.table import CHOICES as WORDS

NAMESPACES = {
    "urn:oasis:names:tc:emergency:cap:1.2": "1.2",
    "urn:oasis:names:tc:emergency:cap:1.1": "1.1",
    "http://www.incident.com/cap/1.0": "1.0",
    "http://com.icss.amp": "12379",
}
ATOM = "http://www.w3.org/2005/Atom"
CHOICES = {name: frozenset(values) for name, values in WORDS.items()}
#: 12379 gives colours; what they mean by CAP's words is a convention (GB/T 27962: red is the highest).
COLOURS = {"Red": "Extreme", "Orange": "Severe", "Yellow": "Moderate", "Blue": "Minor", "Unknown": "Unknown"}
#: 3.2.1 sent: no bare Z; UTC is -00:00.
WHEN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")
MAX_POINTS = 20_000
#: An alert that says it was sent later than this from now is refused by whoever asks for it: clocks differ, not by more.
MAX_AHEAD_S = 600


class CapError(ValueError):
    """The document is no CAP at all, or is dangerous to read; the message says why."""


def root_of(data: bytes) -> Element:
    """The root element. Raises CapError for what is no XML, or has a DTD (entity attacks)."""
    try:
        found: Element = ElementTree.fromstring(data, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    except DefusedXmlException as error:
        raise CapError("文件带有文档类型声明或实体，出于安全拒绝") from error
    except (ParseError, ValueError, LookupError, RecursionError) as error:
        raise CapError(f"不是有效的 XML：{error}") from error
    return found


def split(element: Element) -> tuple[str, str]:
    """(namespace, local name)."""
    namespace, _, name = element.tag[1:].partition("}") if element.tag.startswith("{") else ("", "", element.tag)
    return namespace, name


def children(element: Element, name: str) -> Iterator[Element]:
    qualified = f"}}{name}"
    return (
        child
        for child in element
        if child.tag == name or (isinstance(child.tag, str) and child.tag.endswith(qualified))
    )


def text(element: Element, name: str) -> str:
    found = next(children(element, name), None)
    return (found.text or "").strip() if found is not None else ""


def texts(element: Element, name: str) -> list[str]:
    return [(child.text or "").strip() for child in children(element, name)]


def alert_elements(root: Element) -> list[Element]:
    """The alert, or those inside an Atom, RSS or EDXL wrapper."""
    if split(root)[1] == "alert":
        return [root]
    return [element for element in root.iter() if isinstance(element.tag, str) and split(element)[1] == "alert"]


def alerts_in(root: Element) -> list[Alert]:
    return [read_alert(element) for element in alert_elements(root)]


def read_alert(root: Element) -> Alert:
    namespace = split(root)[0]
    alert = Alert(version=NAMESPACES.get(namespace, ""))
    if not alert.version:
        note(alert, "alert", f"命名空间“{namespace}”不是 CAP 1.1、1.2", fatal=True)
    chinese = alert.version == "12379"
    alert.identifier, alert.sender = text(root, "identifier"), text(root, "sender")
    alert.sent = moment(alert, "sent", text(root, "sendTime" if chinese else "sent"), required=True)
    alert.status, alert.message_type = text(root, "status"), text(root, "msgType")
    alert.source, alert.scope = text(root, "source"), text(root, "scope")
    alert.restriction, alert.addresses = text(root, "restriction"), text(root, "addresses")
    alert.codes = [] if chinese else [code for code in texts(root, "code") if code]
    alert.note, alert.incidents = text(root, "note"), text(root, "incidents")
    alert.references = text(root, "references").split()
    alert.signed = any(split(child)[1] == "Signature" for child in root if isinstance(child.tag, str))
    check_head(alert, root)
    alert.infos = [read_info(alert, info, f"info[{index}]") for index, info in enumerate(children(root, "info"))]
    if chinese:
        read_national(alert, root)
    elif alert.version == "1.2":
        check_schema(alert, root)
    return alert


def read_national(alert: Alert, root: Element) -> None:
    """What only the 12379 shape has, and what GB/T 35965.1 asks of its codes."""
    alert.sender_code, alert.secrecy = text(root, "senderCode"), text(root, "secClassification")
    alert.methods = [
        Method(*(text(method, name) for name in ("methodName", "message", "audienceGrp", "audiencePrt")))
        for code in children(root, "code")
        for method in children(code, "method")
    ]
    for name, message in national.departures(alert):
        note(alert, name, message)


def check_schema(alert: Alert, root: Element) -> None:
    """The schema's word on names, order and values that our own reading did not find fault with already."""
    if alert.findings:
        return
    for where, message in schema.departures(root):
        note(alert, where, f"不符合 CAP 1.2 模式：{message}")


def note(alert: Alert, field: str, message: str, *, fatal: bool = False) -> None:
    if len(alert.findings) < 200:
        alert.findings.append(Finding(field, message, fatal))


def check_head(alert: Alert, root: Element) -> None:
    """3.2.1: what every alert must have, and what goes with what."""
    for name, value in (("identifier", alert.identifier), ("sender", alert.sender)):
        if not value:
            note(alert, name, "必填，为空", fatal=True)
        elif re.search(r"[\s,<&]", value) and alert.version != "12379":
            note(alert, name, f"“{value}”含有空格、逗号、< 或 &")
    for name, value in (("status", alert.status), ("msgType", alert.message_type), ("scope", alert.scope)):
        one_of(alert, name, name, value, fatal=name != "scope")
    if alert.scope == "Restricted" and not text(root, "restriction"):
        note(alert, "restriction", "scope 为 Restricted 时必填")
    if alert.scope == "Private" and not text(root, "addresses"):
        note(alert, "addresses", "scope 为 Private 时必填")
    if alert.message_type in {"Update", "Cancel", "Ack", "Error"} and not alert.references:
        note(alert, "references", f"msgType 为 {alert.message_type} 时必填")
    if alert.version != "12379":
        for reference in alert.references:
            if reference.count(",") < 2:
                note(alert, "references", f"“{reference}”应为 sender,identifier,sent")


def one_of(alert: Alert, field: str, name: str, value: str, *, fatal: bool = False) -> None:
    if not value:
        note(alert, field, "必填，为空", fatal=fatal)
    elif value not in CHOICES[name]:
        note(alert, field, f"“{value}”不正确，允许：{'、'.join(sorted(CHOICES[name]))}", fatal=fatal)


def moment(alert: Alert, field: str, value: str, *, required: bool = False) -> datetime | None:
    """A date with offset; one that is only nearly right is read and noted."""
    if not value:
        if required:
            note(alert, field, "必填，为空", fatal=True)
        return None
    strict = value.replace(" ", "T", 1) if alert.version == "12379" else value
    if not WHEN.fullmatch(strict):
        note(alert, field, f"“{value}”应为 YYYY-MM-DDThh:mm:ss±hh:mm")
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        note(alert, field, f"“{value}”不是时间", fatal=required)
        return None
    if found.tzinfo is None:
        note(alert, field, f"“{value}”没有时区", fatal=required)
        return None
    return found


def pairs(element: Element, name: str) -> list[tuple[str, str]]:
    """valueName/value; several pairs in one element occur in the field."""
    return [
        pair
        for child in children(element, name)
        for pair in zip(texts(child, "valueName"), texts(child, "value"), strict=False)
    ]


def read_info(alert: Alert, element: Element, where: str) -> AlertInfo:
    chinese = alert.version == "12379"
    info = AlertInfo(
        language=text(element, "language") or "en-US",
        categories=texts(element, "category"),
        event=text(element, "eventType" if chinese else "event"),
        response_types=texts(element, "responseType"),
        urgency=text(element, "urgency"),
        severity=text(element, "severity"),
        certainty=text(element, "certainty"),
        audience=text(element, "audience"),
        event_codes=pairs(element, "eventCode"),
        sender_name=text(element, "senderName"),
        headline=text(element, "headline"),
        description=text(element, "description"),
        instruction=text(element, "instruction"),
        web=text(element, "web"),
        contact=text(element, "contact"),
        parameters=pairs(element, "parameter"),
    )
    for name in ("effective", "onset", "expires"):
        setattr(info, name, moment(alert, f"{where}.{name}", text(element, name)))
    if chinese:
        info.event_codes = [("12379", info.event)]
        info.parameters = [("colour", info.severity)]
        info.severity = COLOURS.get(info.severity, info.severity)
    check_info(alert, info, where, chinese)
    info.areas = [read_area(alert, area, f"{where}.area[{n}]") for n, area in enumerate(children(element, "area"))]
    for n, resource in enumerate(children(element, "resource")):
        names = ("resourceDesc", "mimeType", "size", "uri", "derefUri", "digest")
        info.resources.append(AlertResource(*(text(resource, name) for name in names)))
        for name in ("resourceDesc", *(["mimeType"] if alert.version == "1.2" else [])):
            if not text(resource, name):
                note(alert, f"{where}.resource[{n}].{name}", "必填，为空")
    return info


def check_info(alert: Alert, info: AlertInfo, where: str, chinese: bool) -> None:
    """3.2.2."""
    if not info.event:
        note(alert, f"{where}.event", "必填，为空")
    if not info.categories and not chinese:
        note(alert, f"{where}.category", "必填，为空")
    for value in info.categories:
        one_of(alert, f"{where}.category", "category", value)
    for value in info.response_types:
        one_of(alert, f"{where}.responseType", "responseType", value)
    for name in ("urgency", "severity", "certainty"):
        one_of(alert, f"{where}.{name}", name, getattr(info, name))


def read_area(alert: Alert, element: Element, where: str) -> AlertArea:
    """3.2.4: coordinates are `lat,lon`; circles `lat,lon radius` in km (12379: metres)."""
    area = AlertArea(text(element, "areaDesc"), altitude=text(element, "altitude"), ceiling=text(element, "ceiling"))
    if not area.description:
        note(alert, f"{where}.areaDesc", "必填，为空")
    if area.ceiling and not area.altitude:
        note(alert, f"{where}.ceiling", "有 ceiling 时 altitude 必填")
    for n, value in enumerate(texts(element, "polygon")):
        if value:
            try:
                area.polygons.append(simple(ring(value)))
            except ValueError as error:
                note(alert, f"{where}.polygon[{n}]", str(error))
    for n, value in enumerate(texts(element, "circle")):
        if value:
            try:
                area.circles.append(circle(value, 0.001 if alert.version == "12379" else 1.0))
            except ValueError as error:
                note(alert, f"{where}.circle[{n}]", str(error))
    area.geocodes = pairs(element, "geocode") if alert.version != "12379" else codes(element)
    return area


def codes(element: Element) -> list[tuple[str, str]]:
    """12379: plain text lists, with ASCII or full-width commas."""
    words = [word for value in texts(element, "geocode") for word in re.split(r"[,，;；\s]+", value)]
    return [("12379", word) for word in words if word]


def place(lon: str, lat: str) -> tuple[float, float]:
    """(lon, lat) in degrees. Raises ValueError with name, value and range."""
    return degrees("经度", lon, 180), degrees("纬度", lat, 90)


def degrees(name: str, value: str, most: float) -> float:
    try:
        found = float(value)
    except ValueError as error:
        raise ValueError(f"{name}的值“{value[:20]}”不是数") from error
    if not abs(found) <= most:
        raise ValueError(f"{name}的值“{value[:20]}”不在 -{most:g}～{most:g}° 内")
    return found


def ring(value: str) -> Ring:
    """A polygon of `lat,lon` pairs as a closed ring of (lon, lat). Raises ValueError with the reason."""
    words = value.split()
    if len(words) > MAX_POINTS:
        raise ValueError(f"{len(words)} 个点，上限 {MAX_POINTS}")
    points = []
    for word in words:
        parts = word.split(",")
        if len(parts) != 2:
            raise ValueError(f"“{word[:40]}”应为 纬度,经度")
        points.append(place(parts[1], parts[0]))
    if len(points) < 4:
        raise ValueError(f"只有 {len(points)} 个点，至少 4 个（首尾相同）")
    if points[0] != points[-1]:
        raise ValueError("首尾点不同，多边形没有闭合")
    return points


def simple(points: Ring) -> Ring:
    """The ring, if it does not cross itself: nobody can say what is inside one that does."""
    shape = Polygon(points)
    if not shape.is_valid:
        raise ValueError(f"多边形不合法（自相交等）：{explain_validity(shape)}")
    return points


def circle(value: str, to_km: float) -> tuple[float, float, float]:
    words = value.split()
    if len(words) != 2 or words[0].count(",") != 1:
        raise ValueError(f"“{value[:40]}”应为 纬度,经度 半径")
    lat, lon = words[0].split(",")
    try:
        radius = float(words[1])
    except ValueError as error:
        raise ValueError(f"半径“{words[1][:20]}”不是数") from error
    if not 0 <= radius * to_km <= 20_038:
        raise ValueError(f"半径“{words[1][:20]}”不在 0～20038 km 内")
    return (*place(lon, lat), radius * to_km)


def index_links(root: Element) -> list[str]:
    """Addresses of the alerts that an Atom index points to."""
    if split(root) != (ATOM, "feed"):
        return []
    links = [link.get("href", "") for entry in children(root, "entry") for link in children(entry, "link")]
    return [link for link in links if link.startswith(("http://", "https://"))]
