"""叫应: who was to be called, every attempt, who answered when, and to whom it went when nobody did."""

from __future__ import annotations

from django.db import models

from anlan.command.models.incident import Incident
from anlan.kernel.accounts.scope import ScopedChild, ScopedModel


class CallRound(ScopedModel):
    """One round of calls: about a warning or an incident, to those in charge of the areas concerned."""

    title = models.CharField("标题", max_length=120)
    text = models.CharField("传达内容", max_length=400)
    level = models.CharField("预警级别", max_length=2, blank=True)
    incident = models.ForeignKey(
        Incident, models.PROTECT, null=True, blank=True, related_name="call_rounds", verbose_name="事件"
    )
    warning_id = models.BigIntegerField("预警", null=True, blank=True, unique=True)
    area_ids = models.JSONField("叫应区划", default=list)
    answer_min = models.FloatField("应答时限 min", default=10)
    started_at = models.DateTimeField("发起时间")
    started_by = models.CharField("发起人", max_length=80)
    closed_at = models.DateTimeField("结束时间", null=True, blank=True)
    closed_by = models.CharField("结束人", max_length=80, blank=True)
    close_note = models.CharField("结束说明", max_length=400, blank=True)
    exercise = models.BooleanField("演练", default=False)

    class Meta(ScopedModel.Meta):
        verbose_name = "叫应"
        ordering = ["-started_at", "-id"]

    def __str__(self) -> str:
        return self.title

    def silent(self) -> list[Callee]:
        """Those first called of whom nobody answered. An answer further up the chain answers for all below it."""
        rows = list(self.callees.all())
        answered = {one.pk for one in rows if one.state == Callee.State.ANSWERED}
        for one in sorted(rows, key=lambda callee: -callee.step):
            if one.pk in answered and one.instead_of_id:
                answered.add(one.instead_of_id)
        return [one for one in rows if one.pk not in answered and one.step == 0]


class OfRound(ScopedChild):
    class Meta(ScopedChild.Meta):
        abstract = True


class Callee(OfRound):
    """One person or duty room to be reached. An answer is a person's word; a delivered message is none."""

    SCOPE_AREA = "round__area"
    SCOPE_CLASS = "round__data_class"

    class State(models.TextChoices):
        WAITING = "waiting", "未应答"
        ANSWERED = "answered", "已应答"
        ESCALATED = "escalated", "已升级"

    round = models.ForeignKey(CallRound, models.PROTECT, related_name="callees", verbose_name="叫应")
    name = models.CharField("姓名", max_length=80)
    title = models.CharField("岗位", max_length=120, blank=True)
    phone = models.CharField("电话", max_length=40, blank=True)
    person = models.ForeignKey("kernel.Person", models.PROTECT, null=True, blank=True, verbose_name="人员")
    post = models.ForeignKey("kernel.Post", models.PROTECT, null=True, blank=True, verbose_name="岗位登记")
    area = models.ForeignKey("kernel.Area", models.PROTECT, related_name="+", verbose_name="区划")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WAITING)
    step = models.PositiveSmallIntegerField("升级层次", default=0)
    instead_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="passed_to", verbose_name="代替"
    )
    asked_at = models.DateTimeField("起叫时间")
    answer_by = models.DateTimeField("须应答于")
    delivered_at = models.DateTimeField("短信送达", null=True, blank=True)
    answered_at = models.DateTimeField("应答时间", null=True, blank=True)
    answer_note = models.CharField("应答内容", max_length=200, blank=True)

    class Meta(ScopedChild.Meta):
        verbose_name = "叫应对象"
        ordering = ["step", "id"]
        indexes = [models.Index(fields=["state", "answer_by"])]

    def __str__(self) -> str:
        return f"{self.title} {self.name}".strip()


class CallAttempt(ScopedChild):
    """One try to reach somebody. Append-only."""

    SCOPE_AREA = "callee__round__area"
    SCOPE_CLASS = "callee__round__data_class"

    class Means(models.TextChoices):
        PHONE = "phone", "电话"
        SATELLITE = "satellite", "卫星电话"
        RADIO = "radio", "对讲机"
        BROADCAST = "broadcast", "应急广播"
        VISIT = "visit", "上门"

    class Outcome(models.TextChoices):
        ANSWERED = "answered", "已应答"
        NO_ANSWER = "no_answer", "无人接听"
        BUSY = "busy", "占线"
        OFF = "off", "关机或空号"
        REFUSED = "refused", "拒接"

    callee = models.ForeignKey(Callee, models.PROTECT, related_name="attempts", verbose_name="叫应对象")
    at = models.DateTimeField("时间")
    by = models.CharField("呼叫人", max_length=80)
    means = models.CharField("方式", max_length=10, choices=Means.choices)
    outcome = models.CharField("结果", max_length=10, choices=Outcome.choices)
    note = models.CharField("备注", max_length=200, blank=True)

    class Meta(ScopedChild.Meta):
        verbose_name = "呼叫经过"
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.callee} {self.get_outcome_display()}"
