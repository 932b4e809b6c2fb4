"""从 Word 预案起草: reads a plan written in Word and proposes the file of docs/plan-format.md, for a person to finish.

Chinese plans are written to one pattern (国办函〔2013〕101号's order of chapters): a table or list of organisations and duties,
response levels "Ⅰ级…Ⅳ级" with their conditions, measures under each. What is recognised is put where it belongs and said so;
what is not is left out and said so. Conditions stay words: turning them into an expression is a decision, not a guess.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from typing import Any

import tomli_w
from docx import Document
from docx.opc.exceptions import PackageNotFoundError

from anlan.kernel.errors import Invalid

LEVEL_WORDS = {"Ⅰ": "一级", "I": "一级", "一": "一级", "Ⅱ": "二级", "II": "二级", "二": "二级", "Ⅲ": "三级", "III": "三级",
               "三": "三级", "Ⅳ": "四级", "IV": "四级", "四": "四级"}  # fmt: skip
LEVEL = re.compile(r"(?:启动)?(Ⅰ|Ⅱ|Ⅲ|Ⅳ|III|II|IV|I|一|二|三|四)级(?:应急)?响应")
GROUP = re.compile(
    r"^[（(]?[0-9一二三四五六七八九十.、）)]*\s*([\u4e00-\u9fff]{2,10}(?:组|指挥部|办公室|队))[：:]\s*(.+)$"
)
MEASURE = re.compile(r"^[（(]?[0-9一二三四五六七八九十]+[）).、]\s*(.{6,})$")
#: Of the file as sent, and of its parts once unpacked (a zip can hold a thousand times its size).
MOST_BYTES, MOST_UNPACKED = 20 * 1024 * 1024, 100 * 1024 * 1024


@dataclass
class Draft:
    """The text to finish, and what was recognised or not: (part of the file, what the Word text said)."""

    title: str = ""
    roles: list[tuple[str, str]] = field(default_factory=list)
    levels: dict[str, list[str]] = field(default_factory=dict)
    conditions: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def no_larger(size: int, most: int, label: str) -> None:
    if size > most:
        raise Invalid("file", f"{size / 1048576:.0f} MB", f"不超过 {most // 1048576} MB", label=label)


def read(data: bytes) -> Draft:
    """Raises `Invalid` for what is no Word file."""
    no_larger(len(data), MOST_BYTES, "Word 文件")
    try:
        with zipfile.ZipFile(BytesIO(data)) as parts:
            no_larger(sum(part.file_size for part in parts.infolist()), MOST_UNPACKED, "Word 文件解压后")
        document = Document(BytesIO(data))
    except (PackageNotFoundError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise Invalid("file", data[:8].hex(), "Word 文件（.docx）", label="Word 文件") from error
    draft, level = Draft(), ""
    lines = [paragraph.text.strip() for paragraph in document.paragraphs if paragraph.text.strip()]
    draft.title = next((line for line in lines if line.endswith("预案")), lines[0] if lines else "")[:80]
    for line in lines:
        level = take(draft, line, level)
    for table in document.tables:
        take_table(draft, [[cell.text.strip() for cell in row.cells] for row in table.rows])
    tell(draft)
    return draft


def take(draft: Draft, line: str, level: str) -> str:
    """Put one line where it belongs; returns the level that the lines after it speak of."""
    group = GROUP.match(line)
    if group:
        draft.roles.append((group[1], group[2]))
        return level
    found = LEVEL.search(line)
    if found:
        level = LEVEL_WORDS[found[1]]
        draft.levels.setdefault(level, [])
        if any(word in line for word in ("条件", "达到", "以上", "发生")):
            draft.conditions.setdefault(level, line[:300])
        return level
    measure = MEASURE.match(line)
    if measure and level:
        draft.levels[level].append(measure[1][:200])
    return level


def take_table(draft: Draft, rows: list[list[str]]) -> None:
    """A table whose head names organisations and duties."""
    if not rows or len(rows[0]) < 2:
        return
    head = rows[0]
    who = next((i for i, cell in enumerate(head) if any(w in cell for w in ("单位", "机构", "部门", "组"))), None)
    what = next((i for i, cell in enumerate(head) if "职责" in cell or "任务" in cell), None)
    if who is None or what is None:
        draft.notes.append(f"未采用的表格：{' | '.join(head)[:80]}")
        return
    draft.roles += [(row[who][:80], row[what][:400]) for row in rows[1:] if row[who]]


def tell(draft: Draft) -> None:
    draft.notes.append(f"识别到组织 {len(draft.roles)} 个、响应级别 {len(draft.levels)} 个")
    for level in ("一级", "二级", "三级", "四级"):
        if level not in draft.levels:
            draft.notes.append(f"未识别到{level}响应")
        elif level in draft.conditions:
            draft.notes.append(f"{level}响应启动条件原文：{draft.conditions[level]}（请改写为表达式）")
        else:
            draft.notes.append(f"未识别到{level}响应的启动条件")
    if not draft.roles:
        draft.notes.append("未识别到组织与职责")


def as_toml(draft: Draft, area: str, today: date) -> str:
    """A file that loads once its conditions, posts and deadlines are filled in; every one of those is a plain placeholder
    value that the loader or the check-up names."""
    roles = [{"key": f"role_{i}", "title": name[:80], "organisation": name[:80], "posts": ["P-TO-FILL"], "duty": duty}
             for i, (name, duty) in enumerate(draft.roles, 1)] or [
        {"key": "role_1", "title": "指挥部", "organisation": "待填", "posts": ["P-TO-FILL"]}]  # fmt: skip
    levels, tasks = [], []
    for level, measures in sorted(draft.levels.items(), key=lambda pair: "一二三四".index(pair[0][0])):
        levels.append({
            "level": level, "when": f"alarm_priority == {'一二三四'.index(level[0]) + 1}", "lead": "role_1",
            "expected_hours": 24, "measures": measures[:8] or ["待填"], "basis": draft.conditions.get(level, ""),
        })  # fmt: skip
        for number, text in enumerate(measures, 1):
            tasks.append({
                "key": f"t{'一二三四'.index(level[0]) + 1}_{number}", "title": text[:20], "owner": "role:role_1",
                "levels": [level], "phase": "应急响应", "deadline_min": 60, "text": text,
            })  # fmt: skip
    said: dict[str, Any] = {
        "plan": {"code": "DRAFT", "title": draft.title or "待填", "kind": "专项", "version": f"{today:%Y}.1", "area": area,
                 "event_codes": ["12D*"], "issued_by": "待填", "issued_on": today, "note": "由 Word 起草，待核对"},
        "role": roles, "level": levels, "task": tasks,
        "report": {"superior": "待填", "next_steps": ["待填"]},
        "termination": {"conditions": ["待填"]},
    }  # fmt: skip
    return tomli_w.dumps(said)
