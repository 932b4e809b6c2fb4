"""A real winter of ice, played twice on one database: the second time is later and nothing of it is read twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.playing import prove

pytestmark = [pytest.mark.acceptance, pytest.mark.slow, pytest.mark.timeout(600)]


def test_real_stages_of_a_jam_winter_raise_the_alarm_the_flow_would_not(
    loaded_var: Callable[[Path], Path], tmp_path: Path
) -> None:
    """YRCC 2014-12-17: 1052.95 m at 435 m3/s, against 1050.49 m at 700 m3/s three days before."""
    var = loaded_var(tmp_path / "var")
    assert prove("ice-jam", var, 15630)["links"]["observation"]
    # The same history once more on the same database: an hour of one winter is not read twice, so it is a week later.
    assert prove("ice-jam", var, 15630)["weeks_later"] == 1
