"""The public face: documents as bytes, built when a warning takes a step and served without touching the database.

Correct within a second of a signature: every `LOOK_S` one request asks for the version of the warnings (one small query);
when it has changed, or one of the warnings shown has run out, the documents are built anew. ANLAN_PUBLIC_URL = the address
the public knows this installation by; unset = the one the request came to.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import logging
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import OperationalError, close_old_connections
from django.http.request import validate_host

from anlan.kernel import clock
from anlan.mobilisation.face import documents
from anlan.monitoring import published

log = logging.getLogger(__name__)
Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
#: Our picture of the warnings is at most this old before we look again, seconds.
LOOK_S = 0.2
#: Hosts and documents that are kept at most; more are built for the one who asks.
KEPT = 4096
PREFIXES = ("/feeds/cap", "/public/")
#: Below these the pages need a session or a form and go through Django.
NOT_HERE = ("/public/subscribe", "/public/s/")
HEADERS = (
    (b"cache-control", b"public, max-age=0, must-revalidate"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"vary", b"Accept-Encoding"),
)
PAGE = b"default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "

#: The one script that a frame may run: the one of ours.
DIGEST = b64encode(hashlib.sha256(documents.REFRESH.encode()).digest())
SCRIPT = b"; script-src 'sha256-" + DIGEST + b"'; connect-src 'self'"


@dataclass(frozen=True)
class Document:
    """One answer, ready: body, the same packed, and its headers."""

    body: bytes
    packed: bytes
    etag: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    status: int = 200


def document(made: documents.Made) -> Document:
    packed = gzip.compress(made.body, 6, mtime=0)
    etag = b'"' + hashlib.sha256(made.body).hexdigest()[:24].encode() + b'"'
    frames = b"frame-ancestors *" if made.embeddable else b"frame-ancestors 'self'"
    frames += SCRIPT if made.embeddable else b""
    policy = [(b"content-security-policy", PAGE + frames)] if made.media.startswith("text/html") else []
    shared = [(b"access-control-allow-origin", b"*"), (b"content-type", made.media.encode()), (b"etag", etag)]
    return Document(made.body, packed, etag, (*HEADERS, *policy, *shared), made.status)


@dataclass
class Face:
    """What this process has ready, and how old that is."""

    version: str = ""
    until: datetime | None = None
    looked_at: float = float("-inf")
    ready: dict[tuple[str, str], Document] = field(default_factory=dict)
    looking: asyncio.Task[None] | None = None
    #: The warnings as they were when we looked last: what all documents until the next change are made of.
    seen: documents.Seen | None = None
    #: What is being built now: a crowd that asks for the same waits for one building.
    building: dict[tuple[str, str], asyncio.Task[Document]] = field(default_factory=dict)

    def look(self) -> None:
        """Whether anything has changed; forgets what is no longer true."""
        asked, now = time.monotonic(), clock.now()
        try:
            version = published.version()
            if version != self.version or (self.until is not None and now >= self.until):
                seen = documents.Seen(now)
                self.until = min((one.expires for one in seen.current if one.expires > now), default=None)
                self.ready, self.version, self.seen = {}, version, seen
        except OperationalError:
            if not self.ready:
                raise
            log.exception("no database: the public face stays as it was")
        finally:
            close_old_connections()
        self.looked_at = asked

    async def fresh(self) -> None:
        """One looks, the others go on with what is at most `LOOK_S` older; the very first ones wait."""
        age = time.monotonic() - self.looked_at
        if age < LOOK_S:
            return
        if self.looking is None or self.looking.done():
            self.looking = asyncio.ensure_future(sync_to_async(self.look, thread_sensitive=False)())
        if age > 2 * LOOK_S:
            await asyncio.shield(self.looking)

    async def get(self, base: str, path: str) -> Document:
        await self.fresh()
        found = self.ready.get((base, path))
        return found or await self.built(base, path)

    async def built(self, base: str, path: str) -> Document:
        """Built once for all who wait. What was begun before the last change is for those who asked before it."""
        key = (f"{self.version}|{base}", path)
        task = self.building.get(key)
        if task is None:
            task = self.building[key] = asyncio.ensure_future(self.build(base, path))
            task.add_done_callback(lambda _: self.building.pop(key, None))
        return await asyncio.shield(task)

    async def build(self, base: str, path: str) -> Document:
        ready = self.ready
        found = document(await sync_to_async(make, thread_sensitive=False)(base, path, self.seen))
        if len(ready) < KEPT and found.status == 200:
            ready[base, path] = found
        return found


FACE = Face()


def make(base: str, path: str, seen: documents.Seen | None = None) -> documents.Made:
    try:
        return documents.make(base, path, clock.now(), seen)
    finally:
        close_old_connections()


def serves(path: str) -> bool:
    return path.startswith(PREFIXES) and path != "/public/push" and not path.startswith(NOT_HERE)


def header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes:
    return next((value for key, value in headers if key == name), b"")


def base_of(scope: Scope) -> str:
    """The address we go by; "" for a host that is not ours."""
    if settings.PUBLIC_URL:
        return str(settings.PUBLIC_URL)
    host = header(scope["headers"], b"host").decode("latin-1")
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    return f"{scope['scheme']}://{host}" if validate_host(name, settings.ALLOWED_HOSTS) else ""


async def serve(scope: Scope, send: Send) -> None:
    """GET and HEAD, with 304 for who has it already."""
    base = base_of(scope)
    if scope["method"] not in {"GET", "HEAD"} or not base:
        await answer(send, 405 if base else 400, (), b"")
        return
    query = scope["query_string"].decode("latin-1")
    language = "en" if query == "lang=en" else "zh"
    found = await FACE.get(base, f"{language}:{unquote(scope['path'])}")
    if header(scope["headers"], b"if-none-match") == found.etag:
        await answer(send, 304, found.headers, b"")
        return
    pack = b"gzip" in header(scope["headers"], b"accept-encoding") and len(found.packed) < len(found.body)
    body = found.packed if pack else found.body
    headers = (*found.headers, (b"content-length", str(len(body)).encode()))
    headers = (*headers, (b"content-encoding", b"gzip")) if pack else headers
    await answer(send, found.status, headers, b"" if scope["method"] == "HEAD" else body)


async def answer(send: Send, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body})
