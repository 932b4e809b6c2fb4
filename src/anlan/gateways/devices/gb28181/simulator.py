"""A camera of GB/T 28181 as the platform sees it: digest registration, keep-alive, catalogue, alarms. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from xml.sax.saxutils import escape

from anlan.gateways.devices.contract import FrameError
from anlan.gateways.devices.gb28181.codec import BEIJING, Message, SipFramer, answer, content, read, request
from anlan.gateways.devices.gb28181.session import FIELD, NUMBER, digest

#: 9.6: a keep-alive every 60 s.
KEEP = timedelta(seconds=60)


@dataclass
class Camera:
    address: str
    password: str = ""
    centre: str = NUMBER
    host: str = "127.0.0.1"
    name: str = "模拟摄像机"
    registered: bool = False
    number: int = 0
    answered: int = 0
    spoke: datetime | None = None

    def __post_init__(self) -> None:
        self.framer = SipFramer()

    def send(self, method: str, now: datetime, xml: str = "", *more: tuple[str, str]) -> bytes:
        self.number, self.spoke = self.number + 1, now
        return request(method, self.address, self.centre, self.host, self.number, xml, *more)

    def hello(self, now: datetime) -> list[bytes]:
        return [self.send("REGISTER", now, "", ("Expires", "3600"))]

    def report(self, values: Mapping[str, float], now: datetime) -> list[bytes]:
        """`online` is a keep-alive, `alarm.5` an alarm of that method while its value is not 0."""
        frames = []
        for code, value in values.items():
            if code == "online":
                frames.append(self.send("MESSAGE", now, self.keepalive("OK" if value else "ERROR")))
            elif re.fullmatch(r"alarm\.[1-7]", code):
                frames += [self.send("MESSAGE", now, self.alarm(code[-1], now))] if value else []
            else:
                raise FrameError(f"要素码“{code}”应为 online 或 alarm.1～alarm.7")
        return frames

    def xml(self, root: str, kind: str, more: str) -> str:
        head = f"<CmdType>{kind}</CmdType><SN>{self.number + 1}</SN><DeviceID>{self.address}</DeviceID>"
        return f'<?xml version="1.0" encoding="GB2312"?>\r\n<{root}>{head}{more}</{root}>'

    def keepalive(self, status: str) -> str:
        return self.xml("Notify", "Keepalive", f"<Status>{status}</Status>")

    def alarm(self, method: str, now: datetime) -> str:
        at = f"{now.astimezone(BEIJING):%Y-%m-%dT%H:%M:%S}"
        told = f"<AlarmPriority>1</AlarmPriority><AlarmMethod>{method}</AlarmMethod><AlarmTime>{at}</AlarmTime>"
        return self.xml("Notify", "Alarm", f"{told}<AlarmDescription>模拟报警</AlarmDescription>")

    def receive(self, data: bytes, now: datetime) -> list[bytes]:
        answers: list[bytes] = []
        for chunk in self.framer.feed(data):
            try:
                message = read(chunk.data)
                answers += self.react(message, now)
            except FrameError:
                continue
        return answers

    def react(self, message: Message, now: datetime) -> list[bytes]:
        if message.status == 401:
            given = dict(FIELD.findall(message.header("www-authenticate")))
            uri = f"sip:{self.centre}@{self.host}"
            response = digest(self.address, given.get("realm", ""), self.password, given.get("nonce", ""), uri)
            proof = (
                f'Digest username="{self.address}", realm="{given.get("realm", "")}", nonce="{given.get("nonce", "")}",'
                f' uri="{uri}", response="{response}", algorithm=MD5'
            )
            return [self.send("REGISTER", now, "", ("Expires", "3600"), ("Authorization", proof))]
        if message.status == 200:
            self.registered |= "REGISTER" in message.header("cseq")
            self.answered += 1
            return []
        if message.method != "MESSAGE":
            return []
        told = content(message)
        answers = [answer(message, "200 OK")]
        if told.get("CmdType") == "Catalog" and told["root"] == "Query":
            item = f"<DeviceID>{self.address}</DeviceID><Name>{escape(self.name)}</Name><Status>ON</Status>"
            body = f'<SumNum>1</SumNum><DeviceList Num="1"><Item>{item}</Item></DeviceList>'
            answers.append(self.send("MESSAGE", now, self.xml("Response", "Catalog", body)))
        return answers

    def due(self, now: datetime) -> list[bytes]:
        late = self.spoke is not None and now - self.spoke >= KEEP
        return [self.send("MESSAGE", now, self.keepalive("OK"))] if late else []
