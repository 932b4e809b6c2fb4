"""The command line as a contract: JSON in, JSON out, errors that name the field, and no server anywhere."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from anlan import __main__ as command
from anlan.cli._engines import WHERE, load

BEGINNING = ["calc"]


def calc(capsys: pytest.CaptureFixture[str], *words: str, given: Any = None, tmp_path: Path | None = None) -> Any:
    """(exit code, stdout as JSON, stderr as JSON)."""
    arguments = [*BEGINNING, *words]
    if tmp_path is not None:
        file = tmp_path / "in.json"
        file.write_text(given if isinstance(given, str) else json.dumps(given), encoding="utf-8")
        arguments.insert(2, str(file))
    code = command.main(arguments)
    out, err = capsys.readouterr()
    return code, json.loads(out) if out.strip() else None, json.loads(err) if err.strip() else None


@pytest.mark.parametrize("name", WHERE)
def test_the_example_of_every_engine_runs_draws_and_its_schema_names_every_field(
    name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, example, _ = calc(capsys, name, "--example")
    assert code == 0
    picture = tmp_path / "out.png"
    code, result, error = calc(capsys, name, "--plot", str(picture), given=example, tmp_path=tmp_path)
    assert (code, error) == (0, None)
    assert result
    with Image.open(picture) as drawn:
        # lines, letters and surfaces, not an empty frame
        assert len(drawn.convert("RGB").resize((160, 100), Image.Resampling.NEAREST).getcolors(16_000) or []) > 3
    _, schema, _ = calc(capsys, name, "--schema")
    assert set(schema["required"]) <= set(schema["properties"])
    if isinstance(example, dict):
        assert set(example) <= set(schema["properties"])


def test_a_calm_is_handled_and_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    given = {**load("plume").example, "substance": "氯", "model": "auto", "wind_m_s": 0}
    _, result, _ = calc(capsys, "plume", given=given, tmp_path=tmp_path)
    assert result["model"] == "calm"
    assert any("静小风" in note for note in result["notes"])


def test_a_park_is_graded_from_the_shell(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    unit = {"name": "罐区", "items": [{"name": "氯", "q_t": 60}]}
    given = {"enterprises": [{"name": "甲", "people_500m": 120, "units": [unit]}]}
    _, result, _ = calc(capsys, "major-hazard", given=given, tmp_path=tmp_path)
    assert result["worst_grade"] == "二级"
    given["enterprises"][0]["units"][0]["items"][0]["q_t"] = -1
    _, _, error = calc(capsys, "major-hazard", given=given, tmp_path=tmp_path)
    assert error["field"] == "enterprises[0].units[0].items[0].q_t"


def test_a_list_of_inputs_gives_a_list_of_answers(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    one = load("fire-behavior").example
    code, result, _ = calc(capsys, "fire-behavior", given=[one, {**one, "fuel": 101}], tmp_path=tmp_path)
    assert code == 0
    assert len(result) == 2
    assert result[0]["ros_m_min"] > result[1]["ros_m_min"]


@pytest.mark.parametrize(
    ("engine", "change", "field"),
    [
        ("plume", {"rate_kg_s": -1}, "rate_kg_s"),
        ("plume", {"stability": "G"}, "stability"),
        ("plume", {"rate_kg_s": True}, "rate_kg_s"),
        ("plume", {"substance": "氯气体"}, "substance"),
        ("plume", {"receptors": [[1, 2]]}, "receptors[0]"),
        ("plume", {"wind_m_s": -1}, "wind_m_s"),
        ("puff-train", {"winds": []}, "winds"),
        ("release", {"kind": "blow_down", "volume_m3": 0.001, "hole_diameter_m": 0.5}, "hole_diameter_m"),
        ("flash-fire", {"substance": "氯"}, "substance"),
        ("plume", {"bananas": 1}, "bananas"),
        ("major-hazard", {"items": [{"name": "氯", "q_t": -1}]}, "items[0].q_t"),
        ("major-hazard", {"items": [{"name": "仙丹", "q_t": 1}]}, "items[0].name"),
        ("fire-behavior", {"fuel": "GR99"}, "fuel"),
        ("fire-behavior", {"dead_1h": None}, "dead_1h"),
        ("report-deadlines", {"known_at": "2026-03-01T10:00"}, "known_at"),
        ("blast", {"distances_m": [0]}, "distances_m[0]"),
        ("footprint", {"kind": "comet"}, "kind"),
        ("fwi", {"days": [{"temp_c": 10, "rh_pct": 140, "wind_km_h": 1, "rain_mm": 0}]}, "days[0].rh_pct"),
    ],
)
def test_a_wrong_input_ends_with_2_and_names_field_value_and_range(
    engine: str, change: dict[str, Any], field: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, result, error = calc(capsys, engine, given={**load(engine).example, **change}, tmp_path=tmp_path)
    assert (code, result) == (2, None)
    assert error["field"] == field
    assert error["allowed"]
    assert error["error"]


@pytest.mark.parametrize("given", [{}, {"deaths": None}])
def test_a_grade_of_nothing_is_no_grade(given: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, result, error = calc(capsys, "accident-grade", given=given, tmp_path=tmp_path)
    assert (code, result, error["field"]) == (2, None, "deaths、serious_injuries、direct_loss_yuan、missing")
    code, result, _ = calc(capsys, "accident-grade", given={"deaths": 4}, tmp_path=tmp_path)
    assert (code, result["grade"]) == (0, "较大")
    assert result["unknown"] == ["serious_injuries", "direct_loss_yuan", "missing"]


@pytest.mark.parametrize("text", ["", "{", "[1", '{"rate_kg_s": NaN}', "7", '"x"', "null", "[null]"])
def test_what_is_not_an_input_at_all_ends_with_2(text: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, result, error = calc(capsys, "plume", given=text, tmp_path=tmp_path)
    assert (code, result) == (2, None)
    assert error["error"]


def test_an_unknown_engine_ends_with_2_and_lists_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, error = calc(capsys, "horoscope")
    assert code == 2
    assert "plume" in error["allowed"]


def test_the_input_may_come_through_a_pipe(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"rain_mm_24h": 49.96}'))
    code, result, _ = calc(capsys, "rain-level", "-")
    assert (code, result["level"]) == (0, "暴雨")


def test_a_place_and_a_wind_turn_outlines_into_geojson(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    given = {**load("plume").example, "lon": 106.70, "lat": 39.46, "wind_from_deg": 270}
    out = tmp_path / "plume.geojson"
    code, result, _ = calc(capsys, "plume", "-o", str(out), given=given, tmp_path=tmp_path)
    assert (code, result) == (0, None)
    features = json.loads(out.read_text(encoding="utf-8"))["features"]
    assert [f["properties"]["name"] for f in features] == ["毒性终点浓度-1", "毒性终点浓度-2"]
    assert max(x for x, _ in features[1]["geometry"]["coordinates"][0]) > 106.70


def test_a_result_without_a_place_is_not_called_geojson(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = str(tmp_path / "x.geojson")
    code, _, error = calc(capsys, "plume", "-o", out, given=load("plume").example, tmp_path=tmp_path)
    assert (code, error["field"]) == (2, "-o")


def test_a_picture_is_of_one_input(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    two = [load("plume").example] * 2
    code, _, error = calc(capsys, "plume", "--plot", str(tmp_path / "out.png"), given=two, tmp_path=tmp_path)
    assert (code, error["field"]) == (2, "--plot")


def test_the_sample_plume_is_the_textbook_one(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """NH3 1 kg/s, D, 3 m/s: 119.856 mg/m3 at 500 m, 110 mg/m3 at 525.0 m."""
    _, result, _ = calc(capsys, "plume", given=load("plume").example, tmp_path=tmp_path)
    assert result["concentration_mg_m3"][0] == pytest.approx(119.856, rel=1e-4)
    assert result["endpoints"][1]["max_distance_m"] == pytest.approx(525.0, abs=0.1)


def test_deadlines_of_an_enterprise(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    given = {"role": "enterprise", "known_at": "2026-03-01T10:00:00+08:00", "grade": "一般"}
    _, result, _ = calc(capsys, "report-deadlines", given=given, tmp_path=tmp_path)
    assert [(row["due_at"], row["clause"]) for row in result] == [
        ("2026-03-01T11:00:00+08:00", "生产安全事故报告和调查处理条例（国务院令第493号）第九条")
    ]


def test_calc_starts_without_django_and_within_a_second() -> None:
    probe = (
        "import sys, time; t = time.perf_counter(); from anlan.__main__ import main; "
        "code = main(['calc', 'accident-grade', '--example']); took = time.perf_counter() - t; "
        "sys.exit(code or any(m.split('.')[0] in {'django', 'matplotlib', 'numpy'} for m in sys.modules) or took > 1)"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)
