"""演练沙盒: an installation of its own that looks live and can touch nothing real.

Three walls, each enough by itself, and none of them depends on what the drill does:

1. It starts with an environment of its own (`environment`): nothing the live installation was given (database, message
   server, SMS gateway, exchange partners, signing keys) is even known to it; data lie below its own folder.
2. It refuses to start on a database or message server that is not its own (`check`).
3. In every process of it Python refuses to connect or send to anything but its own ports on the loopback address
   (`guard`, an audit hook, which cannot be taken off again). The quicker event loop, whose connects Python does not see, is
   not used here. Beside this, only channels that may carry exercises exist (`gateways.alerts`).
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

NAME = "ANLAN_SANDBOX"
PORTS = "ANLAN_SANDBOX_PORTS"
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
#: All a sandbox takes over from the environment it was started in.
KEPT = ("ANLAN_CITY", "ANLAN_FRONTEND", "ANLAN_HOSTS", "ANLAN_LOG", "ANLAN_UV")
CONNECTS = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_guarded = False


def name() -> str:
    """The sandbox this process belongs to; "" = it is the real thing."""
    return os.environ.get(NAME, "")


def folder(var: Path, called: str) -> Path:
    """Where the data of a sandbox lie: below those of the installation, never among them."""
    if not SLUG.fullmatch(called):
        raise ValueError(f"沙盒名“{called}”：只能用小写字母、数字、连字符，最多 40 字符")
    return var / "sandbox" / called


def environment(outer: Mapping[str, str], var: Path, called: str) -> dict[str, str]:
    """The environment of a sandbox: of ours only what is in `KEPT`."""
    env = {key: value for key, value in outer.items() if not key.startswith("ANLAN_") or key in KEPT}
    return env | {NAME: called, "ANLAN_VAR": str(folder(var, called))}


def check(var: Path, database: str, nats: str) -> None:
    """Refuse data that are not this sandbox's own."""
    if var.parent.name != "sandbox" or var.name != name():
        raise ValueError(f"沙盒“{name()}”的数据目录必须是 …/sandbox/{name()}，现为 {var}")
    if database:
        parts = urlsplit(database)
        host = parse_qs(parts.query).get("host", [parts.hostname or ""])[0]
        if not own_socket(host, var):
            raise ValueError(f"沙盒“{name()}”只能用自己目录下的数据库，现为 {host or '（空）'}")
    if nats and urlsplit(nats).port not in ports():
        raise ValueError(f"沙盒“{name()}”只能用自己的消息服务，现为 {urlsplit(nats).hostname}:{urlsplit(nats).port}")


def own_socket(host: str, var: Path) -> bool:
    """Is this the socket folder of the PostgreSQL whose data lie below `var`? Its lock file names the folder."""
    lock = var / "postgres" / "postmaster.pid"
    lines = lock.read_text(encoding="utf-8").splitlines() if lock.is_file() else []
    return host.startswith("/") and len(lines) > 4 and Path(lines[4]) == Path(host)


def ports() -> set[int]:
    return {int(port) for port in os.environ.get(PORTS, "").split(",") if port}


def allowed(address: Any) -> bool:
    """Sockets of this machine's own file system, and this sandbox's own ports on the loopback address."""
    if isinstance(address, str | bytes):
        return True
    host, port = address[0], address[1]
    try:
        here = host in {"", "localhost"} or ip_address(host).is_loopback
    except ValueError:
        here = False
    return here and port in ports()


def refuse(event: str, args: tuple[Any, ...]) -> None:
    """The hook. Names are not looked up outside either: a query would leave the house."""
    if event in CONNECTS and args[1] is not None and not allowed(args[1]):
        raise PermissionError(f"演练沙盒“{name()}”不得向外连接：{args[1]}")
    if event == "socket.getaddrinfo" and not numeric(decoded(args[0])):
        raise PermissionError(f"演练沙盒“{name()}”不得解析外部地址：{args[0]}")


def numeric(host: str) -> bool:
    """An address (a server listens on it, or `connect` will judge it), not a name that would be looked up."""
    try:
        return host in {"", "localhost"} or bool(ip_address(host))
    except ValueError:
        return False


def decoded(host: Any) -> str:
    return host.decode() if isinstance(host, bytes) else str(host or "")


def guard() -> None:
    """Put the hook up in this process, once; does nothing outside a sandbox."""
    global _guarded  # noqa: PLW0603 - a hook stays for the life of the process
    if name() and not _guarded:
        _guarded = True
        sys.addaudithook(refuse)


#: A sandbox whose console has given no sign of life for so long ends by itself, real seconds.
LED_S = 60.0


@dataclass(frozen=True)
class Mailbox:
    """All that a console and the sandbox it ordered say to each other: files in the sandbox's own folder.

    The console keeps `leader` fresh, lays injects into `inbox/` and makes `stop`; the sandbox writes `status.json`.
    """

    home: Path

    def lead(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "leader").touch()

    def led(self) -> bool:
        try:
            return time.time() - (self.home / "leader").stat().st_mtime < LED_S
        except FileNotFoundError:
            return False

    def order_stop(self) -> None:
        (self.home / "stop").touch()

    def stopping(self) -> bool:
        return (self.home / "stop").exists()

    def put(self, number: int, inject: dict[str, Any]) -> None:
        """Lay an inject in; the same number again is the same inject."""
        (self.home / "inbox").mkdir(exist_ok=True)
        write(self.home / "inbox" / f"{number:06d}.json", inject)

    def take(self) -> list[dict[str, Any]]:
        """Injects that were laid in, in their order, each once."""
        found = []
        for file in sorted((self.home / "inbox").glob("*.json")):
            with suppress(OSError, ValueError):
                found.append(json.loads(file.read_text(encoding="utf-8")))
            file.unlink(missing_ok=True)
        return found

    def tell(self, status: Mapping[str, Any]) -> None:
        write(self.home / "status.json", status)

    def told(self) -> tuple[dict[str, Any], float]:
        """What the sandbox said last, and how many seconds ago; nothing and infinity before its first word."""
        file = self.home / "status.json"
        try:
            said = json.loads(file.read_text(encoding="utf-8"))
            return said, max(0.0, time.time() - file.stat().st_mtime)
        except (OSError, ValueError):
            return {}, float("inf")


def write(path: Path, what: Any) -> None:
    """Whole or not at all: a reader never sees half a file."""
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(what, ensure_ascii=False, default=str), encoding="utf-8")
    beside.replace(path)
