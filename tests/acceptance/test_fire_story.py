"""From a satellite's hotspot to the reviewed fire. A file of its own, as each story: files are what processes share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.playing import prove

pytestmark = [pytest.mark.acceptance, pytest.mark.slow, pytest.mark.timeout(600)]


def test_a_satellite_hotspot_becomes_a_reviewed_grass_fire(loaded_var: Callable[[Path], Path], tmp_path: Path) -> None:
    var = loaded_var(tmp_path / "var")
    assert prove("grassland-fire", var, 15650)["links"]["hazard_event"]
