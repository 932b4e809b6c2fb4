"""Word documents and spreadsheets."""

from __future__ import annotations

import io

import docx
import pytest

from anlan.kernel.documents import building, sheets, word
from anlan.kernel.errors import Invalid, NotFound
from anlan.kernel.models import Organisation
from tests.conftest import City
from tests.web.conftest import SignIn, signed_in

__all__ = ["signed_in"]


def texts(content: bytes) -> list[str]:
    document = docx.Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return [paragraph.text for paragraph in document.paragraphs] + cells


def test_a_row_is_printed_as_a_word_document_with_units_and_its_demo_mark(city: City, signed_in: SignIn) -> None:
    row = Organisation.everything.create(
        code="A", name="<甲> & 乙", kind="应急", area=city.east, lon=106.8, representative=True
    )
    answer = signed_in().get(f"/registers/organisations/{row.pk}/word")
    assert answer["Content-Type"] == word.WORD
    found = texts(answer.content)
    assert "机构登记表" in found
    assert "<甲> & 乙（演示数据）" in found
    assert found[found.index("经度") + 1] == "106.80000"


def test_the_templates_kept_are_those_the_builder_makes() -> None:
    for name, build in building.TEMPLATES.items():
        made = [cell.text for table in build().tables for row in table.rows for cell in row.cells]
        kept = [
            cell.text
            for table in docx.Document(str(word.OURS / name)).tables
            for row in table.rows
            for cell in row.cells
        ]
        assert made == kept


def test_a_missing_template_is_told_by_name() -> None:
    with pytest.raises(NotFound, match="没有名为“无此"):
        word.render("无此.docx", {})


def test_text_that_looks_like_a_formula_stays_text_in_excel() -> None:
    content = sheets.write_excel("表", ["名称"], [["=cmd|' /C calc'!A0"]])
    assert sheets.read_excel(content) == [{"名称": "=cmd|' /C calc'!A0"}]


def test_a_sheet_without_rows_is_refused() -> None:
    with pytest.raises(Invalid, match="第一行为列名"):
        sheets.read("x.csv", "编码,名称\r\n".encode())
