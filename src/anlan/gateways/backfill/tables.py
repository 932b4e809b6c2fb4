"""Tables of readings (CSV, CSV.gz, Parquet): long (one value a row) or wide (one column a datastream). Pure.

Long: time, value and either the datastream's code, or station address and element code. Wide: time, and every other column
is a datastream's code (with an address column: an element code). Column names are found in Chinese or English.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

#: Role -> names of its column, lower case.
NAMES: Mapping[str, tuple[str, ...]] = {
    "at": ("at", "time", "timestamp", "datetime", "tm", "phenomenontime", "时间", "观测时间", "采集时间", "日期"),
    "stream": ("datastream", "stream", "series", "tag", "数据流", "数据流编码", "点位"),
    "address": ("address", "station", "stcd", "mn", "地址", "测站", "站码", "测站地址"),
    "code": ("code", "element", "indicator", "要素", "要素码", "因子", "指标"),
    "value": ("value", "val", "result", "值", "数值", "观测值"),
    "flag": ("flag", "quality", "质量", "标识"),
}
SHAPES = ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y%m%d%H%M%S", "%Y%m%d%H%M")
NO_DATA = {"", "-", "--", "null", "none", "nan", "na", "n/a", "缺测"}
#: Seconds since 1970 have ten digits until 2286, milliseconds thirteen.
SECONDS, MILLISECONDS = 10, 13
BATCH = 8192


class FileError(Exception):
    """The file as a whole cannot be read; the message says what was expected."""


@dataclass(frozen=True)
class Value:
    """One reading of a file. key: ("", datastream code) or (station address, element code)."""

    where: str
    key: tuple[str, str]
    at: datetime
    value: float | None
    flag: str = "N"


@dataclass(frozen=True)
class Bad:
    """One row that could not be read."""

    where: str
    text: str
    reason: str


Item = Value | Bad


@dataclass(frozen=True)
class Columns:
    """Which column plays which role; `wide` are the columns that are datastreams themselves."""

    roles: Mapping[str, str]
    wide: tuple[str, ...] = ()


def columns_of(header: Sequence[str]) -> Columns:
    """What the header says. FileError names the roles that are missing."""
    given = {str(name).strip().lstrip("\ufeff"): str(name) for name in header if str(name).strip()}
    low = {name.lower(): raw for name, raw in given.items()}
    roles = {role: low[name] for role, names in NAMES.items() for name in reversed(names) if name in low}
    if "at" not in roles:
        raise FileError(f"没有时间列；认得的列名：{'、'.join(NAMES['at'])}；文件的列：{'、'.join(given)[:200]}")
    if "value" in roles:
        if "stream" not in roles and not {"address", "code"} <= set(roles):
            raise FileError("有值列时还须有“数据流”列，或“地址”和“要素码”两列")
        return Columns(roles)
    wide = tuple(raw for raw in given.values() if raw not in roles.values())
    if not wide:
        raise FileError("没有值列，也没有以数据流编码为名的列")
    return Columns(roles, wide)


def moment(text: Any, zone: tzinfo) -> datetime:
    """A time as people write it; without an offset it is of `zone`. ValueError for anything else."""
    if isinstance(text, datetime):
        return text if text.tzinfo else text.replace(tzinfo=zone)
    said = str(text).strip()
    whole = said.partition(".")[0]
    if whole.isascii() and whole.isdigit() and len(whole) in (SECONDS, MILLISECONDS):
        return datetime.fromtimestamp(float(said) / (1000 if len(whole) == MILLISECONDS else 1), UTC)
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        found = by_shape(said)
    return found if found.tzinfo else found.replace(tzinfo=zone)


def by_shape(said: str) -> datetime:
    for shape in SHAPES:
        try:
            return datetime.strptime(said, shape)  # noqa: DTZ007 - the caller gives it its zone
        except ValueError:
            continue
    raise ValueError(f"时间“{said[:40]}”读不懂，应如 2026-03-02 08:00:00 或毫秒时间戳")


def number(text: Any) -> float | None:
    """A value, None where there is none. ValueError for other texts."""
    if text is None or (isinstance(text, str) and text.strip().lower() in NO_DATA):
        return None
    try:
        found = float(text)
    except (TypeError, ValueError) as error:
        raise ValueError(f"值“{str(text)[:40]}”不是数") from error
    return found if math.isfinite(found) else None


def values_of(row: Mapping[str, Any], columns: Columns, zone: tzinfo, where: str) -> Iterator[Item]:
    """The readings of one row."""
    roles = columns.roles

    def text(role: str) -> str:
        found = row.get(roles[role]) if role in roles else None
        return "" if found is None else str(found).strip()

    try:
        at = moment(row.get(roles["at"]), zone)
        flag = text("flag") or "N"
        if columns.wide:
            for name in columns.wide:
                if row.get(name) not in (None, ""):
                    yield Value(where, (text("address"), name.strip()), at, number(row[name]), flag)
            return
        key = ("", text("stream")) if "stream" in roles else (text("address"), text("code"))
        yield Value(where, key, at, number(row.get(roles["value"])), flag)
    except (ValueError, OverflowError) as error:
        yield Bad(where, "，".join(str(one) for one in row.values())[:400], str(error))


def read_csv(file: Path, zone: tzinfo, encoding: str, told: Callable[[float], None]) -> Iterator[Item]:
    """told: called with the part of the file that has been read, 0 to 1."""
    size = max(1, file.stat().st_size)
    with file.open("rb") as raw:
        plain = gzip.GzipFile(fileobj=raw) if file.suffix == ".gz" else raw
        reader = csv.DictReader(io.TextIOWrapper(plain, encoding or "utf-8-sig", newline=""))
        try:
            columns = columns_of(reader.fieldnames or [])
            for number_, row in enumerate(reader, 2):
                if number_ % BATCH == 0:
                    told(raw.tell() / size)
                yield from values_of(row, columns, zone, f"第 {number_} 行")
        except UnicodeDecodeError as error:
            raise FileError(f"不是 {encoding or 'UTF-8'} 编码的文字：{error.reason}；可指定 GBK") from error
        except (csv.Error, EOFError, gzip.BadGzipFile) as error:
            raise FileError(f"不是完整的 CSV：{error}") from error


def read_parquet(file: Path, zone: tzinfo, told: Callable[[float], None]) -> Iterator[Item]:
    try:
        from pyarrow import ArrowException, parquet  # noqa: PLC0415 - an optional extra, and slow to import
    except ImportError as error:
        raise FileError("读 Parquet 需要 pyarrow：pip install 'anlan[parquet]'") from error
    try:
        table = parquet.ParquetFile(file)
        columns = columns_of(table.schema_arrow.names)
        total, done = max(1, table.metadata.num_rows), 0
        for batch in table.iter_batches(BATCH):
            for index, row in enumerate(batch.to_pylist(), done + 1):
                yield from values_of(row, columns, zone, f"第 {index} 行")
            done += len(batch)
            told(done / total)
    except ArrowException as error:
        raise FileError(f"不是 Parquet：{error}") from error
