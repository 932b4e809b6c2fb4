"""Reactions: when an incident is closed its release is no longer followed."""

from __future__ import annotations

from anlan.kernel.accounts.actor import system
from anlan.kernel.events.models import Event
from anlan.kernel.events.outbox import on
from anlan.situation.actions import end_release
from anlan.situation.models import ReleaseWatch

DESK = system("泄漏研判")


@on("command.IncidentClosed")
def incident_closed(event: Event) -> None:
    """The releases of the incident are over."""
    if event.correlation_id is None:
        return
    running = ReleaseWatch.objects.unscoped("what hangs on an incident ends with it").filter(
        correlation_id=event.correlation_id, ended_at__isnull=True
    )
    for pk in list(running.values_list("pk", flat=True)):
        end_release(DESK, pk, "事件已结束")
