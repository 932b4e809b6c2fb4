"""状态报告 of the HTTP gateway: what it posts to us about what it took, proved by a signature or a token.

ANLAN_SMS_REPORT_KEY    secret; the report carries hex HMAC-SHA256 of its body in `X-Signature`   (unset = not used)
ANLAN_SMS_REPORT_TOKEN  for gateways that cannot sign: `Authorization: Bearer <token>`              (unset = not used)
ANLAN_SMS_REPORT        JSON: where things stand in the report and which word means delivered
                        ({"list": "", "number": "id", "stat": "status", "phone": "phone", "delivered": ["DELIVRD"]})

With neither secret nobody is believed, and the gateway's own answer is the last word about a message.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from anlan.gateways.alerts.reports import DELIVERED, Said
from anlan.gateways.alerts.sms_http.gateway import at_path

MOST, MOST_BYTES = 5000, 2**20
#: Numbers of this gateway among those of all channels.
PREFIX = "sms_http:"


class ReportError(ValueError):
    """The report cannot be read; the message says what of it."""


@dataclass(frozen=True)
class Form:
    """Paths within a report. list: of the list of reports, "" = the body is it, or is one report."""

    list: str = ""
    number: str = "id"
    stat: str = "status"
    phone: str = "phone"
    delivered: tuple[str, ...] = (DELIVERED,)


def form(env: Mapping[str, str] = os.environ) -> Form:
    try:
        given = json.loads(env.get("ANLAN_SMS_REPORT", "{}"))
        words = given.pop("delivered", None)
        return Form(**given) if words is None else Form(**given, delivered=tuple(str(word) for word in words))
    except (ValueError, TypeError, AttributeError) as error:
        raise ReportError(f"ANLAN_SMS_REPORT：{error}") from error


def expected(env: Mapping[str, str] = os.environ) -> bool:
    """Whether the gateway will report later."""
    return bool(env.get("ANLAN_SMS_REPORT_KEY") or env.get("ANLAN_SMS_REPORT_TOKEN"))


def believed(body: bytes, signature: str, authorisation: str, env: Mapping[str, str] = os.environ) -> bool:
    """Whether it comes from the gateway. With a key only the signature counts."""
    if key := env.get("ANLAN_SMS_REPORT_KEY", ""):
        made = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(made.encode(), signature.strip().lower().encode())
    token = env.get("ANLAN_SMS_REPORT_TOKEN", "")
    return bool(token) and hmac.compare_digest(f"Bearer {token}".encode(), authorisation.encode())


def read(body: bytes, given: Form) -> list[Said]:
    """Raises ReportError and keeps nothing, where any of it cannot be read."""
    try:
        content: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ReportError(f"不是 JSON：{error}") from error
    for name in given.list.split(".") if given.list else []:
        content = content.get(name) if isinstance(content, dict) else None
    rows = content if isinstance(content, list) else [content]
    if len(rows) > MOST:
        raise ReportError(f"{len(rows)} 条，上限 {MOST}")
    return [said(row, given, n) for n, row in enumerate(rows)]


def said(row: Any, given: Form, n: int) -> Said:
    number, stat = at_path(row, given.number), at_path(row, given.stat)
    if not number or not stat:
        raise ReportError(f"第 {n + 1} 条缺少 {given.number if not number else given.stat}")
    return Said(
        PREFIX + number[:60], DELIVERED if stat in given.delivered else stat[:7], at_path(row, given.phone), None
    )
