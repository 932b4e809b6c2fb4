"""CAP 订阅源: active warnings for whoever subscribes."""

from __future__ import annotations

from anlan.gateways.alerts.contract import Audience, Channel, Message, Outcome, Receipt


def send(message: Message) -> Receipt:
    """The feed is drawn from the warnings themselves; being issued is being in it."""
    return Receipt(Outcome.DELIVERED, "已列入 /feeds/cap", message.subject_id)


CHANNEL = Channel(
    name="cap_feed",
    title="CAP 订阅源",
    grade="silver",
    audience=Audience.PUBLIC,
    rank=20,
    ready=lambda: True,
    repeatable=lambda: True,
    reaches=lambda address: False,
    send=send,
    carries_exercises=True,
)
