"""Asking one Modbus-TCP device."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime
from typing import Any

from anlan.gateways.devices.contract import FrameError, Reading
from anlan.gateways.devices.modbus import codec
from anlan.gateways.devices.modbus.points import Block, blocks, point, values


class ModbusPoller:
    """Entry: address, host, port (502), unit (1), points [{code, table, register, type, order, scale, offset, unit}]."""

    def __init__(self, entry: dict[str, Any]) -> None:
        points = entry.get("points")
        if not isinstance(points, list) or not points or not entry.get("host") or not entry.get("address"):
            raise FrameError("modbus 设备应有 address、host 和不为空的 points")
        self.address, self.host, self.port = str(entry["address"]), str(entry["host"]), int(entry.get("port", 502))
        self.unit = int(entry.get("unit", 1))
        self.blocks = blocks([point(one, f"points[{index}]") for index, one in enumerate(points)])
        self.name, self.raw = f"{self.host}:{self.port}/{self.unit} {self.address}", b""
        self.transaction = 0
        self.writer: asyncio.StreamWriter | None = None

    async def read(self, now: datetime) -> list[Reading]:
        """All points, as of `now`."""
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(self.host, self.port)
        self.raw = b""
        found = []
        for block in self.blocks:
            found += self.readings(block, await self.fetch(self.writer, block), now)
        return found

    def readings(self, block: Block, data: bytes, now: datetime) -> list[Reading]:
        return [Reading(self.address, made.code, number, made.unit, now) for made, number in values(block, data)]

    def again(self, raw: bytes, now: datetime) -> list[Reading]:
        """Answers one after the other, a block each."""
        found = []
        for block in self.blocks:
            size = 6 + int.from_bytes(raw[4:6], "big")
            found += self.readings(block, codec.data_of(codec.read(raw[:size]), block.table, block.count), now)
            raw = raw[size:]
        return found

    async def fetch(self, writer: asyncio.StreamWriter, block: Block) -> bytes:
        self.transaction = (self.transaction + 1) & 0xFFFF
        writer.write(codec.request(self.transaction, self.unit, block.table, block.start, block.count))
        await writer.drain()
        while True:
            head = await self.reader.readexactly(6)
            length = int.from_bytes(head[4:6], "big")
            if not 2 <= length <= codec.MAX_LENGTH:
                raise ConnectionError(f"应答长度 {length} 不可能")
            before, answer = self.raw, head + await self.reader.readexactly(length)
            self.raw = before + answer
            frame = codec.read(answer)
            if frame.transaction == self.transaction:  # an older one is the answer to a question we gave up
                return codec.data_of(frame, block.table, block.count)
            self.raw = before

    async def close(self) -> None:
        if self.writer is not None:
            writer, self.writer = self.writer, None
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
