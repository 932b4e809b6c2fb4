"""From alerts to events, and the report of `anlan cap check`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from shapely.geometry import Polygon
from shapely.ops import unary_union

from anlan.gateways.captrust import refusal
from anlan.gateways.feeds.contract import FeedError, FeedEvent, Parsed, Refused
from anlan.kernel import clock
from anlan.monitoring.rules.cap.model import Alert, AlertInfo
from anlan.monitoring.rules.cap.reader import CapError, alert_elements, alerts_in, index_links, read_alert, root_of


def parse(data: bytes) -> Parsed:
    """Alerts of one document as events; unusable ones are named with every reason."""
    try:
        root = root_of(data)
    except CapError as error:
        raise FeedError(str(error)) from error
    elements = alert_elements(root)
    alerts, found = [read_alert(element) for element in elements], Parsed(links=index_links(root))
    now = max(clock.now(), clock.real_now())
    if not alerts and not found.links:
        raise FeedError("文件中没有 alert 元素")
    for index, alert in enumerate(alerts):
        reasons = [f"{f.field}：{f.message}" for f in alert.findings if f.fatal]
        if not reasons:
            # An alert of its own is held against its signature byte by byte, as it came.
            against = data if len(alerts) == 1 and elements[0] is root else elements[index]
            reasons = [why for why in [refusal(alert, against, now)] if why]
        if reasons or alert.sent is None:
            found.refused.append(Refused(f"alert[{index}]", "；".join(reasons), alert.identifier))
        else:
            found.events.append(event_of(alert))
    return found


def event_of(alert: Alert) -> FeedEvent:
    """The event; its place is a point inside the first area, if any area has a shape."""
    assert alert.sent is not None
    info = chosen(alert.infos)
    lon, lat = point_of(alert)
    return FeedEvent(
        kind="cap",
        key=f"cap:{alert.sender}:{alert.identifier}:{alert.sent.isoformat()}",
        at=(info.onset or info.effective or alert.sent) if info else alert.sent,
        lon=lon,
        lat=lat,
        title=(info.headline or info.event) if info else f"{alert.message_type} {alert.identifier}",
        magnitude=None,
        properties=properties_of(alert),
    )


def chosen(infos: list[AlertInfo]) -> AlertInfo | None:
    """The Chinese text where there is one, else the first."""
    chinese = next((info for info in infos if info.language.lower().startswith("zh")), None)
    return chinese or (infos[0] if infos else None)


def properties_of(alert: Alert) -> dict[str, Any]:
    """Everything as JSON, with the shapes as one GeoJSON geometry."""
    content = asdict(alert)
    content["findings"] = [f"{f.field}：{f.message}" for f in alert.findings]
    return {**plain(content), "geometry": geometry_of(alert)}


def plain(value: Any) -> Any:
    """Dates as text, tuples as lists."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def rings(alert: Alert) -> list[list[tuple[float, float]]]:
    """The rings of all areas once each: translations repeat them."""
    found: list[list[tuple[float, float]]] = []
    for info in alert.infos:
        for area in info.areas:
            found += [ring for ring in area.polygons if ring not in found]
    return found


def geometry_of(alert: Alert) -> dict[str, Any] | None:
    shapes = rings(alert)
    if not shapes:
        return None
    return {"type": "MultiPolygon", "coordinates": [[[list(point) for point in ring]] for ring in shapes]}


def point_of(alert: Alert) -> tuple[float | None, float | None]:
    shapes = rings(alert)
    if shapes:
        whole = unary_union([Polygon(ring).buffer(0) for ring in shapes])
        point = whole.representative_point()
        return shapes[0][0] if whole.is_empty else (point.x, point.y)
    for info in alert.infos:
        for area in info.areas:
            if area.circles:
                return area.circles[0][0], area.circles[0][1]
    return None, None


def check(data: bytes) -> dict[str, Any]:
    """The report: valid or not, what departs from the standard and where, and what the alert says."""
    try:
        root = root_of(data)
        alerts = alerts_in(root)
    except CapError as error:
        return {"valid": False, "reason": str(error), "findings": [], "alerts": []}
    links = index_links(root)
    if not alerts:
        reason = "Atom 索引：正文在各条目的链接里" if links else "文件中没有 alert 元素"
        return {"valid": False, "reason": reason, "findings": [], "alerts": [], "links": links}
    findings = [
        {"alert": index, "field": f.field, "message": f.message, "fatal": f.fatal}
        for index, alert in enumerate(alerts)
        for f in alert.findings
    ]
    first = findings[0] if findings else None
    return {
        "valid": not findings,
        "reason": f"{first['field']}：{first['message']}" if first else None,
        "findings": findings,
        "alerts": [described(alert) for alert in alerts],
    }


def described(alert: Alert) -> dict[str, Any]:
    content = properties_of(alert)
    del content["findings"], content["geometry"]
    return {**content, "usable": alert.usable}
