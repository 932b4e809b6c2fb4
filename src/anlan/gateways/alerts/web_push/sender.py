"""To the push services of the browsers, several at once over kept connections."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric import ec

from anlan.gateways.alerts.contract import Message, Outcome, Receipt
from anlan.gateways.alerts.web_push import codec
from anlan.kernel import clock
from anlan.mobilisation import queries

AT_ONCE, TIMEOUT_S = 8, 10.0
#: How long the push service keeps it for a browser that is off (a warning of hours ago is no warning), and a word's life.
TTL_S, WORD_S = 3600, 12 * 3600
LATER = {408, 425, 429, 500, 502, 503, 504}
GONE = {404, 410}


@cache
def line() -> httpx.Client:
    return httpx.Client(timeout=TIMEOUT_S, limits=httpx.Limits(max_connections=AT_ONCE), follow_redirects=False)


@cache
def word(audience: str, half_day: int) -> str:
    """One signature for half a day and push service."""
    subject = os.environ.get("ANLAN_PUSH_SUBJECT", "mailto:anlan@localhost.invalid")
    return codec.vapid(queries.push_signing_key(), audience, subject, (half_day + 2) * WORD_S - 1)


def content(message: Message) -> bytes:
    """What the page's worker shows; the same tag replaces a copy that came before."""
    lines = message.text.strip()
    body = {"title": f"【{message.purpose}】", "body": lines, "tag": message.key, "url": "/public/"}
    while len(json.dumps(body, ensure_ascii=False).encode()) > codec.MOST:
        body["body"] = body["body"][: len(body["body"]) * 3 // 4]
    return json.dumps(body, ensure_ascii=False).encode()


def one(message: Message, known: queries.Browser | None) -> Receipt:
    if known is None:
        return Receipt(Outcome.REFUSED, "推送订阅已不存在")
    parts = urlsplit(known.endpoint)
    half_day = int(clock.real_now().timestamp()) // WORD_S
    key = ec.generate_private_key(ec.SECP256R1())
    body = codec.encrypted(content(message), codec.unb64(known.p256dh), codec.unb64(known.auth), key, os.urandom(16))
    headers = {
        "Authorization": word(f"{parts.scheme}://{parts.netloc}", half_day), "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream", "TTL": str(TTL_S), "Urgency": "high",
    }  # fmt: skip
    try:
        return judged(line().post(known.endpoint, content=body, headers=headers))
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        return Receipt(Outcome.RETRY, f"推送服务连不上：{type(error).__name__}")
    except httpx.HTTPError as error:
        return Receipt(Outcome.UNKNOWN, f"推送服务没有回答：{type(error).__name__}")


def judged(answer: httpx.Response) -> Receipt:
    """RFC 8030 sections 5 and 7.3."""
    if answer.is_success:
        return Receipt(Outcome.DELIVERED, "推送服务已接收", answer.headers.get("Location", "")[-60:])
    if answer.status_code in LATER:
        wait = answer.headers.get("Retry-After", "")
        return Receipt(
            Outcome.RETRY, f"推送服务回答 {answer.status_code}", retry_after_s=float(wait) if wait.isdigit() else None
        )
    why = "浏览器已取消订阅" if answer.status_code in GONE else f"推送服务拒绝 {answer.status_code}"
    return Receipt(Outcome.REFUSED, why)


def send_many(messages: Sequence[Message]) -> list[Receipt]:
    known = queries.push_keys([message.address for message in messages])
    with ThreadPoolExecutor(AT_ONCE, "push") as pool:
        return list(pool.map(lambda message: one(message, known.get(message.address)), messages))
