"""One POST to somebody else's address, and what became of it: shared by the channels that speak HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any

import httpx

from anlan.gateways.alerts.contract import Outcome, Receipt

TIMEOUT_S = 10.0
#: Answers after which the same request may be accepted later.
LATER = {408, 425, 429, 500, 502, 503, 504}
Judge = Callable[[Any], Receipt]


def post(name: str, url: str, judge: Judge, **content: Any) -> Receipt:
    """What certainly did not arrive is RETRY; an answer lost on the way is UNKNOWN; the rest is for `judge` to say."""
    try:
        answer = httpx.post(url, timeout=TIMEOUT_S, **content)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        return Receipt(Outcome.RETRY, f"{name}连不上：{type(error).__name__}")
    except httpx.HTTPError as error:
        return Receipt(Outcome.UNKNOWN, f"{name}没有回答：{type(error).__name__}")
    if answer.status_code in LATER:
        wait = answer.headers.get("Retry-After", "")
        pause = float(wait) if wait.isdigit() else None
        return Receipt(Outcome.RETRY, f"{name}回答 {answer.status_code}", retry_after_s=pause)
    if not answer.is_success:
        return Receipt(Outcome.REFUSED, f"{name}拒绝 {answer.status_code}：{answer.text[:80]}")
    return judge(answer)


def by_code(name: str, key: str, later: Collection[int], text: str = "") -> Judge:
    """Robots answer 200 with a code of their own: 0 is well, some mean later, the others never."""

    def judge(answer: Any) -> Receipt:
        try:
            said = answer.json()
        except ValueError:
            said = {}
        code = said.get(key) if isinstance(said, dict) else None
        if code == 0:
            return Receipt(Outcome.DELIVERED, f"{name}已接收")
        why = str(said.get(text or "msg", ""))[:80] if isinstance(said, dict) else ""
        if code in later:
            return Receipt(Outcome.RETRY, f"{name}限流 {code}：{why}", retry_after_s=60.0)
        return Receipt(Outcome.REFUSED, f"{name}拒绝 {code}：{why}")

    return judge


def filled(template: Any, values: dict[str, str]) -> Any:
    """The template with `{name}` in its texts replaced; values are never read as templates themselves."""
    if isinstance(template, str):
        return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], found[0]), template)
    if isinstance(template, dict):
        return {key: filled(value, values) for key, value in template.items()}
    return [filled(value, values) for value in template] if isinstance(template, list) else template
