"""What mobilisation does when a warning goes out or ends."""

from __future__ import annotations

from anlan.kernel.accounts.actor import system
from anlan.kernel.events.models import Event
from anlan.kernel.events.outbox import on
from anlan.mobilisation import actions

DESK = system("叫应")


@on("monitoring.WarningIssued")
def warning_issued(event: Event) -> None:
    actions.call_officers(DESK, event.payload["warning_id"])


@on("monitoring.WarningCancelled")
def warning_cancelled(event: Event) -> None:
    """Whoever was called is told of the end."""
    actions.tell_the_end(DESK, event.payload["warning_id"])
