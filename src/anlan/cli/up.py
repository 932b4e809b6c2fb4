"""All roles on one machine."""

from __future__ import annotations

import argparse
import threading
from pathlib import Path

from anlan.cli import _roles
from anlan.cli._edge import port
from anlan.supervisor import Supervisor, handle_signals

HELP = "在本机启动全部：数据库、消息、网页、网关、后台"
EXAMPLE = "anlan up --port 8000"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="网页监听地址")
    parser.add_argument("--port", type=port, default=8000, help="网页端口（被占用时顺延）")
    parser.add_argument("--demo-accounts", action="store_true", help="装载演示账号（口令公开，仅供试用）")


def tell_first_passwords(file: Path) -> None:
    """Where the administrators of a new installation find how to get in; never the passwords themselves."""
    if file.exists():
        print(
            f"管理员的首个口令在 {file}（仅本机用户可读），首次登录须绑定动态口令并改密，随后该文件自动删除", flush=True
        )


def run(args: argparse.Namespace) -> int:
    stop = threading.Event()
    handle_signals(stop)
    system = Supervisor(Path(_roles.var()), args.port, args.host, demo_accounts=args.demo_accounts, stopping=stop)
    try:
        if system.start():
            print(f"安澜已启动：{system.url}    停止：Ctrl-C", flush=True)
            tell_first_passwords(Path(_roles.var()) / "first-password")
            system.watch()
    finally:
        system.stop()
    return 0
