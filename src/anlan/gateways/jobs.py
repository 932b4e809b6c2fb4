"""Timers of the gateways."""

from __future__ import annotations

from anlan.gateways.alerts import sender
from anlan.gateways.exchange import carrier
from anlan.kernel.events.outbox import every

messages = sender.Sender()
parcels = carrier.Carrier()


@every(1.0)
def send_messages() -> None:
    """What is due goes out."""
    if sender.owed():
        messages.wake()


@every(1.0)
def carry_parcels() -> None:
    """What waits for other platforms goes on its way."""
    if carrier.due():
        parcels.wake()
