"""Verbs of mobilisation: the only way to change anything here."""

from anlan.mobilisation.actions.calls import (
    CALL,
    EDIT,
    call_officers,
    confirm_by_token,
    confirm_call,
    cover_warnings,
    escalate_calls,
    knock,
    monthly_test,
    note_receipts,
    record_coverage,
    silent_test,
    tell_the_end,
    test_means,
)
from anlan.mobilisation.actions.subscriptions import (
    GROUPS,
    confirm_subscription,
    enrol,
    regroup,
    subscribe,
    unsubscribe,
)

__all__ = [
    "CALL",
    "EDIT",
    "GROUPS",
    "call_officers",
    "confirm_by_token",
    "confirm_call",
    "confirm_subscription",
    "cover_warnings",
    "enrol",
    "escalate_calls",
    "knock",
    "monthly_test",
    "note_receipts",
    "record_coverage",
    "regroup",
    "silent_test",
    "subscribe",
    "tell_the_end",
    "test_means",
    "unsubscribe",
]
