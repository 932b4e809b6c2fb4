"""Timers of mobilisation."""

from __future__ import annotations

from anlan.kernel import clock
from anlan.kernel.accounts.actor import system
from anlan.kernel.events.outbox import every
from anlan.mobilisation import actions

DESK = system("叫应")


@every(2.0)
def go_up_when_nobody_answers() -> None:
    actions.escalate_calls(DESK, clock.now())


@every(60.0)
def compute_coverage_of_warnings() -> None:
    """Half an hour after a warning went out, when receipts have come."""
    actions.cover_warnings(DESK, clock.now())


@every(600.0)
def test_silently_once_a_month() -> None:
    """On the first working morning of the month, in reality only."""
    if clock.scenario() is None:
        actions.monthly_test(DESK, clock.now())


@every(15.0)
def enrol_new_subscribers() -> None:
    """A warning finds nearly everybody in the roster already; it enrols the last few itself."""
    while actions.enrol():
        pass
