"""Makes the environment from the lock files: Python packages, then the browser libraries. Standard library only.

Run by `make setup`, and so by every other target. Needs Python >= 3.11 and package registries; no root, no Node.
A second run with unchanged lock files does nothing and takes milliseconds.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV_VERSION = "0.13.9"
OWN_UV = ROOT / ".uv"
STAMP = ROOT / ".venv" / "anlan-setup"
VENDOR = ROOT / "frontend" / "vendor"
LOCKS = ("uv.lock", "pyproject.toml", "frontend/package-lock.json")


def fingerprint() -> str:
    parts = [(ROOT / name).read_bytes() for name in LOCKS if (ROOT / name).exists()]
    return hashlib.sha256(b"\0".join([sys.version.encode(), str(ROOT).encode(), *parts])).hexdigest()


def uv() -> list[str]:
    """The machine's uv, else our own copy below .uv (by venv, or by pip alone where venv is missing)."""
    if found := shutil.which("uv"):
        return [found]
    own = OWN_UV / "bin" / "uv"
    if not own.exists():
        print("安装 uv …", flush=True)
        made = subprocess.run([sys.executable, "-m", "venv", str(OWN_UV)], capture_output=True, check=False)
        if made.returncode == 0:
            subprocess.run(
                [str(OWN_UV / "bin" / "python"), "-m", "pip", "-q", "install", f"uv=={UV_VERSION}"], check=True
            )
        else:
            target = [sys.executable, "-m", "pip", "-q", "install", "--target", str(OWN_UV), f"uv=={UV_VERSION}"]
            subprocess.run(target, check=True)
    return [str(own)]


def main() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - run by whatever Python the machine has
        print(f"需要 Python >= 3.11，当前为 {sys.version.split()[0]}", file=sys.stderr)
        return 1
    wanted = fingerprint()
    if VENDOR.is_dir() and STAMP.exists() and STAMP.read_text() == wanted:
        return 0
    env = dict(os.environ, UV_PROJECT_ENVIRONMENT=str(ROOT / ".venv"), UV_PYTHON=sys.executable)
    env.pop("VIRTUAL_ENV", None)
    print("按 uv.lock 建立 Python 环境 …", flush=True)
    subprocess.run([*uv(), "sync", "--frozen", "--all-extras", "--quiet"], cwd=ROOT, env=env, check=True)
    print("按 package-lock.json 安装浏览器库 …", flush=True)
    env["ANLAN_UV"] = uv()[0]
    subprocess.run([str(ROOT / ".venv" / "bin" / "anlan"), "frontend", "install"], cwd=ROOT, env=env, check=True)
    STAMP.write_text(wanted)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        print(
            f"安装失败：{' '.join(map(str, error.cmd))} 退出码 {error.returncode}。检查网络与软件源后重试。",
            file=sys.stderr,
        )
        sys.exit(1)
