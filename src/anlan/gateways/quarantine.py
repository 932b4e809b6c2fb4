"""Reading again what was refused: the same path as when it first came in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import nats
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError, close_old_connections

from anlan.gateways import feeds
from anlan.gateways.devices import discover
from anlan.gateways.devices.contract import DeviceProtocol, FrameError, Line, Reading, Sketch, Step
from anlan.gateways.devices.polling import load, polled_file
from anlan.gateways.devices.sensorthings import mqtt as observations
from anlan.gateways.devices.sensorthings import refused as requests
from anlan.gateways.feeds.contract import FeedError
from anlan.gateways.feeds.inbox import PREFIX, KeepReadings, take_in
from anlan.gateways.log import ReadingLog
from anlan.gateways.models import Quarantined
from anlan.kernel.accounts.actor import system
from anlan.kernel.errors import AnlanError

log = logging.getLogger(__name__)
LOOK_S, AT_ONCE = 1.0, 200
#: So much of the sender's name is kept; how long the log may take for the readings of a document, seconds.
PEER, KEEP_S = 80, 20.0


def steps_again(protocol: DeviceProtocol, row: Quarantined) -> list[Step]:
    """What the frame says in a conversation of its own. Raises FrameError with the reason when it is still not readable.

    A protocol whose senders prove who they are refuses a frame out of its conversation: one that had been let in when it came
    (its reason was another) is read without that proof.
    """
    if protocol.session is None:
        raise FrameError(f"协议 {protocol.name} 不能重放")
    for converse in filter(None, (protocol.session, protocol.let_in)):
        steps = converse().receive(bytes(row.raw), row.received_at)
        reasons = [step.reason for step in steps if step.reason]
        if not reasons or row.reason.startswith(reasons[0]):
            break
    if reasons or not steps:
        raise FrameError(reasons[0] if reasons else "不是完整的一帧")
    return steps


def polled_again(protocol: DeviceProtocol, row: Quarantined) -> list[Reading]:
    """By today's entry of the device that answered so."""
    file = polled_file(settings.VAR)
    try:
        entries = load(file, discover()) if file.exists() else []
    except (OSError, ValueError) as error:
        raise FrameError(f"轮询设备文件读不出：{error}") from error
    asked = [one.poller(entry) for one, _, entry in entries if one.name == protocol.name and one.poller is not None]
    found = next((device for device in asked if device.name[:PEER] == row.peer), None)
    if found is None:
        raise FrameError(f"{file.name} 中已没有设备 {row.peer}")
    return found.again(bytes(row.raw), row.received_at)


async def device_again(store: ReadingLog, protocol: DeviceProtocol, row: Quarantined) -> str:
    sketches: list[Sketch] = []
    if protocol.poller is not None:
        readings = polled_again(protocol, row)
    elif protocol.readings is not None:
        readings = protocol.readings(bytes(row.raw), row.received_at)
    else:
        steps = steps_again(protocol, row)
        readings = [reading for step in steps for reading in step.readings]
        sketches = [sketch for step in steps for sketch in step.sketches]
    if not readings and not sketches:
        raise FrameError("能读懂，但其中没有可入库的内容")
    refused = await store.keep_known(protocol.name, readings)
    refused += [why for why in [await sync_to_async(drawn_again)(protocol, one, row) for one in sketches] if why]
    return "；".join(refused)


def drawn_again(protocol: DeviceProtocol, sketch: Sketch, row: Quarantined) -> str:
    close_old_connections()
    return protocol.takes(sketch, Line(row.peer), row.received_at)[0] if protocol.takes else ""


async def again(store: ReadingLog, row: Quarantined) -> str:
    """Why it is refused again, "" when it was taken."""
    protocol = discover().get(row.protocol)
    try:
        if protocol is not None:
            return (await device_again(store, protocol, row))[:400]
        if row.protocol == requests.PROTOCOL and bytes(row.raw).startswith(b"v1.1/"):
            return (await observation_again(store, row))[:400]
        if row.protocol == requests.PROTOCOL:
            return (await sync_to_async(request_again)(row))[:400]
        if row.protocol.startswith(PREFIX):
            # its registry first: the thread that takes the document in cannot wait for another
            await store.registry(row.protocol.removeprefix(PREFIX))
            return (await sync_to_async(feed_again)(row, keeping(store)))[:400]
    except (FrameError, FeedError) as error:
        return str(error)[:400]
    except AnlanError as error:
        return error.message[:400]
    except (nats.errors.Error, nats.js.errors.Error, DatabaseError, OSError):
        raise  # log or database are restarting: all of it is asked for again
    except Exception as error:  # a mistake of ours in one of them must not hold up the others
        log.exception("%s %s not replayed", row.protocol, row.pk)
        return f"重放出错：{type(error).__name__} {error}"[:400]
    return f"没有协议 {row.protocol}"


def request_again(row: Quarantined) -> str:
    close_old_connections()
    return requests.again(bytes(row.raw))


async def observation_again(store: ReadingLog, row: Quarantined) -> str:
    """An observation that came over MQTT: `<topic> <payload>`."""
    topic, _, payload = bytes(row.raw).partition(b" ")
    known = observations.by_number(await store.registry(requests.PROTOCOL))
    readings = observations.readings(topic.decode(errors="replace"), payload, known, row.received_at)
    return "；".join(await store.keep_known(requests.PROTOCOL, readings))


def keeping(store: ReadingLog) -> KeepReadings:
    """Readings of a document into the log, from a thread of the database."""
    loop = asyncio.get_running_loop()

    def keep(protocol: str, readings: Sequence[Reading]) -> list[str]:
        work = store.keep_known(protocol, readings)
        return asyncio.run_coroutine_threadsafe(work, loop).result(KEEP_S)

    return keep


def feed_again(row: Quarantined, keep_readings: KeepReadings) -> str:
    """The document as if it came now; what it refuses lies here already."""
    close_old_connections()
    name = row.protocol.removeprefix(PREFIX)
    feed = feeds.discover().get(name)
    if feed is None:
        return f"没有数据源类型 {name}"
    receipt = take_in(system("隔离区重放"), feed, bytes(row.raw), row.peer, lambda *_: None, keep_readings)
    if not receipt.received and not receipt.refused:
        return "能读懂，但其中没有可入库的内容"
    return "；".join(f"{one.where}：{one.reason}" for one in receipt.refused)


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
