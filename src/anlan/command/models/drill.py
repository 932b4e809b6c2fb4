"""演练、整改: drills with their calendar and evaluation; lessons followed until somebody has verified them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from anlan.command.models.incident import Incident
from anlan.command.models.plan import Plan
from anlan.command.rules.drills import KINDS
from anlan.kernel.accounts.scope import ScopedChild, ScopedModel
from anlan.kernel.areas.models import Area


class Drill(ScopedModel):
    """One drill: 计划 → 实施 → 评估 → 改进 (AQ/T 9007-2019)."""

    class State(models.TextChoices):
        PLANNED = "planned", "已计划"
        HELD = "held", "已实施"
        EVALUATED = "evaluated", "已评估"
        CANCELLED = "cancelled", "已取消"

    class Form(models.TextChoices):
        TABLETOP = "tabletop", "桌面演练"
        FULL = "full", "实战演练"

    class Purpose(models.TextChoices):
        TEST = "test", "检验性"
        SHOW = "show", "示范性"
        STUDY = "study", "研究性"

    number = models.CharField("编号", max_length=30, unique=True)
    title = models.CharField("名称", max_length=120)
    kind = models.CharField("演练对象类别", max_length=24, choices=list(KINDS.items()))
    plan = models.ForeignKey(Plan, models.PROTECT, null=True, blank=True, related_name="drills", verbose_name="预案")
    unit = models.CharField("组织单位", max_length=120)
    form = models.CharField("形式", max_length=10, choices=Form.choices)
    purpose = models.CharField("目的", max_length=8, choices=Purpose.choices, default=Purpose.TEST)
    combined = models.BooleanField("综合演练", default=False)
    scenario = models.CharField("场景", max_length=60, blank=True)
    planned_on = models.DateField("计划日期")
    held_at = models.DateTimeField("实施时间", null=True, blank=True)
    participants = models.CharField("参演", max_length=400, blank=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PLANNED)
    #: What the sandbox gave back: {measures: [...], timeline: [...], incident: number, sandbox: name}.
    result = models.JSONField("实施记录", default=dict, blank=True)
    #: item -> {score, note}
    scores = models.JSONField("评估", default=dict, blank=True)
    total = models.FloatField("总分", null=True, blank=True)
    summary = models.TextField("总结", blank=True)
    evaluated_at = models.DateTimeField("评估时间", null=True, blank=True)
    evaluated_by = models.CharField("评估人", max_length=80, blank=True)
    cancel_reason = models.CharField("取消理由", max_length=200, blank=True)
    representative = models.BooleanField("演示数据", default=False)

    class Meta(ScopedModel.Meta):
        verbose_name = "演练"
        ordering = ["-planned_on", "-id"]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class SandboxRun(ScopedChild):
    """演练沙盒: one sandbox that the console ordered for a drill. The worker starts it and follows it; `seen` is its last word."""

    SCOPE_AREA = "drill__area"
    SCOPE_CLASS = "drill__data_class"

    class State(models.TextChoices):
        ORDERED = "ordered", "待启动"
        STARTING = "starting", "启动中"
        RUNNING = "running", "演练中"
        OVER = "over", "演练结束，沙盒仍开放"
        ENDED = "ended", "已关闭"
        FAILED = "failed", "未能完成"

    class People(models.TextChoices):
        LIVE = "live", "参演人员处置"
        PLAYED = "played", "按脚本自动处置"

    drill = models.ForeignKey(Drill, models.PROTECT, related_name="sandboxes", verbose_name="演练")
    name = models.CharField("沙盒名", max_length=40, unique=True)
    scenario = models.CharField("场景", max_length=60)
    people = models.CharField("处置方式", max_length=8, choices=People.choices)
    #: Plays in the city as its registers are now; else in the one of the package.
    today = models.BooleanField("今日登记簿", default=True)
    minutes = models.FloatField("时长 min", null=True, blank=True)
    speed = models.FloatField("倍速", null=True, blank=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.ORDERED)
    ordered_at = models.DateTimeField("下达时间")
    ordered_by = models.CharField("下达人", max_length=80)
    launched_at = models.DateTimeField("启动时间", null=True, blank=True)
    stop_by = models.CharField("停止人", max_length=80, blank=True)
    #: What the directors add while it runs: [{kind, text, …, by, at}].
    injects = models.JSONField("追加导调", default=list, blank=True)
    #: Its last word: {state, url, port, title, started, clock, minutes, speed, step,
    #: injects: [{at_min, kind, text, state, at, why}]}.
    seen = models.JSONField("进展", default=dict, blank=True)
    seen_at = models.DateTimeField("进展时间", null=True, blank=True)
    ended_at = models.DateTimeField("关闭时间", null=True, blank=True)
    error = models.CharField("原因", max_length=300, blank=True)

    class Meta(ScopedChild.Meta):
        verbose_name = "演练沙盒"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.drill.number} 沙盒 {self.name}"

    @property
    def area(self) -> Area:
        return self.drill.area

    @property
    def data_class(self) -> int:
        return self.drill.data_class


class Lesson(ScopedModel):
    """整改项: a problem found in an incident or a drill, its owner, its day, and who verified that it is gone."""

    class State(models.TextChoices):
        OPEN = "open", "整改中"
        DONE = "done", "待验证"
        VERIFIED = "verified", "已销号"

    incident = models.ForeignKey(
        Incident, models.PROTECT, null=True, blank=True, related_name="lessons_learnt", verbose_name="事件"
    )
    drill = models.ForeignKey(
        Drill, models.PROTECT, null=True, blank=True, related_name="lessons_learnt", verbose_name="演练"
    )
    problem = models.CharField("问题", max_length=400)
    plan = models.ForeignKey(Plan, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="预案")
    #: The task card (or the clause) of the plan that failed, as it was in the version of that day.
    plan_step = models.CharField("预案环节", max_length=80, blank=True)
    plan_version = models.CharField("预案版本", max_length=20, blank=True)
    owner = models.CharField("责任单位（人）", max_length=120)
    due_on = models.DateField("整改期限")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    opened_at = models.DateTimeField("提出时间")
    opened_by = models.CharField("提出人", max_length=80)
    measures = models.CharField("整改措施", max_length=400, blank=True)
    done_at = models.DateTimeField("整改完成时间", null=True, blank=True)
    done_by = models.CharField("整改人", max_length=80, blank=True)
    verified_at = models.DateTimeField("验证时间", null=True, blank=True)
    verified_by = models.CharField("验证人", max_length=80, blank=True)
    verify_note = models.CharField("验证意见", max_length=400, blank=True)
    returned = models.PositiveSmallIntegerField("退回次数", default=0)
    late_told_at = models.DateTimeField("超期告知", null=True, blank=True)

    class Meta(ScopedModel.Meta):
        verbose_name = "整改项"
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(incident__isnull=False) | Q(drill__isnull=False), name="lesson_of_something"
            )
        ]

    def __str__(self) -> str:
        return self.problem[:60]
