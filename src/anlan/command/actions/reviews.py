"""Completing a review."""

from __future__ import annotations

from anlan.command import review
from anlan.command.common import Kind, bump, hold, required, tell
from anlan.command.events import IncidentReviewed
from anlan.command.models import Review
from anlan.command.states import INCIDENT, INCIDENT_LABELS, move
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot


@action("command.review")
def complete_review(by: Actor, incident_id: int, lessons: str, *, version: int | None = None) -> Review:
    """完成复盘: the times are frozen as measured now, with the lessons."""
    incident = hold(by, "command.review", incident_id, version)
    before = snapshot(incident)
    incident.status = move(INCIDENT, INCIDENT_LABELS, incident.number, incident.status, "reviewed")
    done = Review.objects.create(
        incident=incident,
        measured=[row.as_data() for row in review.measures(incident)],
        lessons=required("lessons", lessons, "经验教训", 10000),
        completed_at=clock.now(),
        completed_by=by.name,
    )
    bump(incident)
    tell(incident, Kind.INCIDENT, "完成复盘", by.name)
    record(by, "事件复盘", incident, before=before, correlation_id=incident.correlation_id)
    record(by, "完成复盘", done, IncidentReviewed(incident.pk), correlation_id=incident.correlation_id)
    return done
