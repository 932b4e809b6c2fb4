"""A generic HTTP SMS gateway 短信网关: address, headers and body are given by the installation.

ANLAN_SMS_URL         address that takes one message by POST; unset = channel not set up
ANLAN_SMS_BODY        JSON template; texts may hold {phone} {text} {key} {name}
                      ({"phone": "{phone}", "content": "{text}", "id": "{key}"})
ANLAN_SMS_HEADERS     JSON object of headers (authorisation)                       ({})
ANLAN_SMS_OK          `path=value` in the JSON answer that means accepted, as `code=0`; unset = any 2xx
ANLAN_SMS_REFERENCE   path in the JSON answer of the gateway's own message number  (id)
ANLAN_SMS_IDEMPOTENT  1 = the gateway sends one key once, however often it is asked (0)
ANLAN_SMS_TIMEOUT_S   seconds                                                      (10)
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from anlan.gateways.alerts.contract import Message, Outcome, Receipt

DEFAULT_BODY = '{"phone": "{phone}", "content": "{text}", "id": "{key}"}'
#: Mainland mobile numbers; land lines of duty rooms get a phone call instead.
MOBILE = re.compile(r"(?:\+?86)?1[3-9]\d{9}")
#: Answers after which the same request may be accepted later.
LATER = {408, 425, 429, 500, 502, 503, 504}


@dataclass(frozen=True)
class Setup:
    """One gateway as the environment describes it."""

    url: str
    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    ok_path: str = ""
    ok_value: str = ""
    reference_path: str = "id"
    idempotent: bool = False
    timeout_s: float = 10.0
    #: What its numbers begin with among ours, where it will report later (`status`); "" = it does not.
    reports: str = ""


def setup(env: Mapping[str, str] = os.environ) -> Setup | None:
    """None when no gateway is given. Raises ValueError that names the variable that cannot be read."""
    url = env.get("ANLAN_SMS_URL", "")
    if not url:
        return None
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"ANLAN_SMS_URL={url!r}: 必须以 http:// 或 https:// 开头")
    ok_path, _, ok_value = env.get("ANLAN_SMS_OK", "").partition("=")
    return Setup(
        url=url,
        body=read_json(env, "ANLAN_SMS_BODY", DEFAULT_BODY),
        headers=dict(read_json(env, "ANLAN_SMS_HEADERS", "{}")),
        ok_path=ok_path,
        ok_value=ok_value,
        reference_path=env.get("ANLAN_SMS_REFERENCE", "id"),
        idempotent=env.get("ANLAN_SMS_IDEMPOTENT", "0") == "1",
        timeout_s=float(env.get("ANLAN_SMS_TIMEOUT_S", "10")),
    )


def read_json(env: Mapping[str, str], name: str, default: str) -> Any:
    try:
        return json.loads(env.get(name, default))
    except ValueError as error:
        raise ValueError(f"{name}: 不是 JSON（{error}）") from error


def reaches(address: str) -> bool:
    return MOBILE.fullmatch(address.replace(" ", "").replace("-", "")) is not None


def filled(template: Any, values: dict[str, str]) -> Any:
    """The template with the values in its texts; values are never read as templates themselves."""
    if isinstance(template, str):
        return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], found[0]), template)
    if isinstance(template, dict):
        return {key: filled(value, values) for key, value in template.items()}
    return [filled(value, values) for value in template] if isinstance(template, list) else template


def at_path(answer: Any, path: str) -> str:
    """`data.id` in nested objects, "" where there is none."""
    for name in path.split("."):
        answer = answer.get(name) if isinstance(answer, dict) else None
    return "" if answer is None else str(answer)


def attempt(given: Setup, message: Message) -> Receipt:
    """What certainly did not arrive is RETRY; an answer lost on the way is UNKNOWN."""
    phone = message.address.replace(" ", "").replace("-", "")
    values = {"phone": phone, "text": message.text, "key": message.key, "name": message.to_name}
    headers = {"Idempotency-Key": message.key, **given.headers}
    try:
        answer = httpx.post(given.url, json=filled(given.body, values), headers=headers, timeout=given.timeout_s)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        return Receipt(Outcome.RETRY, f"短信网关连不上：{error or type(error).__name__}")
    except httpx.HTTPError as error:
        return Receipt(Outcome.UNKNOWN, f"短信网关没有回答：{error or type(error).__name__}")
    return read_answer(given, answer)


def read_answer(given: Setup, answer: httpx.Response) -> Receipt:
    said = answer.text[:120]
    if answer.status_code in LATER:
        return Receipt(Outcome.RETRY, f"短信网关回答 {answer.status_code}：{said}", retry_after_s=pause(answer))
    if not answer.is_success:
        return Receipt(Outcome.REFUSED, f"短信网关拒绝 {answer.status_code}：{said}")
    try:
        content = answer.json()
    except ValueError:
        content = None
    if given.ok_path and at_path(content, given.ok_path) != given.ok_value:
        return Receipt(Outcome.REFUSED, f"短信网关拒绝（{given.ok_path} 不是 {given.ok_value}）：{said}")
    reference = at_path(content, given.reference_path)[:60]
    numbers = (given.reports + reference,) if given.reports and reference else ()
    return Receipt(Outcome.DELIVERED, "短信网关已接收", reference, numbers=numbers)


def pause(answer: httpx.Response) -> float | None:
    value = answer.headers.get("Retry-After", "")
    return float(value) if value.isdigit() else None
