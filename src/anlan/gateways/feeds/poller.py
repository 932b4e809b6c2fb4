"""Asking feeds by ourselves: addresses on a timer, and a folder into which others put files."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import httpx
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import close_old_connections

from anlan.gateways import feeds
from anlan.gateways.feeds.contract import MAX_BYTES, Feed, FeedError
from anlan.gateways.feeds.inbox import Receipt, take_in
from anlan.gateways.log import ReadingLog
from anlan.gateways.models import FeedSource
from anlan.gateways.readings import Reading
from anlan.kernel import clock
from anlan.kernel.accounts.actor import system
from anlan.kernel.errors import AnlanError

log = logging.getLogger(__name__)
LOOK_S, TIMEOUT_S = 2.0, 20.0
#: An Atom index may point to this many alerts at once.
MAX_LINKS = 50
MAX_REDIRECTS = 5


class Poller:
    """Asks each source when it is due; a source that fails is tried again at its next turn."""

    def __init__(self, store: ReadingLog) -> None:
        self.store = store
        self.loop = asyncio.get_running_loop()

    async def run(self) -> None:
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
            while True:
                try:
                    await self.look(client)
                except Exception as error:  # the database may be restarting
                    log.warning("feeds not asked: %s", error)
                await asyncio.sleep(LOOK_S)

    async def look(self, client: httpx.AsyncClient) -> None:
        for feed in feeds.discover().values():
            if (
                feed.kind == "readings"
            ):  # read the registry here: the thread that takes a document in cannot wait for another
                await self.store.registry(feed.name)
        for source in await sync_to_async(due)():
            await sync_to_async(note)(source, await self.ask(client, source))
        await sync_to_async(self.empty_folders)()

    async def ask(self, client: httpx.AsyncClient, source: FeedSource) -> str:
        """Fetch and take in; the answer is what stands on the source's page."""
        feed = feeds.discover().get(source.feed)
        if feed is None:
            return f"没有数据源类型 {source.feed}"
        try:
            receipt = await self.fetch(client, feed, source.url, source.url)
            for link in receipt.links[:MAX_LINKS]:
                more = await self.fetch(client, feed, source.url, link)
                receipt.received, receipt.new = receipt.received + more.received, receipt.new + more.new
                receipt.refused += more.refused
        except (httpx.HTTPError, httpx.InvalidURL, FeedError, OSError) as error:
            return f"失败：{error or type(error).__name__}"
        except AnlanError as error:
            return f"失败：{error.message}"
        return f"{receipt.received} 条，新 {receipt.new} 条，拒绝 {len(receipt.refused)} 条"

    async def fetch(self, client: httpx.AsyncClient, feed: Feed, home: str, url: str) -> Receipt:
        """Of the source's own host only: what a feed links to or sends us on to must not lead into our own network."""
        for _hop in range(MAX_REDIRECTS + 1):
            same_host(home, url)
            async with client.stream("GET", url) as answer:
                if answer.next_request is not None:
                    url = str(answer.next_request.url)
                    continue
                answer.raise_for_status()
                data = await body(answer)
            return await sync_to_async(self.take)(feed, data, url)
        raise FeedError(f"转址超过 {MAX_REDIRECTS} 次")

    def take(self, feed: Feed, data: bytes, peer: str) -> Receipt:
        close_old_connections()
        return take_in(system("数据源"), feed, data, peer, self.keep, self.keep_readings)

    def keep_readings(self, protocol: str, readings: Sequence[Reading]) -> list[str]:
        work = self.store.keep_known(protocol, readings)
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(TIMEOUT_S)

    def keep(self, protocol: str, raw: bytes, peer: str, reason: str) -> None:
        work = self.store.quarantine(protocol, raw, peer, reason)
        asyncio.run_coroutine_threadsafe(work, self.loop).result(TIMEOUT_S)

    def empty_folders(self) -> None:
        """`<var>/inbox/<feed>/*`: each file is taken in and then put into `done/` or `refused/` beside it."""
        for feed in feeds.discover().values():
            folder = inbox() / feed.name
            if not folder.is_dir():
                continue
            for file in sorted(folder.iterdir()):
                # A name with a dot in front, or .part, is still being written.
                if file.is_file() and not file.name.startswith(".") and file.suffix != ".part":
                    self.take_file(feed, file)

    def take_file(self, feed: Feed, file: Path) -> None:
        try:
            self.take(feed, file.read_bytes(), f"file:{file.name}")
            goal = "done"
        except FeedError as error:
            log.warning("%s refused: %s", file.name, error)
            goal = "refused"
        (file.parent / goal).mkdir(exist_ok=True)
        file.replace(file.parent / goal / file.name)


def same_host(home: str, url: str) -> None:
    """Raises `FeedError` for an address that is not http(s) or not on the host of `home`."""
    ours, other = httpx.URL(home), httpx.URL(url)
    if other.scheme not in ("http", "https") or other.host != ours.host:
        raise FeedError(f"不取其他主机或协议的地址：{url[:120]}")


async def body(answer: httpx.Response) -> bytes:
    data = b""
    async for part in answer.aiter_bytes():
        data += part
        if len(data) > MAX_BYTES:
            raise FeedError(f"文件超过上限 {MAX_BYTES} 字节")
    return data


def inbox() -> Path:
    return Path(settings.VAR) / "inbox"


def due() -> list[FeedSource]:
    close_old_connections()
    now = clock.real_now()
    return [
        source
        for source in FeedSource.objects.filter(enabled=True)
        if source.asked_at is None or now - source.asked_at >= timedelta(seconds=source.interval_s)
    ]


def note(source: FeedSource, result: str) -> None:
    FeedSource.objects.filter(pk=source.pk).update(asked_at=clock.real_now(), result=result[:200])
