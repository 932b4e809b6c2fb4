"""`anlan calc` of the flood family: grids and rivers from the shell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from anlan import __main__ as command
from anlan.cli._engines import load

FLAT: dict[str, Any] = {
    "grid": {"nx": 30, "ny": 20, "cell_m": 10}, "elevation_m": 0, "hours": 0.3,
    "inflows": [{"ix": 0, "iy": 10, "hydrograph": [[0, 0], [600, 10], [1080, 10]]}],
}  # fmt: skip


def calc(
    capsys: pytest.CaptureFixture[str], given: Any, folder: Path, engine: str, *words: str
) -> tuple[int, Any, Any]:
    """(exit code, stdout, stderr)."""
    file = folder / "in.json"
    file.write_text(json.dumps(given), encoding="utf-8")
    code = command.main(["calc", engine, str(file), *words])
    out, err = capsys.readouterr()
    return code, json.loads(out) if out else None, json.loads(err) if err else None


def test_a_flood_spreads_and_keeps_its_water(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, result, _ = calc(capsys, FLAT, tmp_path, "flood")
    assert code == 0
    # 10 m3/s reached after 600 s, held for 480 s
    assert result["volume_m3"] == pytest.approx(10 * 300 + 10 * 480)
    assert result["mass_error"] < 1e-9
    assert result["arrival_min"][10][0] < result["arrival_min"][10][20]
    assert result["max_depth_m"][10][0] >= result["depth_m"][10][0]
    assert result["solver"] == "inertial"


def test_a_dam_about_to_go_is_given_to_the_solver_that_can(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    dam = [[10 if x < 15 else 0 for x in range(30)] for _ in range(20)]
    code, result, _ = calc(capsys, {**FLAT, "inflows": [], "initial_depth_m": dam, "hours": 0.01}, tmp_path, "flood")
    assert code == 0
    assert result["solver"] == "hllc"


def test_with_a_place_the_depths_are_geojson_for_any_map(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "flood.geojson"
    code, _, _ = calc(capsys, {**FLAT, "lon": 106.8, "lat": 39.6}, tmp_path, "flood", "-o", str(out))
    assert code == 0
    features = json.loads(out.read_text(encoding="utf-8"))["features"]
    shapes = [f["geometry"] for f in features if f["geometry"]]
    assert len(shapes) > 3
    west, south = shapes[-1]["coordinates"][0][0]
    assert 106.79 < west < 106.81
    assert 39.59 < south < 39.61


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"elevation_m": [[0, 0], [0]]}, "elevation_m[0]"),
        ({"elevation_m": [[None] * 30] * 20}, "elevation_m[0][0]"),
        ({"elevation_m": None}, "elevation_m"),
        ({"rain_mm_h": -5}, "rain_mm_h[0]"),
        ({"initial_depth_m": -1}, "initial_depth_m"),
        ({"initial_depth_m": 4, "step_s": 100}, "step_s"),
        ({"boundary": "sea"}, "boundary.west"),
        ({"inflows": [{"ix": 50, "iy": 0, "q_m3_s": 1}]}, "inflows[0].cells"),
        ({"inflows": [{"ix": 0, "iy": 0}]}, "inflows[0].hydrograph"),
        ({"inflows": [{"ix": 0, "iy": 0, "hydrograph": [[0, 1], [0, 2]]}]}, "inflows[0].hydrograph"),
        ({"hours": 10_000}, "hours"),
        ({"grid": {"nx": 30, "ny": 20}}, "grid.cell_m"),
        ({"manning": 9}, "manning"),
        ({"banana": 1}, "banana"),
    ],
)
def test_wrong_input_names_the_field(
    change: dict[str, Any], field: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, _, error = calc(capsys, {**FLAT, **change}, tmp_path, "flood")
    assert code == 2
    assert error["field"] == field
    assert error["allowed"]


def test_the_ice_warning_takes_no_flow(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    example = load("ice-warning").example
    code, _, error = calc(capsys, {**example, "flow_m3_s": 3000}, tmp_path, "ice-warning")
    assert (code, error["field"]) == (2, "flow_m3_s")
