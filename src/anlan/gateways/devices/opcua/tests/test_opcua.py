"""OPC UA: a real server, and the heads of captured messages."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from asyncua import Server, ua
from tests.conftest import free_port

from anlan.gateways.devices.contract import FrameError
from anlan.gateways.devices.opcua import codec
from anlan.gateways.devices.opcua.poller import OpcUaPoller


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_nodes_come_with_the_servers_time_and_quality() -> None:
    url = f"opc.tcp://127.0.0.1:{free_port()}/plant"
    at = datetime(2026, 11, 23, 8, tzinfo=UTC)

    async def body() -> list[tuple[str, float | None, str, datetime]]:
        server = Server()
        await server.init()
        server.set_endpoint(url)
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        space = await server.register_namespace("urn:plant")
        level = await server.nodes.objects.add_variable(ua.NodeId("T101.Level", space), "Level", 4.5)
        valve = await server.nodes.objects.add_variable(ua.NodeId("V1", space), "Valve", True)
        async with server:
            good = ua.DataValue(ua.Variant(4.5, ua.VariantType.Double), SourceTimestamp=at)
            await level.write_value(good)
            bad = ua.DataValue(ua.Variant(True, ua.VariantType.Boolean), ua.StatusCode(0x80000000), SourceTimestamp=at)
            await valve.write_attribute(ua.AttributeIds.Value, bad)
            nodes = [
                {"code": "level", "node": f"ns={space};s=T101.Level", "scale": 100},
                {"code": "valve", "node": f"ns={space};s=V1"},
            ]
            device = OpcUaPoller({"address": "P1", "url": url, "nodes": nodes})
            try:
                return [(one.code, one.value, one.flag, one.at) for one in await device.read(at)]
            finally:
                await device.close()

    found = asyncio.run(body())
    assert found[0] == ("level", 450.0, "N", at)
    assert found[1][2] == "D", "the server says that it is bad"


def test_a_hello_is_read_as_it_was_written() -> None:
    told = codec.decode(codec.hello("opc.tcp://plant:4840/"))
    assert told.valid
    assert told.frame["endpoint"] == "opc.tcp://plant:4840/"


def test_what_is_not_opc_ua_is_refused() -> None:
    with pytest.raises(FrameError):
        codec.decode(b"GET / HTTP/1.1\r\n")


def test_a_node_without_a_code_is_refused_by_its_place() -> None:
    with pytest.raises(FrameError, match=r"nodes\[0\]"):
        OpcUaPoller({"address": "P1", "url": "opc.tcp://x", "nodes": [{"node": "i=1"}]})
