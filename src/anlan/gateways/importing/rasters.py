"""Rasters as surveyors and foresters hand them over: ESRI ASCII grid (.asc, .asc.gz) and GeoTIFF. Into degrees, south row first.

GeoTIFF is read with Pillow and its GeoKeys (OGC 19-008r4): degrees (EPSG 4326, 4490) or any projection PROJ knows. A raster that
says no system is taken as degrees if its numbers can be degrees; otherwise the EPSG code has to be given.
"""

from __future__ import annotations

import gzip
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from anlan.gateways.importing.readers import DEGREES
from anlan.hazards.plane import metres_per_degree
from anlan.hazards.raster import Raster
from anlan.kernel.errors import Invalid

ENDS = (".asc", ".asc.gz", ".txt", ".tif", ".tiff")
MOST_CELLS, MOST_BYTES = 9_000_000, 400 * 2**20
HEADER = {"ncols", "nrows", "xllcorner", "yllcorner", "xllcenter", "yllcenter", "cellsize", "dx", "dy", "nodata_value"}
#: TIFF tags: pixel scale, tie point, transformation, GeoKeys, no-data.
SCALE, TIE, MATRIX, KEYS, NO_DATA = 33550, 33922, 34264, 34735, 42113
#: GeoKeys: raster type (2 = the tie point is a cell's centre), geographic and projected system.
RASTER_TYPE, GEOGRAPHIC, PROJECTED = 1025, 2048, 3072
USER_DEFINED = 32767


@dataclass(frozen=True)
class Plain:
    """Values (north row first) in the file's own system: centre of the north-west cell, steps to the east and to the south."""

    values: NDArray[np.float32]
    x: float
    y: float
    dx: float
    dy: float
    epsg: int | None


def read(file: Path, epsg: int | None = None, codes: Mapping[float, float] | None = None) -> Raster:
    """The raster of a file; `codes` turns the values of the file into ours (classes of a land survey into fuel models)."""
    name = file.name.lower()
    if not name.endswith(ENDS):
        raise Invalid("file", file.name, "、".join(ENDS), label="文件类型")
    plain = tiff(file) if name.endswith((".tif", ".tiff")) else ascii_grid(file)
    if plain.values.size > MOST_CELLS:
        raise Invalid("grid", plain.values.size, f"至多 {MOST_CELLS} 格；请先裁剪或重采样", label="栅格")
    values = recoded(plain.values, codes) if codes else plain.values
    return in_degrees(Plain(values, plain.x, plain.y, plain.dx, plain.dy, epsg or plain.epsg))


def recoded(values: NDArray[np.float32], codes: Mapping[float, float]) -> NDArray[np.float32]:
    """Every known value must have a line in the table."""
    seen = np.unique(values[np.isfinite(values)])
    without = [float(v) for v in seen if float(v) not in codes]
    if without:
        some = "、".join(f"{v:g}" for v in without[:10])
        raise Invalid("codes", some, "图上每个值在对应表中都有一行（原值=燃料编号）", label="对应表")
    turned = values.copy()
    for old, new in codes.items():
        turned[values == np.float32(old)] = new
    return turned


def ascii_grid(file: Path) -> Plain:
    raw = file.read_bytes()
    if file.name.lower().endswith(".gz"):
        raw = unpacked(raw)
    words = raw.split()
    head: dict[str, float] = {}
    while (
        words[2 * len(head) : 2 * len(head) + 1] and words[2 * len(head)].decode("ascii", "replace").lower() in HEADER
    ):
        at = 2 * len(head)
        head[words[at].decode().lower()] = number(words[at + 1] if at + 1 < len(words) else b"", words[at].decode())
    rows, columns = int(head.get("nrows", 0)), int(head.get("ncols", 0))
    dx, dy = head.get("dx", head.get("cellsize", 0.0)), head.get("dy", head.get("cellsize", 0.0))
    if rows < 2 or columns < 2 or dx <= 0 or dy <= 0 or not {"xllcorner", "xllcenter"} & set(head):
        raise Invalid("file", file.name, "ESRI ASCII：ncols、nrows、xllcorner、yllcorner、cellsize", label="文件头")
    body = words[2 * len(head) :]
    if len(body) != rows * columns:
        raise Invalid("file", len(body), f"{rows} 行 × {columns} 列 = {rows * columns} 个数", label="栅格")
    try:
        values = np.array(body, np.float32).reshape(rows, columns)
    except ValueError as error:
        raise Invalid("file", str(error)[:80], "全部为数", label="栅格") from error
    values[(values == np.float32(head.get("nodata_value", -9999))) | ~np.isfinite(values)] = np.nan
    x = head["xllcenter"] if "xllcenter" in head else head["xllcorner"] + dx / 2
    y = head["yllcenter"] if "yllcenter" in head else head.get("yllcorner", 0.0) + dy / 2
    return Plain(values, x, y + (rows - 1) * dy, dx, dy, None)


def unpacked(raw: bytes) -> bytes:
    """What is in a .gz, but no more than a raster of ours can be."""
    try:
        with gzip.open(BytesIO(raw)) as packed:
            found = packed.read(MOST_BYTES + 1)
    except (OSError, EOFError) as error:
        raise Invalid("file", str(error)[:80], "未损坏的 gzip", label="文件") from error
    if len(found) > MOST_BYTES:
        raise Invalid("file", len(found), f"解压后不超过 {MOST_BYTES >> 20} MB", label="文件")
    return found


