"""Protocol console 协议台: the gateway's last frames, asked for over NATS and decoded here, side by side with their bytes."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import nats
import orjson
from asgiref.sync import async_to_sync
from django.conf import settings
from nats.aio.client import Client
from nats.aio.msg import Msg

from anlan.gateways.actions import require_city
from anlan.gateways.devices import discover
from anlan.gateways.devices.contract import DeviceProtocol, FrameError, Reading
from anlan.gateways.log import Frame, ReadingLog
from anlan.kernel.accounts.actor import Actor
from anlan.monitoring.log import servers

SUBJECT = "console.frames"
SHOWN, ANSWER_S = 60, 2.0
#: What the gateway counts, as people read it.
COUNTS = {
    "readings": "入日志读数", "quarantined": "隔离", "not_kept": "未能保存（设备将重发）", "connections_refused": "拒绝的连接",
    "connection_errors": "连接异常", "datagrams_dropped": "丢弃的数据报", "poll_errors": "轮询失败",
    "slowed": "发送过快被限速",
}  # fmt: skip


class Console:
    """The gateway's side: gives the frames it remembers, the newest first."""

    def __init__(self, store: ReadingLog, served: dict[str, tuple[str, str]]) -> None:
        """served: protocol -> the port it listens on, and why it does not ("" when it does)."""
        self.store, self.served = store, served

    async def open(self, client: Client) -> None:
        await client.subscribe(SUBJECT, cb=self.answer)

    async def answer(self, message: Msg) -> None:
        try:
            wanted = orjson.loads(message.data or b"{}")
        except ValueError:
            wanted = {}
        protocol, text = str(wanted.get("protocol", "")), str(wanted.get("text", ""))
        rows = [told(frame) for frame in reversed(self.store.frames) if fits(frame, protocol, text)]
        found = {"frames": rows[:SHOWN], "trouble": self.store.trouble, "counts": dict(self.store.counts)}
        found["served"] = self.served
        found["slowed"] = [(*who, at.isoformat()) for who, at in reversed(self.store.slowed.items())]
        await message.respond(orjson.dumps(found))


def fits(frame: Frame, protocol: str, text: str) -> bool:
    """text: part of the sender, or of the frame's text or hex."""
    if protocol and frame.protocol != protocol:
        return False
    hexed = text.replace(" ", "").upper()
    return not text or text in frame.peer or text.encode() in frame.raw or hexed in frame.raw.hex().upper()


def told(frame: Frame) -> dict[str, Any]:
    return {
        "at": frame.at.isoformat(), "protocol": frame.protocol, "peer": frame.peer, "reason": frame.reason,
        "raw": base64.b64encode(frame.raw).decode(), "answer": base64.b64encode(frame.answer).decode(),
    }  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """A frame as the page shows it."""

    at: datetime
    protocol: str
    peer: str
    reason: str
    hex: str
    text: str
    answer: str
    readings: list[Reading]
    decoded: str


@dataclass(frozen=True)
class Heard:
    """What the gateway says: its last frames, why it keeps nothing ("" when it does), its counts since it began, and on
    which port each protocol is served, or why it is not. slowed: who sent faster than it may (protocol, address, when last)."""

    frames: list[Shown]
    trouble: str
    counts: dict[str, int]
    served: list[tuple[str, str, str]]
    slowed: list[tuple[str, str, datetime]]


def frames(actor: Actor, protocol: str = "", text: str = "") -> Heard | None:
    """The gateway's last frames; None when no gateway answers."""
    require_city(actor, "gateways.view")
    told = async_to_sync(ask)({"protocol": protocol, "text": text[:80]})
    if told is None:
        return None
    counts = {COUNTS[name]: count for name, count in told["counts"].items() if name in COUNTS}
    slowed = [(name, who, datetime.fromisoformat(at)) for name, who, at in told.get("slowed", ())]
    rows = [shown(row) for row in told["frames"]]
    return Heard(rows, str(told["trouble"]), counts, titled(told.get("served", {})), slowed)


def titled(served: dict[str, tuple[str, str]]) -> list[tuple[str, str, str]]:
    """What does not listen first."""
    found = [(protocol.title, *served[name]) for name, protocol in discover().items() if name in served]
    return sorted(found, key=lambda row: not row[2])


async def ask(wanted: dict[str, str]) -> dict[str, Any] | None:
    try:
        client = await nats.connect(servers(settings.NATS_URL), connect_timeout=2, max_reconnect_attempts=1)
    except (OSError, nats.errors.Error):
        return None
    try:
        answer = await client.request(SUBJECT, orjson.dumps(wanted), timeout=ANSWER_S)
        return dict(orjson.loads(answer.data))
    except (nats.errors.Error, TimeoutError):
        return None
    finally:
        await client.close()


def shown(row: dict[str, str]) -> Shown:
    raw = base64.b64decode(row["raw"])
    text = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in raw)
    answer = base64.b64decode(row["answer"]).hex(" ").upper()
    protocol = discover().get(row["protocol"])
    readings, decoded = understood(protocol, raw) if protocol else ([], "")
    title = protocol.title if protocol else row["protocol"]
    at = datetime.fromisoformat(row["at"])
    return Shown(at, title, row["peer"], row["reason"], raw.hex(" ").upper(), text, answer, readings, decoded)


def understood(protocol: DeviceProtocol, raw: bytes) -> tuple[list[Reading], str]:
    """The readings of a frame, and all of its fields."""
    try:
        found = protocol.decode(raw)
    except FrameError as error:
        return [], str(error)
    return found.readings, json.dumps(found.frame, ensure_ascii=False, indent=1, default=str)
