"""TCP servers for field protocols: one session per connection, answers only when durable, nobody starves the others."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from anlan.gateways.devices import tls
from anlan.gateways.devices.contract import DeviceProtocol, Line, Session, Sketch, Step
from anlan.gateways.devices.positions import Positions
from anlan.gateways.log import ReadingLog
from anlan.kernel import clock
from anlan.kernel.tasks import end

log = logging.getLogger(__name__)
#: A device that says nothing for so long is gone (half-open TCP), seconds.
IDLE_S = 20 * 60
READ_BYTES = 64 * 1024
#: How long a closing connection may take to take its last bytes, seconds.
HANG_UP_S = 2.0
#: Frames a second one connection may send on average, and at once.
RATE, BURST = 500.0, 2000.0
MAX_CONNECTIONS = 20_000
#: How many may wait at the door (the system may allow fewer: net.core.somaxconn), and how many are let in at a time.
BACKLOG, AT_A_TIME = 8192, 512
#: How often those on line are told what changed and what has not, seconds; what a slow one may leave unread, bytes.
TELL_S, AGAIN_S, MOST_UNREAD = 5.0, 120.0, 1_000_000
#: Times within a frame, which change though nothing has.
TIMES = re.compile(rb'(?:time|start|stale)="[^"]*"')
#: Rest after the system ran out of file handles, seconds.
PAUSE_S = 1.0


class Allowance:
    """Token bucket: `wait()` delays a device that sends too fast, and says so; TCP then slows it down."""

    def __init__(self, rate: float = RATE, burst: float = BURST) -> None:
        self.rate, self.burst = rate, burst
        self.left, self.at = burst, time.monotonic()

    async def wait(self, count: int) -> bool:
        now = time.monotonic()
        self.left = min(self.burst, self.left + (now - self.at) * self.rate) - count
        self.at = now
        if self.left >= 0:
            return False
        await asyncio.sleep(-self.left / self.rate)
        return True


class Listener:
    """The server of one protocol. It accepts by itself: every connection has its conversation from its first moment,
    so that closing can find all of them (asyncio's own server forgets those it is just accepting)."""

    def __init__(self, protocol: DeviceProtocol, store: ReadingLog, positions: Positions | None = None) -> None:
        if protocol.session is None:
            raise ValueError(f"{protocol.name} has no session")
        self.protocol, self.store, self.make_session = protocol, store, protocol.session
        self.conversations: set[asyncio.Task[None]] = set()
        #: Each door, with what it is encrypted by.
        self.doors: dict[socket.socket, ssl.SSLContext | None] = {}
        #: Who was last heard on which line, for commands.
        self.lines: dict[str, asyncio.StreamWriter] = {}
        self.positions = positions
        #: Everybody on line, and what each was told when.
        self.told: dict[asyncio.StreamWriter, dict[str, tuple[bytes, float]]] = {}

    async def start(self, host: str, port: int, secured: ssl.SSLContext | None = None) -> None:
        """Listen on every address of the host, encrypted or not. OSError when the port is taken."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, _, _, _, address in dict.fromkeys(found):
            door = socket.create_server(address[:2], family=family, backlog=BACKLOG)
            door.setblocking(False)
            self.doors[door] = secured
            loop.add_reader(door, self.accept, door)

    async def close(self) -> None:
        """Take no more, and hang up: what is not answered yet comes again."""
        loop = asyncio.get_running_loop()
        for door in self.doors:
            loop.remove_reader(door)
            door.close()
        self.doors.clear()
        await end(self.conversations)

    def accept(self, door: socket.socket) -> None:
        """Take whoever waits at the door; every one gets a conversation at once."""
        for _ in range(AT_A_TIME):
            try:
                line, address = door.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # out of file handles: let those waiting wait
                log.error("%s accepts nobody for %s s: %s", self.protocol.name, PAUSE_S, error)
                self.pause(door)
                return
            line.setblocking(False)
            keep_alive(line)
            conversation = asyncio.create_task(self.serve(line, "{}:{}".format(*address[:2]), self.doors.get(door)))
            self.conversations.add(conversation)
            # Also for one that was cancelled before its first step: nobody else has the socket then.
            conversation.add_done_callback(lambda _, line=line: line.close())  # type: ignore[misc]
            conversation.add_done_callback(self.conversations.discard)

    def pause(self, door: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(door)
        loop.call_later(PAUSE_S, lambda: door in self.doors and loop.add_reader(door, self.accept, door))

    def admitted(self, peer: str, secured: ssl.SSLContext | None) -> bool:
        """Room for one more, and one we know: by its certificate where the door asks for it, else by its address."""
        if len(self.conversations) > MAX_CONNECTIONS:
            return False
        certified = secured is not None and secured.verify_mode == ssl.CERT_REQUIRED
        if certified or self.protocol.admits is None or self.protocol.admits(peer):
            return True
        log.warning("%s %s: not admitted", self.protocol.name, peer)
        return False

    async def serve(self, line: socket.socket, peer: str, secured: ssl.SSLContext | None = None) -> None:
        if not self.admitted(peer, secured):
            self.store.counts["connections_refused"] += 1
            return
        try:
            reader, writer = await opened(line, secured)
        except (OSError, TimeoutError) as error:  # no handshake, or a certificate of somebody else
            log.warning("%s %s: no encrypted line: %s", self.protocol.name, peer, error)
            self.store.counts["connections_refused"] += 1
            return
        self.told[writer] = {}
        who = Line(peer, tls.name_of(writer.get_extra_info("peercert")))
        try:
            await self.converse(reader, writer, self.make_session(), who)
        except (ConnectionError, TimeoutError, ssl.SSLError) as error:
            log.info("%s %s: %s", self.protocol.name, peer, error or type(error).__name__)
        except Exception:  # one connection's trouble must not stop the gateway
            log.exception("%s %s", self.protocol.name, peer)
            self.store.counts["connection_errors"] += 1
        finally:
            self.told.pop(writer, None)
            for address in [address for address, line in self.lines.items() if line is writer]:
                del self.lines[address]
            await hang_up(writer)

    async def send(self, address: str, frame: bytes) -> bool:
        """A command to a device that is on line; False when it is not."""
        writer = self.lines.get(address)
        if writer is None or writer.is_closing():
            return False
        writer.write(frame)
        await writer.drain()
        return True

    async def converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, session: Session, who: Line
    ) -> None:
        allowance = Allowance()
        while data := await heard(reader):
            steps = session.receive(data, clock.now())
            if await allowance.wait(len(steps)):
                self.store.slow(self.protocol.name, sender_of(steps) or who.peer)
            self.lines.update({reading.address: writer for step in steps for reading in step.readings[:1]})
            for place in (place for step in steps for place in step.places):
                who.terminal, who.callsign = place.address, place.name
            for answer in await self.handle_all(steps, who.peer):
                writer.write(answer)
            for step in steps:
                for sketch in step.sketches:
                    writer.write(await self.drawn(sketch, step, who))
            if self.protocol.relays:
                self.relay(b"".join(step.raw + b"\n" for step in steps if step.places), writer)
            await writer.drain()

    async def handle_all(self, steps: Sequence[Step], peer: str) -> Sequence[bytes]:
        """The answers to what came in one piece. Under load that is many frames with readings and nothing else, which share
        one wait: a task for each would cost as much as decoding it."""
        if len(steps) < 2 or not all(step.readings and not step.reason and not step.places for step in steps):
            return await asyncio.gather(*(self.handle(step, peer) for step in steps))
        for step in steps:
            self.store.saw(self.protocol.name, peer, step.raw, step.ack)
        await self.store.keep_frames(self.protocol.name, [(step.readings, step.raw) for step in steps], peer)
        return [step.ack for step in steps]

    async def handle(self, step: Step, peer: str) -> bytes:
        """Make the step's readings durable and return what to answer."""
        self.store.saw(
            self.protocol.name, peer, step.raw, step.ack if step.readings else step.nak or step.ack, step.reason
        )
        if step.reason:
            await self.store.quarantine(self.protocol.name, step.raw, peer, step.reason)
        if not step.readings:
            self.note(step)
            return step.nak or step.ack
        readings = step.readings
        if step.places and self.positions is not None and step.places[0].address in self.positions.known:
            # The terminal of a registered vehicle: what it measures besides is kept where there is a datastream for it.
            streams = await self.store.registry(self.protocol.name)
            readings = [one for one in readings if (one.address, one.code) in streams]
        if readings:
            await self.store.keep(self.protocol.name, readings, step.raw, peer)
        self.note(step)
        return step.ack

    async def drawn(self, sketch: Sketch, step: Step, who: Line) -> bytes:
        """Hand on what was drawn, one after the other as they came; what is refused is kept with its reason."""
        if self.protocol.takes is None:
            return b""
        reason, answer = await sync_to_async(taken)(self.protocol.takes, sketch, who, clock.now())
        if reason:
            await self.store.quarantine(self.protocol.name, step.raw, who.peer, reason)
        return answer

    def note(self, step: Step) -> None:
        if self.positions is not None and step.places:
            self.positions.note(step.places)

    def relay(self, frames: bytes, sender: asyncio.StreamWriter) -> None:
        """To everybody else on line; whoever does not read misses it, and gets the next."""
        for writer in self.told if frames else ():
            if writer is not sender and writer.transport.get_write_buffer_size() <= MOST_UNREAD:
                writer.write(frames)

    async def tell_for_ever(self) -> None:
        """What the protocol tells everybody on line: what changed, and the rest again before it grows old."""
        while self.protocol.tells is not None:
            if self.told:
                try:
                    said = await sync_to_async(told_now)(self.protocol.tells, clock.now())
                    await asyncio.gather(*(self.tell(writer, said) for writer in list(self.told)))
                except Exception as error:  # the database may be restarting
                    log.warning("%s tells nobody: %s", self.protocol.name, error)
            await asyncio.sleep(TELL_S)

    async def tell(self, writer: asyncio.StreamWriter, said: Mapping[str, tuple[bytes, bytes]]) -> None:
        """To one; whoever does not read is left out until he does, so that nobody holds up the others."""
        told, now = self.told.get(writer), time.monotonic()
        if told is None or writer.is_closing() or writer.transport.get_write_buffer_size() > MOST_UNREAD:
            return
        for key, (print_, frame) in said.items():
            known = told.get(key)
            if known is None or known[0] != print_ or now - known[1] > AGAIN_S:
                told[key] = (print_, now)
                writer.write(frame)
        for key in told.keys() - said.keys():
            del told[key]


def sender_of(steps: Sequence[Step]) -> str:
    """The first address that speaks in these frames, "" when none has readings."""
    return next((reading.address for step in steps for reading in step.readings[:1]), "")


def told_now(tells: Callable[[datetime], Mapping[str, bytes]], now: datetime) -> dict[str, tuple[bytes, bytes]]:
    """key -> (print of what it says apart from its times, bytes)."""
    close_old_connections()
    return {key: (blake2b(TIMES.sub(b"", frame), digest_size=8).digest(), frame) for key, frame in tells(now).items()}


def taken(
    takes: Callable[[Sketch, Line, datetime], tuple[str, bytes]], sketch: Sketch, who: Line, now: datetime
) -> tuple[str, bytes]:
    close_old_connections()
    return takes(sketch, who, now)


async def opened(
    line: socket.socket, secured: ssl.SSLContext | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The two ends of a connection that was accepted; an encrypted one after its handshake."""
    if secured is None:
        return await asyncio.open_connection(sock=line, limit=READ_BYTES)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(READ_BYTES, loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    transport, _ = await loop.connect_accepted_socket(
        lambda: protocol, line, ssl=secured, ssl_handshake_timeout=tls.HANDSHAKE_S
    )
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


async def heard(reader: asyncio.StreamReader) -> bytes:
    """What comes next, b"" when the other side hung up; TimeoutError after a long silence."""
    async with asyncio.timeout(IDLE_S):
        return await reader.read(READ_BYTES)


def keep_alive(line: socket.socket) -> None:
    """Ask the other side's kernel now and then: a device that lost its power or its network is noticed in two minutes, and
    an answer nobody takes in half a minute, where the system can."""
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4), ("TCP_USER_TIMEOUT", 30_000)):
        option = getattr(socket, name, None)
        if option is not None:
            line.setsockopt(socket.IPPROTO_TCP, option, value)


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Let the last bytes go, but not for ever; returns when the transport has let go of its socket."""
    writer.close()
    closed = asyncio.ensure_future(writer.wait_closed())
    try:
        await asyncio.wait({closed}, timeout=HANG_UP_S)
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await closed
