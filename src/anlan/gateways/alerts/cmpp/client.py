"""A session with the gateway: connect, keep a window of messages under way, say what became of each.

ANLAN_CMPP_HOST, ANLAN_CMPP_PORT (7890)   the operator's gateway; unset host = channel not set up
ANLAN_CMPP_SOURCE, ANLAN_CMPP_PASSWORD    enterprise code (six digits) and shared secret
ANLAN_CMPP_NUMBER, ANLAN_CMPP_SERVICE     number the phone shows; service id
ANLAN_CMPP_VERSION                        2 or 3                                                  (2)
ANLAN_CMPP_WINDOW                         messages under way at once                              (16)
ANLAN_CMPP_LINES                          lines at once, of all processes together; 0 = no limit  (0; 待核对: the operator says)
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from anlan.gateways.alerts import reports
from anlan.gateways.alerts.cmpp import codec, places
from anlan.gateways.alerts.contract import Message, Outcome, Receipt
from anlan.kernel import clock

log = logging.getLogger(__name__)
TIMEOUT_S = 10.0
ACCEPTED = "短信网关已接收，等待状态报告"
#: How long one look at a line without sending takes, and after what silence the other end is asked whether it is there.
LISTEN_S, TEST_AFTER_S = 0.5, 60.0
#: How long the only line is listened on at a time.
SPELL_S = 5.0
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
    lines: int = 0

    @property
    def gateway(self) -> str:
        """What one enterprise's lines are counted for."""
        return f"{self.source}@{self.host}:{self.port}"

    def named(self, message_id: int) -> str:
        """A part as the reports about it name it, whichever gateway it went by."""
        return f"{self.gateway}/{message_id:016x}"


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
        int(env.get("ANLAN_CMPP_LINES", "0")),
    )  # fmt: skip


class Flight:
    """Messages under way: which numbers wait for an answer until when (oldest first), and what was answered."""

    def __init__(self, count: int) -> None:
        self.waiting: dict[int, tuple[int, float]] = {}
        self.parts, self.results, self.lost = [0] * count, [0] * count, [False] * count
        self.numbers: list[tuple[int, ...]] = [()] * count

    def room(self, window: int) -> bool:
        return len(self.waiting) < window

    def answered(self, pdu: codec.Pdu) -> None:
        """One part refused is the whole message refused."""
        found = self.waiting.pop(pdu.sequence, None)
        if found is not None:
            number, result = codec.submit_result(pdu)
            self.results[found[0]] = max(self.results[found[0]], result)
            self.numbers[found[0]] += (number,)

    def give_up(self, now: float) -> None:
        for number, (n, until) in list(self.waiting.items()):
            if until > now:
                break
            del self.waiting[number]
            self.lost[n] = True

    def receipts(self, given: Setup) -> list[Receipt | None]:
        for n, _ in self.waiting.values():
            self.lost[n] = True
        return [self.receipt(n, given) if parts else None for n, parts in enumerate(self.parts)]

    def receipt(self, n: int, given: Setup) -> Receipt:
        return LOST if self.lost[n] else receipt(self.results[n], tuple(map(given.named, self.numbers[n])))


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
        """What came in; what the gateway asks for itself is answered at once, a report when it is kept."""
        data = self.line.recv(1 << 16)
        if not data:
            raise ConnectionResetError("短信网关断开了连接")
        self.buffer += data
        found, said = [], []
        for pdu in codec.split(self.buffer):
            if pdu.command == codec.DELIVER:
                said.append(pdu)
            elif pdu.command == codec.ACTIVE_TEST:
                self.line.sendall(codec.pack(codec.ACTIVE_TEST | codec.RESPONSE, pdu.sequence, b"\0"))
            else:
                found.append(pdu)
        if said:
            self.keep(said)
        return found

    def keep(self, said: Sequence[codec.Pdu]) -> None:
        """Reports are kept, then acknowledged: what could not be kept the gateway brings again. What phones' owners write back
        and what nobody can read is acknowledged, or it would come for ever."""
        found = []
        for pdu in said:
            try:
                report = codec.report(pdu, self.given.version)
            except codec.CmppError as error:
                log.warning("status report of %s: %s", self.given.host, error)
                continue
            if report is not None and report.stat not in codec.UNDER_WAY:
                number = self.given.named(report.number)
                found.append(reports.Said(number, report.stat, bare(report.phone), taken_at(report.submitted)))
        try:
            reports.keep(found)
        except Exception:
            log.exception("%s status reports not kept; the gateway will bring them again", len(found))
            return
        self.line.sendall(b"".join(codec.deliver_response(pdu, self.given.version) for pdu in said))

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
        return flight.receipts(self.given)

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

    def listen(self, wanted: Callable[[], bool]) -> None:
        """Take reports as long as any is owed; what a silent line means is asked once a minute (ACTIVE_TEST)."""
        self.line.settimeout(LISTEN_S)
        silent = 0.0
        while wanted():
            try:
                self.read()
                silent = 0.0
            except TimeoutError:
                silent += LISTEN_S
                if silent >= TEST_AFTER_S:
                    self.line.sendall(codec.pack(codec.ACTIVE_TEST, next(self.numbers)))
                    silent = 0.0

    def leave(self) -> None:
        """Say so, and go when the gateway has taken note (TERMINATE): it counts this line no longer then."""
        try:
            self.line.settimeout(TIMEOUT_S)
            self.line.sendall(codec.pack(codec.TERMINATE, next(self.numbers)))
            self.answer(codec.TERMINATE)
        except (OSError, codec.CmppError):
            log.debug("%s did not answer the good-bye", self.given.host)
        self.close()

    def close(self) -> None:
        self.line.close()
        if HERE.sessions.get(self.given) is self:
            del HERE.sessions[self.given]


