"""What becomes due in the monitoring room."""

from __future__ import annotations

from anlan.kernel import clock
from anlan.kernel.accounts.actor import system
from anlan.kernel.events.outbox import every
from anlan.monitoring import actions

TIMER = system("告警定时")


@every(1.0)
def bring_back_shelved() -> None:
    actions.expire_shelving(TIMER, clock.now())


@every(1.0)
def end_expired_warnings() -> None:
    actions.expire_warnings(TIMER, clock.now())
