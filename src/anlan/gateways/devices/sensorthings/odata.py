"""The query language of SensorThings (OGC 18-088 section 9.3, after OData 4): text to a small tree. Pure."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from anlan.kernel.errors import Invalid

MAX_TOP, DEFAULT_TOP = 10_000, 100
MAX_TEXT, MAX_DEPTH = 8_000, 20
TOKEN = re.compile(
    r"""\s*(?:
    (?P<geo>geography'[^']*') |
    (?P<text>'(?:[^']|'')*') |
    (?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)) |
    (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?) |
    (?P<name>[A-Za-z_@][\w@.]*(?:/[A-Za-z_@][\w@.]*)*) |
    (?P<mark>[(),])
    )""",
    re.VERBOSE,
)
COMPARE = {"eq", "ne", "gt", "ge", "lt", "le"}
OPERATIONS: dict[str, Callable[[float, float], float]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv, "mod": math.fmod,
}  # fmt: skip
CONSTANTS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True)
class Field:
    """A property, or one reached by navigation: `Thing/properties/code`."""

    path: str


@dataclass(frozen=True)
class Call:
    """A function of the language."""

    name: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class Geography:
    """A WKT shape, x = longitude."""

    wkt: str


@dataclass(frozen=True)
class Compare:
    """left op right, op in eq ne gt ge lt le."""

    op: str
    left: Any
    right: Any


@dataclass(frozen=True)
class Arithmetic:
    """add, sub, mul, div, mod of two values (table 23)."""

    op: str
    left: Any
    right: Any


@dataclass(frozen=True)
class Logic:
    """and, or (several parts), not (one)."""

    op: str
    parts: tuple[Any, ...]


@dataclass
class Options:
    """What a request asks of one collection."""

    filter: Any = None
    order: list[tuple[str, bool]] = field(default_factory=list)
    top: int = DEFAULT_TOP
    skip: int = 0
    count: bool = False
    select: list[str] = field(default_factory=list)
    expand: dict[str, Options] = field(default_factory=dict)
    result_format: str = ""


def wrong(option: str, value: object, allowed: str) -> Invalid:
    return Invalid(option, value, allowed, label=option)


class Reader:
    """Recursive descent over the tokens of one $filter."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_TEXT:
            raise wrong("$filter", text[:80], f"不超过 {MAX_TEXT} 字符")
        self.text, self.at, self.depth = text, 0, 0
        self.tokens = self.scan(text)

    def scan(self, text: str) -> list[tuple[str, str]]:
        found, position, end = [], 0, len(text.rstrip())
        while position < end:
            match = TOKEN.match(text, position)
            if match is None or match.lastgroup is None:
                raise self.bad(f"第 {position + 1} 个字符处无法识别“{text[position : position + 12]}”")
            found.append((match.lastgroup, match.group(match.lastgroup)))
            position = match.end()
        return found

    def bad(self, why: str) -> Invalid:
        return wrong("$filter", self.text, f"OData 表达式（{why}）")

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def take(self, word: str = "") -> tuple[str, str]:
        token = self.peek()
        if token[0] == "end" or (word and token[1] != word):
            raise self.bad(f"此处应为“{word or '值'}”，实为“{token[1] or '结尾'}”")
        self.at += 1
        return token

    def whole(self) -> Any:
        tree = self.either()
        if self.peek()[0] != "end":
            raise self.bad(f"多余的“{self.peek()[1]}”")
        return tree

    def either(self) -> Any:
        parts = [self.both()]
        while self.peek()[1] == "or":
            self.take()
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Logic("or", tuple(parts))

    def both(self) -> Any:
        parts = [self.negation()]
        while self.peek()[1] == "and":
            self.take()
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else Logic("and", tuple(parts))

    def negation(self) -> Any:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.bad(f"嵌套超过 {MAX_DEPTH} 层")
        try:
            if self.peek()[1] == "not":
                self.take()
                return Logic("not", (self.negation(),))
            return self.comparison()
        finally:
            self.depth -= 1

    def comparison(self) -> Any:
        left = self.sum()
        if self.peek()[1] not in COMPARE:
            return left
        return Compare(self.take()[1], left, self.sum())

    def sum(self) -> Any:
        return self.chain(("add", "sub"), lambda: self.chain(("mul", "div", "mod"), self.value))

    def chain(self, words: tuple[str, ...], part: Callable[[], Any]) -> Any:
        """Operators of one rank, from left to right; of two numbers the outcome is taken at once."""
        found = part()
        while self.peek()[1] in words:
            op = self.take()[1]
            right = part()
            both = all(isinstance(one, int | float) and not isinstance(one, bool) for one in (found, right))
            found = self.worked_out(op, found, right) if both else Arithmetic(op, found, right)
        return found

    def worked_out(self, op: str, left: float, right: float) -> float:
        try:
            return float(OPERATIONS[op](left, right))
        except (ArithmeticError, ValueError) as error:
            raise self.bad(f"{left} {op} {right} 没有结果") from error

    def value(self) -> Any:
        kind, text = self.take()
        if text == "(":
            inner = self.either()
            self.take(")")
            return inner
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "geo":
            return Geography(text[len("geography'") : -1])
        if kind == "number":
            return float(text) if any(c in text for c in ".eE") else int(text)
        if kind == "time":
            return self.moment(text)
        if kind == "name":
            return self.named(text)
        raise self.bad(f"此处不应有“{text}”")

    def moment(self, text: str) -> datetime:
        try:
            return datetime.fromisoformat(text)
        except ValueError as error:
            raise self.bad(f"“{text}”不是时间") from error

    def named(self, text: str) -> Any:
        if text in CONSTANTS:
            return CONSTANTS[text]
        if self.peek()[1] != "(":
            return Field(text)
        self.take("(")
        arguments: list[Any] = []
        while self.peek()[1] != ")":
            arguments.append(self.either())
            if self.peek()[1] == ",":
                self.take(",")
        self.take(")")
        return Call(text, tuple(arguments))


