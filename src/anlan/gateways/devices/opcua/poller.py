"""Asking one OPC UA server for the values of its nodes, with the server's own times and qualities."""

from __future__ import annotations

import contextlib
import math
from datetime import UTC, datetime
from typing import Any

from anlan.gateways.devices.contract import FrameError, Reading

try:
    from asyncua import ua
    from asyncua.client.client import Client
    from asyncua.ua.attribute_ids import AttributeIds
except ImportError:  # the extra is not installed: the protocol is known, devices of it are refused with what to do
    Client = None  # type: ignore[assignment, misc]

NEEDED = "OPC UA 需要可选组件：uv sync --extra opcua"
#: IEC 62541-4, 7.39: the two highest bits of a status code. 0 good, 1 uncertain, 2 bad.
SEVERITY = {0: "N", 1: "T", 2: "D", 3: "D"}


class OpcUaPoller:
    """Entry: address, url (opc.tcp://...), nodes [{code, node, unit, scale, offset}], user, password."""

    def __init__(self, entry: dict[str, Any]) -> None:
        if Client is None:
            raise FrameError(NEEDED)
        nodes = entry.get("nodes")
        if not isinstance(nodes, list) or not nodes or not entry.get("url") or not entry.get("address"):
            raise FrameError("opcua 设备应有 address、url 和不为空的 nodes")
        for index, one in enumerate(nodes):
            if not isinstance(one, dict) or not one.get("code") or not one.get("node"):
                raise FrameError(f"nodes[{index}] 应有 code 和 node（例：ns=2;s=T101.Level）")
        self.address, self.url, self.nodes = str(entry["address"]), str(entry["url"]), nodes
        self.user, self.password = str(entry.get("user", "")), str(entry.get("password", ""))
        self.name, self.raw = self.url, b""
        self.client: Client | None = None

    async def connect(self) -> Client:
        client = Client(self.url, timeout=5)
        if self.user:
            client.set_user(self.user)
            client.set_password(self.password)
        await client.connect()
        return client

    async def read(self, now: datetime) -> list[Reading]:
        """All nodes in one service call."""
        if self.client is None:
            self.client = await self.connect()
        nodes = [self.client.get_node(one["node"]) for one in self.nodes]
        found = await self.client.read_attributes(nodes, AttributeIds.Value)
        return [self.reading(one, value, now) for one, value in zip(self.nodes, found, strict=True)]

    def reading(self, node: dict[str, Any], value: ua.DataValue, now: datetime) -> Reading:
        raw = value.Value.Value if value.Value is not None else None
        flag = SEVERITY[value.StatusCode.value >> 30 if value.StatusCode is not None else 0]
        number: float | None = None
        if isinstance(raw, bool | int | float) and math.isfinite(raw):
            number = float(raw) * float(node.get("scale", 1)) + float(node.get("offset", 0))
        at = value.SourceTimestamp or value.ServerTimestamp
        when = at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at or now
        return Reading(self.address, str(node["code"]), number, str(node.get("unit", "")), when, flag=flag)

    async def close(self) -> None:
        if self.client is not None:
            client, self.client = self.client, None
            with contextlib.suppress(Exception):  # the other side may be gone
                await client.disconnect()
