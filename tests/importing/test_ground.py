"""Rasters of a city into the ground that fires run over."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin
from pyproj import Transformer
from shapely.geometry import shape

from anlan.gateways.importing import actions, rasters
from anlan.gateways.importing.actions import RasterOrder
from anlan.kernel import clock
from anlan.kernel.errors import Forbidden, Invalid
from anlan.simulation import actions as simulation
from anlan.simulation import queries
from anlan.simulation.models import ControlLine
from tests.conftest import City, actor

pytestmark = pytest.mark.django_db
HEAD = "ncols 4\nnrows 3\nxllcorner 106.60\nyllcorner 39.40\ncellsize 0.05\nNODATA_value -9999\n"


def asc(folder: Path, body: str, head: str = HEAD) -> Path:
    file = folder / "fuel.asc"
    file.write_text(head + body, encoding="ascii")
    return file


def geotiff(file: Path, values: Any, x: float, y: float, step: float, epsg: int, compression: str = "tiff_lzw") -> Path:
    """North-west corner at (x, y), as GDAL writes it."""
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[33550], tags.tagtype[33550] = (step, step, 0.0), 12
    tags[33922], tags.tagtype[33922] = (0.0, 0.0, 0.0, x, y, 0.0), 12
    key = 2048 if epsg in (4326, 4490) else 3072
    tags[34735], tags.tagtype[34735] = (1, 1, 0, 3, 1024, 0, 1, 2, 1025, 0, 1, 1, key, 0, 1, epsg), 3
    tags[42113], tags.tagtype[42113] = "-9999", 2
    Image.fromarray(np.asarray(values)).save(file, "TIFF", tiffinfo=tags, compression=compression)
    return file


def test_an_ascii_grid_lies_where_its_header_says_and_its_codes_become_fuel_models(city: City, tmp_path: Path) -> None:
    body = "21 21 21 41\n21 21 41 41\n21 21 41 -9999\n"
    order = RasterOrder(asc(tmp_path, body), "fuel", "燃料", "林草局 2025", ["21=102", "41=98"])
    by = actor(city.city)
    outcome = actions.into_ground(by, order)
    assert outcome.counts["有值 %"] == 91.7
    found = queries.ground_around(by, 106.7, 39.45)["fuel"]
    at = found.nearest(np.array([106.625, 106.775]), np.array([39.425, 39.525]))
    assert np.array_equal(at, [[102, np.nan], [102, 98]], equal_nan=True)
    assert "林草局 2025" in found.source
    assert queries.ground_around(by, 100.0, 30.0) == {}


def test_a_geotiff_in_a_projection_lies_where_its_surveyor_put_it(tmp_path: Path) -> None:
    """CGCS2000 3-degree zone 105E (EPSG 4544): a hill of one cell is found again at its own place."""
    turn = Transformer.from_crs(4544, 4326, always_xy=True)
    x, y = Transformer.from_crs(4326, 4544, always_xy=True).transform(106.7, 39.5)
    heights = np.full((60, 80), 1100, np.int16)
    heights[20, 30] = 1500
    file = geotiff(tmp_path / "dem.tif", heights, x, y, 90.0, 4544)
    found = rasters.read(file)
    row, column = np.argwhere(found.values == 1500)[0]
    lon, lat = turn.transform(x + 30.5 * 90, y - 20.5 * 90)
    assert abs(found.west + column * found.step_lon - lon) * 85_900 < 70
    assert abs(found.south + row * found.step_lat - lat) * 111_000 < 70
    degrees = rasters.read(geotiff(tmp_path / "d.tif", heights.astype(np.float32), 106.7, 39.5, 0.001, 4490, "raw"))
    assert (degrees.west, round(degrees.south, 6)) == (106.7005, 39.4405)


def test_one_imported_geotiff_of_heights_moves_both_the_water_and_the_fire(city: City, tmp_path: Path) -> None:
    """A valley that runs down to the west, as 32-bit degrees (CGCS2000): water stays in it, fire climbs out of it."""
    y, x = np.mgrid[0:160, 0:160]
    heights = (1100 + 0.5 * np.abs(y - 80) * 25 + 0.02 * x * 25).astype(np.float32)
    file = geotiff(tmp_path / "dem.tif", heights, 106.68, 39.52, 0.00025, 4490)
    by = actor(city.city)
    actions.into_ground(by, RasterOrder(file, "elevation_m", "谷地", "测绘院 2025"))
    water = simulation.run(by, "flood", {"scenario": "torrent", "peak_m3_s": 20, "hours": 1}, 106.7, 39.5)
    fire = simulation.run(by, "wildfire", {"wind_m_s": 0}, 106.7, 39.5)
    for run in (water, fire):
        assert any("测绘院 2025" in text for text in run.assumptions), run.kind
    west, south, east, north = shape(water.zones[-1]["geometry"]).bounds
    assert west < 106.695
    assert north - south < 0.2 * (east - west), "it runs down the valley and not up its sides"
    burnt = shape(fire.zones[-1]["geometry"]).bounds
    assert burnt[3] - burnt[1] > burnt[2] - burnt[0], "it runs up the sides faster than along the valley"


def test_a_map_of_site_classes_is_used_by_an_earthquake_that_begins_outside_it(city: City, tmp_path: Path) -> None:
    by = actor(city.city)
    order = RasterOrder(asc(tmp_path, "2 2 3 3\n" * 3), "vs30_m_s", "场地类别", "地震局 2024", ["2=350", "3=200"])
    actions.into_ground(by, order)
    run = simulation.run(by, "seismic", {"magnitude": 5.8}, 106.3, 39.8)
    assert any("地震局 2024" in line for line in run.assumptions)
    assert "ground" not in run.inputs
    found = queries.ground_around(by, 106.3, 39.8, ("vs30_m_s",), anywhere=True)["vs30_m_s"]
    assert set(np.unique(found.values)) == {200.0, 350.0}
    assert queries.ground_around(by, 106.3, 39.8) == {}


@pytest.mark.parametrize(
    ("body", "order", "field"),
    [
        ("21 21\n", {}, "file"),
        ("21 " * 12, {}, "fuel"),
        ("21 " * 12, {"codes": ["22=102"]}, "codes"),
        ("x " * 12, {}, "file"),
        ("-9999 " * 12, {}, "values"),
        ("102 " * 12, {"source": ""}, "source"),
        ("102 " * 12, {"kind": "elevation"}, "kind"),
        ("102 " * 12, {"kind": "canopy_cover"}, "values"),
    ],
)
def test_what_cannot_be_ground_is_refused_before_anything_is_kept(
    city: City, tmp_path: Path, body: str, order: dict[str, Any], field: str
) -> None:
    given = {"kind": "fuel", "title": "燃料", "source": "测试", **order}
    with pytest.raises(Invalid) as refused:
        actions.into_ground(actor(city.city), RasterOrder(asc(tmp_path, body), **given))
    assert refused.value.details["field"] == field
    assert not queries.rasters(actor(city.city)).exists()


def test_a_projection_that_nobody_named_and_a_file_that_is_no_picture_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="EPSG"):
        rasters.read(asc(tmp_path, "102 " * 12, HEAD.replace("106.60", "500000").replace("0.05", "30")))
    broken = tmp_path / "dem.tif"
    broken.write_bytes(b"II*\x00" + b"\xff" * 40)
    with pytest.raises(Invalid, match="GeoTIFF"):
        rasters.read(broken)


def test_the_imported_map_stops_a_fire_of_the_product_and_a_drawn_line_is_simulated_at_once(
    city: City, tmp_path: Path
) -> None:
    by = actor(city.city)
    fuel = np.full((100, 100), 102)
    body = "\n".join(" ".join(map(str, row)) for row in fuel)
    head = "ncols 100\nnrows 100\nxllcorner 106.5\nyllcorner 39.3\ncellsize 0.004\n"
    actions.into_ground(by, RasterOrder(asc(tmp_path, body, head), "fuel", "燃料", "测试"))
    first = simulation.run(by, "wildfire", {"wind_m_s": 6, "wind_from_deg": 270}, 106.7, 39.5, uuid4())
    assert any(text.startswith("燃料图：燃料（测试") for text in first.assumptions)
    wall = [[106.705, 39.4], [106.705, 39.6]]
    held = simulation.draw_line(by, first.correlation_id, wall, note="推土机隔离带")
    assert held.summary["area_ha"]["6"] < 0.8 * first.summary["area_ha"]["6"]
    late = simulation.draw_line(by, first.correlation_id, wall, clock.now() + timedelta(hours=1))
    line = ControlLine.objects.visible_to(by).get(note="推土机隔离带")
    free = simulation.drop_line(by, line.pk, "未能守住")
    assert late.summary["area_ha"]["6"] == held.summary["area_ha"]["6"]
    assert free.summary["area_ha"]["6"] == pytest.approx(first.summary["area_ha"]["6"], rel=0.3)
    ring = [[106.70, 39.50], [106.72, 39.50], [106.72, 39.51], [106.70, 39.51]]
    drawn = simulation.redraw_fire(by, first.correlation_id, ring, "手绘")
    assert drawn.inputs["perimeter"] == ring
    assert any("手绘" in text for text in drawn.assumptions)


def test_lines_and_maps_are_only_for_those_who_may_run_engines(city: City, tmp_path: Path) -> None:
    looker = actor(city.city, "simulation.view")
    with pytest.raises(Forbidden):
        simulation.draw_line(looker, uuid4(), [[106.7, 39.5], [106.8, 39.5]])
    with pytest.raises(Forbidden):
        actions.into_ground(looker, RasterOrder(asc(tmp_path, "102 " * 12), "fuel", "燃料", "测试"))
    with pytest.raises(Invalid, match="火场"):
        simulation.draw_line(actor(city.city), uuid4(), [[106.7, 39.5], [106.8, 39.5]])
