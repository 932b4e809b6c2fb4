"""`anlan calc wildfire`: the grid from the shell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from anlan import __main__ as command
from anlan.cli._engines import load

EXAMPLE = load("wildfire").example
SMALL = {**EXAMPLE, "grid": {"nx": 60, "ny": 40, "cell_m": 30}, "ignitions": [[20, 20]], "hours": 2, "lines": []}
WATER = [[98 if x == 30 else 102 for x in range(60)] for _ in range(40)]


def calc(capsys: pytest.CaptureFixture[str], given: Any, folder: Path, *words: str) -> tuple[int, Any, Any]:
    """(exit code, stdout, stderr)."""
    file = folder / "in.json"
    file.write_text(json.dumps(given), encoding="utf-8")
    code = command.main(["calc", "wildfire", str(file), *words])
    out, err = capsys.readouterr()
    return code, json.loads(out) if out else None, json.loads(err) if err else None


def test_arrival_area_and_perimeters_come_out(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, result, _ = calc(capsys, SMALL, tmp_path)
    assert code == 0
    assert result["arrival_min"][20][20] == 0
    assert [perimeter["t_min"] for perimeter in result["perimeters"]] == [60, 120]
    assert result["perimeters"][1]["area_ha"] == pytest.approx(result["area_ha"])
    assert result["area_ha"] == pytest.approx(4 * result["perimeters"][0]["area_ha"], rel=0.02)


def test_nothing_burns_beyond_water(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, result, _ = calc(capsys, {**SMALL, "fuel": WATER, "hours": 24}, tmp_path)
    assert code == 0
    assert all(value is None for row in result["arrival_min"] for value in row[30:])
    assert result["arrival_min"][20][29] > 0


def test_with_a_place_the_perimeters_are_geojson_for_any_map(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out, picture = tmp_path / "fire.geojson", tmp_path / "fire.png"
    code, _, _ = calc(capsys, {**SMALL, "lon": 106.7, "lat": 39.7}, tmp_path, "-o", str(out), "--plot", str(picture))
    assert code == 0
    features = json.loads(out.read_text(encoding="utf-8"))["features"]
    assert len(features) == 2
    west, south = features[1]["geometry"]["coordinates"][0][0][0]
    assert 106.7 < west < 106.73
    assert 39.7 < south < 39.72
    assert picture.stat().st_size > 10_000


def test_members_give_the_chance_of_a_village(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    places = [{"name": "近村", "at": [28, 20]}, {"name": "远村", "at": [5, 35]}]
    code, result, _ = calc(capsys, {**SMALL, "members": 12, "places": places}, tmp_path)
    assert code == 0
    near, far = result["places"]
    assert near["probability"] > far["probability"] == 0
    assert near["median_min"] < 120
    assert far["earliest_min"] is None
    assert max(map(max, result["probability"])) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"grid": {"nx": 60, "ny": 40}}, "grid.cell_m"),
        ({"grid": {"nx": 60, "ny": 40, "cell_m": -1}}, "grid.cell_m"),
        ({"grid": {"nx": 20000, "ny": 20000, "cell_m": 10}}, "grid"),
        ({"fuel": "GR99"}, "fuel"),
        ({"fuel": [[102, 102]]}, "fuel"),
        ({"fuel": [[102], [102, 102]]}, "fuel"),
        ({"fuel": True}, "fuel"),
        ({"fuel": WATER, "ignitions": [[30, 5]]}, "ignitions[0]"),
        ({"ignitions": [[60, 5]]}, "ignitions[0]"),
        ({"ignitions": []}, "ignitions"),
        ({"ignitions": [[1]]}, "ignitions[0]"),
        ({"elevation_m": [[1, 2], [3]]}, "elevation_m"),
        ({"elevation_m": [[1.0] * 60] * 39}, "elevation_m"),
        ({"elevation_m": [[None, *[1.0] * 59]] + [[1.0] * 60] * 39}, "elevation_m[0][0]"),
        ({"wind": None}, "wind"),
        ({"wind": {"speed_m_s": -1, "from_deg": 270}}, "wind.speed_m_s"),
        ({"moisture": {**EXAMPLE["moisture"], "dead_1h": 0}}, "moisture.dead_1h"),
        ({"weather": [{"from_min": 0, "wind": 3, "moisture": {}}]}, "weather[0].wind"),
        ({"wind": {"speed_m_s": 3, "from": 270}}, "wind.from"),
        ({"hours": 0}, "hours"),
        ({"hours": 1000}, "hours"),
        ({"perimeters_min": [500]}, "perimeters_min[0]"),
        ({"lines": [{"points": [[1, 2]]}]}, "lines[0]"),
        ({"members": 2, "perturb": {"wind": 3}}, "perturb.wind"),
        ({"length_to_width": "mcarthur"}, "length_to_width"),
    ],
)
def test_a_wrong_fire_is_refused_by_the_field(
    change: dict[str, Any], field: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, result, error = calc(capsys, {**SMALL, **change}, tmp_path)
    assert (code, result) == (2, None)
    assert error["field"] == field
