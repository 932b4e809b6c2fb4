"""The earthquake of 2015, played twice on one database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.playing import prove

pytestmark = [pytest.mark.acceptance, pytest.mark.slow, pytest.mark.timeout(600)]


def test_the_alxa_earthquake_of_2015_is_answered_as_published(
    loaded_var: Callable[[Path], Path], tmp_path: Path
) -> None:
    var = loaded_var(tmp_path / "var")
    assert prove("alxa-2015", var, 15670)["links"]["hazard_event"]
    assert prove("alxa-2015", var, 15670)["weeks_later"] == 1
