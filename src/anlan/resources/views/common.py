"""What the pages share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import AnlanError, Forbidden, Invalid, NotFound

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: A filled sheet of five thousand rows is below one megabyte.
MOST_BYTES = 10_000_000


def actor_of(request: HttpRequest, permission: str = "resources.view") -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    if not found.has(permission):
        raise Forbidden(f"{found.name}没有“{permission}”权限", permission=permission)
    return found


def today() -> date:
    return clock.now().astimezone(clock.BEIJING).date()


def attempt(request: HttpRequest, verb: Callable[[], Any], done: str, address: str) -> HttpResponse:
    """Do it, and go back to the page with a word of what was done, or of the rule that forbids it.

    A form that stays on its page is told the refusal there (`web.middleware`), so that nothing typed is lost.
    """
    try:
        result = verb()
        messages.success(request, done)
    except (NotFound, Forbidden):
        raise
    except AnlanError as error:
        if "Anlan-Form" in request.headers:
            raise
        result = None
        messages.error(request, f"{error.message}（规则：{error.rule}）" if error.rule else error.message)
    goal = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(goal, {request.get_host()}):
        goal = result if isinstance(result, str) else address
    return redirect(goal)


def excel(content: bytes, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f"attachment; filename*=utf-8''{quote(name)}.xlsx"}
    return HttpResponse(content, content_type=EXCEL, headers=headers)


def upload(request: HttpRequest) -> bytes:
    sent = request.FILES.get("file")
    if sent is None or not sent.size or sent.size > MOST_BYTES:
        raise Invalid("file", "", f"一个 Excel 文件（.xlsx），不超过 {MOST_BYTES // 1_000_000} MB", label="文件")
    content: bytes = sent.read()
    return content


def uuid_of(text: str) -> UUID | None:
    """The hidden number of a form, so that sending it twice does it once."""
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise Invalid("request_key", text, "UUID", label="请求号") from error


def day(text: str, otherwise: date) -> date:
    try:
        return date.fromisoformat(text) if text else otherwise
    except ValueError as error:
        raise Invalid("day", text, "日期，如 2026-11-23", label="日期") from error
