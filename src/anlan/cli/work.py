"""Role `work`: writes observations, evaluates rules, dispatches events, runs timers."""

from __future__ import annotations

import argparse
import asyncio
import threading

from anlan.cli import _roles
from anlan.supervisor import handle_signals

HELP = "后台工作：入库、规则、事件分发、定时（角色 work）"
EXAMPLE = "anlan work"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(args: argparse.Namespace) -> int:
    _roles.setup()
    from anlan.kernel.events import dispatcher  # noqa: PLC0415 - tables need Django to be set up
    from anlan.monitoring import pipeline  # noqa: PLC0415 - as above

    stop = threading.Event()
    handle_signals(stop)
    dispatching = threading.Thread(target=dispatcher.run, args=(stop,), name="dispatcher")
    dispatching.start()
    _roles.say_ready("work")
    try:
        with asyncio.Runner(loop_factory=_roles.loop_factory()) as runner:
            runner.run(pipeline.run(stop))
    finally:
        stop.set()
        dispatching.join(10)
    return 0
