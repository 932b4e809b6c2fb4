"""`anlan calc`: a hazard engine or a rule of the trade from the shell, JSON in and JSON out. No database, no server."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from anlan.cli import _engines
from anlan.cli._engines.contract import Engine
from anlan.cli._output import plot, write
from anlan.hazards.contract import InputError

HELP = "计算：危险源分级、泄漏扩散、火灾蔓延、地震烈度、预警信号、报告时限等"
EXAMPLE = "anlan calc accident-grade --example | anlan calc accident-grade"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("engine", nargs="?", help="引擎（--list 列出全部）")
    parser.add_argument("file", nargs="?", default="-", help="输入 JSON 文件；- 或省略从标准输入读")
    parser.add_argument("-o", dest="out", metavar="OUT", help="结果写入文件：.json、.geojson（WGS84）或 .npz")
    parser.add_argument("--plot", metavar="PNG", help="同时画图")
    parser.add_argument("--list", action="store_true", help="列出全部引擎")
    parser.add_argument("--schema", action="store_true", help="输入的 JSON Schema")
    parser.add_argument("--example", action="store_true", help="一份完整可用的输入")


def run(args: argparse.Namespace) -> int:
    """0 result; 2 the input is wrong (one JSON object on stderr); 1 anything else."""
    if args.list:
        return listing()
    if args.engine not in _engines.WHERE:
        return refuse(f"没有引擎 {args.engine}", "ENGINE", args.engine, "、".join(_engines.WHERE))
    engine = _engines.load(args.engine)
    if args.schema or args.example:
        show(engine.schema() if args.schema else engine.example)
        return 0
    return calculate(engine, args)


def calculate(engine: Engine, args: argparse.Namespace) -> int:
    try:
        text = sys.stdin.read() if args.file == "-" else Path(args.file).read_text(encoding="utf-8")
        given = json.loads(text, parse_constant=not_a_number)
        result = engine.answer(given)
        if args.out:
            write(Path(args.out), result)
        if args.plot:
            plot(engine, given, result, Path(args.plot))
    except InputError as error:
        return refuse(str(error), error.field, error.value, error.allowed)
    except json.JSONDecodeError as error:
        return refuse(f"输入不是 JSON：第 {error.lineno} 行第 {error.colno} 列", "input", None, "一个 JSON 对象或数组")
    except UnicodeDecodeError:
        return refuse("输入不是 UTF-8 文本", "input", None, "UTF-8 编码的 JSON")
    if not args.out:
        show(result)
    return 0


def not_a_number(word: str) -> float:
    raise InputError("input", word, "有限的数字（不接受 NaN、Infinity）")


def listing() -> int:
    for name in _engines.WHERE:
        engine = _engines.load(name)
        print(f"{name:<18}{engine.title}    [{engine.citation}]")
    return 0


def show(answer: Any) -> None:
    print(json.dumps(answer, ensure_ascii=False, allow_nan=False))


def refuse(message: str, field: str, value: object, allowed: str) -> int:
    problem = {"error": message, "field": field, "value": value, "allowed": allowed}
    print(json.dumps(problem, ensure_ascii=False, default=str), file=sys.stderr)
    return 2
