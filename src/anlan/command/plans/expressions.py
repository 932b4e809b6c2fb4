"""启动条件: small safe expressions over named figures, judged with an explanation of every term.

Three-valued: a figure that is not known makes its term neither true nor false, and the explanation names it.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from anlan.command.plans.variables import VARIABLES, Variable

Value = float | int | str | bool | None
ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
COMPARISONS: dict[type[ast.cmpop], tuple[str, Callable[[Any, Any], bool]]] = {
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("≤", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: ("≥", operator.ge),
    ast.Eq: ("=", operator.eq),
    ast.NotEq: ("≠", operator.ne),
    ast.In: ("属于", lambda value, among: value in among),
}
EQUALITY = (ast.Eq, ast.NotEq, ast.In)


class BadExpression(ValueError):
    """The expression is not of the language; the message says what is and what would be."""


@dataclass(frozen=True)
class Term:
    """One term of a condition as it came out: `result` None = cannot be judged, `missing` names what is unknown."""

    text: str
    result: bool | None
    missing: tuple[str, ...] = ()

    @property
    def mark(self) -> str:
        return {True: "成立", False: "不成立", None: "无法判断"}[self.result]


@dataclass(frozen=True)
class Judgement:
    """The outcome of a condition and every term that led to it."""

    result: bool | None
    terms: tuple[Term, ...]

    @property
    def missing(self) -> list[str]:
        return sorted({name for term in self.terms if term.result is None for name in term.missing})

    def as_data(self) -> dict[str, Any]:
        terms = [{"text": t.text, "result": t.result, "mark": t.mark, "missing": list(t.missing)} for t in self.terms]
        return {"result": self.result, "terms": terms, "missing": self.missing}


def both(parts: list[bool | None]) -> bool | None:
    return False if False in parts else None if None in parts else True


def either(parts: list[bool | None]) -> bool | None:
    return True if True in parts else None if None in parts else False


class Expression:
    """A checked expression. `judge` evaluates it over known figures; names absent from them count as unknown."""

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            self.tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError) as error:
            raise BadExpression(f"表达式“{text}”无法解析") from error
        Checker(text).condition(self.tree)

    def judge(self, figures: Mapping[str, Value]) -> Judgement:
        run = Run(figures)
        result = run.truth(self.tree)
        return Judgement(result, tuple(run.terms))


class Checker:
    """Refuses at loading time what could only fail while an incident burns."""

    def __init__(self, text: str) -> None:
        self.text = text

    def refuse(self, what: str) -> BadExpression:
        return BadExpression(f"表达式“{self.text}”：{what}")

    def variable(self, node: ast.Name) -> Variable:
        if node.id not in VARIABLES:
            raise self.refuse(f"未知要素 {node.id}，允许：{' '.join(VARIABLES)}")
        return VARIABLES[node.id]

    def condition(self, node: ast.expr) -> None:
        match node:
            case ast.BoolOp(values=values):
                for value in values:
                    self.condition(value)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self.condition(operand)
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                for a, op, b in zip([left, *comparators], ops, comparators, strict=False):
                    self.comparison(a, op, b)
            case ast.Name(id="true" | "false") | ast.Constant(value=bool()):
                return
            case ast.Name():
                if self.variable(node).kind != "flag":
                    raise self.refuse(f"{node.id} 不是是非型要素，须与数值比较")
            case _:
                raise self.refuse(f"不允许的写法“{ast.unparse(node)}”，允许：比较、and、or、not、括号")

    def comparison(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> None:
        if type(op) not in COMPARISONS:
            raise self.refuse("只允许 < <= > >= == != in")
        words = [
            v for node in (left, right) if isinstance(node, ast.Name) and (v := self.variable(node)).kind != "number"
        ]
        if not words:
            if isinstance(op, ast.In):
                raise self.refuse("in 只用于文字型要素")
            self.number(left)
            self.number(right)
            return
        self.word(words[0], left if isinstance(right, ast.Name) else right, op)

    def word(self, variable: Variable, other: ast.expr, op: ast.cmpop) -> None:
        """The other side of a comparison with a text, rank or flag."""
        items = other.elts if isinstance(op, ast.In) and isinstance(other, ast.List | ast.Tuple) else [other]
        for item in items:
            if not isinstance(item, ast.Constant) or not isinstance(item.value, str):
                raise self.refuse(f"“{variable.label}”须与引号中的文字比较")
            if variable.order and item.value not in variable.order:
                raise self.refuse(f"“{item.value}”不是{variable.label}，允许：{' '.join(variable.order)}")
        if variable.kind != "rank" and not isinstance(op, EQUALITY):
            raise self.refuse(f"“{variable.label}”只能用 == != in 比较")

    def number(self, node: ast.expr) -> None:
        match node:
            case ast.Constant(value=bool()):
                raise self.refuse("数值处不能是真假")
            case ast.Constant(value=int() | float()):
                return
            case ast.Name():
                self.variable(node)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                self.number(operand)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
                self.number(left)
                self.number(right)
            case _:
                raise self.refuse(f"不允许的写法“{ast.unparse(node)}”，此处允许：数字、要素、+ - * /")


class Run:
    """One evaluation; collects the terms."""

    def __init__(self, figures: Mapping[str, Value]) -> None:
        self.figures = figures
        self.terms: list[Term] = []

    def truth(self, node: ast.expr) -> bool | None:
        match node:
            case ast.BoolOp(op=op, values=values):
                parts = [self.truth(value) for value in values]
                return both(parts) if isinstance(op, ast.And) else either(parts)
            case ast.UnaryOp(operand=operand):
                inner = self.truth(operand)
                return None if inner is None else not inner
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                pairs = zip([left, *comparators], ops, comparators, strict=False)
                return both([self.term(a, op, b) for a, op, b in pairs])
            case ast.Constant(value=value):
                return bool(value)
            case ast.Name(id="true" | "false"):
                return node.id == "true"
            case ast.Name():
                return self.flag(node.id)
        raise BadExpression(ast.unparse(node))

    def flag(self, name: str) -> bool | None:
        value = self.figures.get(name)
        shown = "未知" if value is None else "是" if value else "否"
        result = None if value is None else bool(value)
        self.terms.append(Term(f"{VARIABLES[name].label}：{shown}", result, (name,) if value is None else ()))
        return result

    def term(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> bool | None:
        sign, compare = COMPARISONS[type(op)]
        text = f"{self.show(left)} {sign} {self.show(right)}"
        missing = tuple(
            n.id for side in (left, right) for n in ast.walk(side) if isinstance(n, ast.Name) if self.unknown(n.id)
        )
        if missing:
            self.terms.append(Term(text, None, missing))
            return None
        order = next((v.order for v in map(self.ranked, (left, right)) if v), ())
        a, b = self.value(left, order), self.value(right, order)
        result = None if a is None or b is None else bool(compare(a, b))
        self.terms.append(Term(text, result))
        return result

    def unknown(self, name: str) -> bool:
        return self.figures.get(name) is None

    def ranked(self, node: ast.expr) -> Variable | None:
        return VARIABLES[node.id] if isinstance(node, ast.Name) and VARIABLES[node.id].order else None

    def value(self, node: ast.expr, order: Any) -> Any:
        match node:
            case ast.Name(id=name):
                found: Any = self.figures[name]
                return order.index(found) if order else found
            case ast.Constant(value=constant):
                return order.index(constant) if order else constant
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return [self.value(item, order) for item in items]
            case ast.UnaryOp(operand=operand):
                return -self.value(operand, ())
            case ast.BinOp(left=left, op=op, right=right):
                a, b = self.value(left, ()), self.value(right, ())
                return None if isinstance(op, ast.Div) and b == 0 else ARITHMETIC[type(op)](a, b)
        raise BadExpression(ast.unparse(node))

    def show(self, node: ast.expr) -> str:
        match node:
            case ast.Name(id=name):
                variable, value = VARIABLES[name], self.figures.get(name)
                shown = "未知" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
                return f"{variable.label} {shown}{variable.unit if value is not None else ''}"
            case ast.Constant(value=value):
                return str(value)
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return "、".join(self.show(item) for item in items)
            case ast.UnaryOp(operand=operand):
                return f"-{self.show(operand)}"
            case ast.BinOp(left=left, op=op, right=right):
                sign = {ast.Add: "+", ast.Sub: "-", ast.Mult: "×", ast.Div: "÷"}[type(op)]
                return f"({self.show(left)} {sign} {self.show(right)})"
        return ast.unparse(node)
