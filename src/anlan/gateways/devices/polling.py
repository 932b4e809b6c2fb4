"""Devices that are asked instead of telling by themselves: Modbus, OPC UA, JSON over HTTP.

Which ones is a file, `<ANLAN_VAR>/polled.json` (or `ANLAN_POLLED`): a list of
`{"protocol": "modbus", "address": "P1", "period_s": 5, ...}`; the other fields are the protocol's own.
A device that does not answer is asked again with growing pauses and never holds up another.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from anlan.gateways.devices.contract import DeviceProtocol, FrameError, Poller
from anlan.gateways.log import ReadingLog
from anlan.kernel import clock

log = logging.getLogger(__name__)
ANSWER_S, MAX_PAUSE_S = 10.0, 60.0
PERIOD_S = (0.2, 86_400.0)


def load(path: Path, protocols: Mapping[str, DeviceProtocol]) -> list[tuple[DeviceProtocol, float, dict[str, Any]]]:
    """The devices of the file: (protocol, period in seconds, its fields). ValueError names entry and field."""
    entries = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError(f"{path}：应为设备对象的列表")
    found = []
    for index, entry in enumerate(entries):
        protocol = protocols.get(str(entry.get("protocol")))
        if protocol is None or protocol.poller is None:
            known = "、".join(sorted(name for name, one in protocols.items() if one.poller))
            raise ValueError(f"[{index}].protocol 的值 {entry.get('protocol')!r} 应为其一：{known}")
        period = entry.get("period_s", 60)
        if not isinstance(period, int | float) or not PERIOD_S[0] <= period <= PERIOD_S[1]:
            raise ValueError(f"[{index}].period_s 的值 {period!r} 应在 {PERIOD_S[0]}～{PERIOD_S[1]:g} s 内")
        try:
            protocol.poller(entry)
        except FrameError as error:
            raise ValueError(f"[{index}] {error}") from error
        found.append((protocol, float(period), entry))
    return found


class Polling:
    """All polled devices of the gateway."""

    def __init__(self, store: ReadingLog, protocols: Mapping[str, DeviceProtocol], path: Path) -> None:
        self.store, self.protocols, self.path = store, protocols, path

    async def run(self) -> None:
        """For ever; without a file there is nothing to do."""
        if not self.path.exists():
            return
        try:
            devices = load(self.path, self.protocols)
        except (OSError, ValueError) as error:
            log.error("polled devices not read: %s", error)
            return
        async with asyncio.TaskGroup() as group:
            for protocol, period, entry in devices:
                group.create_task(self.ask_for_ever(protocol, period, entry))

    async def ask_for_ever(self, protocol: DeviceProtocol, period_s: float, entry: dict[str, Any]) -> None:
        if protocol.poller is None:
            return
        device, pause = protocol.poller(entry), period_s
        try:
            while True:
                began = asyncio.get_running_loop().time()
                pause = period_s if await self.ask(protocol, device) else min(max(1.0, pause * 2), MAX_PAUSE_S)
                await asyncio.sleep(max(0.0, began + pause - asyncio.get_running_loop().time()))
        finally:
            await device.close()

    async def ask(self, protocol: DeviceProtocol, device: Poller) -> bool:
        """One round; False when the device did not answer."""
        try:
            readings = await asyncio.wait_for(device.read(clock.now()), ANSWER_S)
        except FrameError as error:
            await self.store.quarantine(protocol.name, device.raw, device.name, str(error))
            return True
        except Exception as error:  # one device's trouble must not stop the others
            log.info("%s %s: %s", protocol.name, device.name, error or type(error).__name__)
            self.store.counts["poll_errors"] += 1
            with suppress(Exception):
                await device.close()
            return False
        self.store.saw(protocol.name, device.name, device.raw)
        await self.store.keep(protocol.name, readings, device.raw, device.name)
        return True


def polled_file(var: Path) -> Path:
    return Path(os.environ.get("ANLAN_POLLED", var / "polled.json"))
