"""Drills: a sandbox that looks live and can touch nothing real, the scenario's injects played into it."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from anlan import sandbox
from anlan.cli import _roles, demo
from anlan.cli._edge import port, positive
from anlan.hazards.contract import InputError
from anlan.supervisor import Supervisor, handle_signals

HELP = "演练：在隔离沙盒中播放场景与导调，实施记录交回演练档案"
EXAMPLE = "anlan drill play --scenario chlorine-wuda --people live"
RESULT = "result.json"
#: After the end of a drill that the console ordered the sandbox stays for so long, or until it is stopped, real seconds.
LOOK_ON_S = 1800.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("play", "keep"), help="play 播放；keep 把沙盒的实施记录登记到演练")
    parser.add_argument("--scenario", default="chlorine-wuda", help="场景名")
    parser.add_argument("--name", default="", help="沙盒名（默认取场景名）")
    parser.add_argument(
        "--people", choices=("live", "played"), default="live", help="live 由参演人员处置；played 按场景自动处置"
    )
    parser.add_argument("--minutes", type=positive, default=None, help="演练时长 min（默认按场景）")
    parser.add_argument("--speed", type=positive, default=None, help="倍速（默认 live 1 倍，played 按场景）")
    parser.add_argument("--port", type=port, default=8090, help="沙盒网页端口（被占用时顺延）")
    parser.add_argument("--host", default="127.0.0.1", help="沙盒网页监听地址")
    parser.add_argument("--city", default="wuhai", help="城市包")
    parser.add_argument("--console", action="store_true", help="由控制台启动：经沙盒目录听令，停止后退出")
    parser.add_argument("--once", action="store_true", help="结束后打印一行 JSON 并退出")
    parser.add_argument("--number", default="", help="keep：演练编号，如 YL-2026-001")


def run(args: argparse.Namespace) -> int:
    args.name = args.name or args.scenario
    if args.what == "play" and sandbox.name():
        return inside(args)
    try:
        home = sandbox.folder(_roles.var(), args.name)
    except ValueError:
        raise InputError("--name", args.name, "小写字母、数字、连字符，最多 40 字符") from None
    if args.what == "play":
        demo.scenario_of(args)
    else:
        return keep(args, home / RESULT)
    return enter(args)


def enter(args: argparse.Namespace) -> int:
    """Start ourselves again with the sandbox's environment: the new process never knew the live one's."""
    env = sandbox.environment(os.environ, _roles.var(), args.name) | {"ANLAN_CITY": args.city}
    command = [sys.executable, "-m", "anlan", *sys.argv[1:]]
    child = subprocess.Popen(command, env=env)
    handle_signals(threading.Event())
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            child.terminate()


def inside(args: argparse.Namespace) -> int:
    """In the sandbox: everything started, the scenario played, the record written down."""
    sandbox.guard()
    from anlan.web.scenario.directing import Directing  # noqa: PLC0415 - after the guard, as everything else

    console = Console(stderr=args.once or args.console, highlight=False)
    directing = Directing(sandbox.Mailbox(_roles.var()) if args.console else None)
    stop = directing.stop
    handle_signals(stop)
    threading.Thread(target=directing.listen, daemon=True).start()
    system = Supervisor(_roles.var(), args.port, args.host, demo_accounts=True, stopping=stop)
    ended = {"state": "ended"}
    try:
        with console.status("启动演练沙盒 …"):
            if not system.start():
                return 1
        _roles.setup()
        threading.Thread(target=system.watch, daemon=True).start()
        console.print(
            f"[bold yellow]演练沙盒“{sandbox.name()}”[/] {system.url}（与实况隔离，任何消息、预警都不会发出）"
        )
        directing.tell(state="running", url=system.url, port=system.ports.web)
        summary = asyncio.run(play(args, system, console, directing))
        return after(args, system, console, directing, summary)
    except Exception as reason:
        ended = {"state": "failed", "error": str(reason)[-300:]}
        raise
    finally:
        console.print("正在停止沙盒 …")
        system.stop()
        directing.tell(**ended)


def after(
    args: argparse.Namespace, system: Supervisor, console: Console, directing: Any, summary: dict[str, Any]
) -> int:
    """The record is written; who took part may look on, until it is stopped."""
    result = written(summary)
    if args.once:
        print(json.dumps({**summary, "result": str(result)}, ensure_ascii=False, default=str), flush=True)
        return 0 if summary["ok"] or (args.people == "live" and not summary["error"]) else 1
    if args.console:
        directing.tell(state="over", error=summary["error"])
        directing.stop.wait(LOOK_ON_S)
        written(summary)
        return 0
    console.print(f"实施记录：{result}\n登记：anlan drill keep --name {sandbox.name()} --number YL-…")
    demo.greet(console, system.url, args.city)
    directing.stop.wait()
    return 0


async def play(args: argparse.Namespace, system: Supervisor, console: Console, directing: Any) -> dict[str, Any]:
    """Field and injects; the people's part, too, unless people play it themselves."""
    live = args.people == "live"
    args.speed = args.speed or (1.0 if live else None)
    scenario = demo.scenario_of(args)
    minutes = args.minutes or scenario.minutes
    directing.tell(title=scenario.title, minutes=minutes, speed=args.speed or scenario.speed)
    return await demo.play(args, system, console, live_minutes=minutes if live else None, directing=directing)


def written(summary: dict[str, Any]) -> Path:
    """The record of the sandbox's newest incident: what was measured, and its timeline."""
    from anlan.command import queries  # noqa: PLC0415 - its tables need Django to be set up
    from anlan.kernel.accounts.actor import system as machine  # noqa: PLC0415 - as above

    result = {"sandbox": sandbox.name(), "scenario": summary["scenario"], **queries.record_of_latest(machine("演练"))}
    path = _roles.var() / RESULT
    path.write_text(json.dumps(result, ensure_ascii=False, default=str), encoding="utf-8")
    return path


def recorded(path: Path) -> tuple[dict[str, Any], datetime | None]:
    """What a sandbox wrote down, and when the drill was held."""
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
        held_at = result.get("held_at")
        return result | {"measures": list(result["measures"])}, datetime.fromisoformat(held_at) if held_at else None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise InputError("FILE", str(path), "anlan drill play 写出的实施记录") from None


def keep(args: argparse.Namespace, path: Path) -> int:
    """In the live installation: the sandbox's record goes into the drill's file. Nothing else ever crosses."""
    result, held_at = recorded(path)
    _roles.with_database()
    from anlan.command import actions, queries  # noqa: PLC0415 - its tables need Django to be set up
    from anlan.kernel import clock  # noqa: PLC0415 - as above
    from anlan.kernel.accounts.actor import system as machine  # noqa: PLC0415 - as above

    by = machine("演练沙盒")
    row = queries.drill_numbered(by, args.number)
    if row is None:
        raise InputError("--number", args.number, "演练档案里的编号，如 YL-2026-001")
    actions.keep_drill(by, row.pk, min(held_at or clock.real_now(), clock.real_now()), result)
    print(f"已登记到 {row}：{len(result['measures'])} 项用时")
    return 0
