"""From a warning to its CAP alert. Pure: values in, an `Alert` out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from anlan.monitoring.rules.cap.model import Alert, AlertArea, AlertInfo, Ring
from anlan.monitoring.rules.warnings import BEIJING, SEVERITY_OF, Content, event_name

#: Suffix of the alert that ends another: CAP asks for an identifier of its own.
ENDED = ".cancel"
COLOURS = {"红": "Red", "橙": "Orange", "黄": "Yellow", "蓝": "Blue"}
#: CAP 1.2 section 3.2.2 category by the longest beginning of the event code that is known here. CAP's own words decide:
#: Met includes floods, Geo earthquakes and landslides, Fire fires of every kind (our reading of the class names, 待核对).
CATEGORIES = {
    "11": "Met", "11C": "Geo", "11D": "Geo", "11F": "Health", "11G": "Fire",
    "12": "Safety", "12D": "CBRNE", "12G": "Fire", "12H": "Transport", "12J": "Transport", "12K": "Transport",
    "12L": "Transport", "12M": "Transport", "12P": "Infra", "12Q": "Env", "12T": "CBRNE", "12U": "Infra",
    "13": "Health", "14": "Security",
}  # fmt: skip
#: 3.2.2 responseType by what the instruction asks for.
RESPONSES = {
    "撤": "Evacuate",
    "转移": "Evacuate",
    "关闭门窗": "Shelter",
    "室内": "Shelter",
    "绕行": "Avoid",
    "远离": "Avoid",
}
#: CAP coordinates need no more: five decimals are about a metre.
DECIMALS = 5


@dataclass(frozen=True)
class Area:
    """One area: its name, its codes (system, code) and outer rings of (lon, lat), if any may be published."""

    name: str
    codes: Sequence[tuple[str, str]] = ()
    rings: Sequence[Ring] = ()


@dataclass(frozen=True)
class Message:
    """The envelope. references = (sender, identifier, sent) of what this message updates or cancels, the first alert
    first. translations: language -> words (event, headline, description, instruction)."""

    identifier: str
    sender: str
    sent: datetime
    content: Content
    areas: Sequence[Area]
    status: str = "Actual"
    kind: str = "Alert"
    scope: str = "Public"
    references: Sequence[tuple[str, str, datetime]] = field(default_factory=tuple)
    translations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    reason: str = ""
    web: str = ""
    incidents: str = ""


def category(event_code: str) -> str:
    return next((CATEGORIES[event_code[:n]] for n in (3, 2) if event_code[:n] in CATEGORIES), "Other")


def response_types(instruction: str) -> list[str]:
    found = dict.fromkeys(kind for word, kind in RESPONSES.items() if word in instruction)
    return list(found) or ["Prepare"]


def local(at: datetime) -> datetime:
    """Beijing time, to the second: what stands in the message."""
    return at.astimezone(BEIJING).replace(microsecond=0)


def reference(who: str, identifier: str, sent: datetime) -> str:
    return f"{who},{identifier},{local(sent).isoformat(timespec='seconds')}"


def alert_of(message: Message) -> Alert:
    """The alert in Chinese and in every language it was put into."""
    infos = [info_of(message)]
    infos += [translated(infos[0], language, words) for language, words in message.translations.items()]
    restricted = message.scope == "Restricted"
    return Alert(
        version="1.2", identifier=message.identifier, sender=message.sender, sent=local(message.sent),
        status=message.status, message_type=message.kind, scope=message.scope,
        restriction="内部研判，不对公众发布" if restricted else "", incidents=message.incidents,
        note="演练，不是真实预警" if message.status == "Exercise" else "",
        references=[reference(*one) for one in message.references], infos=infos,
    )  # fmt: skip


def info_of(message: Message) -> AlertInfo:
    content, over = message.content, message.kind == "Cancel"
    return AlertInfo(
        language="zh-CN", categories=[category(content.event_code)], event=event_name(content.event_code),
        response_types=["AllClear"] if over else response_types(content.instruction),
        urgency="Past" if over else "Immediate" if content.onset <= message.sent else "Expected",
        severity=SEVERITY_OF[content.level], certainty="Likely",
        event_codes=[("12379", content.event_code)], effective=local(message.sent), onset=local(content.onset),
        expires=local(content.expires), sender_name=content.sender, headline=content.headline,
        description=f"解除：{message.reason}" if over else content.description, instruction=content.instruction,
        web=message.web, parameters=[("colour", COLOURS[content.level])],
        areas=[AlertArea(area.name, [rounded(ring) for ring in area.rings], geocodes=list(area.codes)) for area in message.areas],
    )  # fmt: skip


def rounded(ring: Ring) -> Ring:
    return [(round(lon, DECIMALS), round(lat, DECIMALS)) for lon, lat in ring]


def translated(info: AlertInfo, language: str, words: Mapping[str, str]) -> AlertInfo:
    """The same in another language; what has no words there keeps the Chinese ones."""
    known: dict[str, Any] = {
        name: words[name] for name in ("event", "headline", "description", "instruction") if words.get(name)
    }
    return AlertInfo(**{**vars(info), **known, "language": language})
