"""The API: one router per room, docs without the internet, session with CSRF or token."""

from __future__ import annotations

import json
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.utils import check_csrf

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import AnlanError
from anlan.web import malformed

#: Where the router of `anlan.<room>.api` hangs below /api/.
ROUTERS = {
    "kernel.register": "/registers",
    "administration": "/administration",
    "supervision": "/supervision",
    "simulation": "/simulation",
    "monitoring": "/monitoring",
    "resources": "/resources",
    "command": "/command",
    "mobilisation": "/mobilisation",
    "situation": "/situation",
    "gateways": "/gateways",
}


def signed_in(request: HttpRequest) -> Actor | None:
    """The actor of the token, or of the session, whose writes need Django's CSRF token."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if actor.user_id is None:
        return None
    if not request.headers.get("Authorization") and check_csrf(request) is not None:
        raise HttpError(403, "缺少或错误的 CSRF 令牌：会话方式写入须带 X-CSRFToken")
    return actor


class Api(NinjaAPI):
    """Keeps what was wrong in our own words, with the value that was sent."""

    def validation_error_from_error_contexts(self, error_contexts: list[Any]) -> ValidationError:
        found = []
        for context in error_contexts:
            source = context.model.__ninja_param_source__
            for error in context.pydantic_validation_error.errors(include_url=False):
                found.append(malformed.invalid(dict(error), context.model, source).as_json())
        return ValidationError(found)


api = Api(
    title="安澜 API",
    version="1",
    description="写操作须登录会话加 CSRF 令牌，或 `Authorization: Bearer <接口令牌>`。"
    "错误以中文说明字段、值、允许范围和单位。",
    auth=signed_in,
    urls_namespace="api",
)


def refusal(message: str, status: int, **details: Any) -> HttpResponse:
    # NaN and Infinity, which JSON does not know, are given back as words.
    plain = json.loads(json.dumps({"error": message, **details}, default=str), parse_constant=str)
    return JsonResponse(plain, status=status, json_dumps_params={"ensure_ascii": False})


@api.exception_handler(AnlanError)
def refused(request: HttpRequest, error: AnlanError) -> HttpResponse:
    return refusal(error.message, error.status, **error.details)


@api.exception_handler(HttpError)
def http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    if error.status_code == 401:
        return refusal("请先登录，或在 Authorization 头里给出有效的接口令牌", 401)
    return refusal(error.message, error.status_code)


@api.exception_handler(ValidationError)
def unreadable(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """The first refusal on top, all of them in `fields`."""
    first = dict(error.errors[0])
    return refusal(first.pop("error"), 422, **first, fields=error.errors)


for room, prefix in ROUTERS.items():
    if find_spec(f"anlan.{room}.api"):
        api.add_router(prefix, import_module(f"anlan.{room}.api").router)
