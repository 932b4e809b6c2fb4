"""灾情统计 as it stands: who is below whom in a round, what they add up to, what differs, who has not reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from anlan.command.models import LossEntry, LossProcess, LossReturn, LossRound
from anlan.command.models.losses import LEDGERS
from anlan.command.rules import losses
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.areas.models import Area, Level

#: What a list shows of a return; the rest is on its own page.
SHORT = ("affected_population", "deaths", "missing", "relocated", "houses_collapsed_rooms", "loss_total")


@dataclass
class Node:
    """One area's return in a round, and those right below it."""

    row: LossReturn
    below: list[Node] = field(default_factory=list)

    @property
    def sum(self) -> dict[str, float | None]:
        return losses.rolled_up(node.row.figures for node in self.below if node.row.counts)

    @property
    def absent(self) -> list[str]:
        """Who owes a report and has not sent it. Villages feed in, they owe nothing by law."""
        return [node.row.area.name for node in self.below if node.row.due_at and not node.row.counts]

    @property
    def differences(self) -> list[losses.Difference]:
        return losses.differences(self.row.figures, self.sum) if self.below else []

    @property
    def short(self) -> list[str]:
        return [losses.shown(self.row.figures.get(code)) for code in SHORT]

    @property
    def silent(self) -> bool:
        """A village that has said nothing, and owes nothing: left out of the list."""
        return self.row.area.level >= Level.COMMUNITY and not self.row.counts and not self.row.figures


def areas_of(area: Area) -> list[Area]:
    """Everybody who takes part in a disaster of this area: those below down to the village, and those above."""
    above = [int(part) for part in area.path.strip("/").split("/")]
    below = Area.objects.filter(path__startswith=area.path, level__lte=Level.COMMUNITY)
    return list((below | Area.objects.filter(pk__in=above)).defer("geometry").order_by("path"))


def tree(round_: LossRound) -> dict[int, Node]:
    """All returns of a round by area, linked."""
    rows = LossReturn.objects.unscoped(HELD).filter(round=round_).select_related("area", "round__process")
    nodes = {row.area_id: Node(row) for row in rows.defer("area__geometry").order_by("area__path")}
    for node in nodes.values():
        above = nodes.get(node.row.area.parent_id or 0)
        if above is not None:
            above.below.append(node)
    return nodes


def before(row: LossReturn) -> LossReturn | None:
    """What this area said last in this process."""
    rows = LossReturn.objects.unscoped(HELD).filter(round__process=row.round.process_id, area=row.area_id)
    said = rows.filter(round_id__lt=row.round_id, state__in=["submitted", "accepted"])
    return said.select_related("round").order_by("-round_id").first()


def latest(process: LossProcess) -> LossRound:
    return LossRound.objects.unscoped(HELD).filter(process=process).select_related("process").order_by("-id")[0]


def ledger_gaps(row: LossReturn) -> list[str]:
    """台账 rows that do not match the figures of this area (核报)."""
    rows = LossEntry.objects.unscoped(HELD).filter(
        process=row.round.process_id, area__path__startswith=row.area.path, struck_at=None
    )
    kinds = list(rows.values_list("kind", flat=True))
    found = []
    for kind, code in LEDGERS.items():
        said, listed = row.figures.get(code) or 0, kinds.count(kind)
        if said != listed:
            about = losses.dictionary().indicators[code]
            found.append(f"{about.title}填报 {losses.shown(said)}，台账 {listed} 条")
    return found


def doubts(row: LossReturn, node: Node) -> list[str]:
    """What does not fit and needs a word of explanation: sums of levels, who is missing, more people than live there."""
    found = [one.text for one in node.differences]
    if node.absent:
        found.append(f"未报：{'、'.join(node.absent)}")
    hit, living = row.figures.get("affected_population"), row.area.population
    if hit and living and hit > living:
        found.append(f"受灾人口 {losses.shown(hit)} 人多于常住人口 {living} 人")
    return found


def as_data(row: LossReturn) -> dict[str, Any]:
    names = (
        "state",
        "due_at",
        "submitted_at",
        "submitted_by",
        "correction",
        "explanation",
        "differences",
        "absent",
        "version",
    )
    said = {name: getattr(row, name) for name in names}
    return {"id": row.pk, "area": row.area.name, "round": str(row.round), "figures": row.figures, **said}


def typed(sent: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of a form: only the indicators there are."""
    return {code: sent[code] for code in losses.dictionary().indicators if code in sent}


def lateness(row: LossReturn, now: datetime) -> str:
    late = row.late_min(now)
    return f"超期 {late:.0f} 分钟" if late >= 1 else ""
