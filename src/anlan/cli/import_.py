"""`anlan import`: what a city hands over, into registries, roads and outlines."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from anlan.cli import _roles
from anlan.cli._edge import at_least_one, encoding
from anlan.kernel.geo.crs import Crs

HELP = "导入数据文件（GeoJSON、Shapefile、GPKG、KML、CSV、Excel、OSM；栅格 GeoTIFF、ESRI ASCII）"
#: Kinds of rasters, as `simulation.models.GroundRaster.Kind`.
RASTERS = ("fuel", "elevation_m", "canopy_cover", "canopy_height_m", "canopy_base_m", "bulk_density_kg_m3", "vs30_m_s")
EXAMPLE = "anlan import 医院.xlsx --register hospitals --crs GCJ-02 --map 医院名称=name --dry-run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help=".geojson .shp .gpkg .kml .csv .xlsx .osm .osm.pbf .tif .asc")
    goal = parser.add_mutually_exclusive_group(required=True)
    goal.add_argument("--register", metavar="SLUG", help="导入到登记簿，如 hospitals、teams")
    goal.add_argument("--layer", choices=["roads", "areas"], help="roads 换路网；areas 设区划边界")
    goal.add_argument(
        "--raster", choices=RASTERS, help="燃料图、高程、郁闭度、树高、枝下高、林冠容积密度、场地 Vs30 的栅格"
    )
    parser.add_argument("--title", default="", help="栅格的名称（同名同种类的被替换）")
    parser.add_argument("--source", default="", help="栅格的来源：谁的、哪一年的")
    parser.add_argument("--epsg", type=at_least_one, help="栅格的坐标系，文件没有写明时给")
    parser.add_argument(
        "--codes",
        nargs="+",
        action="extend",
        default=[],
        metavar="原值=编号",
        help="图上的值对应到燃料编号，或场地类别对应到 Vs30",
    )
    parser.add_argument("--representative", action="store_true", help="是演示数据")
    parser.add_argument("--crs", type=Crs, choices=list(Crs), default=Crs.WGS84, help="文件坐标系（默认 WGS84）")
    parser.add_argument("--map", nargs="+", action="extend", default=[], metavar="列=字段", help="列名对应到字段")
    parser.add_argument(
        "--where", nargs="+", action="extend", default=[], metavar="键=值", help="只要符合的，值 * 表示非空"
    )
    parser.add_argument("--encoding", type=encoding, default="", help="文字编码，如 GBK（Shapefile、GeoJSON）")
    parser.add_argument("--dry-run", action="store_true", help="只检查，不写入")
    parser.add_argument("--json", action="store_true", help="以 JSON 输出结果")


def run(args: argparse.Namespace) -> int:
    """0: all taken; 1: some rows refused, each told; 2: the file or an option cannot be used."""
    _roles.with_database()
    from anlan.gateways.importing import actions  # noqa: PLC0415 - its tables need Django to be set up
    from anlan.kernel.accounts.actor import system  # noqa: PLC0415 - likewise

    by = system("数据导入")
    order = actions.Order(args.file, args.crs, args.map, args.where, args.encoding, args.dry_run)
    if args.raster:
        title = args.title or args.file.name
        rasters = (args.codes, args.epsg, args.representative, args.dry_run)
        outcome = actions.into_ground(by, actions.RasterOrder(args.file, args.raster, title, args.source, *rasters))
    elif args.register:
        outcome = actions.into_register(by, args.register, order)
    else:
        outcome = (actions.into_roads if args.layer == "roads" else actions.into_areas)(by, order)
    if args.json:
        print(json.dumps(outcome.as_json(), ensure_ascii=False))
    else:
        for line in actions.shown(outcome):
            print(line, file=sys.stderr if line.startswith("拒绝") else sys.stdout)
    return 1 if outcome.refused else 0
