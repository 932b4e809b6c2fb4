"""A report as blocks written as Word and as PDF alike: tables and pictures numbered (表 1, 图 1)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Mm

from anlan.kernel.documents import building

FONTS: Any = {"font.sans-serif": ["Noto Sans CJK SC", "Noto Sans CJK JP", "DejaVu Sans"], "axes.unicode_minus": False}
#: A4 and its margins, mm; sizes of letters, pt.
WIDE, HIGH, LEFT, RIGHT, TOP, BOTTOM = 210.0, 297.0, 22.0, 20.0, 24.0, 20.0
TITLE_PT, HEADING_PT, TEXT_PT, TABLE_PT, CAPTION_PT = 17.0, 12.5, 10.0, 8.5, 9.0
MM_PER_PT, LEADING, PAD = 0.3528, 1.55, 1.2
#: Width of a Latin letter in ems; a Chinese one has 1.
LATIN = 0.56
SHADE = "F0F3F7"
#: Marks that may hang over the margin, as they never begin a line.
NEVER_FIRST = "，。、；：）”"


@dataclass(frozen=True)
class Heading:
    text: str


@dataclass(frozen=True)
class Text:
    text: str
    right: bool = False


@dataclass(frozen=True)
class Table:
    """widths: relative to each other; none = all alike."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float] = ()

    @property
    def shares(self) -> list[float]:
        widths = list(self.widths) or [1.0] * len(self.head)
        return [width / sum(widths) for width in widths]


@dataclass(frozen=True)
class Picture:
    """Drawn into the axes it is given; inches of its own file, and mm it takes on a page. polar: round axes."""

    caption: str
    draw: Callable[[Any], None]
    high_mm: float = 120.0
    wide_mm: float = WIDE - LEFT - RIGHT
    polar: bool = False


Block = Heading | Text | Table | Picture


# Word


def as_word(title: str, under: str, blocks: Sequence[Block]) -> bytes:
    document = building.blank()
    building.title(document, title)
    centred(document, under)
    numbers = {"表": 0, "图": 0}
    for block in blocks:
        match block:
            case Heading():
                building.font_of(document.add_heading("", 2).add_run(block.text), "黑体", 14)
            case Text():
                building.line(document, block.text, right=block.right)
            case Table():
                centred(document, numbered(numbers, "表", block.caption))
                word_table(document, block)
            case Picture():
                document.add_picture(BytesIO(as_png(block)), width=Mm(min(block.wide_mm, 158)))
                document.paragraphs[-1].alignment = WD_ALIGN_PARAGRAPH.CENTER
                centred(document, numbered(numbers, "图", block.caption))
    kept = BytesIO()
    document.save(kept)
    return kept.getvalue()


def numbered(numbers: dict[str, int], kind: str, caption: str) -> str:
    numbers[kind] += 1
    return f"{kind} {numbers[kind]}　{caption}"


def centred(document: Any, text: str) -> None:
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    building.font_of(paragraph.add_run(text), "黑体", 10.5)


def word_table(document: Any, block: Table) -> None:
    made = document.add_table(rows=0, cols=len(block.head), style="Table Grid")
    made.autofit = False
    for n, cells in enumerate((block.head, *block.rows)):
        row = made.add_row()
        for cell, text, share in zip(row.cells, cells, block.shares, strict=True):
            cell.width = Mm(158 * share)
            building.font_of(cell.paragraphs[0].add_run(text), building.TABLE_FONT, 9.5, bold=n == 0)
            if n == 0:
                shade = f'<w:shd {nsdecls("w")} w:val="clear" w:color="auto" w:fill="{SHADE}"/>'
                cell._tc.get_or_add_tcPr().append(parse_xml(shade))
        if n == 0:  # comes again at the head of every page
            row._tr.get_or_add_trPr().append(parse_xml(f"<w:tblHeader {nsdecls('w')}/>"))


def as_png(block: Picture) -> bytes:
    import matplotlib as mpl  # noqa: PLC0415 - only a report needs it
    import matplotlib.figure  # noqa: PLC0415

    with mpl.rc_context(FONTS):
        page = mpl.figure.Figure(figsize=(block.wide_mm / 25.4, block.high_mm / 25.4), dpi=150, layout="constrained")
        block.draw(page.add_subplot(projection="polar" if block.polar else None))
        kept = BytesIO()
        page.savefig(kept, format="png")
    return kept.getvalue()


# PDF


def ems(text: str) -> float:
    return sum(1.0 if unicodedata.east_asian_width(letter) in "WF" else LATIN for letter in text)


def wrapped(text: str, points: float, wide_mm: float) -> list[str]:
    """Lines that fit; Latin words and numbers stay whole where they can."""
    most = wide_mm / (points * MM_PER_PT)
    lines = [""]
    for part in re.findall(r"[A-Za-z0-9.,/%°^×·+\-−⁻]+|.", text):
        if ems(lines[-1] + part) <= most or part in NEVER_FIRST:
            lines[-1] += part
            continue
        for letter in part if ems(part) > most else (part,):
            if lines[-1] and ems(lines[-1] + letter) > most:
                lines.append("")
            lines[-1] += letter
    return lines


