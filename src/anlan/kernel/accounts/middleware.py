"""Puts the actor on the request, from the session or from an API token, and ends idle sessions."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse

from anlan.kernel import clock
from anlan.kernel.accounts.actor import NOBODY, Actor
from anlan.kernel.accounts.models import ApiToken, digest

Next = Callable[[HttpRequest], HttpResponse]
SEEN = "anlan_seen_at"
#: Header of requests a page makes by itself: nobody need be sitting before it.
BACKGROUND = "Anlan-Background"


def origin_of(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def actor_by_token(token: str, origin: str) -> Actor | None:
    """The token's user as actor, or None when the token is unknown, expired or the account is closed."""
    found = ApiToken.objects.select_related("user").filter(digest=digest(token), user__is_active=True).first()
    if found is None or (found.expires_at and found.expires_at < clock.real_now()):
        return None
    return found.user.actor(origin)


def by_header(request: HttpRequest) -> Actor:
    """Who an `Authorization` header says it is: the token's user, else nobody, whatever session comes with it."""
    scheme, _, token = request.headers["Authorization"].partition(" ")
    known = actor_by_token(token.strip(), origin_of(request)) if scheme.lower() in {"bearer", "token"} else None
    return known or NOBODY


def actor_of(request: HttpRequest) -> Actor:
    """By the header where one is shown, else by the session."""
    if "Authorization" in request.headers:
        return by_header(request)
    return request.user.actor(origin_of(request)) if request.user.is_authenticated else NOBODY


class ActorMiddleware:
    """`request.actor` is always there; an idle session is ended before it can act.

    A request that shows a header acts by it alone: the session beside it, which may still owe its second factor, counts
    for nothing. `request.by_token` says that the header was good.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.end_idle_session(request)
        shown = "Authorization" in request.headers
        if shown:
            request.user = AnonymousUser()
        actor = actor_of(request)
        request.actor, request.by_token = actor, shown and actor is not NOBODY  # type: ignore[attr-defined]
        return self.get_response(request)

    def end_idle_session(self, request: HttpRequest) -> None:
        """Idle is measured in real time; the live stream of an open page does not count as activity."""
        if not request.user.is_authenticated or request.path.startswith("/stream"):
            return
        now = clock.real_now().timestamp()
        seen = request.session.get(SEEN)
        if seen is not None and now - seen > settings.IDLE_TIMEOUT_S:
            logout(request)
        elif seen is None or (now - seen > 60 and not request.headers.get(BACKGROUND)):
            request.session[SEEN] = now
