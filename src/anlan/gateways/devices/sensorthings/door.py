"""The fast way in: observations over HTTP without the web's pages and sessions around them.

With a token, `POST Observations`, `Datastreams(id)/Observations` and `CreateObservations` come here, and `GET` of the
readings of one datastream; everything else goes through Django (`views`), with the same answers. What many connections
send at the same time goes into the log together (group commit): while one write is on its way to the disk the next is
gathered. 201 only when the log has it.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

import orjson
from django.conf import settings
from django.db.models import Q
from django.http.request import split_domain_port, validate_host
from nats.errors import Error as NatsError
from nats.js.errors import Error as JetStreamError

from anlan.gateways.devices.sensorthings import refused, writing
from anlan.gateways.devices.sensorthings.entities import JOINT, SETS
from anlan.gateways.devices.sensorthings.known import Known, unseen
from anlan.gateways.devices.sensorthings.odata import Options
from anlan.gateways.devices.sensorthings.protocol import Request, Shower, Target, read, require_reader
from anlan.gateways.devices.sensorthings.store import Collection
from anlan.gateways.log import ReadingLog, Row
from anlan.gateways.webhand import LogOutOfReach
from anlan.kernel.accounts.actor import NOBODY, Actor
from anlan.kernel.errors import AnlanError, Forbidden, Invalid, NotFound

logger = logging.getLogger(__name__)
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ROOT = "/api/sta/v1.1"
PATH = re.compile(rf"{re.escape(ROOT)}/(?:(CreateObservations)|(?:Datastreams\((\d{{1,9}})\)/)?Observations)/?")
#: Writes on their way at once, and how long the log may take.
FLIGHTS, WAIT_S = 2, 15.0
#: Large writes are not made larger by waiting: from so many rows on, this many may be on their way.
LARGE, LARGE_FLIGHTS = 500, 6
#: A write that has so many rows takes no more: the log refuses messages over 8 MB.
TOGETHER = 20_000
OBSERVATIONS = SETS["Observations"]


def header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def takes(scope: Scope) -> bool:
    """Whether a request is one of ours; a wrong host is Django's to refuse."""
    method = scope["method"]
    if method not in ("POST", "GET") or not scope["path"].startswith(ROOT):
        return False
    found = PATH.fullmatch(scope["path"])
    if found is None or (method == "GET" and not found[2]) or (method == "POST" and scope["query_string"]):
        return False
    host, _ = split_domain_port(header(scope, b"host"))
    return bool(header(scope, b"authorization") and validate_host(host, settings.ALLOWED_HOSTS))


