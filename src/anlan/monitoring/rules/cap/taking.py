"""From somebody's alert to the words of a draft of ours: the way back of `compose`. Pure: an `Alert` in, values out."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from anlan.monitoring.rules import templates
from anlan.monitoring.rules.cap.compose import COLOURS, local
from anlan.monitoring.rules.cap.model import Alert, AlertInfo, Ring
from anlan.monitoring.rules.warnings import SEVERITY_OF, is_code

#: What is asked of an alert without `expires`, hours.
HOURS = 6
LEVELS = {word: level for level, word in COLOURS.items()}
LEVEL_OF = {word: level for level, word in SEVERITY_OF.items()}
#: Corners of a circle, drawn around it so that nobody in it is left out.
CORNERS = 32
KM_PER_DEGREE = 111.195


class NotForUs(ValueError):
    """It cannot become a draft; the message says why."""


@dataclass(frozen=True)
class Taken:
    """What the alert says, in our words. key: the same for the same alert, whenever it comes. codes: division codes as they
    were given. notes: what was added here because the alert did not say."""

    key: UUID
    event_code: str
    level: str
    headline: str
    description: str
    instruction: str
    onset: datetime
    expires: datetime
    codes: tuple[str, ...]
    geometry: dict[str, Any] | None
    exercise: bool
    origin: str
    source: str
    notes: tuple[str, ...] = ()
    translations: dict[str, dict[str, str]] = field(default_factory=dict)


def taken(alert: Alert, now: datetime, event_code: str = "") -> Taken:
    """event_code: what it is about where the alert does not say so by a national code. Raises NotForUs."""
    info = usable(alert)
    assert alert.sent is not None
    code = code_of(info, event_code)
    level, notes = level_of(info), []
    known = templates.words(code, level)
    instruction, expires = info.instruction, info.expires
    if not instruction and known:
        instruction, notes = known.instruction, ["原文没有防范措施，用了本平台模板"]
    if expires is None:
        hours = known.hours if known else HOURS
        expires = (info.onset or alert.sent) + timedelta(hours=hours)
        notes.append(f"原文没有失效时间，按 {hours} 小时")
    if expires <= now:
        raise NotForUs(f"expires：已于 {local(expires):%m月%d日 %H:%M} 失效")
    onset = min(info.onset or info.effective or alert.sent, expires - timedelta(minutes=1))
    identity = f"{alert.sender},{alert.identifier},{alert.sent.isoformat()}"
    return Taken(
        key=uuid5(NAMESPACE_URL, f"cap:{identity}"), event_code=code, level=level,
        headline=info.headline or info.event, description=info.description or info.headline, instruction=instruction,
        onset=onset, expires=expires, codes=codes_of(info), geometry=geometry_of(info), exercise=alert.status != "Actual",
        origin=info.sender_name or alert.sender, source=f"转自 {alert.sender} {alert.identifier}", notes=tuple(notes),
        translations=translations_of(alert, info),
    )  # fmt: skip


def usable(alert: Alert) -> AlertInfo:
    """The information that a draft is made of: the Chinese one, else the first."""
    if fatal := next((finding for finding in alert.findings if finding.fatal), None):
        raise NotForUs(f"{fatal.field}：{fatal.message}")
    if alert.status not in {"Actual", "Exercise", "Test"}:
        raise NotForUs(f"status：“{alert.status}”不是可以发布的报文")
    if alert.message_type not in {"Alert", "Update"}:
        raise NotForUs(f"msgType：“{alert.message_type}”不另起草，请在所引的预警上办理")
    if not alert.infos:
        raise NotForUs("info：没有内容")
    chinese = (info for info in alert.infos if info.language.lower().startswith("zh"))
    return next(chinese, alert.infos[0])


def code_of(info: AlertInfo, given: str) -> str:
    found = next((value for _, value in info.event_codes if is_code(value)), given)
    if not found:
        raise NotForUs(f"eventCode：“{info.event[:30]}”没有国家事件类型码，请先选定类型")
    return found


def level_of(info: AlertInfo) -> str:
    """The colour it names, else the one that its severity stands for."""
    named = next((LEVELS[value] for name, value in info.parameters if name == "colour" and value in LEVELS), "")
    level = named or LEVEL_OF.get(info.severity, "")
    if not level:
        raise NotForUs(f"severity：“{info.severity}”没有对应的颜色")
    return level


def codes_of(info: AlertInfo) -> tuple[str, ...]:
    """Division codes (6 to 14 digits)."""
    values = (value for area in info.areas for _, value in area.geocodes)
    return tuple(dict.fromkeys(value for value in values if value.isdigit() and 6 <= len(value) <= 14))


def geometry_of(info: AlertInfo) -> dict[str, Any] | None:
    rings: list[Ring] = []
    for area in info.areas:
        rings += [*area.polygons, *(around(*circle) for circle in area.circles if circle[2] > 0)]
    parts = [[[list(point) for point in ring]] for ring in rings]
    if len(parts) == 1:
        return {"type": "Polygon", "coordinates": parts[0]}
    return {"type": "MultiPolygon", "coordinates": parts} if parts else None


def around(lon: float, lat: float, radius_km: float) -> Ring:
    """A ring of CORNERS corners that holds the circle."""
    reach = radius_km / math.cos(math.pi / CORNERS) / KM_PER_DEGREE
    wide = reach / max(math.cos(math.radians(lat)), 0.01)
    angles = [2 * math.pi * n / CORNERS for n in range(CORNERS)]
    ring = [(lon + wide * math.cos(angle), lat + reach * math.sin(angle)) for angle in angles]
    return [*ring, ring[0]]


def translations_of(alert: Alert, chosen: AlertInfo) -> dict[str, dict[str, str]]:
    """The other languages, the first of each."""
    found: dict[str, dict[str, str]] = {}
    for info in alert.infos:
        if info.language != chosen.language and info.language not in found:
            words = {name: getattr(info, name) for name in ("event", "headline", "description", "instruction")}
            found[info.language] = {name: text for name, text in words.items() if text}
    return found
