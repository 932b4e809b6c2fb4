"""What pydantic finds wrong in a request, said as every refusal is: field, value, what is allowed, unit, in Chinese."""

from __future__ import annotations

import types
from typing import Any, Union, get_args, get_origin

from ninja import Schema
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from anlan.kernel.errors import Invalid

#: pydantic's type of error -> what is allowed; braces are filled from the error's context.
ALLOWED = {
    "missing": "必填",
    "extra_forbidden": "没有这个字段，请去掉",
    "greater_than": "大于 {gt}",
    "greater_than_equal": "不小于 {ge}",
    "less_than": "小于 {lt}",
    "less_than_equal": "不大于 {le}",
    "multiple_of": "{multiple_of} 的整数倍",
    "string_too_short": "至少 {min_length} 个字",
    "string_too_long": "至多 {max_length} 个字",
    "string_pattern_mismatch": "符合格式 {pattern}",
    "too_short": "至少 {min_length} 项",
    "too_long": "至多 {max_length} 项",
    "enum": "{expected}",
    "literal_error": "{expected}",
    "json_invalid": "合法的 JSON",
    "timezone_aware": "带时区的时间，如 2026-01-31T08:00:00+08:00",
    "finite_number": "有限的数",
}
#: The same by the first word of the type: `int_parsing`, `int_from_float`, ...
KINDS = {
    "int": "整数",
    "float": "数",
    "decimal": "数",
    "bool": "true 或 false",
    "string": "文字",
    "bytes": "文字",
    "list": "数组",
    "tuple": "数组",
    "set": "数组",
    "dict": "对象",
    "model": "对象",
    "datetime": "带时区的时间，如 2026-01-31T08:00:00+08:00",
    "date": "日期，如 2026-01-31",
    "time": "时刻，如 08:00:00",
    "uuid": "UUID，如 6f1c2b1e-0000-4000-8000-000000000000",
    "url": "网址",
}
#: Endings of our names (the unit is in the name) -> unit; longer endings first.
UNITS = {
    "_mg_m3": "mg/m³", "_m3_s": "m³/s", "_kg_s": "kg/s", "_km_h": "km/h", "_m_s": "m/s", "_min": "分钟", "minutes": "分钟",
    "_kpa": "kPa", "_mpa": "MPa", "_ppm": "ppm", "_km2": "km²", "_deg": "度", "_km": "km", "_mm": "mm", "_kg": "kg", "_pa": "Pa",
    "_days": "天", "_c": "℃", "_k": "K", "_h": "小时", "_s": "秒", "_m": "m", "_t": "t",
}  # fmt: skip
SHOWN = 200


def invalid(error: dict[str, Any], model: Any, source: str) -> Invalid:
    """One of pydantic's errors as ours; `loc` still leads through `model`."""
    loc = [str(part) for part in error["loc"]]
    field = field_at(model, error["loc"])
    value = None if error["type"] == "missing" else plain(error.get("input"))
    name = ".".join(loc) or {"body": "请求体"}.get(source, source)
    return Invalid(name, value, allowed(error, field), unit=unit(loc[-1] if loc else "", field))


def allowed(error: dict[str, Any], field: FieldInfo | None) -> str:
    """The whole range where the field has two limits, else the one that was broken."""
    context = {key: figure(plain(value)) for key, value in error.get("ctx", {}).items()}
    if error["type"] in RANGES and (both := spread(field)):
        return both
    if (sentence := ALLOWED.get(error["type"])) is not None:
        return sentence.format_map(context).replace(" or ", " 或 ").replace(", ", "、")
    if error["type"] in {"value_error", "assertion_error"}:
        return str(context.get("error", error["msg"]))
    return KINDS.get(error["type"].partition("_")[0], str(error["msg"]))


RANGES = {"greater_than", "greater_than_equal", "less_than", "less_than_equal"}


def spread(field: FieldInfo | None) -> str:
    """`0~100`, with the ends that do not count themselves named."""
    limits = getattr(field, "metadata", ())
    found = {key: getattr(limit, key) for limit in limits for key in ("ge", "gt", "le", "lt") if hasattr(limit, key)}
    low, high = found.get("ge", found.get("gt")), found.get("le", found.get("lt"))
    if low is None or high is None:
        return ""
    open_ends = [str(figure(end)) for key, end in found.items() if key in {"gt", "lt"}]
    return f"{figure(low)}~{figure(high)}" + (f"，不含 {'、'.join(open_ends)}" if open_ends else "")


def figure(value: Any) -> Any:
    """`0`, not `0.0`."""
    return f"{value:g}" if isinstance(value, float) else value


def unit(name: str, field: FieldInfo | None) -> str:
    """As the schema says it (`json_schema_extra={"unit": ...}`), else as the name ends."""
    extra = field.json_schema_extra if field is not None else None
    if isinstance(extra, dict) and "unit" in extra:
        return str(extra["unit"])
    if name in {"lon", "lat"}:
        return "度"
    return next((unit for ending, unit in UNITS.items() if name.endswith(ending)), "")


def field_at(model: Any, loc: tuple[int | str, ...]) -> FieldInfo | None:
    """The declaration a location leads to, through lists, optional parts and schemas within schemas."""
    field: FieldInfo | None = None
    for part in loc:
        if isinstance(part, int):
            continue
        if model is None or part not in model.model_fields:
            return None
        field = model.model_fields[part]
        model = schema_in(field.annotation)
    return field


def schema_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel | Schema):
        return annotation
    if get_origin(annotation) in {Union, types.UnionType, list, tuple}:
        return next((found for part in get_args(annotation) if (found := schema_in(part))), None)
    return None


def plain(value: Any) -> Any:
    """As it was sent where that is short; NaN and Infinity, which JSON does not know, and long things as words."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    return str(value)[:SHOWN]
