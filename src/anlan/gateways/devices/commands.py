"""Commands down to devices that are on line: setting clocks, asking for values.

A request on the NATS subject `command.<protocol>` with `{"address": "0012345678", "kind": "time", "parameters": {}}`
is answered with `{"sent": true}` or `{"error": "..."}`. What the device answers comes in like everything it says.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Mapping

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg

from anlan.gateways.devices.contract import FrameError
from anlan.gateways.devices.listener import Listener
from anlan.kernel import clock

log = logging.getLogger(__name__)
SUBJECT = "command.*"


class Commands:
    """The gateway's ear for commands."""

    def __init__(self, listeners: Mapping[str, Listener]) -> None:
        self.listeners = listeners
        self.serials = itertools.cycle(range(1, 65_536))

    async def open(self, nats: Client) -> None:
        await nats.subscribe(SUBJECT, cb=self.take)

    async def take(self, message: Msg) -> None:
        try:
            answer = await self.send(message.subject.split(".", 1)[1], message.data)
        except (FrameError, ValueError, OSError) as error:
            answer = {"error": str(error) or type(error).__name__}
        if message.reply:
            await message.respond(orjson.dumps(answer))

    async def send(self, protocol: str, data: bytes) -> dict[str, object]:
        asked = orjson.loads(data)
        if not isinstance(asked, dict) or not isinstance(asked.get("address"), str):
            raise ValueError("应为 {address, kind}")
        listener = self.listeners.get(protocol)
        if listener is None or listener.protocol.command is None:
            raise ValueError(f"协议 {protocol} 没有下行命令")
        given = asked.get("parameters") or {}
        if not isinstance(given, dict):
            raise ValueError("parameters 应为对象")
        parameters = {str(name): str(value) for name, value in given.items()}
        frame = listener.protocol.command(
            str(asked.get("kind")), asked["address"], clock.now(), next(self.serials), parameters
        )
        if not await listener.send(asked["address"], frame):
            raise ValueError(f"设备 {asked['address']} 不在线")
        log.info("%s %s: %s", protocol, asked["address"], asked.get("kind"))
        return {"sent": True}
