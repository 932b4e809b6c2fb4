"""Books and labels on paper, in the shape storekeepers use: a title, who and when, a ruled table, a line for signatures."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5
from zipfile import BadZipFile

import qrcode
import qrcode.image.svg
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from anlan.kernel import clock
from anlan.kernel.documents.sheets import cell_text
from anlan.kernel.errors import Invalid
from anlan.resources.models import Stock, Store
from anlan.resources.queries import Card, Due

#: The header of a storekeeper's table stands below a title; it is looked for in this many rows.
HEADER_WITHIN = 12
MOST_ROWS = 5_000
#: Ruled empty rows of a form to fill in.
BLANK_ROWS = 30
THIN = Side(style="thin", color="808080")
BOX = Border(THIN, THIN, THIN, THIN)
HEAD = PatternFill("solid", fgColor="DCE6F4")
CARD = (
    "批次编码", "货位", "物资代码", "物资名称", "规格", "批号", "失效日期", "单位", "期初结存", "本期收入", "本期发出", "期末结存",
)  # fmt: skip
COUNT = (
    "批次编码", "货位", "物资代码", "物资名称", "规格", "批号", "失效日期", "单位", "账面数量", "实盘数量", "差异原因",
)  # fmt: skip
RECEIPT = (
    "物资代码", "物资名称", "规格", "批号", "生产日期", "失效日期", "单位", "数量", "货位", "储备方式", "来源", "单据号",
)  # fmt: skip
ROTATION = ("库点", "货位", "批次编码", "物资代码", "物资名称", "批号", "失效日期", "剩余天数", "提示", "数量", "单位")
SIGNED = "制表人：　　　　　　　保管员：　　　　　　　负责人：　　　　　　　日期："


def sheet_of(title: str, line: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A ruled A4 sheet, landscape, its header repeated on every page."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title[:31]
    sheet.append([title])
    sheet.append([line])
    sheet.append(list(header))
    for row in rows:
        sheet.append([plain(value) for value in row])
    last = sheet.max_row
    for row in sheet.iter_rows(min_row=3, max_row=last, max_col=len(header)):
        for cell in row:
            cell.border = BOX
            if isinstance(cell.value, str):
                cell.data_type = "s"  # never a formula
    for cell in sheet[3]:
        cell.font, cell.fill = Font(bold=True), HEAD
        cell.alignment = Alignment(horizontal="center", wrap_text=True)
    sheet.append([])
    sheet.append([SIGNED])
    for number in (1, 2, last + 2):
        sheet.merge_cells(start_row=number, start_column=1, end_row=number, end_column=len(header))
    sheet["A1"].font, sheet["A1"].alignment = Font(bold=True, size=16), Alignment(horizontal="center")
    layout(sheet, header)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def layout(sheet: Any, header: Sequence[str]) -> None:
    widths = {"批次编码": 26, "物资名称": 20, "规格": 16, "差异原因": 24, "库点": 20, "来源": 18}
    for number, name in enumerate(header, 1):
        sheet.column_dimensions[get_column_letter(number)].width = widths.get(name, 12)
    sheet.freeze_panes = "A4"
    sheet.print_title_rows = "3:3"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def plain(value: Any) -> Any:
    """Quantities as numbers, days as text as people write them."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else value


def goods_of(lot: Stock) -> tuple[Any, ...]:
    material = lot.material
    return (
        lot.code, lot.shelf, material.code, material.name, material.spec, lot.lot_no, lot.expires_on, material.unit,
    )  # fmt: skip


def when(at: datetime) -> str:
    return f"{at.astimezone(clock.BEIJING):%Y-%m-%d %H:%M}"


def card_book(store: Store, cards: Iterable[Card], start: date, end: date) -> bytes:
    """收发存台账 of a store in a span of days."""
    line = f"库点：{store.name}　期间：{start} 至 {end}　制表：{when(clock.now())}（北京时间）"
    rows = [(*goods_of(card.lot), card.opening, card.received, card.issued, card.closing) for card in cards]
    return sheet_of("物资收发存台账", line, CARD, rows)


def count_form(store: Store, lots: Iterable[Stock]) -> bytes:
    """盘点表: the books beside empty cells for what is counted. Filled in, it is uploaded again."""
    line = f"库点：{store.name}　账面时间：{when(clock.now())}（北京时间）　实盘数量空白的行不入账"
    return sheet_of("物资盘点表", line, COUNT, [(*goods_of(lot), lot.quantity, None, None) for lot in lots])


def receipt_form(store: Store) -> bytes:
    """入库单 to fill in."""
    line = f"库点：{store.name}　每行一个批次；物资代码见物资目录；储备方式：实物储备、企业代储、协议储备、产能储备"
    return sheet_of("物资入库单", line, RECEIPT, [[None] * len(RECEIPT)] * BLANK_ROWS)


def rotation_book(due: Iterable[Due]) -> bytes:
    """轮换清单."""
    rows = [
        (
            one.lot.store.name, one.lot.shelf, one.lot.code, one.lot.item_code, one.lot.item, one.lot.lot_no,
            one.lot.expires_on, one.days, one.band_name, one.lot.quantity, one.lot.unit,
        )
        for one in due
    ]  # fmt: skip
    return sheet_of("物资轮换清单", f"制表：{when(clock.now())}（北京时间）", ROTATION, rows)


def read_table(content: bytes, needed: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """(row number, cells by column name) below the first row that has all `needed` columns; empty rows are left out."""
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        rows = [[cell_text(value) for value in row] for row in book.worksheets[0].iter_rows(values_only=True)]
    except (BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        raise Invalid("file", "", "未损坏的 Excel 2007 以上文件（.xlsx）", label="文件") from error
    for number, header in enumerate(rows[:HEADER_WITHIN], 1):
        names = [name.strip() for name in header]
        if set(needed) <= set(names):
            below = list(enumerate(rows[number:], number + 1))
            return [(n, dict(zip(names, row, strict=False))) for n, row in body(below, names, needed)]
    raise Invalid("file", "", f"前 {HEADER_WITHIN} 行内有列名：{'、'.join(needed)}", label="文件")


def body(
    rows: Sequence[tuple[int, list[str]]], names: Sequence[str], needed: Sequence[str]
) -> list[tuple[int, list[str]]]:
    """Rows of goods: not the empty ones, nor the line for signatures at the end."""
    places = [names.index(name) for name in needed]
    found = [(n, row) for n, row in rows if sum(bool(row[place]) for place in places if place < len(row)) > 1]
    if len(found) > MOST_ROWS:
        raise Invalid("file", len(found), f"至多 {MOST_ROWS} 行", label="行数")
    return found


def key_of(content: bytes, row: int) -> UUID:
    """The same row of the same file is the same request: uploading it twice books it once."""
    return uuid5(NAMESPACE_URL, f"anlan:receipt:{sha256(content).hexdigest()}:{row}")


def qr_svg(text: str) -> str:
    """A QR code as an SVG path, level M (ISO/IEC 18004), for a label that survives a scratch."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=2)
    code.add_data(text)
    code.make(fit=True)
    return str(code.make_image(image_factory=qrcode.image.svg.SvgPathImage).to_string(encoding="unicode"))
