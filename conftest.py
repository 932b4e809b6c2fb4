"""Fixtures that every test may use."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

#: Reference data that is not part of the repository (mixed licences). CI has it and must not skip.
SHARED = Path(os.environ.get("ANLAN_SHARED", Path(__file__).resolve().parent.parent / "shared"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first: files are what processes share, and a story begun last is what everybody waits for."""

    def rank(item: pytest.Item) -> int:
        kinds = {mark.name for mark in item.iter_markers()}
        return (
            0
            if {"acceptance", "slow"} <= kinds
            else 1
            if "acceptance" in kinds
            else 2
            if kinds & {"slow", "e2e"}
            else 3
        )

    files: dict[str, int] = {}
    for item in items:
        file = item.nodeid.split("::")[0]
        files[file] = min(files.get(file, 9), rank(item))
    items.sort(key=lambda item: files[item.nodeid.split("::")[0]])


class Required(StrEnum):
    """What a machine may lack. Set to 1 in the environment (`.ci/run` sets all), its absence is a failure, not a skip."""

    BROWSER = "ANLAN_REQUIRE_BROWSER"
    SHARED = "ANLAN_REQUIRE_SHARED"
    TOOLS = "ANLAN_REQUIRE_TOOLS"


def missing(what: str, required: Required) -> None:
    """Skip by name where something is absent; fail where the environment says that it must be there. The only such place."""
    if os.environ.get(required) == "1":
        pytest.fail(f"{what} ({required}=1)")
    pytest.skip(what)


def programs(*names: str) -> None:
    """Programs of the distribution that a test calls."""
    if absent := sorted(name for name in names if shutil.which(name) is None):
        missing(f"not on this machine: {', '.join(absent)}", Required.TOOLS)


def library(name: str, extra: str) -> Any:
    """The library of an optional extra."""
    if importlib.util.find_spec(name) is None:
        missing(f"not installed: {name} (uv sync --extra {extra})", Required.TOOLS)
    return importlib.import_module(name)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of published reference data; the test is skipped by name where it is absent."""
    data = SHARED / "data"
    if not data.is_dir():
        missing(f"reference data not found at {data} (set ANLAN_SHARED)", Required.SHARED)
    return data
