"""Readers by the end of the file name. All of them give items; none of them judges what the values mean."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import BadZipFile, ZipFile

from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError
from shapely import from_wkb
from shapely.geometry import mapping

from anlan.gateways.importing.items import Item, Properties
from anlan.kernel.documents import sheets
from anlan.kernel.errors import Invalid
from anlan.kernel.geo import GeoJson

MAIN, PARTS = (".shp", ".gpkg", ".kml"), (".shx", ".dbf", ".prj", ".cpg")
MAGIC = {".shp": b"\x00\x00\x27\x0a", ".gpkg": b"SQLite format 3\x00"}
MOST_BYTES = 500 * 2**20
#: Geographic systems whose degrees we take as they are.
DEGREES = {4326, 4490}


def read(file: Path, encoding: str = "") -> Iterator[Item]:
    """Items of the file. Raises `Invalid` when its kind is unknown, it cannot be read, or a reader is not installed."""
    name = file.name.lower()
    reader = next((reader for ends, reader in READERS.items() if name.endswith(ends)), None)
    if reader is None:
        raise Invalid("file", file.name, "、".join(end for ends in READERS for end in ends), label="文件类型")
    if not file.is_file():
        raise Invalid("file", str(file), "存在且可读的文件", label="文件")
    return reader(file, encoding)


def optional(module: str) -> Any:
    """A reader that this installation may not have."""
    try:
        return import_module(module)
    except ImportError as error:
        raise Invalid("file", module, "已安装的读取库：请运行 uv sync --extra import", label="读取库") from error


def text_of(value: Any) -> str:
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return sheets.cell_text(value)


def tables(file: Path, encoding: str) -> Iterator[Item]:
    """CSV and Excel; a column named geometry holds GeoJSON."""
    del encoding
    for number, row in enumerate(sheets.read(file.name, file.read_bytes()), 2):
        if any(row.values()):
            yield Item(f"第 {number} 行", row)


def geojson(file: Path, encoding: str) -> Iterator[Item]:
    try:
        content = json.loads(file.read_text(encoding=encoding or "utf-8-sig"))
    except (ValueError, LookupError) as error:
        raise Invalid("file", str(error)[:80], "UTF-8 编码的 GeoJSON", label="文件") from error
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list):
        raise Invalid("file", file.name, "GeoJSON FeatureCollection", label="文件")
    for number, feature in enumerate(features, 1):
        yield feature_item(f"第 {number} 个要素", feature if isinstance(feature, dict) else {})


def feature_item(where: str, feature: dict[str, Any]) -> Item:
    """A feature with what of it can be read; what it lacks the registry refuses by name."""
    given, geometry = feature.get("properties"), feature.get("geometry")
    properties = {str(k): text_of(v) for k, v in given.items()} if isinstance(given, dict) else {}
    if feature.get("id") is not None:
        properties.setdefault("code", str(feature["id"]))
    known = isinstance(geometry, dict) and isinstance(geometry.get("type"), str)
    return Item(where, properties, geometry if known else None)


def vector(file: Path, encoding: str) -> Iterator[Item]:
    """Shapefile, GeoPackage, KML by GDAL; projected coordinates become degrees."""
    pyogrio = optional("pyogrio")
    genuine(file)
    try:
        meta, _, shapes, columns = pyogrio.raw.read(file, encoding=encoding or None)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError, UnicodeDecodeError) as error:
        raise Invalid("file", str(error)[:120], "未损坏的 Shapefile、GPKG 或 KML", label="文件") from error
    names, turn = [str(name) for name in meta["fields"]], to_degrees(meta["crs"])
    for number in range(len(columns[0]) if columns else len(shapes)):
        properties = {name: text_of(scalar(columns[i][number])) for i, name in enumerate(names)}
        shape = from_wkb(shapes[number]) if shapes is not None and shapes[number] is not None else None
        yield Item(f"第 {number + 1} 个要素", properties, turn(dict(mapping(shape))) if shape is not None else None)


def genuine(file: Path) -> None:
    """The file is what its name says: GDAL goes by content, and some formats it knows name other files to read."""
    end = file.suffix.lower()
    with file.open("rb") as opened:
        head = opened.read(4096)
    if not (head.startswith(MAGIC[end]) if end in MAGIC else b"<kml" in head):
        raise Invalid("file", file.name, f"{end} 格式的内容", label="文件内容")


def archive(file: Path, encoding: str) -> Iterator[Item]:
    """A zipped Shapefile (or GPKG, KML), as it is handed over: unpacked beside nothing else, sizes limited."""
    with TemporaryDirectory(prefix="anlan-import-") as folder:
        try:
            with ZipFile(file) as packed:
                inside = [m for m in packed.infolist() if Path(m.filename).suffix.lower() in {*PARTS, *MAIN}]
                if sum(member.file_size for member in inside) > MOST_BYTES:
                    raise Invalid("file", file.name, f"解压后不超过 {MOST_BYTES >> 20} MB", label="压缩包")
                for member in inside:
                    (Path(folder) / Path(member.filename).name).write_bytes(packed.read(member))
        except (BadZipFile, RuntimeError, OSError) as error:
            raise Invalid("file", file.name, "未损坏、未加密的 zip", label="压缩包") from error
        found = sorted(path for path in Path(folder).iterdir() if path.suffix.lower() in MAIN)
        if len(found) != 1:
            raise Invalid("file", len(found), "恰好含一个 .shp、.gpkg 或 .kml", label="压缩包")
        yield from vector(found[0], encoding)


def scalar(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def to_degrees(crs: str | None) -> Callable[[GeoJson], GeoJson]:
    """From the system the file names to degrees; a file that names none is taken as degrees."""
    try:
        given = CRS.from_user_input(crs) if crs else None
    except CRSError as error:
        raise Invalid("crs", crs, "可识别的坐标系", label="文件坐标系") from error
    if given is None or given.to_epsg() in DEGREES:
        return lambda geometry: geometry
    turn = Transformer.from_crs(given, CRS.from_epsg(4326), always_xy=True).transform

    def convert(coordinates: Any) -> Any:
        if coordinates and isinstance(coordinates[0], int | float):
            return list(turn(coordinates[0], coordinates[1]))
        return [convert(part) for part in coordinates]

    def turned(geometry: GeoJson) -> GeoJson:
        if geometry["type"] == "GeometryCollection":
            return {**geometry, "geometries": [turned(part) for part in geometry["geometries"]]}
        return {**geometry, "coordinates": convert(geometry["coordinates"])}

    return turned


def osm(file: Path, encoding: str) -> Iterator[Item]:
    """OpenStreetMap extracts: tagged nodes as points, tagged ways as lines (closed ones that are no roads as polygons)."""
    del encoding
    osmium = optional("osmium")
    try:
        for thing in osmium.FileProcessor(str(file)).with_locations().with_filter(osmium.filter.EmptyTagFilter()):
            if (item := osm_item(thing)) is not None:
                yield item
    except RuntimeError as error:
        raise Invalid("file", str(error)[:120], "未损坏的 .osm 或 .osm.pbf", label="文件") from error


def osm_item(thing: Any) -> Item | None:
    properties: Properties = {tag.k: tag.v for tag in thing.tags}
    properties.setdefault("code", f"osm-{thing.type_str()}{thing.id}")
    if thing.is_node():
        return Item(f"node {thing.id}", properties, {"type": "Point", "coordinates": [thing.lon, thing.lat]})
    if not thing.is_way():
        return None
    points = [[node.lon, node.lat] for node in thing.nodes if node.location.valid()]
    if len(points) < 2:
        return None
    closed = len(points) > 3 and points[0] == points[-1] and "highway" not in properties
    geometry = {"type": "Polygon", "coordinates": [points]} if closed else {"type": "LineString", "coordinates": points}
    return Item(f"way {thing.id}", properties, geometry)


Reader = Callable[[Path, str], Iterator[Item]]
READERS: dict[tuple[str, ...], Reader] = {
    (".csv", ".xlsx", ".xlsm"): tables,
    (".geojson", ".json"): geojson,
    MAIN: vector,
    (".zip",): archive,
    (".osm", ".pbf", ".osm.bz2", ".osm.gz"): osm,
}
