"""Rows in and out of Excel and CSV files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from zipfile import BadZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font, PatternFill
from openpyxl.utils.exceptions import InvalidFileException

from anlan.kernel.errors import Invalid

AT_MOST = 200_000
#: Excel refuses longer cells.
LONGEST_CELL = 32_767
TextRow = dict[str, str]


def read(name: str, content: bytes) -> list[TextRow]:
    """The rows of an uploaded file, by its header; raises `Invalid` when it is no Excel or CSV file."""
    rows = read_excel(content) if name.lower().endswith((".xlsx", ".xlsm")) else read_csv(content)
    if not rows:
        raise Invalid("file", name, "第一行为列名、其后至少一行数据的 Excel（.xlsx）或 CSV 文件", label="文件")
    if len(rows) > AT_MOST:
        raise Invalid("file", len(rows), f"至多 {AT_MOST} 行", label="行数")
    return rows


def read_excel(content: bytes) -> list[TextRow]:
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        raise Invalid("file", "", "未损坏的 Excel 2007 以上文件（.xlsx）", label="文件") from error
    sheet = book.worksheets[0]
    return with_header([cell_text(value) for value in row] for row in sheet.iter_rows(values_only=True))


def cell_text(value: Any) -> str:
    """An Excel cell as its text: `12` for 12.0, ISO 8601 for dates."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        midnight = (value.hour, value.minute, value.second) == (0, 0, 0)
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="seconds")
    return value.isoformat() if isinstance(value, date) else str(value).strip()


def read_csv(content: bytes) -> list[TextRow]:
    text = decode(content)
    csv.field_size_limit(50_000_000)
    separator = max(",\t;", key=text.partition("\n")[0].count)
    try:
        return with_header(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise Invalid("file", str(error), "引号成对的 CSV 文本", label="文件") from error


def decode(content: bytes) -> str:
    """UTF-8 with or without mark, else GB 18030 as Chinese Excel saves it."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("gb18030")
    except UnicodeDecodeError as error:
        raise Invalid("file", "", "UTF-8 或 GB 18030 编码的文本", label="文件") from error


def with_header(lines: Iterable[Sequence[str]]) -> list[TextRow]:
    """Lines by the names in the first one; empty lines are kept as empty rows so that row numbers stay true."""
    every = iter(lines)
    header = [name.strip() for name in next(every, [])]
    rows = [dict(zip(header, (*line, *[""] * (len(header) - len(line))), strict=False)) for line in every]
    for row in rows:
        row.pop("", None)
    while rows and not any(rows[-1].values()):
        rows.pop()
    return rows


def write_excel(title: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """An Excel file with one sheet; text stays text, so that nothing in it is taken for a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    for index, name in enumerate(header):
        letter = chr(65 + index) if index < 26 else f"A{chr(65 + index - 26)}"
        sheet.column_dimensions[letter].width = max(12, min(40, len(name) * 2.4))
    sheet.append([head_cell(sheet, name) for name in header])
    for row in rows:
        sheet.append([text_cell(sheet, value) if isinstance(value, str) else value for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def head_cell(sheet: Any, name: str) -> Any:
    cell = WriteOnlyCell(sheet, name)
    cell.font = Font(bold=True)
    cell.fill = PatternFill("solid", fgColor="DCE6F4")
    return cell


def text_cell(sheet: Any, value: str) -> Any:
    if not value.startswith("="):
        return value[:LONGEST_CELL]
    cell = WriteOnlyCell(sheet, value)
    cell.data_type = "s"
    return cell


def write_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """CSV in UTF-8 with the mark by which Excel knows it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")
