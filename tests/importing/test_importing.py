"""Files of a city into registries, roads and outlines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
import shapely
from openpyxl import Workbook

from anlan.gateways.importing import actions
from anlan.gateways.importing.actions import Order
from anlan.gateways.importing.items import Item
from anlan.gateways.importing.network import build
from anlan.gateways.importing.readers import READERS
from anlan.kernel.errors import Forbidden, Invalid
from anlan.kernel.geo import Crs, distance_m
from anlan.kernel.geo.crs import gcj02_to_bd09, wgs84_to_gcj02
from anlan.kernel.models import Area
from anlan.resources.models import Hospital, RoadEdge, RoadNode
from anlan.resources.roads import BY_ROAD, Roads
from anlan.supervision.models import Park
from conftest import library
from tests.conftest import City, actor

pytestmark = pytest.mark.django_db
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[106.6, 39.4], [106.8, 39.4], [106.8, 39.6], [106.6, 39.6], [106.6, 39.4]]],
}
OSM = """<?xml version="1.0" encoding="UTF-8"?><osm version="0.6" generator="test">
<node id="1" lat="39.50" lon="106.70"/><node id="2" lat="39.50" lon="106.71"/><node id="3" lat="39.50" lon="106.72"/>
<node id="4" lat="39.51" lon="106.71"/><node id="5" lat="39.49" lon="106.71"/>
<node id="9" lat="39.505" lon="106.705"><tag k="amenity" v="hospital"/><tag k="name" v="乌达区医院"/></node>
<way id="10"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="primary"/><tag k="name" v="解放路"/></way>
<way id="11"><nd ref="4"/><nd ref="2"/><nd ref="5"/><tag k="highway" v="residential"/><tag k="oneway" v="yes"/></way>
<way id="12"><nd ref="1"/><nd ref="4"/><tag k="highway" v="footway"/></way>
<way id="13"><nd ref="1"/><nd ref="4"/><tag k="waterway" v="ditch"/></way></osm>"""


def write(folder: Path, features: list[dict[str, Any]]) -> Path:
    file = folder / "data.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return file


def feature(geometry: dict[str, Any] | None, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def point(lon: float, lat: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [lon, lat]}


def test_points_come_in_with_their_place_and_the_area_they_lie_in(city: City, tmp_path: Path) -> None:
    Area.objects.filter(pk=city.west.pk).update(geometry=SQUARE)
    file = write(tmp_path, [feature(point(106.7, 39.5), code="H1", 医院名称="乌达区医院", beds=300)])
    found = actions.into_register(actor(city.city), "hospitals", Order(file, mapping=["医院名称=name"]))
    assert (found.counts["新增"], found.refused) == (1, [])
    row = Hospital.everything.get()
    assert (row.name, row.beds, row.area, row.lon, row.lat) == ("乌达区医院", 300, city.west, 106.7, 39.5)


def test_a_gcj02_file_lands_where_it_is_meant(city: City, tmp_path: Path) -> None:
    shifted = wgs84_to_gcj02(106.7, 39.5)
    assert distance_m(106.7, 39.5, *shifted) > 300
    file = write(tmp_path, [feature(point(*shifted), code="H1", name="甲", area="mca:150304")])
    actions.into_register(actor(city.city), "hospitals", Order(file, Crs.GCJ02))
    row = Hospital.everything.get()
    assert distance_m(106.7, 39.5, row.lon, row.lat) < 0.1


def test_place_columns_of_an_excel_file_are_converted_too(city: City, tmp_path: Path) -> None:
    book, (lon, lat) = Workbook(), wgs84_to_gcj02(106.7, 39.5)
    book.active.append(["编码", "名称", "经度", "纬度", "所属区划"])
    book.active.append(["H1", "甲", lon, lat, "mca:150304"])
    book.save(tmp_path / "a.xlsx")
    found = actions.into_register(actor(city.city), "hospitals", Order(tmp_path / "a.xlsx", Crs.GCJ02))
    assert found.refused == []
    assert Hospital.everything.get().lon == pytest.approx(106.7, abs=1e-6)


def test_refusals_name_place_field_value_and_what_is_allowed_and_the_rest_is_taken(city: City, tmp_path: Path) -> None:
    file = write(tmp_path, [
        feature(point(106.7, 39.5), code="H1", name="甲", area="mca:150304", beds=-5),
        feature(point(106.7, 39.5), code="H2", name="乙", area="mca:999999"),
        feature(point(106.7, 39.5), code="H3", name="丙", area="mca:150304"),
    ])  # fmt: skip
    found = actions.into_register(actor(city.city), "hospitals", Order(file))
    assert found.counts["新增"] == 1
    assert [(r.where, r.field, r.value) for r in found.refused] == [
        ("第 1 个要素", "beds", "-5"), ("第 2 个要素", "area", "mca:999999"),
    ]  # fmt: skip
    assert all(r.reason for r in found.refused)


def test_a_dry_run_says_the_same_and_writes_nothing(city: City, tmp_path: Path) -> None:
    file = write(tmp_path, [feature(point(106.7, 39.5), code="H1", name="甲", area="mca:150304")])
    found = actions.into_register(actor(city.city), "hospitals", Order(file, dry_run=True))
    assert (found.counts["新增"], Hospital.everything.count()) == (1, 0)


def test_nobody_imports_into_another_district(city: City, tmp_path: Path) -> None:
    file = write(tmp_path, [feature(point(106.7, 39.5), code="H1", name="甲", area="mca:150304")])
    found = actions.into_register(actor(city.east), "hospitals", Order(file))
    assert len(found.refused) == 1
    assert Hospital.everything.count() == 0
    with pytest.raises(Forbidden):
        actions.into_register(actor(city.east, "resources.view"), "hospitals", Order(file))


def test_a_projected_shapefile_in_gbk_is_read(city: City, tmp_path: Path) -> None:
    pyogrio = library("pyogrio", "import")
    park = shapely.box(300000, 4370000, 310000, 4380000)  # CGCS2000 / 3-degree zone 35 without prefix, m
    pyogrio.raw.write(
        tmp_path / "park.shp", geometry=np.array([park.wkb], dtype=object), field_data=[np.array(["乌达园区"], object),
        np.array(["P1"], object), np.array(["mca:150304"], object)], fields=["name", "code", "area"],
        geometry_type="Polygon", crs="EPSG:4547", encoding="GBK",
    )  # fmt: skip
    found = actions.into_register(actor(city.city), "parks", Order(tmp_path / "park.shp", encoding="GBK"))
    assert found.refused == []
    row = Park.everything.get()
    assert row.name == "乌达园区"
    assert row.geometry["type"] == "Polygon"
    assert 39 < row.lat < 40


#: Coordinates of one place as each system writes it, and how far off ours may lie (m).
PLACE = (106.7, 39.5)
WRITTEN = {
    Crs.WGS84: PLACE, Crs.CGCS2000: PLACE, Crs.GCJ02: wgs84_to_gcj02(*PLACE), Crs.BD09: gcj02_to_bd09(*wgs84_to_gcj02(*PLACE)),
}  # fmt: skip


def table(file: Path, lon: float, lat: float) -> None:
    file.write_text(f"编码,名称,经度,纬度,所属区划\nH1,甲,{lon!r},{lat!r},mca:150304\n", encoding="utf-8")


def workbook(file: Path, lon: float, lat: float) -> None:
    book = Workbook()
    book.active.append(["编码", "名称", "经度", "纬度", "所属区划"])
    book.active.append(["H1", "甲", lon, lat, "mca:150304"])
    book.save(file)


def geojson(file: Path, lon: float, lat: float) -> None:
    write(file.parent, [feature(point(lon, lat), code="H1", name="甲", area="mca:150304")]).rename(file)


def vectors(file: Path, lon: float, lat: float) -> None:
    """GeoPackage or Shapefile, the latter with its parts beside it."""
    fields = {"code": "H1", "name": "甲", "area": "mca:150304"}
    library("pyogrio", "import").raw.write(
        file, geometry=np.array([shapely.Point(lon, lat).wkb], dtype=object), fields=list(fields), geometry_type="Point",
        field_data=[np.array([value], object) for value in fields.values()], crs="EPSG:4490", encoding="UTF-8",
    )  # fmt: skip


def zipped(file: Path, lon: float, lat: float) -> None:
    vectors(file.with_name("inside.shp"), lon, lat)
    with ZipFile(file, "w") as packed:
        for part in file.parent.glob("inside.*"):
            packed.write(part, part.name)


def kml(file: Path, lon: float, lat: float) -> None:
    library("pyogrio", "import")
    data = "".join(f'<Data name="{k}"><value>{v}</value></Data>' for k, v in (("code", "H1"), ("area", "mca:150304")))
    file.write_text(
        '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark>'
        f"<name>甲</name><ExtendedData>{data}</ExtendedData><Point><coordinates>{lon!r},{lat!r}</coordinates></Point>"
        "</Placemark></Document></kml>",
        encoding="utf-8",
    )


def extract(file: Path, lon: float, lat: float) -> None:
    """An OSM extract keeps seven decimals (1 cm)."""
    osmium = library("osmium", "import")
    with osmium.SimpleWriter(str(file)) as out:
        tags = {"code": "H1", "name": "甲", "area": "mca:150304", "amenity": "hospital"}
        out.add_node(osmium.osm.mutable.Node(id=1, location=(lon, lat), tags=tags))


MAKERS = {
    ".csv": table, ".xlsx": workbook, ".xlsm": workbook, ".geojson": geojson, ".json": geojson, ".shp": vectors,
    ".gpkg": vectors, ".kml": kml, ".zip": zipped, ".osm": extract, ".pbf": extract, ".osm.bz2": extract, ".osm.gz": extract,
}  # fmt: skip


def test_every_file_that_can_be_read_is_tried() -> None:
    assert set(MAKERS) == {end for ends in READERS for end in ends}


@pytest.mark.parametrize("crs", WRITTEN)
@pytest.mark.parametrize("end", MAKERS)
def test_every_format_in_every_coordinate_system_lands_on_the_same_place(
    city: City, tmp_path: Path, end: str, crs: Crs
) -> None:
    file = tmp_path / f"a{end}"
    MAKERS[end](file, *WRITTEN[crs])
    mapping = ["Name=name"] if end == ".kml" else []
    dry = actions.into_register(actor(city.city), "hospitals", Order(file, crs, mapping, dry_run=True))
    assert (dry.counts["新增"], Hospital.everything.count()) == (1, 0)
    assert actions.into_register(actor(city.city), "hospitals", Order(file, crs, mapping)).refused == []
    row = Hospital.everything.get()
    assert (row.code, row.name, row.area) == ("H1", "甲", city.west)
    assert distance_m(*PLACE, row.lon, row.lat) < 0.1


def test_numbers_written_as_words_are_moved_like_numbers(city: City, tmp_path: Path) -> None:
    words = {"type": "Point", "coordinates": [str(part) for part in WRITTEN[Crs.BD09]]}
    file = write(tmp_path, [feature(words, code="H1", name="甲", area="mca:150304")])
    actions.into_register(actor(city.city), "hospitals", Order(file, Crs.BD09))
    assert distance_m(*PLACE, Hospital.everything.get().lon, Hospital.everything.get().lat) < 0.1


BROKEN: list[Any] = [
    None, 7, {}, {"geometry": 5}, {"geometry": {"coordinates": [1, 2]}}, {"geometry": {"type": "Point"}}, {"properties": [1]},
    feature({"type": "Point", "coordinates": "abc"}, code="A", name="甲", area="mca:150304"),
    feature({"type": "Polygon", "coordinates": [[[1, 2], [3, None]]]}, code="C", name="甲", area="mca:150304"),
    feature({"type": "Star", "coordinates": [1, 2]}, code="D", name="甲", area="mca:150304"),
    feature({"type": "LineString", "coordinates": [[106.7, 39.5]]}, code="G", name="甲", area="mca:150304"),
    feature(point(1e9, 1e9), code="E", name="甲", area="mca:150304"),
    feature({"type": "GeometryCollection", "geometries": [5]}, code="F", name="甲", area="mca:150304"),
]  # fmt: skip


@pytest.mark.parametrize("crs", [Crs.WGS84, Crs.BD09])
@pytest.mark.parametrize("goal", ["register", "roads", "areas"])
def test_no_broken_feature_stops_the_good_one_behind_it(city: City, tmp_path: Path, goal: str, crs: Crs) -> None:
    good = {
        "register": feature(point(106.7, 39.5), code="H1", name="甲", area="mca:150304"),
        "roads": feature({"type": "LineString", "coordinates": [[106.7, 39.5], [106.8, 39.5]]}, name="甲路"),
        "areas": feature(SQUARE, code="mca:150304"),
    }
    order = Order(write(tmp_path, [*BROKEN, good[goal]]), crs)
    into = {"register": lambda: actions.into_register(actor(city.city), "hospitals", order),
            "roads": lambda: actions.into_roads(actor(city.city), order),
            "areas": lambda: actions.into_areas(actor(city.city), order)}  # fmt: skip
    found = into[goal]()
    refused = {one.where for one in found.refused}
    assert refused == {f"第 {number} 个要素" for number in range(1, len(BROKEN) + 1)}
    assert all(one.reason for one in found.refused)
    assert sum(found.counts.values()) >= 1


def test_hospitals_out_of_an_osm_extract_by_a_condition(city: City, tmp_path: Path) -> None:
    library("osmium", "import")
    Area.objects.filter(pk=city.west.pk).update(geometry=SQUARE)
    (tmp_path / "a.osm").write_text(OSM, encoding="utf-8")
    order = Order(tmp_path / "a.osm", where=["amenity=hospital"])
    assert actions.into_register(actor(city.city), "hospitals", order).refused == []
    assert (Hospital.everything.get().code, Hospital.everything.get().name) == ("osm-n9", "乌达区医院")


def test_an_osm_extract_becomes_a_graph_cut_at_its_crossings(city: City, tmp_path: Path) -> None:
    library("osmium", "import")
    (tmp_path / "a.osm").write_text(OSM, encoding="utf-8")
    found = actions.into_roads(actor(city.city), Order(tmp_path / "a.osm"))
    assert (found.counts["节点"], found.counts["路段"]) == (5, 4), "footway and ditch are no roads"
    edge = RoadEdge.objects.get(code="osm-w10-0")
    assert (edge.name, edge.kind, edge.speed_km_h, edge.oneway) == ("解放路", "主干路", 60, False)
    assert edge.length_m == pytest.approx(distance_m(106.70, 39.50, 106.71, 39.50), abs=0.1)
    graph = Roads.load()
    there = graph.route((106.70, 39.50), (106.71, 39.49))
    assert there.how == BY_ROAD
    back = graph.route((106.71, 39.49), (106.70, 39.50))
    assert back.how != BY_ROAD, "the street is one-way"


def test_a_dry_run_of_roads_keeps_the_old_graph(city: City, tmp_path: Path) -> None:
    RoadNode.objects.create(code="old", lon=106, lat=39)
    line = {"type": "LineString", "coordinates": [[106.7, 39.5], [106.8, 39.5]]}
    file = write(tmp_path, [feature(line, name="甲路"), feature(point(106, 39), name="点")])
    found = actions.into_roads(actor(city.city), Order(file, dry_run=True))
    assert [(r.where, r.field) for r in found.refused] == [("第 2 个要素", "geometry")]
    assert list(RoadNode.objects.values_list("code", flat=True)) == ["old"]


def test_lines_that_do_not_meet_are_told(city: City, tmp_path: Path) -> None:
    lines = [{"type": "LineString", "coordinates": [[x, 39.5], [x + 0.01, 39.5]]} for x in (106.6, 106.7, 106.8)]
    found = actions.into_roads(actor(city.city), Order(write(tmp_path, [feature(line) for line in lines])))
    assert "不连通" in found.notes[0]


def test_a_reversed_oneway_runs_against_its_drawing() -> None:
    line = {"type": "LineString", "coordinates": [[106.7, 39.5], [106.8, 39.5]]}
    (edge,) = build([Item("way 1", {"highway": "primary", "oneway": "-1", "code": "w1"}, line)]).edges
    assert json.loads(edge["geometry"])["coordinates"] == [[106.8, 39.5], [106.7, 39.5]]
    assert edge["oneway"] == "是"


def test_outlines_go_to_the_areas_they_name_and_bad_ones_are_refused(city: City, tmp_path: Path) -> None:
    bow = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
    file = write(tmp_path, [
        feature(SQUARE, code="mca:150304"), feature(bow, code="150302"), feature(SQUARE, code="000000"),
        feature(point(106, 39), code="150300"),
    ])  # fmt: skip
    found = actions.into_areas(actor(city.city), Order(file))
    assert found.counts == {"边界": 1}
    assert Area.objects.get(pk=city.west.pk).geometry["type"] == "Polygon"
    assert [(r.where, r.field) for r in found.refused] == [
        ("第 2 个要素", "geometry"), ("第 3 个要素", "code"), ("第 4 个要素", "geometry"),
    ]  # fmt: skip
    assert Area.objects.get(pk=city.east.pk).geometry is None


@pytest.mark.parametrize(
    ("name", "content"), [("a.dwg", b"x"), ("a.geojson", b"{"), ("a.gpkg", b"x"), ("a.osm", b"<osm")]
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(
    city: City, tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Invalid):
        actions.into_register(actor(city.city), "hospitals", Order(tmp_path / name))


def test_a_condition_or_mapping_that_is_no_pair_is_refused(city: City, tmp_path: Path) -> None:
    file = write(tmp_path, [feature(point(106.7, 39.5), code="H1")])
    with pytest.raises(Invalid, match="--where"):
        actions.into_register(actor(city.city), "hospitals", Order(file, where=["hospital"]))
    with pytest.raises(Invalid, match="--map"):
        actions.into_register(actor(city.city), "hospitals", Order(file, mapping=["=name"]))
    with pytest.raises(Invalid, match="nope"):
        actions.into_register(actor(city.city), "hospitals", Order(file, mapping=["医院名称=nope"]))
