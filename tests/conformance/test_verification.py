"""Every figure an engine is verified against is held to its limit, family by family."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from anlan import hazards

FAMILIES = sorted(path.parents[1].name for path in Path(hazards.__file__).parent.glob("*/tests/verification.py"))
MODULES = [*(f"anlan.hazards.{family}.tests.verification" for family in FAMILIES), "tests.monitoring.verification"]


@pytest.mark.parametrize("module", MODULES)
def test_every_verification_case_of_an_engine_is_within_its_limit(module: str, shared: Path) -> None:
    rows = list(importlib.import_module(module).rows(shared))
    assert rows
    assert [(row.case, row.expected, row.ours) for row in rows if not row.passes] == []
