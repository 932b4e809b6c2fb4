"""Role `ingest`: the gateways."""

from __future__ import annotations

import argparse
import asyncio
import signal

from anlan.cli import _roles

HELP = "接入网关：设备、MQTT、数据源（角色 ingest）"
EXAMPLE = "anlan ingest"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(args: argparse.Namespace) -> int:
    _roles.setup()
    with asyncio.Runner(loop_factory=_roles.loop_factory()) as runner:
        return runner.run(until_stopped())


async def until_stopped() -> int:
    from anlan.gateways import ingest  # noqa: PLC0415 - its tables need Django to be set up

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await ingest.main(stop, ready=lambda: _roles.say_ready("ingest"))
    return 0