class _Here(threading.local):
    """The sessions of this thread, by gateway."""

    def __init__(self) -> None:
        self.sessions: dict[Setup, Session] = {}


HERE = _Here()


def bare(phone: str) -> str:
    """A mainland number without its country."""
    digits = phone.removeprefix("+")
    return digits[2:] if len(digits) == 13 and digits.startswith("86") else digits


def taken_at(text: str) -> datetime | None:
    """YYMMDDhhmm of the gateway, Beijing time."""
    try:
        return datetime.strptime(text, "%y%m%d%H%M").replace(tzinfo=clock.BEIJING)
    except ValueError:
        return None


def listen(wanted: Callable[[], bool]) -> None:
    """A line of its own for the reports: they come when nobody sends. Of several lines one is always left to who sends; the
    only one is let go after a while, for the next who needs it."""
    given = setup()
    if given is None:
        return
    until = time.monotonic() + SPELL_S
    try:
        with places.place(given.gateway, given.lines, first=min(1, max(0, given.lines - 1)), wait_s=0.0):
            session = Session(given)
            try:
                session.listen(lambda: wanted() and (given.lines != 1 or time.monotonic() < until))
                session.leave()
            finally:
                session.line.close()
    except places.NoPlace:
        return  # the reports come on the lines of those who send
    except (OSError, codec.CmppError) as error:
        log.warning("no line for status reports: %s", error)


def receipt(result: int, numbers: tuple[str, ...] = ()) -> Receipt:
    if result == 0:
        return Receipt(Outcome.DELIVERED, ACCEPTED, numbers[0][-16:] if numbers else "", numbers=numbers)
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
    """What was not written when the line broke may be tried again; what was written and not answered is unknown. Where lines
    are limited each is let go after its messages, so that every process gets its turn."""
    try:
        with places.place(given.gateway, given.lines):
            if given not in HERE.sessions:
                HERE.sessions[given] = Session(given)
            answers = HERE.sessions[given].submit(messages)
            if given.lines and given in HERE.sessions:
                HERE.sessions[given].leave()
    except (OSError, codec.CmppError) as error:
        HERE.sessions.pop(given, None)
        return [Receipt(Outcome.RETRY, f"短信网关连不上：{error}")] * len(messages)
    later = Receipt(Outcome.RETRY, "连接断开，尚未送出")
    return [answer or later for answer in answers]


def hang_up() -> None:
    """Close every session of this thread."""
    for session in list(HERE.sessions.values()):
        session.close()
