"""短信网关 by HTTP."""

from __future__ import annotations

from anlan.gateways.alerts.contract import Audience, Channel
from anlan.gateways.alerts.sms_http import gateway


def idempotent() -> bool:
    given = gateway.setup()
    return given is not None and given.idempotent


CHANNEL = Channel(
    name="sms_http",
    title="短信",
    grade="bronze",
    audience=Audience.PERSON,
    rank=10,
    ready=lambda: gateway.setup() is not None,
    repeatable=idempotent,
    reaches=gateway.reaches,
    send=gateway.send,
    subscribers="sms",
)
