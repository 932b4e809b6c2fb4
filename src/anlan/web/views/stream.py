"""`GET /stream`: server-sent events, served beside Django so that an open stream holds no thread and no connection.

First `hello` (names to subscribe to, position, time), then the backlog after `Last-Event-ID` or `?after=`, then live
events. `beat`, when nothing else was said for some seconds, and `clock`, when its pace has changed, carry the platform's time.
`reset` = too far behind: load the page's data again.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import Awaitable, Callable, MutableMapping
from importlib import import_module
from typing import Any

import orjson
from django.conf import settings
from django.contrib import auth
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django_otp import DEVICE_ID_SESSION_KEY

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.middleware import SEEN, actor_of
from anlan.kernel.identity import actions, second_factor
from anlan.kernel.tasks import end
from anlan.web import live

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
BEAT_S = 5.0
#: How often the account is looked at again: rights withdrawn, signed out, idle too long.
RECHECK_S = 60.0
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


def identify(scope: MutableMapping[str, Any]) -> Actor | None:
    """The actor behind the session cookie or token of this connection; None = not, or no longer, signed in."""
    request = ASGIRequest(dict(scope), io.BytesIO())
    request.get_host()
    engine = import_module(settings.SESSION_ENGINE)
    request.session = engine.SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    request.user = auth.get_user(request)
    if request.user.is_authenticated:
        seen = request.session.get(SEEN)
        if seen is not None and clock.real_now().timestamp() - seen > settings.IDLE_TIMEOUT_S:
            return None
        if owes(request):
            return None
    actor = actor_of(request)
    return actor if actor.user_id is not None else None


def owes(request: ASGIRequest) -> bool:
    """As for pages: no stream before the second factor a role asks for, nor on an outdated password."""
    if request.headers.get("Authorization"):
        return False
    user: Any = request.user
    asked = second_factor.required(user) or second_factor.device_of(user) is not None
    return (asked and DEVICE_ID_SESSION_KEY not in request.session) or actions.password_is_old(user)


def resume_point(scope: MutableMapping[str, Any]) -> int | None:
    """Number of the last event the client has; a browser's own memory (`Last-Event-ID`) beats the address."""
    request = ASGIRequest(dict(scope), io.BytesIO())
    for given in (request.headers.get("Last-Event-ID"), request.GET.get("after")):
        if given and given.isdecimal():
            return int(given)
    return None


def framed(name: str, data: dict[str, Any], seq: int | None = None) -> bytes:
    head = f"id: {seq}\n" if seq is not None else ""
    return f"{head}event: {name}\ndata: ".encode() + orjson.dumps(data) + b"\n\n"


def time_told() -> dict[str, Any]:
    """The platform's time, its seconds per real second, and the scenario that sets them, "" = it is real."""
    pace = clock.scenario()
    return {"at": clock.now(), "speed": clock.speed(), "scenario": pace.name if pace else ""}


async def refuse(send: Send, status: int, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


class Stream:
    """One client's connection."""

    def __init__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send, hub: live.Hub) -> None:
        self.scope, self.receive, self.hub = scope, receive, hub
        self.raw_send = send
        #: What was told of the time: a scenario's pace, or that it is real.
        self.pace = clock.scenario()

    async def write(self, body: bytes) -> None:
        await self.raw_send({"type": "http.response.body", "body": body, "more_body": True})

    async def run(self, actor: Actor) -> None:
        after = resume_point(self.scope)
        subscriber = self.hub.subscribe(actor, after)
        try:
            hello = framed(
                "hello",
                {"names": live.fact_names(), **time_told()},
                subscriber.position if after is None else after,
            )
            await self.raw_send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            await self.write(b"retry: 1000\n\n" + hello)
            if after is not None:
                await self.backlog(subscriber, after)
            await self.follow(subscriber)
        finally:
            self.hub.leave(subscriber)

    async def backlog(self, subscriber: live.Subscriber, after: int) -> None:
        """What was published while the client was away, in order, or `reset` when that is too much.

        Also `reset` when the client knows numbers that do not exist here: the database was replaced below it.
        """
        up_to = subscriber.position
        first, last = await self.hub.ask(live.extent)
        if up_to - after > live.MAX_BACKLOG or first > after + 1 or after > last:
            subscriber.position = subscriber.joined_at
            await self.write(framed("reset", {"at": clock.now()}, subscriber.position))
            return
        while rows := await self.hub.ask(live.published_after, after, up_to):
            await self.write(b"".join(message.wire for message in live.messages_for(subscriber.actor, rows)))
            after = rows[-1]["published_seq"]

    async def follow(self, subscriber: live.Subscriber) -> None:
        """Live events as they come; ends when the account may no longer look or the client cannot keep up."""
        loop = asyncio.get_running_loop()
        recheck_at = loop.time() + RECHECK_S
        while not subscriber.overrun:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEAT_S):
                    await subscriber.woken.wait()
            body = subscriber.take()
            if self.pace != clock.scenario():
                self.pace = clock.scenario()
                await self.write(framed("clock", time_told()))
            # Nothing unread: all up to the hub's position was sent or was not for this client, so it may resume there.
            await self.write(body or framed("beat", time_told(), max(self.hub.last, subscriber.position)))
            if loop.time() > recheck_at:
                recheck_at = loop.time() + RECHECK_S
                actor = await self.hub.ask(identify, self.scope)
                if actor is None:
                    await self.write(framed("bye", {"reason": "signed out"}))
                    return
                subscriber.actor = actor

    async def gone(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass


async def stream(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    """ASGI application of `/stream`."""
    if scope["method"] != "GET":
        await refuse(send, 405, "只支持 GET")
        return
    hub = live.hub()
    await hub.start()
    try:
        actor = await hub.ask(identify, scope)
    except DisallowedHost:
        await refuse(send, 400, "主机名不在 ANLAN_HOSTS 中")
        return
    if actor is None:
        await refuse(send, 401, "请先登录")
        return
    connection = Stream(scope, receive, send, hub)
    tasks = [asyncio.create_task(connection.run(actor)), asyncio.create_task(connection.gone())]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        if tasks[0] in done:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        await end(tasks)
