"""The platform's side of GB/T 28181 signalling: digest registration, answers when durable, catalogue asked for."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from datetime import datetime

from anlan.gateways.devices.contract import Chunk, FrameError, Step
from anlan.gateways.devices.gb28181.codec import (
    BEIJING,
    Message,
    SipFramer,
    answer,
    catalog_query,
    content,
    read,
    readings_of,
)

REALM_ENV, PASSWORD_ENV, NUMBER_ENV = "ANLAN_GB28181_REALM", "ANLAN_GB28181_PASSWORD", "ANLAN_GB28181_ID"
#: A platform number as annex D builds it: 8 digits area, 2 industry, 3 type (200 = signalling server), 7 own.
NUMBER = "15030000002000000001"
FIELD = re.compile(r'(\w+)="?([^",]*)"?')


class Gb28181Session:
    """One device's or lower platform's conversation. With a password set, registration needs RFC 2617 digest."""

    def __init__(self, password: str | None = None) -> None:
        self.framer = SipFramer()
        self.number = os.environ.get(NUMBER_ENV, NUMBER)
        self.realm = os.environ.get(REALM_ENV, self.number[:10])
        self.password = os.environ.get(PASSWORD_ENV, "") if password is None else password
        self.secret = os.urandom(16)
        self.asked = 0
        self.expires_at: datetime | None = None

    def receive(self, data: bytes, now: datetime) -> list[Step]:
        return [self.step(chunk, now) for chunk in self.framer.feed(data)]

    def step(self, chunk: Chunk, now: datetime) -> Step:
        if chunk.reason:
            return Step(chunk.data, reason=chunk.reason) if chunk.data.strip(b"\r\n\0 ") else Step(chunk.data)
        try:
            message = read(chunk.data)
            if message.method == "REGISTER":
                return self.register(message, chunk.data, now)
            if message.status or message.method == "ACK":
                return Step(chunk.data)
            if message.method not in ("MESSAGE", "NOTIFY"):
                return Step(chunk.data, ack=answer(message, "405 Method Not Allowed"))
            if self.password and (self.expires_at is None or now > self.expires_at):
                return Step(chunk.data, nak=answer(message, "403 Forbidden"), reason="未注册的设备发来消息")
            return self.told(message, chunk.data, now)
        except FrameError as error:
            return Step(chunk.data, reason=str(error))

    def told(self, message: Message, raw: bytes, now: datetime) -> Step:
        try:
            return Step(raw, readings_of(content(message), now), answer(message, "200 OK"))
        except FrameError as error:
            return Step(raw, nak=answer(message, "400 Bad Request"), reason=str(error))

    def register(self, message: Message, raw: bytes, now: datetime) -> Step:
        """401 with a challenge first; after the right answer 200 with the platform's time (9.10), and the catalogue asked."""
        if self.password and not self.proven(message):
            nonce = self.nonce(message.device)
            challenge = f'Digest realm="{self.realm}", nonce="{nonce}", algorithm=MD5'
            return Step(raw, ack=answer(message, "401 Unauthorized", ("WWW-Authenticate", challenge)))
        text = message.header("expires")
        expires = min(int(text), 86_400) if text.isascii() and text.isdigit() and len(text) < 9 else 3600
        self.expires_at = datetime.fromtimestamp(now.timestamp() + expires, BEIJING) if expires else None
        date = now.astimezone(BEIJING).strftime("%Y-%m-%dT%H:%M:%S.000")
        done = answer(message, "200 OK", ("Date", date), ("Expires", str(expires)))
        if expires and message.device:
            self.asked += 1
            done += catalog_query(message.device, self.number, self.realm, self.asked)
        return Step(raw, ack=done)

    def nonce(self, device: str) -> str:
        return hmac.new(self.secret, device.encode(), hashlib.sha256).hexdigest()[:32]

    def proven(self, message: Message) -> bool:
        given = dict(FIELD.findall(message.header("authorization")))
        return bool(given) and hmac.compare_digest(
            given.get("response", ""),
            digest(
                given.get("username", ""), self.realm, self.password, self.nonce(message.device), given.get("uri", "")
            ),
        )


def digest(user: str, realm: str, password: str, nonce: str, uri: str, method: str = "REGISTER") -> str:
    """RFC 2617, 3.2.2 without qop. MD5 is what the standard (9.1) and the field's devices speak."""

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    return md5(f"{md5(f'{user}:{realm}:{password}')}:{nonce}:{md5(f'{method}:{uri}')}")
