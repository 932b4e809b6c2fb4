"""Asking one OPC UA server for the values of its nodes, with the server's own times and qualities."""

from __future__ import annotations

import contextlib
import json
import math
from datetime import UTC, datetime
from typing import Any

from anlan.gateways.devices.contract import FrameError, Reading
from anlan.gateways.devices.opcua.codec import rows_of

try:
    from asyncua import ua
    from asyncua.client.client import Client
    from asyncua.ua.attribute_ids import AttributeIds
except ImportError:  # the extra is not installed: the protocol is known, devices of it are refused with what to do
    Client = None  # type: ignore[assignment, misc]

NEEDED = "OPC UA 需要可选组件：uv sync --extra opcua"
#: IEC 62541-4, 7.39: the two highest bits of a status code. 0 good, 1 uncertain, 2 bad.
SEVERITY = {0: "N", 1: "T", 2: "D", 3: "D"}


def told(value: ua.DataValue) -> dict[str, Any]:
    """What a server said of one node, as it is kept: value, status code, its own time."""
    at = value.SourceTimestamp or value.ServerTimestamp
    return {
        "value": value.Value.Value if value.Value is not None else None,
        "status": value.StatusCode.value if value.StatusCode is not None else 0,
        "at": None if at is None else (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat(),
    }


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
        rows = [{"node": one["node"], **told(value)} for one, value in zip(self.nodes, found, strict=True)]
        self.raw = json.dumps(rows, ensure_ascii=False, default=str).encode()
        return self.again(self.raw, now)

    def again(self, raw: bytes, now: datetime) -> list[Reading]:
        """The nodes of the entry among the rows of an answer."""
        rows = {row["node"]: row for row in rows_of(raw)}
        return [self.reading(one, rows[one["node"]], now) for one in self.nodes if one["node"] in rows]

    def reading(self, node: dict[str, Any], row: dict[str, Any], now: datetime) -> Reading:
        number: float | None = None
        if isinstance(row["value"], bool | int | float) and math.isfinite(row["value"]):
            number = float(row["value"]) * float(node.get("scale", 1)) + float(node.get("offset", 0))
        at = datetime.fromisoformat(row["at"]) if row["at"] else now
        flag = SEVERITY[int(row["status"]) >> 30]
        return Reading(self.address, str(node["code"]), number, str(node.get("unit", "")), at, flag=flag)

    async def close(self) -> None:
        if self.client is not None:
            client, self.client = self.client, None
            with contextlib.suppress(Exception):  # the other side may be gone
                await client.disconnect()
