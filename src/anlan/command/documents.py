"""Word documents of this room, out of the templates in `data/documents` (a city may edit them in Word)."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from docxtpl import DocxTemplate

from anlan.command import numbering, reporting, review
from anlan.command.common import hm
from anlan.command.duty.bulletins import LABELS
from anlan.command.models import Bulletin, Incident, Report, Review, TimelineEntry
from anlan.kernel import clock
from anlan.kernel.accounts.scope import HELD

TEMPLATES = Path(__file__).parent / "data" / "documents"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def fill(template: str, words: Mapping[str, Any]) -> bytes:
    """A Word document: the template with its words filled in, special characters escaped."""
    document = DocxTemplate(TEMPLATES / template)
    document.render(dict(words), autoescape=True)
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def report_docx(report: Report) -> bytes:
    """信息报告 in its usual form: issuer, number, signer, title, receiver, time of data, contents, changes."""
    fields, before = report.fields, reporting.previous(report)
    date = report.signed_at or report.drafted_at
    return fill(
        "report.docx",
        {
            "issuer": issuer(),
            "name": report.name,
            "number": report.number,
            "signer": report.signed_by or "（未签发）",
            "superior": report.superior,
            "copies": "、".join(report.copies),
            "f": {name: reporting.shown(name, fields.get(name)) for name in reporting.LABELS},
            "casualties": casualties(fields),
            "course": lines(fields.get("course")),
            "measures": lines(fields.get("measures")),
            "next_steps": lines(fields.get("next_steps")),
            "changes": reporting.difference(before.fields, fields) if before else [],
            "date": f"{date.astimezone(clock.BEIJING):%Y年%-m月%-d日}",
            "drafter": report.drafted_by,
            "sender": report.sent_by or "—",
            "receipt": f"回执号 {report.receipt_number}（{report.receipt_note}）"
            if report.receipt_number
            else "未报送",
        },
    )


def issuer() -> str:
    return numbering.city_key("issuer", f"{numbering.city_key('name', '')}应急管理局")


def lines(text: Any) -> list[str]:
    return [line for line in str(text or "").splitlines() if line.strip()] or ["—"]


def casualties(fields: Mapping[str, Any]) -> str:
    """One sentence with every count; what is not known is said to be 不详."""
    names = (*reporting.COUNTS, "loss")
    return "，".join(f"{reporting.LABELS[name]}{reporting.shown(name, fields.get(name))}" for name in names) + "。"


def review_docx(incident: Incident) -> bytes:
    """复盘报告: course, times against targets, lessons."""
    done = Review.objects.unscoped(HELD).filter(incident=incident).first()
    rows = done.measured if done else [row.as_data() for row in review.measures(incident)]
    timeline = TimelineEntry.objects.unscoped(HELD).filter(incident=incident)
    return fill(
        "review.docx",
        {
            "title": f"{incident.title}处置复盘报告",
            "number": incident.number,
            "event": incident.event_name,
            "grade": incident.working_grade or "未定级",
            "received": hm(incident.received_at),
            "closed": hm(incident.closed_at) if incident.closed_at else "未结案",
            "place": f"{incident.area.name}{incident.place}",
            "description": incident.description or "—",
            "conclusion": incident.conclusion or "—",
            "measures": [measured(row) for row in rows],
            "timeline": [
                {"at": hm(line.at), "kind": line.get_kind_display(), "text": line.text, "by": line.by}
                for line in timeline
            ],
            "lessons": lines(done.lessons if done else ""),
            "reviewer": done.completed_by if done else "—",
            "date": hm(done.completed_at) if done else "",
        },
    )


def bulletin_docx(row: Bulletin) -> bytes:
    """值班快报、值班信息、专报 in their forms: head, number, signer, title, the fields in order, who did what when."""
    people = {one["state"]: one["by"] for one in row.steps}
    return fill(
        f"{row.kind}.docx",
        {
            "issuer": issuer(),
            "name": row.get_kind_display(),
            "number": row.number,
            "signer": people.get("signed", "（未签发）"),
            "title": row.title,
            "as_of": hm(row.as_of),
            "sections": [
                {"label": label, "lines": lines(row.fields.get(name))}
                for name, label in LABELS[row.kind].items()
                if name not in {"superior", "copies"}
            ],
            "superior": row.fields.get("superior") or "—",
            "copies": row.fields.get("copies") or "—",
            "drafter": people.get("drafted", "—"),
            "checker": people.get("checked", "—"),
            "sender": people.get("sent", "—"),
            "date": f"{row.as_of.astimezone(clock.BEIJING):%Y年%-m月%-d日%H时%M分}",
        },
    )


def measured(row: Mapping[str, Any]) -> dict[str, str]:
    """A row of the table of times as text."""
    met = {True: "达标", False: "未达标", None: "—"}[row["met"]]
    minutes, target = row["minutes"], row["target"]
    return {
        "name": row["name"],
        "minutes": "未发生" if minutes is None else f"{minutes:g}",
        "target": "—" if target is None else f"{target:g}",
        "met": met,
        "basis": row["basis"] or "—",
    }
