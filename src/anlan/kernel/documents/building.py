"""Makes the templates that come with the platform, in the manner of Chinese official documents.

`python -m anlan.kernel.documents.building` writes them anew below `templates/`; they are kept in the repository so that
an editor can open them in Word.
"""

from __future__ import annotations

from typing import Any

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from anlan.kernel.documents.word import OURS

#: GB/T 9704-2012: title 小标宋 22 pt, body 仿宋 16 pt; the second font is what machines without them have.
TITLE_FONT, BODY_FONT, TABLE_FONT = "方正小标宋简体", "仿宋", "宋体"


def blank() -> Any:
    """An empty A4 page with the margins of official documents."""
    document = docx.Document()
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.top_margin, page.bottom_margin = Cm(3.0), Cm(2.5)
    page.left_margin, page.right_margin = Cm(2.6), Cm(2.4)
    font_of(document.styles["Normal"], BODY_FONT, 12)
    return document


def font_of(styled: Any, name: str, size_pt: float, *, bold: bool = False) -> None:
    styled.font.name, styled.font.size, styled.font.bold = name, Pt(size_pt), bold
    styled.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), name)


def title(document: Any, text: str) -> None:
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    font_of(paragraph.add_run(text), TITLE_FONT, 20)


def line(document: Any, text: str, *, right: bool = False) -> None:
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT if right else WD_ALIGN_PARAGRAPH.LEFT
    font_of(paragraph.add_run(text), BODY_FONT, 12)


def row_sheet() -> Any:
    """登记表: one row of any registry, as a table of label, value and unit by section."""
    document = blank()
    title(document, "{{ title }}登记表")
    line(document, "{{ name }}{% if demo %}（演示数据）{% endif %}")
    table = document.add_table(rows=0, cols=3, style="Table Grid")
    for cells in (
        ("{%tr for section in sections %}", "", ""),
        ("【{{ section.title }}】", "", ""),
        ("{%tr for item in section.cells %}", "", ""),
        ("{{ item.label }}", "{{ item.value }}", "{{ item.unit }}"),
        ("{%tr endfor %}", "", ""),
        ("{%tr endfor %}", "", ""),
    ):
        for cell, text in zip(table.add_row().cells, cells, strict=True):
            font_of(cell.paragraphs[0].add_run(text), TABLE_FONT, 10.5)
    line(document, "打印：{{ by }}　{{ at }}", right=True)
    return document


TEMPLATES = {"row.docx": row_sheet}


def main() -> None:
    OURS.mkdir(exist_ok=True)
    for name, build in TEMPLATES.items():
        build().save(OURS / name)


if __name__ == "__main__":
    main()
