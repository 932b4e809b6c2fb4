"""What an engine of the command line is: fields that check themselves, a schema, an example."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from anlan.hazards.contract import InputError

Json = dict[str, Any]
REQUIRED = object()
#: Greatest value that is no slip of the pen, by unit; beyond the table MOST. What is not above TINY is nothing.
MOST, TINY = 1e12, 1e-9
GREATEST = {
    "m": 1e6, "s": 1e7, "min": 1e6, "h": 1e5, "K": 5000.0, "Pa": 1e9, "kPa": 1e6, "kg/s": 1e6, "kg": 1e9, "m³": 1e9, "m²": 1e9,
    "kg/m³": 1e5, "kg/mol": 1.0, "J/kg": 1e9, "J/(kg·K)": 1e6, "kJ/kg": 1e6, "kW/m²": 1e5, "mg/m³": 1e9, "kg/(m²·s)": 100.0,
    "m/s": 150.0, "1/h": 1000.0,
}  # fmt: skip


@dataclass(frozen=True)
class Field:
    """One input. `low` may be excluded (`open_low`); `default` REQUIRED means that it must be given, None that it may lack."""

    name: str
    title: str
    kind: str = "number"
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    choices: tuple[str, ...] = ()
    default: Any = REQUIRED

    def allowed(self) -> str:
        """The range in words, with its unit."""
        if self.choices:
            return "、".join(self.choices)
        if self.kind not in {"number", "integer"}:
            return {"array": "数组", "object": "对象", "string": "文字", "boolean": "true 或 false"}[self.kind]
        parts = []
        if self.low > -math.inf:
            parts.append(f"{'>' if self.open_low else '>='} {self.low:g}")
        if self.high < math.inf:
            parts.append(f"<= {self.high:g}")
        return f"{'，'.join(parts) or '数字'} {self.unit}".strip()

    def read(self, given: Mapping[str, Any], path: str = "") -> Any:
        """The value checked, or its default; InputError names it."""
        value = given.get(self.name)
        if value is None:
            if self.default is REQUIRED:
                raise InputError(path + self.name, None, self.allowed())
            return self.default
        if not self.fits(value):
            raise InputError(path + self.name, value, self.allowed())
        if self.kind == "string":
            return value if isinstance(value, str) else f"{value:.0f}"
        return float(value) if self.kind == "number" else value

    def fits(self, value: Any) -> bool:
        if self.choices:
            return str(value) in self.choices
        if self.kind in {"number", "integer"}:
            return is_number(value, whole=self.kind == "integer") and self.inside(value)
        types: dict[str, type] = {"array": list, "object": dict, "string": str, "boolean": bool}
        return isinstance(value, types[self.kind]) or (self.kind == "string" and is_number(value, whole=True))

    def inside(self, value: float) -> bool:
        return (self.low + TINY < value if self.open_low else self.low <= value) and value <= self.high

    def schema(self) -> Json:
        shown: Json = {"type": self.kind, "title": self.title}
        if self.unit:
            shown["unit"] = self.unit
        if self.choices:
            shown["enum"] = list(self.choices)
        if self.low > -math.inf:
            shown["exclusiveMinimum" if self.open_low else "minimum"] = self.low
        if self.high < math.inf:
            shown["maximum"] = self.high
        if self.default is not REQUIRED and self.default is not None:
            shown["default"] = self.default
        return shown


def is_number(value: Any, whole: bool = False) -> bool:
    """A finite number that is not a truth value."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return False
    return not whole or float(value).is_integer()


def positive(name: str, title: str, unit: str, default: Any = REQUIRED, high: float | None = None) -> Field:
    """A number above zero, up to what its unit can sensibly reach."""
    return Field(name, title, unit=unit, low=0, high=high or GREATEST.get(unit, MOST), open_low=True, default=default)


def at_least_zero(name: str, title: str, unit: str, default: Any = REQUIRED, high: float | None = None) -> Field:
    return Field(name, title, unit=unit, low=0, high=high or GREATEST.get(unit, MOST), default=default)


def choice(name: str, title: str, allowed: tuple[str, ...], default: Any = REQUIRED) -> Field:
    return Field(name, title, "string", choices=allowed, default=default)


@dataclass(frozen=True)
class Engine:
    """`run` gets the checked input and returns the result. `whole` engines take a list as one input (days of weather)."""

    name: str
    title: str
    citation: str
    fields: tuple[Field, ...]
    run: Callable[[Json], Any]
    example: Any
    #: draws the result: (axes, input, result)
    plot: Callable[[Any, Json, Any], None]
    whole: bool = False

    def read(self, given: Any, path: str = "") -> Json:
        """The fields checked and completed; what is not a field is refused by name."""
        if not isinstance(given, dict):
            raise InputError(path.rstrip(".") or "input", given, "JSON 对象")
        known = [field.name for field in self.fields]
        for name in given:
            if name not in known:
                raise InputError(path + name, given[name], f"只接受 {'、'.join(known)}")
        if all(given.get(name) is None for name in known) and not any(f.default is REQUIRED for f in self.fields):
            raise InputError(f"{path}{'、'.join(known)}", None, "至少给出其中一项")
        return {field.name: field.read(given, path) for field in self.fields}

    def answer(self, given: Any) -> Any:
        """The result of one input, or of each of a list."""
        if self.whole:
            return self.run(given)
        if isinstance(given, list):
            return [self.run(self.read(one, f"[{i}].")) for i, one in enumerate(given)]
        return self.run(self.read(given))

    def schema(self) -> Json:
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.title,
            "description": self.citation,
            "type": "object",
            "properties": {field.name: field.schema() for field in self.fields},
            "required": [field.name for field in self.fields if field.default is REQUIRED],
            "additionalProperties": False,
        }


def read_rows(rows: list[Any], fields: tuple[Field, ...], path: str) -> list[Json]:
    """A list of objects, each with these fields."""
    found = []
    for i, row in enumerate(rows):
        if not isinstance(row, dict):
            raise InputError(f"{path}[{i}]", row, "JSON 对象")
        found.append({field.name: field.read(row, f"{path}[{i}].") for field in fields})
    return found


def read_points(rows: list[Any], path: str, least: int, most: int) -> list[list[float]]:
    """A list of points of `least` to `most` numbers."""
    for i, row in enumerate(rows):
        if not isinstance(row, list) or not least <= len(row) <= most or not all(is_number(x) for x in row):
            raise InputError(f"{path}[{i}]", row, f"{least} 至 {most} 个数字")
    return rows
