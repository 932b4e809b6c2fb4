"""突发事件类型码: 1 + class + group letter + 2 digits (the list 12379 uses); those a city duty desk needs most."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from django.utils.translation import gettext as _

from anlan.kernel.errors import Invalid

FILE = Path(__file__).parent / "data" / "event_codes.csv"
CLASSES = {"11": "自然灾害", "12": "事故灾难", "13": "公共卫生事件", "14": "社会安全事件"}


@cache
def names() -> dict[str, str]:
    """Code to Chinese name, in code order."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["name"] for row in csv.DictReader(file)}


def name(code: str) -> str:
    return names().get(code, code)


def checked(code: str) -> str:
    if code not in names():
        raise Invalid("event_code", code, "事件类型码表中的 5 位代码，如 12D02", label="事件类型")
    return code


def class_of(code: str) -> str:
    """自然灾害, 事故灾难, 公共卫生事件 or 社会安全事件."""
    return CLASSES.get(code[:2], "其他")


def choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """For a select box, grouped by class."""
    return [
        (title, [(code, f"{code} {_(text)}") for code, text in names().items() if code.startswith(prefix)])
        for prefix, title in CLASSES.items()
    ]