def parse_filter(text: str) -> Any:
    return Reader(text).whole()


def split_outside(text: str, mark: str) -> list[str]:
    """Split at `mark` where it stands outside of parentheses and quotes."""
    parts, depth, quoted, start = [], 0, False, 0
    for index, char in enumerate(text):
        if char == "'":
            quoted = not quoted
        elif not quoted and char in "()":
            depth += 1 if char == "(" else -1
        elif char == mark and not quoted and depth == 0:
            parts.append(text[start:index])
            start = index + 1
    if depth or quoted:
        raise wrong("查询", text, "括号与引号成对")
    return [part.strip() for part in [*parts, text[start:]] if part.strip()]


def whole_number(option: str, text: str, low: int, high: int) -> int:
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise wrong(option, text, f"{low} 至 {high} 的整数")
    return int(text)


def parse_order(text: str) -> list[tuple[str, bool]]:
    """(property, descending)."""
    found = []
    for part in split_outside(text, ","):
        words = part.split()
        if len(words) > 2 or (len(words) == 2 and words[1] not in {"asc", "desc"}):
            raise wrong("$orderby", part, "属性 [asc|desc]")
        found.append((words[0], words[-1] == "desc" and len(words) == 2))
    return found


def parse_expand(text: str, depth: int = 0) -> dict[str, Options]:
    """`Datastreams($top=1;$expand=Observations),Locations` or `Datastreams/Observations`."""
    if depth > 4:
        raise wrong("$expand", text, "不超过 4 层")
    found: dict[str, Options] = {}
    for part in split_outside(text, ","):
        name, bracket, inside = part.partition("(")
        if bracket and not inside.endswith(")"):
            raise wrong("$expand", part, "名称(选项;选项)")
        first, _, rest = name.partition("/")
        options = found.setdefault(first, Options())
        given = inside[:-1] if bracket else ""
        if rest:
            options.expand.update(parse_expand(rest + (f"({given})" if bracket else ""), depth + 1))
        elif given:
            pairs = [tuple(item.partition("=")[::2]) for item in split_outside(given, ";")]
            found[first] = parse_options(pairs, depth + 1)  # type: ignore[arg-type]
    return found


def parse_options(pairs: list[tuple[str, str]], depth: int = 0) -> Options:
    """The $-options of a request. Raises Invalid naming option, value and what is allowed."""
    options = Options()
    for name, value in pairs:
        if name == "$filter":
            options.filter = parse_filter(value)
        elif name == "$orderby":
            options.order = parse_order(value)
        elif name == "$top":
            options.top = min(whole_number(name, value, 0, 10**9), MAX_TOP)
        elif name == "$skip":
            options.skip = whole_number(name, value, 0, 10**9)
        elif name == "$count":
            if value not in {"true", "false"}:
                raise wrong(name, value, "true、false")
            options.count = value == "true"
        elif name == "$select":
            options.select = [word.strip() for word in value.split(",") if word.strip()]
        elif name == "$expand":
            options.expand = parse_expand(value, depth)
        elif name == "$resultFormat":
            if value != "dataArray":
                raise wrong(name, value, "dataArray")
            options.result_format = value
        elif name.startswith("$"):
            raise wrong("查询选项", name, "$filter、$orderby、$top、$skip、$count、$select、$expand、$resultFormat")
    return options


def parse_query(query: str) -> Options:
    return parse_options(parse_qsl(query, keep_blank_values=True))
