"""Taking a file into the platform: a registry, the roads, or the outlines of areas."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction
from shapely.geometry import shape

from anlan.gateways.importing import network, rasters
from anlan.gateways.importing.items import LAT_NAMES, LON_NAMES, Item, in_wgs84, matching, pair, renamed
from anlan.gateways.importing.readers import read
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.areas.actions import set_boundary
from anlan.kernel.errors import AnlanError, Invalid
from anlan.kernel.geo import Crs, Finder, parse
from anlan.kernel.models import Area
from anlan.kernel.register import query, refused
from anlan.kernel.register.declare import Register
from anlan.kernel.register.importing import FIRST_ROW, column_names, import_rows
from anlan.resources import actions as resources
from anlan.simulation import actions as simulation


@dataclass(frozen=True)
class Refusal:
    """One thing that was not taken: where it stands, which field, what it said, why not."""

    where: str
    field: str
    value: str
    reason: str


@dataclass
class Outcome:
    """What an import did, or would do."""

    counts: dict[str, float] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    dry_run: bool = False

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Order:
    """What to import and how to read it. mapping: `column=field`; where: `key=value`."""

    file: Path
    crs: Crs = Crs.WGS84
    mapping: Sequence[str] = ()
    where: Sequence[str] = ()
    encoding: str = ""
    dry_run: bool = False

    def items(self) -> Iterator[Item]:
        chosen = matching(read(self.file, self.encoding), self.where)
        return in_wgs84(renamed(chosen, self.mapping), self.crs)


@dataclass(frozen=True)
class RasterOrder:
    """A raster to import: kind of `simulation.models.GroundRaster`; whose it is; codes: `value of the file=ours`."""

    file: Path
    kind: str
    title: str
    source: str
    codes: Sequence[str] = ()
    epsg: int | None = None
    representative: bool = False
    dry_run: bool = False


def into_ground(by: Actor, order: RasterOrder) -> Outcome:
    """Fuel, heights or trees of the country into 地形与燃料."""
    table = dict(pair_of(line) for line in order.codes)
    given = rasters.read(order.file, order.epsg, table)
    with transaction.atomic():
        row = simulation.keep_raster(by, order.kind, given, order.title, order.source, order.representative)
        if order.dry_run:
            transaction.set_rollback(True)
    found = Outcome(dry_run=order.dry_run)
    found.counts = {
        "列": row.columns, "行": row.rows, "格距 m": round(row.cell_m, 1), "最小": round(row.low, 3), "最大": round(row.high, 3),
        "有值 %": round(100 * row.known, 1),
    }  # fmt: skip
    found.notes = [f"范围 {row.west:.4f}–{row.east:.4f}°E，{row.south:.4f}–{row.north:.4f}°N"]
    return found


def pair_of(line: str) -> tuple[float, float]:
    old, _, new = line.partition("=")
    try:
        return float(old), float(new)
    except ValueError as error:
        raise Invalid("codes", line, "原值=燃料编号，都是数，如 21=102", label="对应表") from error


def into_register(by: Actor, slug: str, order: Order) -> Outcome:
    """Rows or features into a registry, by its own rules."""
    register = query.find(slug)
    for text in order.mapping:
        known_field(register, pair(text, "map")[1])
    items = list(order.items())
    if not items:
        raise Invalid("file", order.file.name, "至少一行（检查 --where 条件）", label="文件")
    outlines = outlined() if needs_area(register, items) else None
    rows = [row_of(register, item, outlines) for item in items]
    report = import_rows(by, register, rows, order.dry_run)
    if not order.dry_run:
        refused.keep(by, register, order.file.name, rows, report)
    found = Outcome(dry_run=order.dry_run)
    found.counts = {"新增": report.created, "修改": report.updated, "未变": report.unchanged}
    for number, reasons in report.refused:
        item, row = items[number - FIRST_ROW], rows[number - FIRST_ROW]
        found.refused += [Refusal(item.where, name, row.get(name, ""), why) for name, why in reasons.items()]
    # the registry passes over empty rows of a sheet; an empty feature is a mistake
    found.refused += [
        Refusal(item.where, "properties", "", "要素没有可用的属性，也没有可用的位置")
        for item, row in zip(items, rows, strict=True)
        if not any(row.values())
    ]
    if report.unknown:
        found.notes.append(f"没有读取的列：{'、'.join(report.unknown[:30])}（可用 --map 列名=字段 指定）")
    return found


def known_field(register: Register, name: str) -> None:
    """A column may be sent to a field by its name or its title, or to what places are read from."""
    if name not in column_names(register) and name.lower() not in {"geometry", *LON_NAMES, *LAT_NAMES}:
        raise Invalid("map", name, "、".join(register.fields), label="--map 的字段")


def needs_area(register: Register, items: list[Item]) -> bool:
    return "area" in register.fields and not any({"area", "所属区划"} & set(item.properties) for item in items)


def outlined() -> Finder:
    """Areas with an outline, to tell which one a place lies in."""
    areas = Area.objects.filter(geometry__isnull=False).exclude(geometry={})
    return Finder([(area, shape(area.geometry or {})) for area in areas])


def row_of(register: Register, item: Item, outlines: Finder | None) -> dict[str, str]:
    """A row as an Excel file would give it: place and outline in columns, the area by the place."""
    row = dict(item.properties)
    columns = {f.name for f in register.model._meta.concrete_fields}
    if item.geometry:
        geometry = parse_or_none(item)
        if geometry is not None and {"lon", "lat"} <= columns:
            point = geometry if geometry.geom_type == "Point" else geometry.representative_point()
            row |= {"lon": f"{point.x:.7f}", "lat": f"{point.y:.7f}"}
        if geometry is not None and "geometry" in columns and geometry.geom_type != "Point":
            row["geometry"] = json.dumps(item.geometry)
    if outlines is not None and (place := place_of(row)):
        inside = outlines.containing(*place)
        if inside:
            area = max(inside, key=lambda area: (not area.sketch, area.level))
            row["area"] = f"{area.code_system}:{area.code}"
    return row


def parse_or_none(item: Item) -> Any:
    """The geometry, None when it is broken: then the registry names the missing place."""
    try:
        return parse(item.geometry or {})
    except Invalid:
        return None


def place_of(row: dict[str, str]) -> tuple[float, float] | None:
    names = {name.strip().lower(): value for name, value in row.items()}
    lon = next((names[n] for n in LON_NAMES if names.get(n)), "")
    lat = next((names[n] for n in LAT_NAMES if names.get(n)), "")
    try:
        return float(lon), float(lat)
    except ValueError:
        return None


def into_roads(by: Actor, order: Order) -> Outcome:
    """The whole road graph anew out of lines (OSM, Shapefile, GeoJSON)."""
    made = network.build(order.items())
    if not made.edges:
        raise Invalid("file", order.file.name, "至少一条道路线（OSM 须有 highway 标签）", label="文件")
    with transaction.atomic():
        resources.replace_roads(by, made.nodes, made.edges)
        if order.dry_run:
            transaction.set_rollback(True)
    found = Outcome(dry_run=order.dry_run)
    found.counts = {"节点": len(made.nodes), "路段": len(made.edges), "里程 km": round(made.length_km, 1)}
    found.refused = [Refusal(where, "geometry", "", reason) for where, reason in made.refused]
    if made.connected < 0.95:
        found.notes.append(f"路网不连通：最大连通部分只含 {made.connected:.0%} 的节点，请检查线的端点是否相接")
    return found


def into_areas(by: Actor, order: Order) -> Outcome:
    """Outlines of areas that are registered already, found by `code` (`mca:150302`, or the digits alone) or `name`."""
    found = Outcome(dry_run=order.dry_run)
    taken = 0
    with transaction.atomic():
        for item in order.items():
            refusal = outline(by, item)
            if refusal is None:
                taken += 1
            else:
                found.refused.append(refusal)
        if order.dry_run:
            transaction.set_rollback(True)
    found.counts = {"边界": taken}
    return found


def outline(by: Actor, item: Item) -> Refusal | None:
    key = item.properties.get("code") or item.properties.get("name", "")
    area = area_of(item.properties)
    if area is None:
        return Refusal(item.where, "code", key, "没有这个区划，或同名的不止一个；允许：已登记的区划代码，如 mca:150302")
    if item.geometry is None or item.geometry["type"] not in {"Polygon", "MultiPolygon"}:
        kind = item.geometry["type"] if item.geometry else "无"
        return Refusal(item.where, "geometry", kind, "几何类型不正确，允许：Polygon、MultiPolygon")
    try:
        with transaction.atomic():
            set_boundary(by, area, item.geometry, item.properties.get("sketch") == "是")
    except AnlanError as error:
        return Refusal(item.where, "geometry", key, error.message)
    return None


def area_of(properties: dict[str, str]) -> Area | None:
    system, _, digits = properties.get("code", "").rpartition(":")
    if digits:
        rows = Area.objects.filter(code=digits, **({"code_system": system} if system else {}))
    else:
        rows = Area.objects.filter(name=properties.get("name", ""))
    found = list(rows[:2])
    return found[0] if len(found) == 1 else None


def shown(outcome: Outcome, at_most: int = 200) -> Iterable[str]:
    """The report as lines of text."""
    yield ("检查完毕，未写入：" if outcome.dry_run else "已导入：") + "，".join(
        f"{name} {count:g}" for name, count in outcome.counts.items()
    )
    yield from (f"注意：{note}" for note in outcome.notes)
    for refusal in outcome.refused[:at_most]:
        yield f"拒绝：{refusal.where}，{refusal.field}＝“{refusal.value[:60]}”：{refusal.reason}"
    if len(outcome.refused) > at_most:
        yield f"……另有 {len(outcome.refused) - at_most} 处拒绝，用 --json 看全部"
