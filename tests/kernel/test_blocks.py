"""A report as blocks: lines that fit, tables that go on with their head on the next page, numbers of tables and pictures."""

from __future__ import annotations

from io import BytesIO

import docx
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.kernel.documents.blocks import (
    MM_PER_PT,
    NEVER_FIRST,
    Heading,
    Picture,
    Table,
    Text,
    as_pdf,
    as_word,
    ems,
    wrapped,
)

ROWS = [[f"场景 {i}", "1.0e-04"] for i in range(90)]
BLOCKS = [
    Heading("一、总则"), Text("说明。" * 80), Table("频率", ["场景", "次/年"], ROWS, (3, 1)),
    Picture("曲线", lambda axes: axes.plot([1, 2], [3, 1]), 60), Table("汇总", ["项", "值"], [["甲", "1"]]),
]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.text("风险评估abc 0123456789.,%，。（）e-", max_size=120), st.floats(12, 160))
def test_lines_fit_and_no_letter_is_lost(text: str, wide_mm: float) -> None:
    lines = wrapped(text, 10.0, wide_mm)
    assert "".join(lines) == text
    hanging = len(NEVER_FIRST) * 4
    assert all(ems(line.rstrip(NEVER_FIRST)) * 10 * MM_PER_PT <= wide_mm + hanging for line in lines)


def test_tables_and_pictures_are_numbered_in_word() -> None:
    document = docx.Document(BytesIO(as_word("报告", "（框架）", BLOCKS)))
    said = [paragraph.text for paragraph in document.paragraphs]
    assert [text for text in said if text.startswith(("表", "图"))] == ["表 1　频率", "图 1　曲线", "表 2　汇总"]
    assert len(document.tables[0].rows) == 91
    assert "w:tblHeader" in document.tables[0].rows[0]._tr.xml


def test_a_long_table_goes_on_over_pages() -> None:
    made = as_pdf("报告", "（框架）", BLOCKS)
    assert made[:5] == b"%PDF-"
    assert made.count(b"/Type /Page\n") + made.count(b"/Type /Page ") == 4
