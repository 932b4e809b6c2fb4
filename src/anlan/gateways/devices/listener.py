"""TCP servers for field protocols: one session per connection, answers only when durable, nobody starves the others."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time

from anlan.gateways.devices.contract import DeviceProtocol, Session, Step
from anlan.gateways.log import ReadingLog
from anlan.kernel import clock

log = logging.getLogger(__name__)
#: A device that says nothing for so long is gone (half-open TCP), seconds.
IDLE_S = 20 * 60
READ_BYTES = 64 * 1024
#: How long a closing connection may take to take its last bytes, seconds.
HANG_UP_S = 2.0
#: Frames a second one connection may send on average, and at once.
RATE, BURST = 500.0, 2000.0
MAX_CONNECTIONS = 20_000


class Allowance:
    """Token bucket: `wait()` delays a device that sends too fast; TCP then slows it down."""

    def __init__(self, rate: float = RATE, burst: float = BURST) -> None:
        self.rate, self.burst = rate, burst
        self.left, self.at = burst, time.monotonic()

    async def wait(self, count: int) -> None:
        now = time.monotonic()
        self.left = min(self.burst, self.left + (now - self.at) * self.rate) - count
        self.at = now
        if self.left < 0:
            await asyncio.sleep(-self.left / self.rate)


class Listener:
    """The server of one protocol."""

    def __init__(self, protocol: DeviceProtocol, store: ReadingLog) -> None:
        if protocol.session is None:
            raise ValueError(f"{protocol.name} has no session")
        self.protocol, self.store, self.make_session = protocol, store, protocol.session
        self.open_connections = 0
        self.conversations: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> None:
        self.server = await asyncio.start_server(self.serve, host, port, limit=READ_BYTES)

    async def close(self) -> None:
        """Take no more, and hang up: what is not answered yet comes again."""
        self.server.close()
        for conversation in self.conversations:
            conversation.cancel()
        await asyncio.gather(*self.conversations, return_exceptions=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = "{}:{}".format(*writer.get_extra_info("peername")[:2])
        if self.open_connections >= MAX_CONNECTIONS:
            writer.close()
            return
        self.open_connections += 1
        conversation: asyncio.Task[None] = asyncio.current_task()  # type: ignore[assignment]
        self.conversations.add(conversation)
        try:
            await self.converse(reader, writer, self.make_session(), peer)
        except (ConnectionError, TimeoutError) as error:
            log.info("%s %s: %s", self.protocol.name, peer, error or type(error).__name__)
        except Exception:  # one connection's trouble must not stop the gateway
            log.exception("%s %s", self.protocol.name, peer)
            self.store.counts["connection_errors"] += 1
        finally:
            self.open_connections -= 1
            self.conversations.discard(conversation)
            writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(writer.wait_closed(), HANG_UP_S)

    async def converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, session: Session, peer: str
    ) -> None:
        allowance = Allowance()
        while data := await asyncio.wait_for(reader.read(READ_BYTES), IDLE_S):
            steps = session.receive(data, clock.now())
            await allowance.wait(len(steps))
            for answer in await asyncio.gather(*(self.handle(step, peer) for step in steps)):
                writer.write(answer)
            await writer.drain()

    async def handle(self, step: Step, peer: str) -> bytes:
        """Make the step's readings durable and return what to answer."""
        if step.reason:
            await self.store.quarantine(self.protocol.name, step.raw, peer, step.reason)
        if not step.readings:
            return step.nak or step.ack
        await self.store.keep(self.protocol.name, step.readings, step.raw, peer)
        return step.ack
