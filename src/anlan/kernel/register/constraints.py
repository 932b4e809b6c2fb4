"""What a table's constraints say, in Chinese."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, models
from django.db.models import F

from anlan.kernel.register.fields import split_unit

WORDS = {"gte": "须不小于", "gt": "须大于", "lte": "须不大于", "lt": "须小于", "exact": "须等于", "in": "须为"}


def label(model: type[models.Model], name: str) -> str:
    return split_unit(str(getattr(model._meta.get_field(name), "verbose_name", name)))[0]


def column_of(expression: F) -> str:
    """The column an expression names."""
    return str(expression.name)  # type: ignore[attr-defined]


def describe(model: type[models.Model], constraint: models.BaseConstraint) -> str:
    """The rule as a sentence: `结束须大于开始`, `协议、地址的组合已被占用`."""
    if isinstance(constraint, models.UniqueConstraint):
        names = constraint.fields or [column_of(e) for e in constraint.expressions if isinstance(e, F)]
        return f"{'、'.join(label(model, name) for name in names)}的组合已被占用"
    condition = getattr(constraint, "condition", None)
    parts = [part for part in getattr(condition, "children", []) if isinstance(part, tuple)]
    sentences = [compare(model, lookup, value) for lookup, value in parts]
    return "，".join(sentences) or f"不符合规则 {constraint.name}"


def compare(model: type[models.Model], lookup: str, value: Any) -> str:
    name, _, operator = lookup.partition("__")
    other = label(model, column_of(value)) if isinstance(value, F) else str(value)
    return f"{label(model, name)}{WORDS.get(operator or 'exact', operator)}{other}"


def broken(model: type[models.Model], error: IntegrityError) -> str:
    """The sentence for a row the database refused."""
    diagnosis = getattr(error.__cause__, "diag", None)
    name = str(getattr(diagnosis, "constraint_name", "") or "")
    for constraint in model._meta.constraints:
        if constraint.name == name:
            return describe(model, constraint)
    for field in model._meta.concrete_fields:
        if field.unique and f"_{field.column}_" in name:
            return f"{label(model, field.name)}已被其他{model._meta.verbose_name}使用"
    column = str(getattr(diagnosis, "column_name", "") or "")
    return f"{column or name or '数据'}不符合数据库规则"
