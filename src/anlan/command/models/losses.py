"""灾情统计: a 灾害过程, its rounds of reports, what every area returned in each, and the ledgers behind the figures."""

from __future__ import annotations

from datetime import datetime

from django.db import models

from anlan.command.models.incident import Incident
from anlan.command.rules import losses
from anlan.kernel.accounts.models import DataClass
from anlan.kernel.accounts.scope import ScopedChild, ScopedModel


class LossProcess(ScopedModel):
    """灾害过程: one disaster in one area, counted once however many days it lasts."""

    title = models.CharField("名称", max_length=120)
    hazard = models.CharField("灾种", max_length=12, choices=[(name, name) for name in losses.HAZARDS])
    incident = models.ForeignKey(
        Incident, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="突发事件"
    )
    occurred_at = models.DateTimeField("灾害发生时间")
    opened_at = models.DateTimeField("建立时间")
    opened_by = models.CharField("建立人", max_length=80)
    dictionary = models.CharField("统计制度版本", max_length=80)
    stable_at = models.DateTimeField("灾情稳定时间", null=True, blank=True)
    stable_by = models.CharField("认定人", max_length=80, blank=True)
    #: Begun while a scenario set the clock, or for an incident of one: never told to others as real.
    exercise = models.BooleanField("演练", default=False, editable=False)
    version = models.PositiveIntegerField("版本", default=1)

    class Meta(ScopedModel.Meta):
        verbose_name = "灾害过程"
        ordering = ["-occurred_at", "-id"]

    def __str__(self) -> str:
        return self.title


class LossRound(ScopedChild):
    """One report asked of everybody: 初报, 续报 N, 核报; all figures up to one time."""

    SCOPE_AREA = "process__area"
    SCOPE_CLASS = "process__data_class"

    process = models.ForeignKey(LossProcess, models.PROTECT, related_name="rounds", verbose_name="灾害过程")
    kind = models.CharField("报别", max_length=4, choices=[(kind, kind) for kind in losses.KINDS])
    serial = models.PositiveSmallIntegerField("序号", default=1)
    data_to = models.DateTimeField("数据截至")
    opened_at = models.DateTimeField("开始时间")

    class Meta(ScopedChild.Meta):
        verbose_name = "灾情报送"
        ordering = ["id"]
        constraints = [models.UniqueConstraint("process", "kind", "serial", name="loss_round_once")]

    def __str__(self) -> str:
        return f"{self.kind}{self.serial}" if self.kind == losses.FOLLOW_UP else self.kind


class LossReturn(ScopedModel):
    """灾情报表 of one area in one round. Figures that are not known are missing, never 0."""

    class State(models.TextChoices):
        DRAFTED = "drafted", "待报"
        SUBMITTED = "submitted", "已报"
        ACCEPTED = "accepted", "已审核"
        RETURNED = "returned", "退回"

    round = models.ForeignKey(LossRound, models.PROTECT, related_name="returns", verbose_name="报送")
    figures = models.JSONField("指标", default=dict)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFTED)
    due_at = models.DateTimeField("时限", null=True, blank=True)
    basis = models.CharField("时限依据", max_length=120, blank=True)
    to_check = models.BooleanField("待核对", default=False)
    late_told_at = models.DateTimeField("超期提醒时间", null=True, blank=True)
    submitted_at = models.DateTimeField("报送时间", null=True, blank=True)
    submitted_by = models.CharField("报送人", max_length=80, blank=True)
    decided_at = models.DateTimeField("审核时间", null=True, blank=True)
    decided_by = models.CharField("审核人", max_length=80, blank=True)
    decision = models.CharField("审核意见", max_length=200, blank=True)
    #: Why a cumulative figure fell (核减).
    correction = models.CharField("核减理由", max_length=400, blank=True)
    #: Why it is not the sum of those below, or more than live there.
    explanation = models.CharField("差异说明", max_length=400, blank=True)
    #: As it was submitted: [text] of what differs, names of who had not reported.
    differences = models.JSONField("与下级差异", default=list, blank=True)
    absent = models.JSONField("未报下级", default=list, blank=True)
    version = models.PositiveIntegerField("版本", default=1)

    class Meta(ScopedModel.Meta):
        verbose_name = "灾情报表"
        ordering = ["area__path"]
        constraints = [models.UniqueConstraint("round", "area", name="loss_return_once")]

    def __str__(self) -> str:
        return f"{self.area.name}{self.round}"

    @property
    def counts(self) -> bool:
        """Does it go into the sum of the level above?"""
        return self.state in {self.State.SUBMITTED, self.State.ACCEPTED}

    def late_min(self, now: datetime) -> float:
        """Minutes late when it was submitted, or by now; 0 in time."""
        if self.due_at is None:
            return 0.0
        return max(0.0, ((self.submitted_at or now) - self.due_at).total_seconds() / 60)


class LossEntry(ScopedModel):
    """台账: each of the dead and missing, each household whose house fell or was badly damaged. Personal data."""

    class Kind(models.TextChoices):
        DEAD = "dead", "死亡"
        MISSING = "missing", "失踪"
        COLLAPSED = "collapsed", "倒塌房屋户"
        SEVERE = "severe", "严重损坏房屋户"

    process = models.ForeignKey(LossProcess, models.PROTECT, related_name="entries", verbose_name="灾害过程")
    kind = models.CharField("台账", max_length=10, choices=Kind.choices)
    name = models.CharField("姓名（户主）", max_length=40)
    detail = models.CharField("性别年龄、住址", max_length=120)
    cause = models.CharField("原因", max_length=120, blank=True)
    rooms = models.PositiveSmallIntegerField("间数", null=True, blank=True)
    entered_at = models.DateTimeField("登记时间")
    entered_by = models.CharField("登记人", max_length=80)
    struck_at = models.DateTimeField("注销时间", null=True, blank=True)
    struck_why = models.CharField("注销理由", max_length=200, blank=True)

    class Meta(ScopedModel.Meta):
        verbose_name = "灾情台账"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.name}"


#: Ledger -> the indicator that its rows must add up to.
LEDGERS = {
    "dead": "deaths",
    "missing": "missing",
    "collapsed": "houses_collapsed_households",
    "severe": "houses_severe_households",
}
PERSONAL = DataClass.PERSONAL
