"""Facts any room may state."""

from __future__ import annotations

from dataclasses import dataclass

from anlan.kernel.events.outbox import Fact


@dataclass(frozen=True)
class NoticeRequested(Fact):
    """Somebody must be told something. `gateways/alerts` delivers it by the channel the receiver has; what
    belongs to an exercise stays in the house. `purpose` is 用途, in the words the outbox page shows."""

    to_name: str
    text: str
    purpose: str
    subject_type: str
    subject_id: str
    to_person_id: int | None = None
    to_post_id: int | None = None
    phone: str = ""
    urgency: str = "normal"
    correlation_id: str | None = None
    exercise: bool = False
