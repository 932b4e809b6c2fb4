"""The demonstration: everything started, one event played the whole way."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import threading
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from anlan import cities
from anlan.cli import _roles
from anlan.cli._edge import port, positive
from anlan.supervisor import Supervisor, handle_signals
from anlan.web.scenario import spec
from anlan.web.scenario.spec import Scenario

HELP = "演示：启动全部并播放一个场景"
EXAMPLE = "anlan demo --scenario chlorine-wuda --once"
STEPS = 16


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--scenario", default="chlorine-wuda", help="场景名（cities/<城市>/scenarios 下的文件夹）")
    parser.add_argument("--once", action="store_true", help="播放一次，打印一行 JSON 摘要后退出")
    parser.add_argument("--speed", type=positive, default=None, help="倍速（默认按场景）")
    parser.add_argument("--port", type=port, default=8000, help="网页端口（被占用时顺延）")
    parser.add_argument("--host", default="127.0.0.1", help="网页监听地址")
    parser.add_argument("--city", default="wuhai", help="城市包")


def scenario_of(args: argparse.Namespace) -> Scenario:
    """What is to be played; refused before anything is started when there is no such thing."""
    return spec.load(cities.folder(args.city) / "scenarios" / args.scenario)


def run(args: argparse.Namespace) -> int:
    scenario_of(args)
    console = Console(stderr=args.once, highlight=False)
    stop = threading.Event()
    handle_signals(stop)
    system = Supervisor(_roles.var(), args.port, args.host, demo_accounts=True, stopping=stop)
    try:
        with console.status("启动数据库、消息、网关、后台与网页 …"):
            if not system.start():
                return 1
        _roles.setup()
        watching = threading.Thread(target=system.watch, daemon=True)
        watching.start()
        console.print(f"[bold green]安澜已启动[/] {system.url}")
        if not args.once:
            invite(console, args.city)
        summary = asyncio.run(play(args, system, console))
        if args.once:
            print(json.dumps(summary, ensure_ascii=False, default=str), flush=True)
            return 0 if summary["ok"] else 1
        greet(console, system.url, args.city)
        stop.wait()
        return 0
    finally:
        console.print("正在停止 …")
        system.stop()


async def play(
    args: argparse.Namespace,
    system: Supervisor,
    console: Console,
    live_minutes: float | None = None,
    directing: Any = None,
) -> dict[str, Any]:
    """One story to its end. directing: a `web.scenario.directing.Directing`, for a drill."""
    from anlan.web.city import accounts  # noqa: PLC0415 - its tables need Django to be set up
    from anlan.web.scenario import player  # noqa: PLC0415 - as above

    logging.getLogger("httpx").setLevel(logging.WARNING)
    scenario = scenario_of(args)
    console.print(f"[bold]场景：{scenario.title}[/]（{args.speed or scenario.speed:g} 倍速）")
    if scenario.source:
        console.print(f"[dim]资料来源：{scenario.source}[/]")
    password = f"{system.env.get('ANLAN_MQTT_PASSWORD', '')}-device"
    ports = {"mqtt": system.ports.mqtt, "sl651": system.ports.sl651}
    one = player.Player(scenario, system.url, ports, password, accounts.demo(args.city), directing)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("等待告警", total=STEPS)

        def tell(step: Any) -> None:
            if directing is not None:
                directing.tell(step=step.text)
            progress.advance(bar)
            progress.update(bar, description=step.step)
            progress.console.print(f"  [cyan]{step.at[11:19]}[/] {step.text} [dim]{step.latency_ms:.0f} ms[/]")

        summary = await one.play(tell, args.speed, live_minutes)
    if summary["weeks_later"]:
        console.print(f"[dim]此库已播放过该场景：本次按原始资料顺延 {summary['weeks_later']} 周重演[/]")
    verdict = (
        "[bold green]全链路完成[/]" if summary["ok"] else f"[bold red]未完成[/] {summary['missing']} {summary['error']}"
    )
    console.print(
        f"{verdict}  事件 {summary['incident']}，用时 {summary['took_s']} 秒，发出读数 {summary['readings_sent']} 条"
    )
    return summary


def invite(console: Console, city: str) -> None:
    """Whoever wants to see it happen must be in before it is over."""
    from anlan.web.city import accounts  # noqa: PLC0415 - its tables need Django to be set up

    username, password, name = accounts.demo(city)[0]
    console.print(f"现在登录即可在一张图上看全过程：{username} / {password}（{name}）；嫌快可用 make demo SPEED=10")


def greet(console: Console, url: str, city: str) -> None:
    from anlan.web.city import accounts  # noqa: PLC0415 - its tables need Django to be set up

    table = Table("账号", "口令", "身份", title="演示账号（仅供演示）")
    for username, password, name in accounts.demo(city):
        table.add_row(username, password, name)
    console.print(table)
    console.print(f"打开 [bold underline]{url}[/]    大屏 {url}/wall    停止：Ctrl-C")
    with contextlib.suppress(FileNotFoundError):
        names = sorted(p.parent.name for p in cities.folder(city).glob("scenarios/*/scenario.toml"))
        console.print(f"[dim]其他场景：make demo SCENARIO={' | '.join(names)}[/]")
