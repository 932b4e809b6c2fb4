"""Makes sure that every test can run: Chromium, and the programs the integrator's guide pastes, from the distribution.

Where we may not install them it says so, and the tests that need them are reported as skipped by name.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

#: Program -> the distribution's packages that bring it.
WANTED = {
    "chromium": ["chromium", "fonts-noto-cjk"],
    "curl": ["curl"],
    "xxd": ["xxd"],
    "nc": ["netcat-openbsd"],
    "mosquitto_pub": ["mosquitto-clients"],
    "mosquitto": ["mosquitto"],
}
OTHER_NAMES = {"chromium": ("chromium-browser", "google-chrome")}


def absent() -> list[str]:
    # daemons live where only root's path leads
    path = f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin"
    return [
        name for name in WANTED if not any(shutil.which(one, path=path) for one in (name, *OTHER_NAMES.get(name, ())))
    ]


def main() -> int:
    names = absent()
    if names and shutil.which("apt-get") and os.geteuid() == 0:
        print(f"安装测试用程序：{'、'.join(names)} …", flush=True)
        quiet = {"stdout": subprocess.DEVNULL, "env": dict(os.environ, DEBIAN_FRONTEND="noninteractive")}
        subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)
        for name in names:  # one by one: a package that is missing does not keep the others away
            command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *WANTED[name]]
            subprocess.run(command, check=False, **quiet)
    if names := absent():
        packages = " ".join(package for name in names for package in WANTED[name])
        print(f"没有 {'、'.join(names)}：相关测试将逐条报告为跳过。安装：apt-get install {packages}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
