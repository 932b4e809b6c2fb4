"""Laws of the house that need the running models: foreign keys, events, verbs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps

from anlan.kernel.accounts.scope import ScopedChild, ScopedModel
from anlan.kernel.events.outbox import HANDLERS, Fact
from conftest import Required

ROOT = Path(__file__).resolve().parent.parent.parent
#: Bottom to top: a table may point to its own room and to rooms before it.
STACK = (
    "kernel simulation administration supervision monitoring resources command situation mobilisation gateways web"
).split()


def our_models() -> list[type]:
    return [model for model in apps.get_models() if model.__module__.startswith("anlan.")]


def all_facts(base: type = Fact) -> list[type]:
    return [fact for sub in base.__subclasses__() for fact in [sub, *all_facts(sub)]]


def test_foreign_keys_point_down_the_stack() -> None:
    upward = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model in our_models()
        for field in model._meta.get_fields()
        if field.is_relation
        and field.concrete
        and field.related_model.__module__.startswith("anlan.")
        and STACK.index(field.related_model._meta.app_label) > STACK.index(model._meta.app_label)
    ]
    assert upward == []


def test_every_reaction_is_to_an_event_that_exists() -> None:
    known = {fact.event_name() for fact in all_facts()}
    assert sorted(set(HANDLERS) - known) == []


def test_tables_of_areas_are_read_only_with_a_scope() -> None:
    """A table of a room that has an area must demand a scope; the few that have none are public by nature."""
    unscoped = {
        model._meta.label
        for model in our_models()
        if not issubclass(model, ScopedModel | ScopedChild)
        and any(field.name == "area" for field in model._meta.get_fields())
    }
    assert unscoped <= {"kernel.Grant"}


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("from django.utils import timezone\nx = timezone.now()\n", "use anlan.kernel.clock"),
        ("def f(m):\n    return m.everything.all()\n", "visible_to"),
    ],
)
def test_the_house_lint_catches_what_it_is_for(code: str, what: str) -> None:
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import house  # noqa: PLC0415 - a tool, not a package

        path = house.SRC / "command" / "views.py"
        found = [*house.clock_reads(path, ast.parse(code)), *house.unscoped_reads(path, ast.parse(code))]
    finally:
        sys.path.pop(0)
    assert [what in finding[2] for finding in found] == [True]


def test_what_a_machine_may_lack_is_asked_for_in_one_place() -> None:
    """A bare skip would pass in CI, which must have everything."""
    bare = re.compile(r"pytest\.(skip|importorskip)\(|shutil\.which\([^)]*\) is None, reason")
    files = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "src").rglob("tests/*.py")]
    found = {path.name for path in files if path != Path(__file__) and bare.search(path.read_text(encoding="utf-8"))}
    assert found <= {"test_devices.py"}, "that one skips what no published file has, whatever the machine"
    asked = set(re.findall(r"ANLAN_REQUIRE_\w+", (ROOT / ".ci" / "run").read_text(encoding="utf-8")))
    assert asked == set(Required)


def test_migrations_are_complete() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "django", "makemigrations", "--check", "--dry-run"],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
