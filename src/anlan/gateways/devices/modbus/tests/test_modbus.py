"""Modbus-TCP: the standard's own examples, and a slave made by somebody else (pymodbus)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice
from tests.conftest import free_port

from anlan.gateways.devices.contract import FrameError
from anlan.gateways.devices.modbus import codec
from anlan.gateways.devices.modbus.points import Point, blocks, bytes_of, point, value
from anlan.gateways.devices.modbus.poller import ModbusPoller

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_the_example_of_the_standard_is_read_both_ways() -> None:
    # Application Protocol V1.1b3 6.3: read holding registers 108-110, answer 022B 0000 0064.
    asked = codec.request(1, 17, "holding", 107, 3)
    assert asked.hex() == "0001000000061103006b0003"
    assert codec.decode(asked).frame["start"] == 107
    answer = bytes.fromhex("0001000000091103 06 022B00000064".replace(" ", ""))
    assert codec.data_of(codec.read(answer), "holding", 3) == bytes.fromhex("022B00000064")
    assert codec.decode(answer).frame["registers"] == [555, 0, 100]
    assert codec.response(1, 17, "holding", bytes.fromhex("022B00000064")) == answer


def test_an_exception_is_told_in_words() -> None:
    with pytest.raises(FrameError, match="非法数据地址"):
        codec.data_of(codec.read(bytes.fromhex("000100000003118302")), "holding", 3)


@pytest.mark.parametrize("order", ["ABCD", "CDAB", "BADC", "DCBA"])
@pytest.mark.parametrize(
    ("kind", "number"), [("float32", -12.5), ("int32", -70000), ("uint16", 65535), ("float64", 1e9)]
)
def test_every_layout_of_words_is_read_as_it_was_written(order: str, kind: str, number: float) -> None:
    made = Point("x", "holding", 0, kind, order)
    assert value(made, bytes_of(made, number)) == number
    if kind == "float32" and order == "CDAB":
        assert bytes_of(made, -12.5).hex() == "0000c148"


def test_neighbouring_points_are_fetched_by_one_question() -> None:
    points = [Point(f"c{n}", "holding", register) for n, register in enumerate((0, 2, 10, 40, 200))]
    assert [(block.start, block.count) for block in blocks(points)] == [(0, 11), (40, 1), (200, 1)]


@pytest.mark.parametrize("wrong", [{"register": 70000}, {"table": "reg"}, {"type": "bcd"}, {"bit": 16}, {"typ": "x"}])
def test_a_point_that_cannot_be_is_refused_with_its_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(FrameError, match=r"points\[3\]"):
        point({"code": "x", "table": "holding", "register": 0, **wrong}, "points[3]")


def test_a_slave_of_another_maker_is_read() -> None:
    port = free_port()
    entry = {
        "address": "P1", "host": "127.0.0.1", "port": port, "unit": 1,
        "points": [
            {"code": "level", "table": "holding", "register": 10, "type": "float32", "unit": "m"},
            {"code": "flow", "table": "holding", "register": 12, "type": "int16", "scale": 0.1, "unit": "m3/h"},
            {"code": "alarm3", "table": "holding", "register": 13, "bit": 3},
        ],
    }  # fmt: skip

    async def body() -> list[tuple[str, float | None]]:
        data = [SimData(10, values=[0x40A0, 0x0000, 0xFFE7, 0b1000], datatype=DataType.REGISTERS)]
        server = ModbusTcpServer(SimDevice(1, data), address=("127.0.0.1", port))
        await server.serve_forever(background=True)
        device = ModbusPoller(entry)
        try:
            return [(one.code, one.value) for one in await device.read(NOW)]
        finally:
            await device.close()
            await server.shutdown()

    assert asyncio.run(body()) == [("level", 5.0), ("flow", -2.5), ("alarm3", 1.0)]
