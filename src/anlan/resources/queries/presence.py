"""Who is inside a danger zone now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.resources.models import Presence
from anlan.resources.rules import stay_state


@dataclass(frozen=True)
class Stay:
    """One person inside: minutes since the entry, left until the limit, since the last answer; green, warning, critical."""

    row: Presence
    minutes: float
    left: float
    answered: float
    state: str


def stays(actor: Actor, correlation_id: UUID | None = None, at: datetime | None = None) -> list[Stay]:
    """Those inside, whoever must come out first first; of one incident or of all."""
    rows, now = (
        Presence.objects.visible_to(actor).select_related("team", "area").filter(left_at=None),
        at or clock.now(),
    )
    if correlation_id is not None:
        rows = rows.filter(correlation_id=correlation_id)
    found = [stay_of(row, now) for row in rows]
    return sorted(found, key=lambda stay: stay.left)


def stay_of(row: Presence, now: datetime) -> Stay:
    minutes = (now - row.entered_at).total_seconds() / 60
    answered = (now - (row.checked_at or row.entered_at)).total_seconds() / 60
    return Stay(row, minutes, row.limit_min - minutes, answered, stay_state(minutes, row.limit_min))


def people_inside(correlation_id: UUID) -> list[str]:
    """Names of those inside at one incident, whoever asks: a life counts though the asker may not see the row."""
    rows = Presence.objects.unscoped("nobody is left behind").filter(left_at=None, correlation_id=correlation_id)
    return list(rows.values_list("person", flat=True))
