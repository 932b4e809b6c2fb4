"""显示屏: one line to the control system of the signs, by a template as of the SMS gateway.

ANLAN_LED_URL    address that takes one line by POST; unset = channel not set up
ANLAN_LED_BODY   JSON template with {text} {colour} {key} {until}   ({"text": "{text}", "colour": "{colour}", "id": "{key}"})
"""

from __future__ import annotations

import json
import os
from typing import Any

from anlan.gateways.alerts.contract import Audience, Channel, Message, Outcome, Receipt
from anlan.gateways.alerts.facts import warning_of
from anlan.gateways.alerts.posting import filled, post
from anlan.monitoring import published
from anlan.monitoring.rules.warnings import HEX_OF, sign

BODY = '{"text": "{text}", "colour": "{colour}", "id": "{key}", "until": "{until}"}'


def url() -> str:
    return os.environ.get("ANLAN_LED_URL", "")


def taken(answer: Any) -> Receipt:
    del answer
    return Receipt(Outcome.DELIVERED, "显示屏系统已接收")


def send(message: Message) -> Receipt:
    found = warning_of(message)
    if found is None:
        return Receipt(Outcome.REFUSED, "没有可显示的预警")
    over = message.purpose != "预警发布"
    text = f"{found.headline}已解除" if over else sign(published.content(found))
    values = {"text": text, "colour": HEX_OF[found.level], "key": message.key, "until": found.expires.isoformat()}
    return post("显示屏系统", url(), taken, json=filled(json.loads(os.environ.get("ANLAN_LED_BODY", BODY)), values))


CHANNEL = Channel(
    name="led_sign", title="显示屏", grade="bronze", audience=Audience.PUBLIC, rank=13, ready=lambda: bool(url()),
    repeatable=lambda: True, reaches=lambda address: False, send=send,
)  # fmt: skip
