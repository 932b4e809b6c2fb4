"""Timers of the gateways."""

from __future__ import annotations

from anlan.gateways.alerts import lanes, mass, reports, sender, settling
from anlan.gateways.exchange import carrier
from anlan.kernel import clock
from anlan.kernel.events.outbox import every

messages = sender.Sender()
senders = lanes.Senders()
parcels = carrier.Carrier()
reporters = settling.Reporters()


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


@every(0.1)
def fan_out() -> None:
    """Warnings to subscribers: within a second of the signature the first one goes out."""
    if channels := mass.owed():
        senders.wake(channels)


@every(1.0)
def hear_reports() -> None:
    """What gateways say later about what they took."""
    reporters.wake()


@every(3600.0)
def forget_receivers() -> None:
    """What nobody will ask about any more."""
    reports.tidy()
    mass.tidy(clock.now())
