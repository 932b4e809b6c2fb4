"""The whole chain on the real system: started as a user starts it, played through its sockets, proved in its database."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.playing import prove

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600)]


def test_a_chlorine_leak_goes_from_the_detector_to_the_reviewed_incident(tmp_path: Path) -> None:
    summary = prove("chlorine-wuda", tmp_path / "var", 15610)
    assert summary["links"]["alarm"]
    assert summary["links"]["observation"]
    assert summary["readings_sent"] > 100