class Pages:
    """A4 pages filled from the top; `y` mm from the bottom is what is free."""

    def __init__(self, book: Any, foot: str) -> None:
        self.book, self.foot, self.number = book, foot, 0
        self.page, self.y = self.fresh()

    def fresh(self) -> tuple[Any, float]:
        import matplotlib.figure  # noqa: PLC0415 - only a report needs it

        self.number += 1
        return matplotlib.figure.Figure(figsize=(WIDE / 25.4, HIGH / 25.4)), HIGH - TOP

    def close(self) -> None:
        self.write(LEFT, BOTTOM - 8, self.foot, CAPTION_PT, "#666666")
        self.write(WIDE - RIGHT - 8, BOTTOM - 8, f"第 {self.number} 页", CAPTION_PT, "#666666")
        self.book.savefig(self.page)

    def need(self, mm: float) -> bool:
        """Turn the page when less is free; was it turned."""
        if self.y - mm >= BOTTOM:
            return False
        self.close()
        self.page, self.y = self.fresh()
        return True

    def write(self, x: float, y: float, text: str, points: float, colour: str = "#000000", bold: bool = False) -> None:
        self.page.text(
            x / WIDE, y / HIGH, text, fontsize=points, color=colour, va="baseline", fontweight="bold" if bold else None
        )

    def text(self, text: str, points: float, *, bold: bool = False, middle: bool = False, right: bool = False) -> None:
        wide, tall = WIDE - LEFT - RIGHT, points * MM_PER_PT * LEADING
        for line in wrapped(text, points, wide):
            self.need(tall)
            spare = wide - ems(line) * points * MM_PER_PT
            self.y -= tall
            aside = max(0.0, spare / 2 if middle else spare if right else 0.0)
            self.write(LEFT + aside, self.y + tall * 0.25, line, points, bold=bold)

    def table(self, block: Table, caption: str) -> None:
        self.need(30)
        self.text(caption, CAPTION_PT, middle=True, bold=True)
        self.y -= 1
        self.row(block.head, block.shares, head=True)
        for cells in block.rows:
            if self.need(self.height(cells, block.shares)):
                self.row(block.head, block.shares, head=True)
            self.row(cells, block.shares)
        self.y -= 3

    def cut(self, cells: Sequence[str], shares: Sequence[float]) -> list[list[str]]:
        wide = WIDE - LEFT - RIGHT
        return [
            wrapped(cell, TABLE_PT, wide * share - 2 * PAD) for cell, share in zip(cells, shares, strict=True)
        ]  # fmt: skip

    def height(self, cells: Sequence[str], shares: Sequence[float]) -> float:
        return max(len(lines) for lines in self.cut(cells, shares)) * TABLE_PT * MM_PER_PT * 1.35 + 2 * PAD

    def row(self, cells: Sequence[str], shares: Sequence[float], *, head: bool = False) -> None:
        from matplotlib.patches import Rectangle  # noqa: PLC0415 - only a report needs it

        tall, line = self.height(cells, shares), TABLE_PT * MM_PER_PT * 1.35
        x, wide = LEFT, WIDE - LEFT - RIGHT
        for lines, share in zip(self.cut(cells, shares), shares, strict=True):
            corner, size = (x / WIDE, (self.y - tall) / HIGH), (wide * share / WIDE, tall / HIGH)
            look: dict[str, Any] = {"facecolor": f"#{SHADE}" if head else "none", "edgecolor": "#98a2ad", "lw": 0.5}
            self.page.add_artist(Rectangle(corner, *size, transform=self.page.transFigure, **look))
            for n, text in enumerate(lines):
                self.write(x + PAD, self.y - PAD - line * (n + 0.78), text, TABLE_PT, bold=head)
            x += wide * share
        self.y -= tall

    def picture(self, block: Picture, caption: str) -> None:
        tall = block.high_mm + 8
        self.need(tall)
        x = (WIDE - block.wide_mm) / 2
        part = self.page.add_axes(
            ((x + 16) / WIDE, (self.y - block.high_mm + 12) / HIGH, (block.wide_mm - 22) / WIDE, (block.high_mm - 20) / HIGH),
            projection="polar" if block.polar else None,
        )  # fmt: skip
        block.draw(part)
        self.y -= block.high_mm
        self.text(caption, CAPTION_PT, middle=True, bold=True)
        self.y -= 3


def as_pdf(title: str, under: str, blocks: Sequence[Block]) -> bytes:
    import matplotlib as mpl  # noqa: PLC0415 - only a report needs it
    from matplotlib.backends.backend_pdf import PdfPages  # noqa: PLC0415

    kept, numbers = BytesIO(), {"表": 0, "图": 0}
    with mpl.rc_context({**FONTS, "font.size": 9, "pdf.fonttype": 42}), PdfPages(kept) as book:
        pages = Pages(book, f"{title}{under}")
        pages.text(title, TITLE_PT, bold=True, middle=True)
        pages.text(under, CAPTION_PT, middle=True)
        pages.y -= 4
        for block in blocks:
            match block:
                case Heading():
                    pages.need(24)
                    pages.y -= 3
                    pages.text(block.text, HEADING_PT, bold=True)
                    pages.y -= 1
                case Text():
                    pages.text(block.text, TEXT_PT, right=block.right)
                case Table():
                    pages.table(block, numbered(numbers, "表", block.caption))
                case Picture():
                    pages.picture(block, numbered(numbers, "图", block.caption))
        pages.close()
    return kept.getvalue()
