"""`anlan calc` of the weather family."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from anlan import __main__ as command
from anlan.cli._engines import load


def calc(
    capsys: pytest.CaptureFixture[str], given: Any, folder: Path, engine: str, *words: str
) -> tuple[int, Any, Any]:
    """(exit code, stdout, stderr)."""
    file = folder / "in.json"
    file.write_text(json.dumps(given), encoding="utf-8")
    code = command.main(["calc", engine, str(file), *words])
    out, err = capsys.readouterr()
    return code, json.loads(out) if out else None, json.loads(err) if err else None


def test_a_record_that_ends_dry_is_a_drought(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    example = load("drought").example
    dry = {**example, "rain_mm": [*example["rain_mm"][:-3], 0, 0, 0]}
    code, result, _ = calc(capsys, dry, tmp_path, "drought")
    assert code == 0
    assert result["class"] in ("重旱", "特旱")
    wet = calc(capsys, example, tmp_path, "drought")[1]
    assert result["latest"] < wet["latest"]


@pytest.mark.parametrize(
    ("engine", "change", "field"),
    [
        ("drought", {"rain_mm": [1, 2, 3]}, "rain_mm"),
        ("drought", {"index": "spei"}, "pet_mm"),
        ("heat-cold", {"tmax_c": [35, "x"]}, "tmax_c[1]"),
        ("dust", {"visibility_m": -5}, "visibility_m"),
        ("lightning", {"box": [1, 2]}, "box"),
        ("lightning", {"strokes": [[106, 39]]}, "strokes[0]"),
        ("geological-risk", {"daily_mm": [-1]}, "daily_mm[0]"),
    ],
)
def test_wrong_input_names_the_field(
    engine: str, change: dict[str, Any], field: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, _, error = calc(capsys, {**load(engine).example, **change}, tmp_path, engine)
    assert code == 2
    assert error["field"] == field


def test_every_signal_of_the_order_is_judged(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    seen = {"p3": 52, "road_temp_c": -2, "precip_mm_2h": 1, "lightning_prob_6h": 0.4}
    code, result, _ = calc(capsys, seen, tmp_path, "warning-level")
    assert code == 0
    assert result["signal"] == "道路结冰红色"
    assert [one["title"] for one in result["all"]] == ["道路结冰红色", "暴雨橙色", "雷电黄色"]
    signals = load("warning-level").fields[0].choices
    assert len(signals) == 14
    one = calc(
        capsys, {"signal": "台风", "typhoon": 1, "typhoon_hours": 12, "gust_class": 12}, tmp_path, "warning-level"
    )[1]
    assert one["colour"] == "橙"
