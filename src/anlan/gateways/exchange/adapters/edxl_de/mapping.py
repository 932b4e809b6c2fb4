"""Between EDXL-DE and our own words: a warning travels as its CAP alert, an incident as its event message (GB/T 35965.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from xml.etree.ElementTree import Element

from anlan.gateways.captrust import refusal
from anlan.gateways.exchange.adapters.contract import Envelope, FormError, Item, Read
from anlan.gateways.exchange.adapters.edxl_de import codec
from anlan.gateways.exchange.adapters.edxl_de.codec import ContentObject, Distribution, EdxlError, Target
from anlan.gateways.exchange.adapters.gbt35965 import codec as events
from anlan.gateways.exchange.adapters.gbt35965 import mapping
from anlan.monitoring import published
from anlan.monitoring.rules.cap import reader, writer
from anlan.monitoring.rules.cap.compose import COLOURS as COLOUR_WORDS
from anlan.monitoring.rules.cap.model import Alert, AlertInfo
from anlan.monitoring.rules.warnings import SEVERITY_OF

LEVEL_BY_COLOUR = {word.lower(): level for level, word in COLOUR_WORDS.items()}
LEVEL_BY_SEVERITY = {severity: level for level, severity in SEVERITY_OF.items()}
ADDRESS = "anlan-platform"
#: 12379 event codes stand in CAP under this name (ours), or under the name of the standard.
CODES = ("12379", "GB/T 35561", "eventType")


def read(data: bytes, now: datetime) -> Read:
    try:
        said = codec.read(data)
    except EdxlError as error:
        raise FormError(str(error)) from error
    found = Read()
    for index, content in enumerate(said.contents):
        for item in contents(said, content, f"contentObject[{index}]", found, now):
            found.items.append(item)
    return found


def contents(said: Distribution, content: ContentObject, where: str, found: Read, now: datetime) -> Iterator[Item]:
    """What is no real thing (Test, System) is no item; an exercise stays one."""
    if said.status in ("Test", "System"):
        found.refused.append((where, f"distributionStatus 为 {said.status}，不是真实信息，也不是演练"))
        return
    if not content.embedded:
        found.refused.append((where, f"没有可读的 XML 内容{f'（{content.mime}）' if content.mime else ''}"))
    for element in content.embedded:
        try:
            yield one(said, element, now)
        except (events.EventError, EdxlError) as error:
            found.refused.append((where, str(error)))


def one(said: Distribution, element: Element, now: datetime) -> Item:
    exercise = said.status == "Exercise"
    if events.local(element) == "alert":
        return warning(said, element, exercise, now)
    item = mapping.item_of(events.read(element, mapping.names()))
    closed = item.payload["closed"] or said.kind == "Cancel"
    return Item(
        item.kind, item.key, item.said_at, item.area, {**item.payload, "closed": closed}, item.exercise or exercise
    )


def warning(said: Distribution, element: Element, exercise: bool, now: datetime) -> Item:
    """The CAP alert inside, believed as one from a feed is: complete, not from the future, signed where its key is known."""
    alert = reader.read_alert(element)
    wrong = [f"{f.field}：{f.message}" for f in alert.findings if f.fatal] or [refusal(alert, element, now)]
    if any(wrong):
        raise EdxlError("；".join(filter(None, wrong)))
    if alert.sent is None or not alert.infos:
        raise EdxlError("alert 没有 sent 或 info")
    if alert.status not in ("Actual", "Exercise"):
        raise EdxlError(f"alert 的 status 为 {alert.status}")
    chinese = [info for info in alert.infos if info.language.lower().startswith("zh")]
    info = (chinese or alert.infos)[0]
    over = alert.message_type == "Cancel" or said.kind == "Cancel"
    # A Cancel has an identifier of its own; what it ends is the thing.
    of = (
        alert.references[-1].split(",")[1]
        if over and alert.references and alert.references[-1].count(",") == 2
        else alert.identifier
    )
    return Item(
        "warning",
        f"warning:{of}",
        alert.sent,
        area_of(info),
        payload_of(alert, info, of, over),
        exercise or alert.status == "Exercise",
    )


def payload_of(alert: Alert, info: AlertInfo, identifier: str, over: bool) -> dict[str, object]:
    colour = next((value.lower() for name, value in info.parameters if name.lower() in ("colour", "color")), "")
    level = LEVEL_BY_COLOUR.get(colour) or LEVEL_BY_SEVERITY.get(info.severity, "蓝")
    code = next((value for name, value in info.event_codes if name in CODES), "")
    return {
        "identifier": identifier, "event_code": code, "event_name": info.event, "level": level,
        "headline": info.headline or info.event, "description": info.description, "instruction": info.instruction,
        "onset": (info.onset or info.effective or alert.sent).isoformat() if alert.sent else "",
        "expires": info.expires.isoformat() if info.expires else "", "state": "解除" if over else "生效",
        "sender": info.sender_name or alert.sender, "geometry": shape_of(info),
    }  # fmt: skip


def shape_of(info: AlertInfo) -> dict[str, object] | None:
    rings = [ring for area in info.areas for ring in area.polygons]
    return {"type": "MultiPolygon", "coordinates": [[ring] for ring in rings]} if rings else None


def area_of(info: AlertInfo) -> str:
    return next((code for area in info.areas for _, code in area.geocodes), "")


def write(envelope: Envelope, items: Sequence[Item]) -> bytes:
    """One distribution for one platform. Exercises and the real thing never share one."""
    exercise = {item.exercise for item in items}
    if len(exercise) > 1:
        raise FormError("演练与真实信息不能写在同一份 EDXL-DE 中")
    return codec.write(
        Distribution(
            number=envelope.number, sender=envelope.sender, sent=envelope.at, status="Exercise" if exercise == {True} else "Actual",
            kind="Report", confidentiality="内部", language="zh-CN", addresses=((ADDRESS, envelope.receiver),),
            targets=tuple(target_of(item) for item in items if item.kind == "incident"),
            contents=tuple(content_of(envelope, item) for item in items),
        )
    )  # fmt: skip


def target_of(item: Item) -> Target:
    """Where it is: the place itself, a circle without radius."""
    return Target(circles=((item.payload["lon"], item.payload["lat"], 0.0),), country="CN")


def content_of(envelope: Envelope, item: Item) -> ContentObject:
    if item.kind == "warning":
        identifier = str(item.payload["identifier"])
        alert = published.alert(identifier + (published.ENDED if item.payload.get("state") == "解除" else ""))
        if alert is None:
            raise FormError(f"预警 {identifier} 没有发布，不能写出")
        return ContentObject(alert.infos[0].headline, embedded=(writer.alert_element(alert),))
    said = item.payload
    event = events.element(mapping.event_of(envelope, item), mapping.names())
    return ContentObject(said["title"], said["number"], said.get("description") or said["title"], embedded=(event,))
