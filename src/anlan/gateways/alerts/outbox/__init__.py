"""本地发件箱: the channel of an installation that has no other; people read it on a page and make the call."""

from __future__ import annotations

from anlan.gateways.alerts.contract import Audience, Channel, Message, Outcome, Receipt


def send(message: Message) -> Receipt:
    """The row itself is the message."""
    del message
    return Receipt(Outcome.DELIVERED, "已存入本地发件箱（未接入短信网关，未向外发送）")


CHANNEL = Channel(
    name="outbox",
    title="本地发件箱",
    grade="silver",
    audience=Audience.PERSON,
    rank=90,
    ready=lambda: True,
    repeatable=lambda: True,
    reaches=lambda address: True,
    send=send,
    carries_exercises=True,
)
