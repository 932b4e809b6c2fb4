"""Timers of the gateways."""

from __future__ import annotations

from anlan.gateways.alerts import sender
from anlan.kernel.events.outbox import every

messages = sender.Sender()


@every(1.0)
def send_messages() -> None:
    """What is due goes out."""
    if sender.owed():
        messages.wake()
