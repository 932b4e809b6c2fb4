"""A Modbus-TCP slave: 65 536 holding registers that are read back by functions 03 and 04. Pure."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from anlan.gateways.devices.contract import FrameError
from anlan.gateways.devices.modbus.codec import MOST_REGISTERS, Frame, ModbusFramer, encode, read
from anlan.gateways.devices.modbus.points import bytes_of, point

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS = 1, 2


@dataclass
class Slave:
    """address: its unit identifier."""

    address: str = "1"

    def __post_init__(self) -> None:
        self.framer = ModbusFramer()
        self.registers = bytearray(2 * 65_536)

    def hello(self, now: datetime) -> list[bytes]:
        del now
        return []

    def report(self, values: Mapping[str, float], now: datetime) -> list[bytes]:
        """Sets registers: codes are `<register>[:<type>[:<order>]]`, as `10:float32:CDAB`. It says nothing by itself."""
        del now
        for code, value in values.items():
            register, kind, order = parts_of(code)
            if not register.isdigit():
                raise FrameError(f"要素码“{code}”应为 寄存器[:类型[:字序]]，如 10:float32")
            made = point(
                {"code": code, "table": "holding", "register": int(register), "type": kind, "order": order}, code
            )
            data = bytes_of(made, value)
            self.registers[2 * made.register : 2 * made.register + len(data)] = data
        return []

    def receive(self, data: bytes, now: datetime) -> list[bytes]:
        del now
        chunks = [chunk.data for chunk in self.framer.feed(data) if not chunk.reason]
        return [self.answer(read(chunk)) for chunk in chunks]

    def answer(self, asked: Frame) -> bytes:
        def refuse(code: int) -> bytes:
            return encode(Frame(asked.transaction, asked.unit, asked.function | 0x80, bytes([code])))

        if asked.function not in (3, 4) or len(asked.payload) != 4:
            return refuse(ILLEGAL_FUNCTION)
        start, count = struct.unpack(">HH", asked.payload)
        if not 1 <= count <= MOST_REGISTERS or start + count > 65_536:
            return refuse(ILLEGAL_ADDRESS)
        body = bytes(self.registers[2 * start : 2 * (start + count)])
        return encode(Frame(asked.transaction, asked.unit, asked.function, bytes([len(body)]) + body))

    def due(self, now: datetime) -> list[bytes]:
        del now
        return []


def parts_of(code: str) -> tuple[str, str, str]:
    register, *more = code.split(":")
    kind, order = (*more, *("uint16", "ABCD")[len(more) :])[:2]
    return register, kind, order