def number(word: bytes, name: str) -> float:
    try:
        return float(word)
    except ValueError as error:
        raise Invalid("file", word.decode("utf-8", "replace")[:40], "数", label=name) from error


def tiff(file: Path) -> Plain:
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(file, formats=["TIFF"]) as image:
            if image.width * image.height > MOST_CELLS:
                raise Invalid(
                    "grid", image.width * image.height, f"至多 {MOST_CELLS} 格；请先裁剪或重采样", label="栅格"
                )
            if len(image.getbands()) != 1:
                raise Invalid("file", "".join(image.getbands()), "单波段", label="GeoTIFF")
            tags: Any = image.tag_v2  # type: ignore[attr-defined]
            return placed(np.array(image).astype(np.float32), {tag: tags[tag] for tag in tags})
    except (UnidentifiedImageError, OSError, SyntaxError, KeyError, ValueError) as error:
        raise Invalid("file", str(error)[:80], "未损坏的 GeoTIFF（无压缩、LZW、Deflate）", label="GeoTIFF") from error


def placed(values: NDArray[np.float32], tags: Mapping[int, Any]) -> Plain:
    """Where the pixels lie, by scale and tie point."""
    keys = geo_keys(tags.get(KEYS, ()))
    if SCALE not in tags or TIE not in tags:
        raise Invalid(
            "file", "没有像元大小与定位点", "带 ModelPixelScale、ModelTiepoint 的正北 GeoTIFF", label="GeoTIFF"
        )
    dx, dy = float(tags[SCALE][0]), float(tags[SCALE][1])
    column, row, _, x, y, _ = (float(v) for v in tags[TIE][:6])
    half = 0.0 if keys.get(RASTER_TYPE) == 2 else 0.5
    if NO_DATA in tags:
        said = str(tags[NO_DATA]).strip("\x00 ")
        with suppress(ValueError):  # a no-data tag that is no number marks nothing
            values = np.where(values == np.float32(said), np.float32(np.nan), values)
    values = np.where(np.isfinite(values), values, np.float32(np.nan)).astype(np.float32)
    epsg = keys.get(PROJECTED) or keys.get(GEOGRAPHIC)
    return Plain(
        values, x + (half - column) * dx, y - (half - row) * dy, dx, dy, None if epsg == USER_DEFINED else epsg
    )


def geo_keys(directory: Any) -> dict[int, int]:
    """Keys whose value stands in the directory itself."""
    rows = [directory[i : i + 4] for i in range(4, len(directory) - 3, 4)]
    return {int(key): int(value) for key, where, _count, value in rows if where == 0}


def in_degrees(plain: Plain) -> Raster:
    """As a raster regular in degrees; what lies in a projection is sampled anew at the same fineness."""
    rows = plain.values.shape[0]
    if plain.epsg is None and not (-180 <= plain.x <= 180 and -90 <= plain.y <= 90):
        raise Invalid(
            "epsg",
            f"{plain.x:.0f}, {plain.y:.0f}",
            "坐标不是度，请给 EPSG 代码（如 4544 为 CGCS2000 3 度带 105E）",
            label="坐标系",
        )
    if plain.epsg is None or plain.epsg in DEGREES:
        south = plain.y - (rows - 1) * plain.dy
        return Raster(plain.x, south, plain.dx, plain.dy, plain.values[::-1])
    try:
        crs = CRS.from_epsg(plain.epsg)
    except CRSError as error:
        raise Invalid("epsg", plain.epsg, "可识别的 EPSG 代码", label="坐标系") from error
    return resampled(plain, Transformer.from_crs(crs, CRS.from_epsg(4326), always_xy=True))


def resampled(plain: Plain, turn: Transformer) -> Raster:
    rows, columns = plain.values.shape
    along = np.linspace(0, 1, 21)
    xs = plain.x + np.concatenate([along, along, 0 * along, 0 * along + 1]) * (columns - 1) * plain.dx
    ys = plain.y - np.concatenate([0 * along, 0 * along + 1, along, along]) * (rows - 1) * plain.dy
    lon, lat = turn.transform(xs, ys)
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        raise Invalid("epsg", plain.epsg, "与图上坐标相符的坐标系", label="坐标系")
    east, north = metres_per_degree(float(np.mean(lat)))
    unit = turn.source_crs.axis_info[0].unit_conversion_factor if turn.source_crs else 1.0
    step_lon, step_lat = plain.dx * unit / east, plain.dy * unit / north
    west, south = float(lon.min()), float(lat.min())
    wide, high = int((lon.max() - west) / step_lon) + 1, int((lat.max() - south) / step_lat) + 1
    if not (wide >= 2 and high >= 2 and wide * high <= 2 * MOST_CELLS):
        raise Invalid("epsg", plain.epsg, "与图上坐标相符的坐标系", label="坐标系")
    grid_lon, grid_lat = np.meshgrid(west + np.arange(wide) * step_lon, south + np.arange(high) * step_lat)
    x, y = turn.transform(grid_lon, grid_lat, direction="INVERSE")
    column = np.floor((x - plain.x) / plain.dx + 0.5).astype(np.int64)
    row = np.floor((plain.y - y) / plain.dy + 0.5).astype(np.int64)
    outside = (column < 0) | (column >= columns) | (row < 0) | (row >= rows)
    values = plain.values[row.clip(0, rows - 1), column.clip(0, columns - 1)]
    values[outside] = np.nan
    return Raster(west, south, step_lon, step_lat, values)
