"""The command line's edge: whatever is refused becomes one JSON object on stderr and an exit code.

2 = the input is wrong (an argument, a file, a name), 1 = anything else that was to be expected (the database is off, the folder
is in use). What nobody expected keeps its traceback: it is a defect, and that is how it is found.
"""

from __future__ import annotations

import argparse
import codecs
import errno
import json
import math
import os
import re
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from anlan.hazards.contract import InputError
from anlan.kernel.errors import AnlanError, Conflict
from anlan.predecessor import CannotRun

#: What an operating system says in English.
REASONS = {
    errno.ENOENT: "没有这个文件或文件夹", errno.EISDIR: "是文件夹，不是文件", errno.ENOTDIR: "路径中有一段不是文件夹",
    errno.EEXIST: "已有同名文件", errno.EACCES: "没有权限", errno.EPERM: "没有权限", errno.EROFS: "只读，不能写入",
    errno.ENOSPC: "磁盘已满", errno.EADDRINUSE: "端口已被占用", errno.ECONNREFUSED: "对方没有在监听",
    errno.EADDRNOTAVAIL: "不是本机的地址",
}  # fmt: skip


# -- arguments: argparse names a type by its function ------------------------------------------------------------------


def port(text: str) -> int:
    return within(int(text), 0, 65535)


def positive(text: str) -> float:
    if not 0 < float(text) < math.inf:
        raise ValueError(text)
    return float(text)


def not_negative(text: str) -> float:
    if not 0 <= float(text) < math.inf:
        raise ValueError(text)
    return float(text)


def natural(text: str) -> int:
    return within(int(text), 0, 2**31 - 1)


def at_least_one(text: str) -> int:
    return within(int(text), 1, 2**31 - 1)


def encoding(text: str) -> str:
    try:
        codecs.lookup(text or "utf-8")
    except LookupError:
        raise ValueError(text) from None
    return text


def readable(text: str) -> Path:
    try:
        with Path(text).open("rb"):
            return Path(text)
    except OSError:
        raise ValueError(text) from None


def within(number: int, low: int, high: int) -> int:
    if not low <= number <= high:
        raise ValueError(number)
    return number


ALLOWED = {
    "int": "整数", "float": "数", "port": "0～65535 的整数", "positive": "大于 0 的数", "not_negative": "不小于 0 的数",
    "natural": "不小于 0 的整数", "at_least_one": "不小于 1 的整数",
    "readable": "存在且有权读的文件", "encoding": "文字编码名，如 UTF-8、GBK",
}  # fmt: skip


class Parser(argparse.ArgumentParser):
    """Refuses an argument in the words in which everything else is refused."""

    def error(self, message: str) -> NoReturn:
        named = re.match(r"argument ([^:]+): (.*)", message, re.S)
        if named:
            raise self.wrong(named[1], named[2])
        if lacking := re.match(r"the following arguments are required: (.*)", message):
            raise InputError(lacking[1], None, "必须给出")
        if choice := re.match(r"one of the arguments (.*) is required", message):
            raise InputError("、".join(choice[1].split()), None, "必须给出其中之一")
        unknown = message.removeprefix("unrecognized arguments: ").split()
        raise InputError(unknown[0], None, f"见 {self.prog} --help")

    def wrong(self, name: str, problem: str) -> InputError:
        action = next(
            (one for one in self._actions if name in {"/".join(one.option_strings), one.metavar, one.dest}), None
        )
        value = re.search(r": ('.*?'|\".*?\")(?: \(|$)", problem)
        kind = re.match(r"invalid (\w+) value", problem)
        if other := re.match(r"not allowed with argument (.*)", problem):
            allowed = f"不与 {other[1]} 同时给出"
        elif action is not None and action.choices:
            allowed = "、".join(map(str, action.choices))
        elif kind:
            allowed = ALLOWED.get(kind[1], str(action.help if action else "") or "一个值")
        else:
            allowed = "后面跟一个值"
        return InputError(name, value[1].strip("'\"") if value else None, allowed)


# -- refusals ----------------------------------------------------------------------------------------------------------


def can_listen(host: str, number: int) -> None:
    """Before a server takes half a minute to find out."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        raise InputError("--host", host, "本机的地址或主机名") from None
    with socket.socket(family, kind, proto) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            field, value = ("--host", host) if error.errno == errno.EADDRNOTAVAIL else ("--port", str(number))
            raise InputError(field, value, f"能监听的（{reason(error)}）") from None


def refusal(error: BaseException) -> tuple[int, dict[str, Any]] | None:
    """(exit code, what to say); None when nobody expected this."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, InputError):
        return 2, {"error": str(error), "field": error.field, "value": error.value, "allowed": error.allowed}
    if isinstance(error, AnlanError):
        return (1 if isinstance(error, Conflict) or error.status >= 500 else 2), error.as_json()
    if isinstance(error, CannotRun):
        return 1, {"error": str(error), "field": "ANLAN_VAR", "value": os.environ.get("ANLAN_VAR", "var")}
    if isinstance(error, OSError):
        return of_system(error)
    return of_database(error)


def of_system(error: OSError) -> tuple[int, dict[str, Any]]:
    if error.filename is None:
        return (2 if isinstance(error, FileNotFoundError) else 1), {"error": reason(error)}
    said = f"{error.filename}：{reason(error)}"
    return 2, {"error": said, "field": "FILE", "value": str(error.filename), "allowed": "存在且有权读写的文件"}


def reason(error: OSError) -> str:
    return REASONS.get(error.errno or 0, error.strerror or str(error) or type(error).__name__)


def of_database(error: BaseException) -> tuple[int, dict[str, Any]] | None:
    """The database is off, or is not ours: told by the names of the errors, so that nothing is loaded for it."""
    module, name = type(error).__module__.split(".")[0], type(error).__name__
    if module not in {"django", "psycopg"}:
        return None
    if name in {"OperationalError", "InterfaceError", "PoolTimeout"}:
        return 1, {
            "error": f"连不上数据库：{str(error).strip().splitlines()[0] if str(error).strip() else name}",
            "field": "ANLAN_DATABASE_URL", "value": address(), "allowed": "在运行的 PostgreSQL 15 以上；不设则用内置数据库",
        }  # fmt: skip
    if name in {"ProgrammingError", "UndefinedTable"} and "does not exist" in str(error):
        return 1, {
            "error": "数据库里没有安澜的表", "field": "ANLAN_DATABASE_URL", "value": address(),
            "allowed": "先运行 anlan prepare（或 anlan up、make demo）",
        }  # fmt: skip
    return None


def address() -> str:
    """Of the database, without its password."""
    parts = urlsplit(os.environ.get("ANLAN_DATABASE_URL", ""))
    return parts._replace(netloc=parts.netloc.rsplit("@", 1)[-1]).geturl()


def tell(said: dict[str, Any]) -> None:
    print(json.dumps(said, ensure_ascii=False, default=str), file=sys.stderr)
