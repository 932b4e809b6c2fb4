"""Commands as people give them: journalled first, then asked of the gateway that has the device on its line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import nats
import orjson
from asgiref.sync import async_to_sync
from django.conf import settings

from anlan.gateways.devices import discover
from anlan.gateways.devices.contract import DeviceProtocol, FrameError
from anlan.gateways.events import CommandOrdered
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.errors import Conflict, Invalid
from anlan.monitoring import queries
from anlan.monitoring.log import servers

PERMISSION = "gateways.command"
ANSWER_S = 5.0


def station_of(by: Actor, station_id: int) -> tuple[Any, DeviceProtocol]:
    """The station, if the actor may command it, and the protocol it speaks."""
    station = queries.stations(by, PERMISSION).one(station_id)
    protocol = discover().get(station.protocol)
    if protocol is None or protocol.command is None:
        raise Conflict(f"{station.name}所用协议 {station.protocol} 没有下行命令", protocol=station.protocol)
    return station, protocol


@action(PERMISSION)
def order(by: Actor, station_id: int, kind: str, parameters: Mapping[str, str]) -> tuple[str, str]:
    """下行命令: check and journal it; returns protocol and address. What goes wrong afterwards is told by `send`."""
    station, protocol = station_of(by, station_id)
    known = protocol.commands.get(kind)
    if known is None or protocol.command is None:
        raise Invalid("kind", kind, "、".join(protocol.commands), label="命令")
    try:
        protocol.command(kind, station.address, clock.now(), 1, parameters)
    except FrameError as error:
        raise Invalid("parameters", dict(parameters), str(error), label="参数") from error
    told = "，".join(f"{known.parameters.get(name, name)}={value}" for name, value in parameters.items())
    record(by, f"下行命令：{known.title}", station, CommandOrdered(station.pk, kind), reason=told[:200])
    return protocol.name, station.address


def send(protocol: str, address: str, kind: str, parameters: Mapping[str, str]) -> str:
    """Why it did not go out, "" when it did."""
    found = async_to_sync(ask)(protocol, {"address": address, "kind": kind, "parameters": dict(parameters)})
    return str(found.get("error", ""))


async def ask(protocol: str, order: dict[str, Any]) -> dict[str, Any]:
    try:
        client = await nats.connect(servers(settings.NATS_URL), connect_timeout=2, max_reconnect_attempts=1)
    except (OSError, nats.errors.Error):
        return {"error": "网关没有应答：日志服务连接不上"}
    try:
        answer = await client.request(f"command.{protocol}", orjson.dumps(order), timeout=ANSWER_S)
        return dict(orjson.loads(answer.data))
    except (nats.errors.Error, TimeoutError):
        return {"error": "网关没有应答"}
    finally:
        await client.close()
