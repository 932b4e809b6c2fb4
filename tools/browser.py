"""Makes sure the browser tests can run: Chromium from the distribution where we may install it, else says so."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

PACKAGES = ["chromium", "fonts-noto-cjk"]


def main() -> int:
    if shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome"):
        return 0
    if shutil.which("apt-get") and os.geteuid() == 0:
        print("安装 Chromium（浏览器测试用） …", flush=True)
        quiet = {"stdout": subprocess.DEVNULL, "env": dict(os.environ, DEBIAN_FRONTEND="noninteractive")}
        subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES], check=False, **quiet)
    if not shutil.which("chromium"):
        print(
            "没有 Chromium：浏览器测试将逐条报告为跳过。安装：apt-get install chromium fonts-noto-cjk", file=sys.stderr
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
