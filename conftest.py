"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

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


def missing(what: str, required_by: str) -> None:
    """Skip by name where something is absent; fail where the environment says that it must be there (CI)."""
    if os.environ.get(required_by) == "1":
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of published reference data; the test is skipped by name where it is absent."""
    data = SHARED / "data"
    if not data.is_dir():
        missing(f"reference data not found at {data} (set ANLAN_SHARED)", "ANLAN_REQUIRE_SHARED")
    return data
