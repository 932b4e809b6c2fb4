"""短信 by CMPP 2.0/3.0: a line of one's own to the operator's gateway."""

from __future__ import annotations

from anlan.gateways.alerts.cmpp import client
from anlan.gateways.alerts.contract import Audience, Channel
from anlan.gateways.alerts.sms_http.gateway import reaches

CHANNEL = Channel(
    name="cmpp",
    title="短信（CMPP）",
    grade="bronze",
    audience=Audience.PERSON,
    rank=8,
    ready=lambda: client.setup() is not None,
    repeatable=lambda: False,
    reaches=reaches,
    send=client.send,
    send_many=client.send_many,
    listen=client.listen,
    subscribers="sms",
)
