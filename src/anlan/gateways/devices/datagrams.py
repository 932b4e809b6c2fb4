"""UDP servers for field protocols: one session per sender, forgotten when it has long been silent."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict

from anlan.gateways.devices.contract import DeviceProtocol, Session, Step
from anlan.gateways.devices.listener import BURST, RATE
from anlan.gateways.log import ReadingLog
from anlan.kernel import clock

log = logging.getLogger(__name__)
MAX_SENDERS = 20_000
#: Datagrams being made durable at once; more are dropped, counted, and sent again by their devices.
IN_FLIGHT = 4096
Address = tuple[str, int]


class Bucket:
    """What one sender may send: token bucket. A datagram cannot be made to wait, so what is too much is dropped."""

    def __init__(self) -> None:
        self.left, self.at = BURST, time.monotonic()

    def take(self) -> bool:
        now = time.monotonic()
        self.left = min(BURST, self.left + (now - self.at) * RATE)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class Datagrams(asyncio.DatagramProtocol):
    """The server of one protocol over UDP."""

    def __init__(self, protocol: DeviceProtocol, store: ReadingLog) -> None:
        if protocol.session is None:
            raise ValueError(f"{protocol.name} has no session")
        self.protocol, self.store, self.make_session = protocol, store, protocol.session
        self.senders: OrderedDict[Address, tuple[Session, Bucket]] = OrderedDict()
        self.tasks: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        self.transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(host, port))

    async def close(self) -> None:
        self.transport.close()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def datagram_received(self, data: bytes, address: Address) -> None:
        sender = address[:2]
        found = self.senders.get(sender)
        if found is None:
            found = self.senders[sender] = (self.make_session(), Bucket())
            if len(self.senders) > MAX_SENDERS:
                self.senders.popitem(last=False)
        self.senders.move_to_end(sender)
        session, bucket = found
        if len(self.tasks) >= IN_FLIGHT or not bucket.take():
            self.store.counts["datagrams_dropped"] += 1
            return
        for step in [*session.receive(data, clock.now()), *cut_short(session)]:
            task = asyncio.get_running_loop().create_task(self.handle(step, address))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def handle(self, step: Step, address: Address) -> None:
        """Make the step's readings durable, then answer."""
        peer = f"{address[0]}:{address[1]}"
        answer = step.ack if step.readings else step.nak or step.ack
        self.store.saw(self.protocol.name, peer, step.raw, answer, step.reason)
        try:
            if step.reason:
                await self.store.quarantine(self.protocol.name, step.raw, peer, step.reason)
            if step.readings:
                await self.store.keep(self.protocol.name, step.readings, step.raw, peer)
        except Exception as error:  # not durable, so not answered: it comes again
            log.warning("%s %s: not kept: %s", self.protocol.name, peer, error)
            return
        if answer and not self.transport.is_closing():
            self.transport.sendto(answer, address)


def cut_short(session: Session) -> list[Step]:
    """What a datagram left unfinished is refused, and not glued to the next one (RFC 3261, 18.3)."""
    left = getattr(getattr(session, "framer", None), "buffer", b"")
    rest = bytes(left)
    if isinstance(left, bytearray):
        left.clear()
    return [Step(rest, reason="数据报不是完整的一条消息")] if rest.strip(b"\r\n\0 ") else []
