"""灾情统计 as sheets: the form of one area out and in, the year's report (年报); and what relief response figures would reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from anlan.command.duty import losses as standing
from anlan.command.models import LossReturn
from anlan.command.rules import losses, relief
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.clock import BEIJING
from anlan.kernel.documents import sheets
from anlan.kernel.errors import Invalid

CODE, VALUE = "指标代码", "本期"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_BYTES = 5_000_000
FORM = (CODE, "指标", "单位", VALUE, "上期", "下级合计")
#: Figure of the relief table -> indicators that are added up for it.
RELIEF = {
    "dead_missing": ("deaths", "missing"),
    "relocated_need": ("relocated", "need_emergency_relief"),
    "rooms": ("houses_collapsed_rooms", "houses_severe_rooms"),
    "households": ("houses_collapsed_households", "houses_severe_households"),
    "drought_need": ("drought_need_relief",),
}


def check_size(size: int) -> None:
    if size > MOST_BYTES:
        raise Invalid("file", f"{size / 1e6:.1f}", f"至多 {MOST_BYTES / 1e6:g}", label="文件大小", unit="MB")


def form(row: LossReturn) -> bytes:
    """统计表 of one area as Excel: what is unknown stays empty. Filled in, it is read again by `figures_of`."""
    node, last = standing.tree(row.round)[row.area_id], standing.before(row)
    below, before = (node.sum if node.below else {}), (last.figures if last else {})
    lines = [
        [about.code, about.label, about.unit, row.figures.get(code), before.get(code), below.get(code)]
        for code, about in losses.dictionary().indicators.items()
    ]
    return sheets.write_excel(f"{row.area.name}{row.round}", FORM, lines)


def figures_of(name: str, content: bytes) -> dict[str, str]:
    """The figures of a filled-in form; an empty one is unknown. What the 制度 does not know is refused with its row."""
    found: dict[str, str] = {}
    for number, line in enumerate(sheets.read(name, content), 2):
        code = line.get(CODE, "").strip()
        if VALUE not in line or CODE not in line:
            raise Invalid("file", name, f"含“{CODE}”“{VALUE}”两列的统计表（先导出再填）", label="文件")
        if not code:
            continue
        if code not in losses.dictionary().indicators:
            raise Invalid("file", code, f"制度中的指标代码（第 {number} 行）", label=CODE)
        if code in found:
            raise Invalid("file", code, f"每个指标一行（第 {number} 行重复）", label=CODE)
        found[code] = line[VALUE].strip()
    return found


def relief_advice(figures: Mapping[str, Any]) -> tuple[relief.Response | None, list[str]]:
    """(level that the national table names for these figures, or None; what of it is not known). Only advice: 待核对."""
    summed = {name: losses.added(figures.get(code) for code in codes) for name, codes in RELIEF.items()}
    unknown = [
        f"{relief.NATIONAL[name].name}（{relief.NATIONAL[name].unit}）"
        for name, value in summed.items()
        if value is None
    ]
    return relief.relief_response(summed), unknown


@dataclass(frozen=True)
class Year:
    """年报: sums by hazard of the last submitted figures of every disaster; persons are 人次 (one may be hit twice)."""

    year: int
    lines: dict[str, tuple[int, dict[str, float | None]]]
    total: dict[str, float | None]
    final: int
    not_final: list[str]
    silent: list[str]

    @property
    def disasters(self) -> int:
        return sum(count for count, _ in self.lines.values())


def of_year(actor: Actor, year: int) -> Year:
    """Exercises are left out. What was not 核报 yet counts with what was said last, and is named."""
    since, until = datetime(year, 1, 1, tzinfo=BEIJING), datetime(year + 1, 1, 1, tzinfo=BEIJING)
    rows = LossReturn.objects.visible_to(actor, "command.view").select_related("round__process", "area")
    rows = rows.filter(round__process__occurred_at__gte=since, round__process__occurred_at__lt=until)
    rows = rows.filter(round__process__exercise=False).defer("area__geometry").order_by("round_id", "area__path")
    last: dict[int, LossReturn] = {}
    silent: dict[int, str] = {}
    for row in rows:
        if row.area_id != row.round.process.area_id:
            continue
        silent.setdefault(row.round.process_id, str(row.round.process))
        if row.counts:
            last[row.round.process_id] = row
    by_hazard: dict[str, list[LossReturn]] = {}
    for row in last.values():
        by_hazard.setdefault(row.round.process.hazard, []).append(row)
    return Year(
        year,
        {name: (len(some), losses.rolled_up(one.figures for one in some)) for name, some in sorted(by_hazard.items())},
        losses.rolled_up(row.figures for row in last.values()),
        sum(row.round.kind == losses.FINAL for row in last.values()),
        [f"{row.round.process}（{row.round}）" for row in last.values() if row.round.kind != losses.FINAL],
        [title for key, title in silent.items() if key not in last],
    )


def year_sheet(found: Year) -> bytes:
    names = list(found.lines)
    head = [CODE, "指标", "单位", *[f"{name}（{found.lines[name][0]} 起）" for name in names], "合计"]
    lines = [
        [about.code, about.label, about.unit, *[found.lines[name][1][code] for name in names], found.total[code]]
        for code, about in losses.dictionary().indicators.items()
    ]
    return sheets.write_excel(f"{found.year} 年自然灾害情况年报", head, lines)
