"""`POST /api/feeds/<name>` with a token: a document of a feed, read at once."""

from __future__ import annotations

from dataclasses import asdict

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from anlan.gateways import feeds
from anlan.gateways.feeds.contract import Feed, FeedError
from anlan.gateways.feeds.inbox import take_in
from anlan.gateways.webhand import hand
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import AnlanError, Forbidden, NotFound


class Unreadable(AnlanError):
    """The document is not what this feed sends."""

    status = 422


def actor_of(request: HttpRequest) -> Actor:
    """Who sends. A browser's session is not enough: these addresses take no CSRF token."""
    if not request.headers.get("Authorization"):
        raise Forbidden("须用接口令牌：Authorization: Bearer <令牌>", permission="monitoring.feed")
    found: Actor = request.actor  # type: ignore[attr-defined]
    if not found.has("monitoring.feed"):
        raise Forbidden(f"{found.name}没有“monitoring.feed”权限", permission="monitoring.feed")
    return found


def feed_named(name: str) -> Feed:
    known = feeds.discover()
    if name not in known:
        raise NotFound(f"没有数据源“{name}”，可用：{'、'.join(sorted(known))}", field="name", value=name)
    return known[name]


@require_GET
def listing(request: HttpRequest) -> JsonResponse:
    del request
    found = [
        {"name": feed.name, "title": feed.title, "standard": feed.standard, "url": f"/api/feeds/{feed.name}"}
        for feed in feeds.discover().values()
    ]
    return JsonResponse({"feeds": found}, json_dumps_params={"ensure_ascii": False})


@csrf_exempt
@require_POST
def receive(request: HttpRequest, name: str) -> JsonResponse:
    """200 with what was received, new and refused (row by row); 422 when the document is none of this feed."""
    actor, feed = actor_of(request), feed_named(name)
    peer = str(request.META.get("REMOTE_ADDR", ""))
    try:
        receipt = take_in(actor, feed, request.body, peer, hand.quarantine, hand.keep_known)
    except FeedError as error:
        raise Unreadable(f"{feed.title}：{error}", field="body", allowed=feed.standard) from error
    refused = [{key: value for key, value in asdict(r).items() if key != "raw"} for r in receipt.refused]
    answer = {"received": receipt.received, "new": receipt.new, "refused": refused}
    return JsonResponse(answer, json_dumps_params={"ensure_ascii": False})
