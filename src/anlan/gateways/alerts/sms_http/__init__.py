"""短信网关 by HTTP."""

from __future__ import annotations

from dataclasses import replace

from anlan.gateways.alerts.contract import Audience, Channel, Message, Outcome, Receipt
from anlan.gateways.alerts.sms_http import gateway, status


def idempotent() -> bool:
    given = gateway.setup()
    return given is not None and given.idempotent


def send(message: Message) -> Receipt:
    """One attempt by the gateway of the environment; it is told apart whether that is the last word about it."""
    given = gateway.setup()
    if given is None:
        return Receipt(Outcome.REFUSED, "未设置 ANLAN_SMS_URL")
    return gateway.attempt(replace(given, reports=status.PREFIX if status.expected() else ""), message)


CHANNEL = Channel(
    name="sms_http",
    title="短信",
    grade="bronze",
    audience=Audience.PERSON,
    rank=10,
    ready=lambda: gateway.setup() is not None,
    repeatable=idempotent,
    reaches=gateway.reaches,
    send=send,
    subscribers="sms",
)
