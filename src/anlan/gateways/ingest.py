"""Role `ingest`: every way in that is not the web, on one event loop."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from datetime import datetime

import nats
import orjson
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import close_old_connections, connections
from nats.aio.msg import Msg

from anlan.gateways.backfill import running as backfill
from anlan.gateways.console import Console
from anlan.gateways.devices import discover, tls
from anlan.gateways.devices.commands import Commands
from anlan.gateways.devices.contract import DeviceProtocol
from anlan.gateways.devices.datagrams import Datagrams
from anlan.gateways.devices.listener import Listener
from anlan.gateways.devices.mqtt import direct
from anlan.gateways.devices.mqtt.bridge import Broker, MqttBridge
from anlan.gateways.devices.polling import Polling, polled_file
from anlan.gateways.devices.positions import Positions
from anlan.gateways.feeds.poller import Poller
from anlan.gateways.log import ReadingLog
from anlan.gateways.models import Quarantined
from anlan.gateways.quarantine import replay_for_ever
from anlan.kernel.tasks import end
from anlan.monitoring import log as layout

log = logging.getLogger(__name__)
#: Said as a port: this protocol's open door stays shut (its encrypted one, if it has a certificate, does not).
OFF = "off"


async def main(stop: asyncio.Event, ready: Callable[[], None], host: str = "0.0.0.0") -> None:  # noqa: S104 - devices come from outside
    """Serve until `stop`; `ready` is called when every port listens."""
    store = ReadingLog(settings.NATS_URL)
    await store.open()
    positions = Positions()
    served: dict[str, tuple[str, str]] = {}
    ways = [*discover().values(), *([one] if (one := direct.protocol(os.environ)) else [])]
    listeners = [found for way in ways if (found := await listen(way, store, host, positions, served))]
    await Commands({one.protocol.name: one for one in listeners if isinstance(one, Listener)}).open(store.nats)
    await Console(store, served).open(store.nats)
    bridge = MqttBridge(store, Broker.of_environment(os.environ))
    works = (
        bridge.run(),
        store.refresh_for_ever(),
        keep_quarantine(store),
        replay_for_ever(store),
        backfill.run_for_ever(store),
        positions.run(),
        *(one.tell_for_ever() for one in listeners if isinstance(one, Listener)),
        Poller(store).run(),
        Polling(store, discover(), polled_file(settings.VAR)).run(),
    )
    tasks = [asyncio.create_task(work) for work in works]
    async with asyncio.timeout(30):
        await bridge.connected.wait()
    ready()
    await stop.wait()
    for listener in listeners:
        await listener.close()
    await end(tasks)
    await store.close()
    await sync_to_async(connections.close_all)()


async def listen(
    protocol: DeviceProtocol, store: ReadingLog, host: str, positions: Positions, served: dict[str, tuple[str, str]]
) -> Listener | Datagrams | None:
    """The protocol's server. A port that was asked for must be free; without one, a taken default is only noted.

    served: protocol -> where it listens, or why not, for the operator's console."""
    if protocol.transport not in ("tcp", "udp") or protocol.session is None:
        return None
    asked = os.environ.get(protocol.port_env)
    listener = Listener(protocol, store, positions) if protocol.transport == "tcp" else Datagrams(protocol, store)
    port = f"{protocol.transport.upper()} {asked or protocol.default_port}"
    if isinstance(listener, Listener) and protocol.tls_env and (secured := tls.context(protocol.tls_env)):
        safe = int(os.environ.get(f"{protocol.tls_env}_PORT") or protocol.tls_port)
        await listener.start(host, safe, secured)
        port = f"TLS {safe}" if asked == OFF else f"{port}、TLS {safe}"
    served[protocol.name] = (port, "")
    if asked == OFF:
        return listener
    try:
        await listener.start(host, int(asked or protocol.default_port))
    except OSError as error:
        if asked:
            raise
        served[protocol.name] = (port, f"端口被占用，可设 {protocol.port_env}")
        log.warning("%s is not served: %s; set %s", protocol.name, error, protocol.port_env)
        return listener if getattr(listener, "doors", None) else None
    return listener


async def keep_quarantine(store: ReadingLog) -> None:
    """From the quarantine's log to its table, where an operator reads it."""
    pull = await store.stream.pull_subscribe(layout.QUARANTINE_SUBJECTS, "quarantine-table")
    while True:
        try:
            messages = await pull.fetch(200, timeout=5)
        except (TimeoutError, nats.errors.Error):
            await asyncio.sleep(0.1)
            continue
        try:
            await sync_to_async(write_quarantine)(messages)
        except Exception as error:  # the database may be restarting: the log keeps them
            log.warning("quarantine not written: %s", error)
            await asyncio.sleep(1)
            continue
        for message in messages:
            await message.ack()


def write_quarantine(messages: list[Msg]) -> None:
    close_old_connections()
    rows = []
    for message in messages:
        size = int.from_bytes(message.data[:4], "big")
        head = orjson.loads(message.data[4 : 4 + size])
        rows.append(
            Quarantined(
                log_seq=message.metadata.sequence.stream,
                protocol=message.subject.split(".", 1)[1],
                peer=head["peer"][:80],
                received_at=datetime.fromisoformat(head["at"]),
                raw=message.data[4 + size :],
                reason=head["reason"][:400],
            )
        )
    Quarantined.objects.bulk_create(rows, ignore_conflicts=True)
