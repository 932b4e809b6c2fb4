"""飞书群机器人, with its signature (https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os

from anlan.gateways.alerts.contract import Audience, Channel, Message, Receipt
from anlan.gateways.alerts.facts import chat
from anlan.gateways.alerts.posting import by_code, post
from anlan.kernel import clock

#: 9499: too many requests; 11232: frequency limited.
LATER = {9499, 11232}


def url() -> str:
    return os.environ.get("ANLAN_FEISHU_URL", "")


def signature(secret: str, timestamp_s: int) -> str:
    """Base64 of HMAC-SHA256 over nothing, keyed by `timestamp\\nsecret`."""
    return base64.b64encode(hmac.new(f"{timestamp_s}\n{secret}".encode(), b"", hashlib.sha256).digest()).decode()


def send(message: Message) -> Receipt:
    title, text = chat(message)
    secret, now = os.environ.get("ANLAN_FEISHU_SECRET", ""), int(clock.real_now().timestamp())
    signed = {"timestamp": str(now), "sign": signature(secret, now)} if secret else {}
    card = {**signed, "msg_type": "text", "content": {"text": f"{title}\n{text}"}}
    return post("飞书", url(), by_code("飞书", "code", LATER), json=card)


CHANNEL = Channel(
    name="feishu", title="飞书群", grade="bronze", audience=Audience.PUBLIC, rank=32, ready=lambda: bool(url()),
    repeatable=lambda: False, reaches=lambda address: False, send=send,
)  # fmt: skip
