"""Devices that are asked instead of telling by themselves: Modbus, OPC UA, JSON over HTTP.

Which ones is a file, `<ANLAN_VAR>/polled.json` (or `ANLAN_POLLED`): a list of
`{"protocol": "modbus", "address": "P1", "period_s": 5, ...}`; the other fields are the protocol's own.
The file is read again when it changes; one that cannot be read leaves the devices as they are.
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
from typing import Any, TypeAlias

from anlan.gateways.devices.contract import DeviceProtocol, FrameError, Poller
from anlan.gateways.log import ReadingLog
from anlan.kernel import clock
from anlan.kernel.tasks import end

log = logging.getLogger(__name__)
ANSWER_S, MAX_PAUSE_S, LOOK_S = 10.0, 60.0, 1.0
PERIOD_S = (0.2, 86_400.0)
#: (protocol, period in seconds, the entry's fields).
Devices: TypeAlias = list[tuple[DeviceProtocol, float, dict[str, Any]]]


def load(path: Path, protocols: Mapping[str, DeviceProtocol]) -> Devices:
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
        """For ever: what the file says now is what is asked."""
        seen: object = None
        asking: list[asyncio.Task[None]] = []
        try:
            while True:
                if (mark := mark_of(self.path)) != seen:
                    seen = mark
                    if (devices := self.devices()) is not None:
                        await end(asking)
                        asking = [asyncio.create_task(self.ask_all(devices))]
                await asyncio.sleep(LOOK_S)
        finally:
            await end(asking)

    def devices(self) -> Devices | None:
        """None, with a line in the log, when the file cannot be read; none to ask when there is no file."""
        try:
            return load(self.path, self.protocols) if self.path.exists() else []
        except (OSError, ValueError) as error:
            log.error("polled devices not read: %s", error)
            return None

    async def ask_all(self, devices: Devices) -> None:
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
            async with asyncio.timeout(ANSWER_S):
                readings = await device.read(clock.now())
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


def mark_of(path: Path) -> tuple[int, int] | None:
    """What tells one state of the file from another; None when there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def polled_file(var: Path) -> Path:
    return Path(os.environ.get("ANLAN_POLLED", var / "polled.json"))
