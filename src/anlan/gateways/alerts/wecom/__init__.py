"""企业微信群机器人: one card to a work group (https://developer.work.weixin.qq.com/document/path/91770)."""

from __future__ import annotations

import os

from anlan.gateways.alerts.contract import Audience, Channel, Message, Receipt
from anlan.gateways.alerts.facts import chat
from anlan.gateways.alerts.posting import by_code, post

#: 45009: 接口调用超过限制 (20 messages a minute and robot).
LATER = {45009, -1}
MOST_BYTES = 4096


def url() -> str:
    return os.environ.get("ANLAN_WECOM_URL", "")


def send(message: Message) -> Receipt:
    title, text = chat(message)
    words = f"### {title}\n{text}".encode()[:MOST_BYTES].decode("utf-8", "ignore")
    card = {"msgtype": "markdown", "markdown": {"content": words}}
    return post("企业微信", url(), by_code("企业微信", "errcode", LATER, "errmsg"), json=card)


CHANNEL = Channel(
    name="wecom", title="企业微信群", grade="bronze", audience=Audience.PUBLIC, rank=30, ready=lambda: bool(url()),
    repeatable=lambda: False, reaches=lambda address: False, send=send,
)  # fmt: skip
