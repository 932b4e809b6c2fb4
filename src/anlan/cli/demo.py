"""The demonstration: everything started, one scenario played and proved."""

from __future__ import annotations

import argparse
import json
import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

from anlan.cli import _roles, up
from anlan.supervisor import Supervisor, handle_signals

HELP = "演示：启动全部，播放一个剧本，逐环节核对数据库"
EXAMPLE = "anlan demo --scenario chlorine-wuda --once"
CITY = "wuhai"
DEFAULT = "chlorine-wuda"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--scenario", default=DEFAULT, help="剧本名（默认 %(default)s）")
    parser.add_argument("--once", action="store_true", help="播完即停，最后一行输出 JSON；全链路属实才返回 0")
    parser.add_argument("--speed", type=float, help="第一段时钟倍速，覆盖剧本")
    parser.add_argument("--host", default="127.0.0.1", help="网页监听地址")
    parser.add_argument("--port", type=int, default=8000, help="网页端口（被占用时顺延）")


def run(args: argparse.Namespace) -> int:
    stop = threading.Event()
    handle_signals(stop)
    # A scenario that was cut off must not leave its clock to this one.
    (_roles.var() / "clock.json").unlink(missing_ok=True)
    system = Supervisor(Path(_roles.var()), args.port, args.host, stopping=stop)
    try:
        system.start(up.prepare)
        watcher = threading.Thread(target=system.watch, name="watch", daemon=True)
        watcher.start()
        print(f"安澜已启动：{system.url}", flush=True)
        outcome = perform(args, system)
        if not args.once:
            invite(system.url)
            watcher.join()
    finally:
        system.stop()
    if args.once:
        print(json.dumps(outcome, ensure_ascii=False), flush=True)
    return 0 if outcome["ok"] else 1


def perform(args: argparse.Namespace, running: Supervisor) -> dict[str, Any]:
    """Play the scenario; the proof, step by step."""
    from anlan.web.city import loader  # noqa: PLC0415 - tables need Django to be set up
    from anlan.web.scenario import document, story  # noqa: PLC0415 - tables need Django to be set up
    from anlan.web.scenario.player import System, play  # noqa: PLC0415 - as above
    from anlan.web.scenario.telling import Teller  # noqa: PLC0415 - as above

    city = os.environ.get("ANLAN_CITY", CITY)
    scenario = document.load(city, args.scenario)
    if args.speed:
        scenario = replace(scenario, paces=((0.0, args.speed), *scenario.paces[1:]))
    accounts = loader.demo_accounts(city)
    ports = System(running.url, running.ports.mqtt, running.ports.sl651, accounts)
    with Teller(scenario.title, scenario.minutes) as teller:
        outcome = play(scenario, ports, story.tell, teller)
        verdict = "全链路属实" if outcome.whole else f"未完成：{'、'.join(outcome.missing) or outcome.error}"
        teller.line(f"{verdict}。用时 {outcome.took_s:.0f} 秒，核对 {len(outcome.steps)} 个环节", "head")
    return outcome.as_json()


def invite(url: str) -> None:
    """Where to look now, and with which accounts."""
    from anlan.web.city import loader  # noqa: PLC0415 - tables need Django to be set up

    print(f"\n打开 {url} ，用下列演示账号登录（仅供演示，正式使用前须停用）：")
    for account, password, who in loader.demo_accounts(os.environ.get("ANLAN_CITY", CITY)):
        print(f"  {account:<10} {password:<18} {who}")
    print("停止：Ctrl-C", flush=True)
