"""Reading again what was refused: the same path as when it first came in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from anlan.gateways import feeds
from anlan.gateways.devices import discover
from anlan.gateways.devices.contract import DeviceProtocol, FrameError, Reading
from anlan.gateways.devices.sensorthings import refused as requests
from anlan.gateways.feeds.contract import FeedError
from anlan.gateways.feeds.inbox import PREFIX, receive
from anlan.gateways.log import ReadingLog
from anlan.gateways.models import Quarantined
from anlan.kernel.accounts.actor import system
from anlan.kernel.errors import AnlanError

log = logging.getLogger(__name__)
LOOK_S, AT_ONCE = 1.0, 200


def readings_again(protocol: DeviceProtocol, row: Quarantined) -> list[Reading]:
    """The readings of a kept frame. Raises FrameError with the reason when it is still not readable."""
    raw = bytes(row.raw)
    if protocol.readings is not None:
        return protocol.readings(raw, row.received_at)
    if protocol.session is None:
        raise FrameError(f"协议 {protocol.name} 不能重放")
    steps = protocol.session().receive(raw, row.received_at)
    reasons = [step.reason for step in steps if step.reason]
    if reasons or not steps:
        raise FrameError(reasons[0] if reasons else "不是完整的一帧")
    return [reading for step in steps for reading in step.readings]


async def again(store: ReadingLog, row: Quarantined) -> str:
    """Why it is refused again, "" when it was taken."""
    protocol = discover().get(row.protocol)
    try:
        if protocol is not None:
            refused = await store.keep_known(protocol.name, readings_again(protocol, row))
            return "；".join(refused)[:400]
        if row.protocol == requests.PROTOCOL:
            return (await sync_to_async(request_again)(row))[:400]
        if row.protocol.startswith(PREFIX):
            return await sync_to_async(feed_again)(row)
    except (FrameError, FeedError) as error:
        return str(error)[:400]
    except AnlanError as error:
        return error.message[:400]
    return f"没有协议 {row.protocol}"


def request_again(row: Quarantined) -> str:
    close_old_connections()
    return requests.again(bytes(row.raw))


def feed_again(row: Quarantined) -> str:
    close_old_connections()
    name = row.protocol.removeprefix(PREFIX)
    feed = feeds.discover().get(name)
    if feed is None:
        return f"没有数据源类型 {name}"
    parsed = feed.parse(bytes(row.raw))
    for event in parsed.events:
        receive(system("隔离区重放"), event, feed)
    return "；".join(f"{r.where}：{r.reason}" for r in parsed.refused)[:400]


def asked_for() -> list[Quarantined]:
    close_old_connections()
    return list(Quarantined.objects.filter(state=Quarantined.State.REPLAY).order_by("log_seq")[:AT_ONCE])


def note_results(results: Sequence[tuple[int, str]]) -> None:
    """Replayed, or kept again with today's reason."""
    close_old_connections()
    for pk, reason in results:
        rows = Quarantined.objects.filter(pk=pk, state=Quarantined.State.REPLAY)
        if reason:
            rows.update(state=Quarantined.State.KEPT, reason=reason, note="重放后仍被拒绝")
        else:
            rows.update(state=Quarantined.State.REPLAYED)


async def replay_once(store: ReadingLog) -> int:
    """Read again everything that an operator asked for. Returns how many."""
    rows = await sync_to_async(asked_for)()
    if rows:
        await store.refresh(always=True)
        results = [(row.pk, await again(store, row)) for row in rows]
        await sync_to_async(note_results)(results)
    return len(rows)


async def replay_for_ever(store: ReadingLog) -> None:
    while True:
        try:
            await replay_once(store)
        except Exception as error:  # database or log are restarting: what was asked for stands in the table
            log.warning("nothing replayed: %s", error)
        await asyncio.sleep(LOOK_S)
