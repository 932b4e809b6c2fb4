"""A session with the gateway: connect, keep a window of messages under way, say what became of each.

ANLAN_CMPP_HOST, ANLAN_CMPP_PORT (7890)   the operator's gateway; unset host = channel not set up
ANLAN_CMPP_SOURCE, ANLAN_CMPP_PASSWORD    enterprise code (six digits) and shared secret
ANLAN_CMPP_NUMBER, ANLAN_CMPP_SERVICE     number the phone shows; service id
ANLAN_CMPP_VERSION                        2 or 3                                                  (2)
ANLAN_CMPP_WINDOW                         messages under way at once                              (16)
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from anlan.gateways.alerts.cmpp import codec
from anlan.gateways.alerts.contract import Message, Outcome, Receipt
from anlan.kernel import clock

TIMEOUT_S = 10.0
ACCEPTED = Receipt(Outcome.DELIVERED, "短信网关已接收")
LOST = Receipt(Outcome.UNKNOWN, "短信网关没有回答，不知是否已送出")


@dataclass(frozen=True)
class Setup:
    host: str
    port: int
    source: str
    password: str
    number: str
    service: str
    version: int
    window: int


def setup(env: Mapping[str, str] = os.environ) -> Setup | None:
    """None when no gateway is given. Raises ValueError that names the variable."""
    host = env.get("ANLAN_CMPP_HOST", "")
    if not host:
        return None
    version = {"2": codec.V2, "3": codec.V3}.get(env.get("ANLAN_CMPP_VERSION", "2"))
    if version is None:
        raise ValueError("ANLAN_CMPP_VERSION: 只能是 2 或 3")
    return Setup(
        host, int(env.get("ANLAN_CMPP_PORT", "7890")), env.get("ANLAN_CMPP_SOURCE", ""), env.get("ANLAN_CMPP_PASSWORD", ""),
        env.get("ANLAN_CMPP_NUMBER", ""), env.get("ANLAN_CMPP_SERVICE", ""), version, int(env.get("ANLAN_CMPP_WINDOW", "16")),
    )  # fmt: skip


class Flight:
    """Messages under way: which numbers wait for an answer until when (oldest first), and what was answered."""

    def __init__(self, count: int) -> None:
        self.waiting: dict[int, tuple[int, float]] = {}
        self.parts, self.results, self.lost = [0] * count, [0] * count, [False] * count

    def room(self, window: int) -> bool:
        return len(self.waiting) < window

    def answered(self, pdu: codec.Pdu) -> None:
        """One part refused is the whole message refused."""
        found = self.waiting.pop(pdu.sequence, None)
        if found is not None:
            self.results[found[0]] = max(self.results[found[0]], codec.submit_result(pdu)[1])

    def give_up(self, now: float) -> None:
        for number, (n, until) in list(self.waiting.items()):
            if until > now:
                break
            del self.waiting[number]
            self.lost[n] = True

    def receipts(self) -> list[Receipt | None]:
        for n, _ in self.waiting.values():
            self.lost[n] = True
        return [
            (LOST if self.lost[n] else receipt(self.results[n])) if self.parts[n] else None for n in range(len(self.parts))
        ]  # fmt: skip


class Session:
    """One connection of one thread."""

    def __init__(self, given: Setup) -> None:
        self.given, self.numbers, self.buffer = given, count(1), bytearray()
        self.line = socket.create_connection((given.host, given.port), TIMEOUT_S)
        self.line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stamp = clock.real_now().astimezone(clock.BEIJING).strftime("%m%d%H%M%S")
        self.line.sendall(codec.connect(next(self.numbers), given.source, given.password, stamp, given.version))
        status = codec.connect_status(self.answer(codec.CONNECT), given.version)
        if status:
            self.line.close()
            raise ConnectionRefusedError(f"短信网关拒绝登录，状态 {status}")

    def read(self) -> list[codec.Pdu]:
        """What came in; what the gateway asks for itself is answered at once."""
        data = self.line.recv(1 << 16)
        if not data:
            raise ConnectionResetError("短信网关断开了连接")
        self.buffer += data
        found = []
        for pdu in codec.split(self.buffer):
            if pdu.command == codec.DELIVER:
                self.line.sendall(codec.deliver_response(pdu, self.given.version))
            elif pdu.command == codec.ACTIVE_TEST:
                self.line.sendall(codec.pack(codec.ACTIVE_TEST | codec.RESPONSE, pdu.sequence, b"\0"))
            else:
                found.append(pdu)
        return found

    def answer(self, command: int) -> codec.Pdu:
        while True:
            for pdu in self.read():
                if pdu.command == command | codec.RESPONSE:
                    return pdu

    def submit(self, messages: Sequence[Message]) -> list[Receipt | None]:
        """A receipt for each; None for those that were never written. A lost connection ends the round, one answer that
        does not come holds up no other: a window of messages is always under way."""
        flight = Flight(len(messages))
        owed, window = 0, max(1, self.given.window)
        try:
            while owed < len(messages) or flight.waiting:
                out = bytearray()
                now = time.monotonic()
                while owed < len(messages) and flight.room(window):
                    out += self.written(messages[owed], owed, flight, now)
                    owed += 1
                if out:
                    self.line.sendall(out)
                self.take_answers(flight)
        except (OSError, codec.CmppError):
            self.close()
        return flight.receipts()

    def written(self, message: Message, n: int, flight: Flight, now: float) -> bytes:
        """The parts of one message as bytes; from here on it may have gone out."""
        pieces = codec.parts(message.text, n)
        phone = message.address.replace(" ", "").replace("-", "")
        out = b""
        for index, (piece, joined) in enumerate(pieces, 1):
            number = next(self.numbers)
            flight.waiting[number] = (n, now + TIMEOUT_S)
            out += codec.submit(
                number, self.given.source, self.given.service, self.given.number, phone, piece, joined, self.given.version,
                len(pieces), index,
            )  # fmt: skip
        flight.parts[n] = len(pieces)
        return out

    def take_answers(self, flight: Flight) -> None:
        """Wait for what is next: an answer, or that the oldest question is too old."""
        oldest = next(iter(flight.waiting.values()))[1]
        self.line.settimeout(max(0.001, oldest - time.monotonic()))
        try:
            for pdu in self.read():
                if pdu.command == codec.SUBMIT | codec.RESPONSE:
                    flight.answered(pdu)
        except TimeoutError:
            flight.give_up(time.monotonic())

    def close(self) -> None:
        self.line.close()
        HERE.sessions.pop(self.given, None)


class _Here(threading.local):
    """The sessions of this thread, by gateway."""

    def __init__(self) -> None:
        self.sessions: dict[Setup, Session] = {}


HERE = _Here()


def receipt(result: int) -> Receipt:
    if result == 0:
        return ACCEPTED
    if result == codec.BUSY:
        return Receipt(Outcome.RETRY, "短信网关流量控制", retry_after_s=1.0)
    return Receipt(Outcome.REFUSED, f"短信网关拒绝，结果 {result}")


def send(message: Message) -> Receipt:
    return send_many([message])[0]


def send_many(messages: Sequence[Message]) -> list[Receipt]:
    given = setup()
    if given is None:
        return [Receipt(Outcome.REFUSED, "未设置 ANLAN_CMPP_HOST")] * len(messages)
    return send_by(given, messages)


def send_by(given: Setup, messages: Sequence[Message]) -> list[Receipt]:
    """What was not written when the line broke may be tried again; what was written and not answered is unknown."""
    try:
        if given not in HERE.sessions:
            HERE.sessions[given] = Session(given)
        answers = HERE.sessions[given].submit(messages)
    except (OSError, codec.CmppError) as error:
        HERE.sessions.pop(given, None)
        return [Receipt(Outcome.RETRY, f"短信网关连不上：{error}")] * len(messages)
    later = Receipt(Outcome.RETRY, "连接断开，尚未送出")
    return [answer or later for answer in answers]


def hang_up() -> None:
    """Close every session of this thread."""
    for session in list(HERE.sessions.values()):
        session.close()
