"""钉钉群机器人, with its signature (https://open.dingtalk.com/document/robots/customize-robot-security-settings)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os

from anlan.gateways.alerts.contract import Audience, Channel, Message, Receipt
from anlan.gateways.alerts.facts import chat
from anlan.gateways.alerts.posting import by_code, post
from anlan.kernel import clock

#: 130101: send too fast; -1: the system is busy.
LATER = {130101, -1}


def url() -> str:
    return os.environ.get("ANLAN_DINGTALK_URL", "")


def signature(secret: str, timestamp_ms: int) -> str:
    """Base64 of HMAC-SHA256 over `timestamp\\nsecret`, keyed by the secret."""
    digest = hmac.new(secret.encode(), f"{timestamp_ms}\n{secret}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def send(message: Message) -> Receipt:
    title, text = chat(message)
    secret, now = os.environ.get("ANLAN_DINGTALK_SECRET", ""), int(clock.real_now().timestamp() * 1000)
    signed = {"timestamp": str(now), "sign": signature(secret, now)} if secret else {}
    card = {"msgtype": "markdown", "markdown": {"title": title[:80], "text": f"### {title}\n\n{text}"}}
    return post("钉钉", url(), by_code("钉钉", "errcode", LATER, "errmsg"), json=card, params=signed or None)


CHANNEL = Channel(
    name="dingtalk", title="钉钉群", grade="bronze", audience=Audience.PUBLIC, rank=31, ready=lambda: bool(url()),
    repeatable=lambda: False, reaches=lambda address: False, send=send,
)  # fmt: skip
