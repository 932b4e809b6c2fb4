"""接报: what was typed, understood; and which known events it may be about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from anlan.command import event_codes, guess
from anlan.command.common import exercising
from anlan.command.duty import places, typed
from anlan.command.duty.places import Place
from anlan.command.models import CallRecord, Incident
from anlan.command.rules.duplicates import Account, Likeness, likeness
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Invalid

#: Incidents older than this are not offered as the same.
RECENT = timedelta(hours=24)
#: The six fields, in the order in which one asks on the telephone.
FIELDS = ("text", "place", "occurred_at", "casualties", "caller", "event")


@dataclass(frozen=True)
class Suspect:
    """A known event that this may be."""

    incident: Incident
    likeness: Likeness


@dataclass
class Intake:
    """One call as understood so far. `errors`: field -> sentence."""

    text: str = ""
    caller: str = ""
    caller_kind: str = "public"
    event_code: str = ""
    guessed: bool = False
    place: Place | None = None
    others: list[Place] = field(default_factory=list)
    occurred_at: datetime | None = None
    figures: dict[str, int] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def event_name(self) -> str:
        return event_codes.name(self.event_code) if self.event_code else ""

    def shown_figures(self) -> list[tuple[str, int]]:
        label = Incident._meta.get_field
        return [(str(label(name).verbose_name), value) for name, value in self.figures.items()]  # type: ignore[union-attr]


def code_of(text: str) -> str:
    """A type as typed: its code, or a part of its name (the first that has it)."""
    text = text.strip()
    known = event_codes.names()
    if text[:5].upper() in known:
        return text[:5].upper()
    found = [code for code, name in known.items() if text and text in name]
    if text and not found:
        raise Invalid("event", text, "类型码如 12D02，或名称的一部分如“泄漏”", label="事件类型")
    return found[0] if found else ""


def read(actor: Actor, sent: Mapping[str, str], now: datetime) -> Intake:
    """Understand the six fields; every one that cannot be read says so, the others are kept."""
    found = Intake(text=sent.get("text", "").strip(), caller=sent.get("caller", "").strip())
    kind = sent.get("caller_kind", "")
    found.caller_kind = kind if kind in CallRecord.Caller.values else "public"
    for name, read_one in (("occurred_at", read_time), ("casualties", read_casualties), ("event", read_event)):
        try:
            read_one(found, sent.get(name, ""), now)
        except Invalid as wrong:
            found.errors[name] = wrong.message
    options = places.find(actor, sent.get("place", ""))
    found.place, found.others = (options[0], options[1:4]) if options else (None, [])
    return found


def read_time(found: Intake, text: str, now: datetime) -> None:
    found.occurred_at = typed.moment(text, now)


def read_casualties(found: Intake, text: str, now: datetime) -> None:
    found.figures = typed.casualties(text)


def read_event(found: Intake, text: str, now: datetime) -> None:
    found.event_code = code_of(text)
    if not found.event_code:
        found.event_code, found.guessed = guess.event_code(found.text), True


def complete(found: Intake, sent: Mapping[str, str]) -> None:
    """What a new incident needs beyond what was readable."""
    if not found.text:
        found.errors["text"] = "请写下来电所说的情况"
    if not found.caller:
        found.errors["caller"] = "请写下报告人及电话（不肯透露的写“匿名”）"
    if not found.event_code:
        found.errors.setdefault("event", "请给出事件类型：类型码如 12D02，或名称的一部分如“泄漏”")
    if found.place is None:
        found.errors["place"] = f"登记簿里没有“{sent.get('place', '')}”：写企业、场所、镇街名，或“经度,纬度”"
    elif found.place.area is None:
        found.errors["place"] = "坐标不在本席位的区划范围内"


def suspects(actor: Actor, found: Intake, now: datetime, most: int = 3) -> list[Suspect]:
    """Open incidents this call may be about, the likeliest first."""
    if found.place is None:
        return []
    words = f"{found.text}{found.place.name}"
    mine = Account(found.place.lon, found.place.lat, found.occurred_at or now, words, found.event_code)
    return alike(actor, mine, now, most)


def alike(actor: Actor, mine: Account, now: datetime, most: int = 3) -> list[Suspect]:
    """A real call is never about an exercise, nor the other way round."""
    rows = Incident.objects.visible_to(actor, "command.view").filter(
        status__in=["opened", "responding", "ended"], received_at__gte=now - RECENT, exercise=exercising()
    )
    scored = [Suspect(row, likeness(mine, account_of(row))) for row in rows.select_related("area")]
    return sorted((s for s in scored if s.likeness.suspect), key=lambda s: -s.likeness.score)[:most]


def account_of(row: Incident) -> Account:
    words = f"{row.title}{row.place}{row.description}"
    return Account(row.lon, row.lat, row.occurred_at or row.received_at, words, row.event_code)


def as_shown(rows: list[Suspect]) -> list[dict[str, Any]]:
    """What the record keeps of the hint."""
    return [{"incident": row.incident.number, "score": row.likeness.score, "why": row.likeness.why} for row in rows]
