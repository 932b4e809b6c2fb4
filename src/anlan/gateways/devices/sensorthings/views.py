"""SensorThings over HTTP."""

from __future__ import annotations

import json
import logging
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from anlan.gateways.devices.sensorthings import protocol, refused
from anlan.gateways.devices.sensorthings.multipart import batch_parts, batch_text
from anlan.gateways.webhand import LogOutOfReach, hand
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import AnlanError, Forbidden, Invalid

log = logging.getLogger(__name__)
ROOT = "/api/sta/v1.1"
READING = {"GET", "HEAD"}


def shown(content: Any, status: int) -> JsonResponse:
    return JsonResponse(content, status=status, safe=False, json_dumps_params={"ensure_ascii": False, "default": str})


def body_of(request: HttpRequest) -> Any:
    if not request.body:
        return None
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise Invalid("body", request.body[:60].decode(errors="replace"), f"JSON（{error}）") from error


def actor_of(request: HttpRequest) -> Actor:
    """Reading by session or token; writing by token only, for these addresses take no CSRF token."""
    found: Actor = request.actor  # type: ignore[attr-defined]
    if request.method not in READING and not request.headers.get("Authorization"):
        raise Forbidden("写入须用接口令牌：Authorization: Bearer <令牌>", permission="monitoring.ingest")
    if request.method in READING:
        protocol.require_reader(found)
    return found


@csrf_exempt
def serve(request: HttpRequest, path: str = "") -> HttpResponse:
    """One request; a wrong value is 400 here, as the standard has it, with field, value and what is allowed."""
    try:
        actor = actor_of(request) if path else request.actor  # type: ignore[attr-defined]
        base = request.build_absolute_uri(ROOT)
        method = "GET" if request.method == "HEAD" else str(request.method)
        query = request.META.get("QUERY_STRING", "")
        if path == "$batch" and request.headers.get("Content-Type", "").startswith("multipart/mixed"):
            return multipart(request, actor, base)
        body = None if method == "GET" else body_of(request)
        found = protocol.answer(protocol.Request(method, path.rstrip("/"), query, body, actor, base))
        put_aside(request, path, "；".join(refused.told(found.content)))
    except AnlanError as error:
        put_aside(request, path, refused.reason(error))
        return shown(error.as_json(), 400 if isinstance(error, Invalid) else error.status)
    response = (
        HttpResponse(found.content, "text/plain; charset=utf-8", found.status)
        if isinstance(found.content, str)
        else shown(found.content, found.status)
    )
    if found.location:
        response["Location"] = found.location
    return response


def put_aside(request: HttpRequest, path: str, reason: str) -> None:
    """Readings that were refused go into quarantine; their sender has the negative answer whether that succeeds or not."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    if reason and refused.concerns(by, str(request.method), path):
        try:
            raw = refused.parcel(by, path.rstrip("/"), request.body)
            hand.quarantine(refused.PROTOCOL, raw, by.name, reason[:400])
        except LogOutOfReach as error:
            log.warning("a refused request could not be put into quarantine: %s", error)


def multipart(request: HttpRequest, actor: Actor, base: str) -> HttpResponse:
    parts = batch_parts(request.headers["Content-Type"], request.body)
    asked = protocol.Request("POST", "$batch", "", {"requests": parts}, actor, base)
    boundary, text = batch_text(protocol.answer(asked).content["responses"])
    return HttpResponse(text, f"multipart/mixed; boundary={boundary}", 200)
