"""`anlan simulate`: devices of any field protocol on real lines, for trials and acceptance."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys

from anlan.cli._edge import at_least_one, natural, not_negative, port, positive
from anlan.gateways.devices import discover
from anlan.gateways.devices.contract import DeviceProtocol, FrameError

HELP = "模拟现场设备，向网关上报"
EXAMPLE = "anlan simulate sl651 --address 0012345678 --values 39=1063.2,38=12.6 --every 5 --count 3"


def simulated() -> dict[str, DeviceProtocol]:
    return {name: one for name, one in discover().items() if one.device is not None or name == "opcua"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("protocol", choices=sorted(simulated()), help="协议")
    parser.add_argument("--address", required=True, help="设备地址；--devices 大于 1 时逐个加一")
    parser.add_argument("--devices", type=at_least_one, default=1, metavar="N", help="设备数（1～10000）")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=port, default=0, help="网关端口（默认取协议的；modbus、opcua 为监听端口）")
    parser.add_argument("--values", required=True, metavar="码=值,…", help="要素码和平均值，如 39=1063.2,38=12.6")
    parser.add_argument("--noise", type=not_negative, default=0.0, help="随机起伏（平均值的几分之几）")
    parser.add_argument("--every", type=positive, default=5.0, metavar="秒", help="上报间隔")
    parser.add_argument("--count", type=natural, default=0, help="每个设备上报次数（0 = 不停）")
    parser.add_argument("--user", default="device", help="MQTT 用户")
    parser.add_argument("--password", default="", help="MQTT 口令")


def run(args: argparse.Namespace) -> int:
    """0 when all was sent; 1 when the gateway cannot be reached; 2 when an option is wrong."""
    from anlan.gateways.devices.simulation import Plan, run  # noqa: PLC0415 - only here

    protocol = simulated()[args.protocol]
    try:
        values = values_of(args.values)
        addresses = addresses_of(args.address, args.devices)
    except ValueError as error:
        return refuse(str(error), args.values)
    number = (
        args.port or protocol.default_port or {"modbus": 5020, "opcua": 4840, "sparkplug": 1883}.get(protocol.name, 0)
    )
    plan = Plan(
        protocol, addresses, args.host, number, values, args.every, args.count, args.noise, args.user, args.password
    )
    try:
        asyncio.run(run(plan))
    except (FrameError, OSError, ExceptionGroup) as error:
        return failed(error, args)
    except KeyboardInterrupt:
        print("已停止", file=sys.stderr)
    print(json.dumps({"devices": len(addresses), **plan.seen}, ensure_ascii=False))
    return 0


def failed(error: Exception, args: argparse.Namespace) -> int:
    """Devices run side by side, so what goes wrong may come as a group: the first says it."""
    cause: BaseException = error
    while isinstance(cause, BaseExceptionGroup):
        cause = cause.exceptions[0]
    if isinstance(cause, FrameError):
        return refuse(str(cause), args.values)
    if isinstance(cause, OSError):
        told = {"error": f"连接 {args.host} 失败：{cause or type(cause).__name__}"}
        print(json.dumps(told, ensure_ascii=False), file=sys.stderr)
        return 1
    raise error


def values_of(text: str) -> dict[str, float]:
    pairs = [one.rpartition("=") for one in text.split(",")]
    for code, _, value in pairs:
        if not code or not re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", value):
            raise ValueError(f"“{code}={value}”不是 要素码=数")
    return {code: float(value) for code, _, value in pairs}


def addresses_of(first: str, count: int) -> list[str]:
    """The address and the next ones, counted in its digits."""
    if not 1 <= count <= 10_000:
        raise ValueError(f"设备数 {count} 应在 1～10000 内")
    if count == 1:
        return [first]
    head = first.rstrip("0123456789")
    digits = first[len(head) :]
    if not digits:
        raise ValueError(f"地址 {first} 没有可以加一的数字")
    return [f"{head}{int(digits) + n:0{len(digits)}d}" for n in range(count)]


def refuse(message: str, value: str) -> int:
    problem = {"error": message, "field": "values", "value": value, "allowed": "要素码=数，逗号分开"}
    print(json.dumps(problem, ensure_ascii=False), file=sys.stderr)
    return 2
