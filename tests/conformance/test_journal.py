"""No verb without its line in the journal: as written, and as played (tests/journalled.py)."""

from __future__ import annotations

import ast
import importlib
import types
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

import anlan
from anlan.kernel import actions as kernel
from anlan.kernel.actions import ACTIONS, action, record
from anlan.kernel.audit import journal
from anlan.kernel.audit.models import JournalEntry
from anlan.kernel.models import Organisation
from tests.conftest import City, actor
from tests.journalled import READINGS

GOALS = {kernel.record, kernel.record_all, journal.write, journal.write_all}


@cache
def functions_of(file: str) -> dict[int, ast.AST]:
    """First line -> function."""
    tree = ast.parse("" if file.startswith("<") else Path(file).read_text(encoding="utf-8"))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return {min([node.lineno, *(one.lineno for one in node.decorator_list)]): node for node in found}


def bare(function: Any) -> Any:
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    return function


def named(node: ast.AST, names: dict[str, Any]) -> Any:
    """What a name, or a name of a module or class, stands for in the function's module."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    home = named(node.value, names) if isinstance(node, ast.Attribute) else None
    return getattr(home, node.attr, None) if isinstance(home, types.ModuleType | type) else None  # type: ignore[attr-defined]


def used(function: Any) -> Iterator[Any]:
    """The functions of ours that it names."""
    written = functions_of(function.__code__.co_filename).get(function.__code__.co_firstlineno)
    for node in ast.walk(written) if written is not None else ():
        found = named(node, function.__globals__)
        if isinstance(found, types.FunctionType) and str(bare(found).__module__).startswith("anlan."):
            yield bare(found)
        elif isinstance(found, type) and found.__module__.startswith("anlan."):
            yield from (one for one in vars(found).values() if isinstance(one, types.FunctionType))


def journals(function: Any, seen: set[Any]) -> bool:
    """Whether it comes to the journal, by itself or by what it uses."""
    if function in GOALS:
        return True
    if function in seen:
        return False
    seen.add(function)
    return any(journals(one, seen) for one in used(function))


def test_every_verb_comes_to_the_journal() -> None:
    home = Path(anlan.__file__).parent
    for file in [*home.rglob("actions.py"), *home.rglob("actions/*.py")]:
        parts = file.relative_to(home.parent).with_suffix("").parts
        importlib.import_module(".".join(part for part in parts if part != "__init__"))
    ours = {
        name: verb for name, verb in ACTIONS.items() if bare(verb).__module__.startswith("anlan.")
    }  # tests have some
    silent = {name.rpartition(".")[2] for name, verb in ours.items() if not journals(bare(verb), set())}
    assert silent <= set(READINGS), "a verb that changes something ends with record(...)"
    sometimes = {
        "report_people",
        "report_stock",
        "take_in",
        "keep_word",
        "judge_readings",
        "forecast_stages",
        "follow_sandbox",
    }
    assert set(READINGS) - silent <= sometimes, "they do journal: they need not be excused"
    assert len(ours) > 250


@action("kernel.edit")
def rename_unseen(by: Any, pk: int, name: str, told: bool) -> None:
    row = Organisation.objects.visible_to(by, "kernel.edit").one(pk)
    before = journal.snapshot(row)
    row.name = name
    row.save()
    if told:
        record(by, "改名", row, before=before)


def test_a_verb_that_changes_a_row_and_says_nothing_fails_wherever_it_is_played(city: City) -> None:
    row = Organisation.everything.create(code="E1", name="甲", kind="应急", area=city.east)
    with pytest.raises(AssertionError, match="rename_unseen changed kernel_organisation"):
        rename_unseen(actor(city.east), row.pk, "乙", False)
    assert Organisation.everything.get().name == "甲"
    assert connection.in_atomic_block
    rename_unseen(actor(city.east), row.pk, "乙", True)
    entry = JournalEntry.objects.get()
    assert (entry.actor, entry.origin, entry.before, entry.after) == (
        "王值班", "127.0.0.1", {"name": "甲"}, {"name": "乙"},
    )  # fmt: skip
    assert entry.at is not None
