"""Every value of every engine's example, at any depth, spoilt: an error that names field and range, or a finite answer."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from anlan.cli import _engines
from anlan.hazards.contract import InputError

#: JSON can carry all of these. GONE: the field or item is taken away.
GONE = object()
SPOILT = (-1, 1e30, "x", None, GONE, 0, [], True, {}, -1e9, "9" * 20, 1e-12, [1])
Path = tuple[str | int, ...]


def places(value: Any, at: Path = ()) -> Iterator[Path]:
    """Where something stands: every field, and of a list its first and last item."""
    if isinstance(value, dict):
        keys: list[str | int] = list(value)
    elif isinstance(value, list) and value:
        keys = sorted({0, len(value) - 1})
    else:
        return
    for key in keys:
        yield (*at, key)
        yield from places(value[key], (*at, key))


def spoilt(example: Any, at: Path, bad: Any) -> Any:
    made = copy.deepcopy(example)
    inner = made
    for key in at[:-1]:
        inner = inner[key]
    if bad is GONE:
        del inner[at[-1]]
    else:
        inner[at[-1]] = bad
    return made


@pytest.mark.parametrize("name", _engines.WHERE)
def test_what_is_spoilt_is_named_or_answered_and_nothing_else_happens(name: str) -> None:
    engine, turn = _engines.load(name), count()
    for at in places(engine.example):
        for _ in range(3):
            bad = SPOILT[next(turn) % len(SPOILT)]
            refused: InputError | None = None
            try:
                json.dumps(engine.answer(spoilt(engine.example, at, bad)), allow_nan=False)
            except InputError as error:
                refused = error
            assert refused is None or (refused.field and refused.allowed), f"{at} = {bad!r}: {refused}"
