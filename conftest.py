"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

#: Reference data that is not part of the repository (mixed licences). CI has it and must not skip.
SHARED = Path(os.environ.get("ANLAN_SHARED", Path(__file__).resolve().parent.parent / "shared"))


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