class Waiting:
    """Rows that will go out together, and who waits for them."""

    def __init__(self, backfill: bool) -> None:
        self.backfill = backfill
        self.rows: list[Row] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Door:
    """Of one event loop: its connection to the log, what it remembers, what is on its way."""

    def __init__(self) -> None:
        self.url, self.known = settings.NATS_URL, Known()
        self.opening: asyncio.Task[ReadingLog] | None = None
        self.waiting: deque[Waiting] = deque()
        self.flights: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        await asyncio.gather(*self.flights, return_exceptions=True)
        if self.opening is not None and not self.opening.cancelled() and self.opening.exception() is None:
            await self.opening.result().close()
        await asyncio.get_running_loop().run_in_executor(None, self.known.close)

    async def log(self) -> ReadingLog:
        """The open log; one attempt for all who wait."""
        if self.opening is None or (self.opening.done() and self.opening.exception() is not None):
            self.opening = asyncio.create_task(opened(self.url))
        return await asyncio.shield(self.opening)

    async def keep(self, rows: Sequence[Row]) -> None:
        """Durable when this returns; history apart from what is live."""
        live, late = writing.by_age(rows)
        waits = [self.gather(part, backfill) for part, backfill in ((live, False), (late, True)) if part]
        for waiting in waits:
            await asyncio.shield(waiting.done)

    def gather(self, rows: Sequence[Row], backfill: bool) -> Waiting:
        waiting = next((one for one in self.waiting if one.backfill == backfill and len(one.rows) < TOGETHER), None)
        if waiting is None:
            waiting = Waiting(backfill)
            self.waiting.append(waiting)
        waiting.rows += rows
        self.depart()
        return waiting

    def depart(self) -> None:
        for waiting in list(self.waiting):
            most = LARGE_FLIGHTS if len(waiting.rows) >= LARGE else FLIGHTS
            if len(self.flights) >= most:
                return
            task = asyncio.create_task(self.write())
            self.flights.add(task)
            task.add_done_callback(self.landed)

    def landed(self, task: asyncio.Task[None]) -> None:
        self.flights.discard(task)
        self.depart()

    async def write(self) -> None:
        await asyncio.sleep(0)  # what has already been read from other connections comes along
        if not self.waiting:
            return
        waiting = self.waiting.popleft()
        try:
            log = await self.log()
            await asyncio.wait_for(log.write(writing.PROTOCOL, waiting.rows, waiting.backfill), WAIT_S)
        except (NatsError, JetStreamError, TimeoutError, OSError) as error:
            waiting.done.set_exception(LogOutOfReach("读数日志暂不可用，请稍后重发", detail=repr(error)))
            waiting.done.exception()
        else:
            waiting.done.set_result(None)

    async def answer(self, scope: Scope, body: bytes) -> tuple[int, Any, str]:
        """Status, content, location."""
        by = await self.actor(scope)
        found = PATH.fullmatch(scope["path"])
        assert found is not None
        base = f"{scope['scheme']}://{header(scope, b'host')}{ROOT}"
        if scope["method"] == "GET":
            return 200, await self.readings(by, int(found[2]), base, scope["query_string"].decode("latin-1")), ""
        if found[1]:
            return 201, await self.many(by, parsed(body), base), ""
        return await self.single(by, parsed(body), base, int(found[2]) if found[2] else None)

    async def put_aside(self, scope: Scope, body: bytes, reason: str) -> None:
        """What was refused goes into quarantine; its sender has its negative answer whether that succeeds or not."""
        by = await self.actor(scope)
        path = scope["path"].removeprefix(ROOT).strip("/")
        if not refused.concerns(by, scope["method"], path):
            return
        try:
            log = await self.log()
            raw = refused.parcel(by, path, body)
            await asyncio.wait_for(log.quarantine(refused.PROTOCOL, raw, by.name, reason[:400]), WAIT_S)
        except (NatsError, JetStreamError, TimeoutError, OSError) as error:
            logger.warning("a refused request could not be put into quarantine: %r", error)

    async def actor(self, scope: Scope) -> Actor:
        scheme, _, token = header(scope, b"authorization").partition(" ")
        origin = (scope.get("client") or ("",))[0]
        known = scheme.lower() in {"bearer", "token"}
        return (await self.known.actor(token.strip(), origin) if known else None) or NOBODY

    async def readings(self, by: Actor, pk: int, base: str, query: str) -> Any:
        """Of one datastream that the actor sees, with all that a query may say."""
        require_reader(by)
        sink = (await self.known.streams([pk])).get(pk)
        if sink is None or not sink.may(by, "monitoring.view"):
            raise NotFound(f"Datastreams({pk}) 不存在，或不在您的管辖范围内", field="id", value=str(pk))
        request = Request("GET", f"Datastreams({pk})/Observations", query, None, by, base)
        found = await self.known.read(lambda: read(request, Target(Collection(OBSERVATIONS, Q(pk=pk), pk))))
        return found.content

    async def single(self, by: Actor, body: Any, base: str, parent: int | None) -> tuple[int, Any, str]:
        if not isinstance(body, dict):
            raise Invalid("body", type(body).__name__, "JSON 对象")
        if parent is None and "MultiDatastream" in body:
            return await self.joint(by, body, base)
        pk = writing.reference(body, "Datastream") if parent is None else parent
        sink = (await self.known.streams([pk])).get(pk)
        if parent is not None and (sink is None or not sink.may(by, "monitoring.view")):
            raise NotFound(f"Datastreams({pk}) 不存在，或不在您的管辖范围内", field="id", value=str(pk))
        if sink is None or not sink.may(by, writing.PERMISSION):
            raise unseen(pk)
        row, reading = writing.observation(sink, body)
        await self.keep([row])
        shower = Shower(None, base)
        return 201, shower.entity(OBSERVATIONS, reading, Options()), shower.link(OBSERVATIONS, reading)

    async def joint(self, by: Actor, body: dict[str, Any], base: str) -> tuple[int, Any, str]:
        """All datastreams of a station at once."""
        rows, reading = await self.known.read(lambda: writing.joint(by, body))
        await self.keep(rows)
        shower = Shower(None, base)
        return 201, shower.entity(JOINT, reading, Options()), shower.link(JOINT, reading)

    async def many(self, by: Actor, body: Any, base: str) -> list[str]:
        wanted = writing.streams_of(body)
        sinks = await self.known.streams(wanted)

        def find(pk: int) -> writing.Sink:
            if pk not in sinks or not sinks[pk].may(by, writing.PERMISSION):
                raise unseen(pk)
            return sinks[pk]

        rows, answers = writing.arrays(find, body, base)
        if rows:
            await self.keep(rows)
        return answers


def parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body) if body else None
    except ValueError as error:
        raise Invalid("body", body[:60].decode(errors="replace"), f"JSON（{error}）") from error


async def opened(url: str) -> ReadingLog:
    log = ReadingLog(url)
    await asyncio.wait_for(log.open_only(), WAIT_S)
    return log


doors: dict[asyncio.AbstractEventLoop, Door] = {}


def door() -> Door:
    """This loop's."""
    loop = asyncio.get_running_loop()
    if loop not in doors:
        doors[loop] = Door()
    return doors[loop]


async def close() -> None:
    found = doors.pop(asyncio.get_running_loop(), None)
    if found is not None:
        await found.close()


async def serve(scope: Scope, receive: Receive, send: Send) -> None:
    """One request."""
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message.get("body", b"")
        more = message.get("more_body", False)
    location = ""
    kept = ""
    try:
        if not header(scope, b"authorization"):
            raise Forbidden("写入须用接口令牌：Authorization: Bearer <令牌>", permission=writing.PERMISSION)
        status, content, location = await door().answer(scope, bytes(body))
        kept = "；".join(refused.told(content))
    except AnlanError as error:
        status, content = (400 if isinstance(error, Invalid) else error.status), error.as_json()
        kept = refused.reason(error)
    if kept:
        await door().put_aside(scope, bytes(body), kept)
    data = orjson.dumps(content, default=str)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(data)).encode())]
    if location:
        headers.append((b"location", location.encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": data})
