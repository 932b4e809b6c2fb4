"""A gateway to test against, that behaves as real ones do: busy, deaf, gone, and honest about what it took.

`python -m anlan.gateways.alerts.cmpp.simulator 7890 [busy] [deaf] [drop]` with the share of messages for each fault.
"""

from __future__ import annotations

import itertools
import random
import socket
import sys
import threading
from collections import Counter

from anlan.gateways.alerts.cmpp import codec
from anlan.kernel import clock


class Simulator:
    """One gateway. busy: share answered 流量控制; deaf: share taken without answer; drop: share at which the line is cut,
    before or after the message was taken. `taken` counts (phone, part) of what it accepted or took silently. reports: says
    later what became of each part: `stats` of the phones that it does not reach, else DELIVRD. Like real ones it pushes a report
    on any line of the enterprise, and again on the next one while nobody acknowledged it. most: lines at once of an enterprise, the
    next one is refused (status 5)."""

    def __init__(
        self,
        port: int = 0,
        busy: float = 0,
        deaf: float = 0,
        drop: float = 0,
        seed: int = 1,
        password: str = "",
        most: int = 0,
    ) -> None:
        self.most, self.lines = most, set[socket.socket]()
        self.busy, self.deaf, self.drop, self.password = busy, deaf, drop, password
        self.dice, self.taken, self.lock = random.Random(seed), Counter[tuple[str, bytes]](), threading.Lock()  # noqa: S311
        self.server = socket.create_server(("127.0.0.1", port))
        self.port: int = self.server.getsockname()[1]
        self.open, self.reports, self.stats = True, False, dict[str, str]()
        self.numbers, self.owed = itertools.count(1), dict[int, codec.Report]()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while self.open:
            try:
                line, _ = self.server.accept()
            except OSError:
                return
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(line,), daemon=True).start()

    def serve(self, line: socket.socket) -> None:
        with self.lock:
            self.lines |= {line}
        try:
            self.speak(line)
        finally:
            with self.lock:
                self.lines -= {line}

    def speak(self, line: socket.socket) -> None:
        buffer, version = bytearray(), codec.V2
        with line:
            while True:
                try:
                    data = line.recv(1 << 18)
                except OSError:
                    return
                if not data:
                    return
                buffer += data
                out = bytearray()
                for pdu in codec.split(buffer):
                    if pdu.command == codec.CONNECT:
                        version = codec.V3 if pdu.body[22] >= codec.V3 else codec.V2
                        out += self.welcome(pdu, version)
                        out += self.report(self.owed, version)
                    elif pdu.command == codec.DELIVER | codec.RESPONSE:
                        self.owed.pop(pdu.sequence, None)
                    elif pdu.command == codec.ACTIVE_TEST:
                        out += codec.pack(codec.ACTIVE_TEST | codec.RESPONSE, pdu.sequence, b"\0")
                        out += self.report(self.owed, version)
                    elif pdu.command == codec.TERMINATE:
                        with self.lock:
                            self.lines -= {line}
                        out += codec.pack(codec.TERMINATE | codec.RESPONSE, pdu.sequence)
                    elif pdu.command == codec.SUBMIT:
                        answer = self.answer(pdu, version)
                        if answer is None:
                            line.sendall(out)
                            return
                        out += answer
                if out:
                    line.sendall(out)

    def welcome(self, pdu: codec.Pdu, version: int) -> bytes:
        """Status 3: authentication failed; 5: any other error, here too many lines."""
        source = pdu.body[:6].rstrip(b"\0").decode()
        stamp = f"{int.from_bytes(pdu.body[23:27], 'big'):010}"
        known = codec.secret(source, self.password, stamp) == pdu.body[6:22]
        status = 3 if not known else 5 if self.most and len(self.lines) > self.most else 0
        body = status.to_bytes(4 if version >= codec.V3 else 1, "big") + bytes(16) + bytes([version])
        return codec.pack(codec.CONNECT | codec.RESPONSE, pdu.sequence, body)

    def answer(self, pdu: codec.Pdu, version: int) -> bytes | None:
        """The response; b"" = none; None = the line is cut."""
        chance = self.dice.random() if self.busy or self.deaf or self.drop else 1.0
        if chance < self.drop / 2:
            return None
        if chance < self.drop / 2 + self.busy:
            return codec.submit_response(pdu.sequence, 0, codec.BUSY, version)
        with self.lock:
            phone, content = codec.submitted(pdu, version)
            self.taken[phone, content] += 1
            number = next(self.numbers)
            if self.reports:
                now = clock.real_now().astimezone(clock.BEIJING).strftime("%y%m%d%H%M")
                self.owed[number] = codec.Report(number, self.stats.get(phone, codec.DELIVERED), now, now, phone)
        if chance < self.drop + self.busy:
            return None
        if chance < self.drop + self.busy + self.deaf:
            return b""
        return codec.submit_response(pdu.sequence, number, 0, version)

    def report(self, owed: dict[int, codec.Report], version: int) -> bytes:
        with self.lock:
            return b"".join(codec.deliver_report(number, said, version) for number, said in owed.items())

    def close(self) -> None:
        self.open = False
        self.server.close()


def main() -> None:
    port, *shares = sys.argv[1:]
    faults = dict(zip(("busy", "deaf", "drop"), map(float, shares), strict=False))
    running = Simulator(int(port), faults.get("busy", 0.0), faults.get("deaf", 0.0), faults.get("drop", 0.0))
    print(f"CMPP 模拟网关在 127.0.0.1:{running.port}", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
