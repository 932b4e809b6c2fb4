"""`anlan decode`: one frame of a field protocol, or one a line, as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from typing import Any

from anlan.gateways.devices import discover
from anlan.gateways.devices.contract import Decoded, DeviceProtocol, FrameError, Reading

HELP = "解码设备报文"
EXAMPLE = "anlan decode sl651 7E7E01001234567812342F0008020003591011155111036BCA"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("protocol", choices=sorted(discover()), help="协议")
    parser.add_argument(
        "frame",
        nargs="?",
        help="十六进制报文（hj212、mqtt、json、gb28181：原文；sparkplug：主题 空格 十六进制）；- 从标准输入读",
    )
    parser.add_argument("--lines", action="store_true", help="从标准输入每行读一帧，每行输出一个 JSON")


def run(args: argparse.Namespace) -> int:
    protocol = discover()[args.protocol]
    if args.lines:
        return every_line(protocol, sys.stdin)
    if args.frame is None:
        return refuse("缺少报文", None)
    text = sys.stdin.read() if args.frame == "-" else args.frame
    try:
        data = protocol.from_text(text.strip("\r\n"))
    except ValueError as error:
        return refuse(f"报文不是十六进制：{error}", text[:80])
    print(line(report(protocol, data)))
    return 0


def every_line(protocol: DeviceProtocol, lines: Iterable[str]) -> int:
    """One JSON for every line that is not empty, readable or not, so that the two stay in step."""
    for text in lines:
        if not text.strip():
            continue
        try:
            answer = report(protocol, protocol.from_text(text.strip("\r\n")))
        except ValueError as error:
            answer = nothing(protocol, f"报文不是十六进制：{error}", text.strip())
        print(line(answer), flush=True)
    return 0


def report(protocol: DeviceProtocol, data: bytes) -> dict[str, Any]:
    try:
        decoded = protocol.decode(data)
    except FrameError as error:
        return nothing(protocol, str(error), data.hex().upper())
    return describe(protocol, decoded)


def describe(protocol: DeviceProtocol, decoded: Decoded) -> dict[str, Any]:
    return {
        "protocol": protocol.name,
        "valid": decoded.valid,
        "reason": decoded.reason,
        "checksum_ok": decoded.checksum_ok,
        "length_ok": decoded.length_ok,
        "frame": decoded.frame,
        "readings": [describe_reading(reading) for reading in decoded.readings],
        "key": decoded.key,
        "rest": decoded.rest.hex().upper(),
    }


def describe_reading(reading: Reading) -> dict[str, Any]:
    shown = {
        "address": reading.address,
        "code": reading.code,
        "name": reading.name,
        "value": reading.value,
        "unit": reading.unit,
        "at": reading.at.isoformat(),
        "flag": reading.flag,
    }
    if reading.field:
        shown["field"] = reading.field
    if reading.backfill:
        shown["backfill"] = True
    return shown


def nothing(protocol: DeviceProtocol, reason: str, rest: str) -> dict[str, Any]:
    """The answer about bytes of which nothing could be read."""
    return {
        "protocol": protocol.name,
        "valid": False,
        "reason": reason,
        "checksum_ok": False,
        "length_ok": False,
        "frame": {},
        "readings": [],
        "key": "",
        "rest": rest,
    }


def line(answer: dict[str, Any]) -> str:
    return json.dumps(answer, ensure_ascii=False, default=str)


def refuse(message: str, value: str | None) -> int:
    problem = {
        "error": message,
        "field": "frame",
        "value": value,
        "allowed": "十六进制报文（hj212、mqtt、json、gb28181：原文；sparkplug：主题 空格 十六进制）",
    }
    print(json.dumps(problem, ensure_ascii=False), file=sys.stderr)
    return 2
