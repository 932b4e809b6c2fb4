"""Word documents of this room, out of the templates in `data/documents` (a city may edit them in Word)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from docx import Document
from docx.shared import Mm
from docxtpl import DocxTemplate
from matplotlib.figure import Figure

from anlan.command import numbering, reporting, review
from anlan.command.assessment.brief import Brief
from anlan.command.assessment.brief import sentence as brief_words
from anlan.command.common import hm
from anlan.command.duty import losses
from anlan.command.duty.bulletins import LABELS
from anlan.command.models import Bulletin, Incident, Lesson, LossReturn, Report, Review, StressRun, TimelineEntry
from anlan.command.rules import evaluation
from anlan.command.rules.losses import dictionary, shown
from anlan.kernel import clock
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.documents.blocks import Block, Table, Text, as_word
from anlan.kernel.geo import parse
from anlan.kernel.models import Area, Level

TEMPLATES = Path(__file__).parent / "data" / "documents"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def fill(template: str, words: Mapping[str, Any], pictures: Mapping[str, bytes] | None = None) -> bytes:
    """A Word document: the template with its words filled in, special characters escaped; pictures at its end, by caption."""
    document = DocxTemplate(TEMPLATES / template)
    document.render(dict(words), autoescape=True)
    for caption, png in (pictures or {}).items():
        document.add_picture(BytesIO(png), width=Mm(150))
        document.add_paragraph(caption)
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
            "evaluation": evaluated(rows, done.scores if done else {}),
            "corrections": corrections(incident),
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
        {"附图 态势图（模型推算部分已注明）": bytes(row.picture)} if row.picture else None,
    )


def evaluated(rows: Sequence[Mapping[str, Any]], scores: Mapping[str, Any]) -> list[dict[str, str]]:
    """The evaluation form with what was measured; what nobody scored says so."""
    return [
        {
            "label": item.label,
            "measured": "\n".join(item.measured) or "无实测，凭观察",
            "score": f"{scores[item.key]['score']:g}" if item.key in scores else "未评",
            "note": str(scores.get(item.key, {}).get("note", "")),
        }
        for item in evaluation.items(rows)
    ]


def corrections(incident: Incident) -> list[dict[str, str]]:
    return [
        {
            "problem": row.problem,
            "step": row.plan_step or "—",
            "owner": row.owner,
            "due": f"{row.due_on:%Y-%m-%d}",
            "state": row.get_state_display(),
        }
        for row in Lesson.objects.unscoped(HELD).filter(incident=incident)
    ]


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


def stress_docx(run: StressRun) -> bytes:
    """压力试验报告: the outcome in words, tables, and a picture of where it is late."""
    result, paper = run.result, Document()
    paper.add_heading(f"{run.plan_version}压力试验报告", 1)
    paper.add_paragraph(
        f"模拟 {run.incidents} 起事件（{hm(run.ordered_at)}，{run.ordered_by}）。全部按时的占 {result['kept_share']:.0%}，"
        f"平均每起累计迟 {result['late_min']:.0f} 分钟。模型推算，假设见末表（待核对）。"
    )
    paper.add_heading("哪张任务卡先垮", 2)
    head = ("任务", "次数", "超期", "迟 P90 分钟", "到场超标", "无力承担", "主要原因")
    add_table(paper, head, [card_row(card) for card in result["cards"]])
    paper.add_heading("哪项改动最有用", 2)
    rows = [(c["title"], f"{c['saved_min']:.1f}", f"{c['kept_share']:.0%}") for c in result["changes"]]
    add_table(paper, ("一项改动", "每起少迟 分钟", "改后按时"), rows or [("没有单项改动能明显改善", "", "")])
    paper.add_heading("哪里最迟", 2)
    paper.add_picture(BytesIO(sites_png(result["sites"])), width=Mm(150))
    worst = enumerate(result["sites"][:10], 1)
    places = [(str(i), one["name"], str(one["incidents"]), f"{one['late_min']:.0f}") for i, one in worst]
    add_table(paper, ("编号", "地点", "事件", "平均迟 分钟"), places)
    paper.add_heading("假设", 2)
    add_table(paper, ("名称", "取值"), [(name, str(value)) for name, value in run.assumptions.items()])
    out = BytesIO()
    paper.save(out)
    return out.getvalue()


def card_row(card: Mapping[str, Any]) -> tuple[str, ...]:
    arrive, causes = card["arrive_late_share"], card["causes"]
    return (
        card["title"], str(card["ran"]), f"{card['late_share']:.0%}", f"{card['late_p90_min']:.0f}",
        "—" if arrive is None else f"{arrive:.0%}", f"{card['short_share']:.0%}", next(iter(causes), "—"),
    )  # fmt: skip


def add_table(paper: Any, head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    table = paper.add_table(rows=1, cols=len(head))
    table.style = "Table Grid"
    for cell, words in zip(table.rows[0].cells, head, strict=True):
        cell.text = words
    for row in rows:
        for cell, words in zip(table.add_row().cells, row, strict=True):
            cell.text = words


def sites_png(sites: list[dict[str, Any]]) -> bytes:
    """Places by how late it gets there; the ten worst are numbered as in the table below."""
    figure = Figure(figsize=(7, 6), dpi=120)
    axes = figure.subplots()
    for area in Area.objects.filter(level__lte=Level.DISTRICT, geometry__isnull=False):
        for ring in edges(parse(area.geometry or {})):
            axes.plot(*ring.xy, color="#8aa0b8", linewidth=0.8, zorder=0)
    axes.set(xlabel="° E", ylabel="° N", aspect=1.3)
    points = axes.scatter(
        [one["lon"] for one in sites], [one["lat"] for one in sites], c=[one["late_min"] for one in sites],
        s=[20 + 2 * one["incidents"] ** 0.5 for one in sites], cmap="YlOrRd", edgecolors="grey",
    )  # fmt: skip
    for number, one in enumerate(sites[:10], 1):
        axes.annotate(str(number), (one["lon"], one["lat"]))
    figure.colorbar(points, label="min")
    out = BytesIO()
    figure.savefig(out, format="png")
    return out.getvalue()


def edges(shape: Any) -> list[Any]:
    """The outer lines of a polygon or of several."""
    return [one.exterior for one in getattr(shape, "geoms", [shape])]


def brief_docx(found: Brief) -> bytes:
    """态势摘要 on paper: the words, who is inside, forces, what the plan says next."""
    paper, row = Document(), found.incident
    paper.add_heading(f"{row.title}态势摘要", 1)
    paper.add_paragraph(f"{row.number}　{hm(found.at)}　模型推算部分已注明")
    paper.add_paragraph(brief_words(found))
    paper.add_heading("天气", 2)
    now = [(f"{one.station}（实况）", name, value) for one in found.weather for name, value, _at in one.rows]
    ahead = [(f"{found.ahead.station}（6 小时预报）", *pair) for pair in found.ahead.rows] if found.ahead else []
    add_table(paper, ("测站", "要素", "数值"), [*now, *ahead] or [("附近没有实况与预报", "", "")])
    paper.add_heading("范围内居民（模型推算）", 2)
    people = [(one.name, str(one.people), str(one.whole)) for one in found.inside.communities]
    add_table(paper, ("社区", "范围内", "全社区"), [*people, ("合计", str(found.inside.people), "")])
    paper.add_heading("优先保护", 2)
    weak = [(one.name, str(one.people or "不详"), one.phone) for one in found.inside.vulnerable]
    add_table(paper, ("场所", "人数", "电话"), weak or [("无", "", "")])
    paper.add_heading("责任人", 2)
    callees = [(one.area.name, one.title, one.name, one.phone) for one in found.inside.contacts]
    add_table(paper, ("区划", "职务", "姓名", "电话"), callees or [("无", "", "", "")])
    paper.add_heading("力量到达", 2)
    teams = [(one.team.name, f"{one.minutes:.0f}", one.how) for one in found.teams]
    add_table(paper, ("队伍", "分钟", "依据"), teams or [("无待命队伍", "", "")])
    out = BytesIO()
    paper.save(out)
    return out.getvalue()


def losses_docx(row: LossReturn) -> bytes:
    """自然灾害损失情况统计表 of one area: every indicator beside the sum of those below, and who below said what."""
    node, known, process = losses.tree(row.round)[row.area_id], dictionary().indicators, row.round.process
    below = node.sum if node.below else {}
    about = [
        [one.title, shown(row.figures.get(code)), shown(below.get(code)) if below else "—"]
        for code, one in known.items()
    ]
    heads = ["区划", "状态", *(known[code].title for code in losses.SHORT)]
    areas = [[one.row.area.name, one.row.get_state_display(), *one.short] for one in node.below if not one.silent]
    words = [
        f"灾害过程：{process.title}；灾种：{process.hazard}；报别：{row.round}；数据截至 {hm(row.round.data_to)}。",
        f"统计制度版本：{process.dictionary}（待核对）。空白指标为“不详”，与 0 不同。",
        *(f"核减理由：{row.correction}" for _ in row.correction and "1"),
        *(f"差异说明：{row.explanation}" for _ in row.explanation and "1"),
    ]
    sent = f"报送：{row.submitted_by} {hm(row.submitted_at)}" if row.submitted_at else "（未报送）"
    blocks: list[Block] = [
        *(Text(one) for one in words),
        Table("灾情指标", ["指标", "本级", "下级合计"], about, (3, 1, 1)),
    ]
    if areas:
        blocks.append(Table("分区划", heads, areas))
    return as_word(f"{row.area.name}自然灾害损失情况统计表", f"{issuer()}　{sent}", blocks)
