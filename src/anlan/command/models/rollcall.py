"""通信录与点名: how each post is reached, one means after the other, and whether it was when last tried."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from anlan.kernel.accounts.scope import ScopedChild, ScopedModel
from anlan.kernel.areas.models import Area


class Means(models.TextChoices):
    APP = "app", "移动端"
    SMS = "sms", "短信"
    PHONE = "phone", "电话"
    SATELLITE = "satellite", "卫星电话"
    RADIO = "radio", "电台、对讲机"


class ContactMeans(ScopedModel):
    """通信方式: one way to reach a post; the chain of a post is its ways in their order."""

    code = models.CharField("编码", max_length=40, unique=True)
    post = models.ForeignKey("kernel.Post", models.PROTECT, related_name="+", verbose_name="岗位")
    means = models.CharField("方式", max_length=10, choices=Means.choices)
    number = models.CharField("号码、频道", max_length=60)
    order = models.PositiveSmallIntegerField("次序", default=1)
    representative = models.BooleanField("演示数据", default=False)

    class Meta(ScopedModel.Meta):
        verbose_name = "通信方式"
        ordering = ["order", "id"]

    def __str__(self) -> str:
        return f"{self.get_means_display()} {self.number}"


class RollCall(ScopedModel):
    """点名: every post of an area that has a chain is tried; `repeat_h` > 0 = again by itself after so many hours."""

    title = models.CharField("标题", max_length=120)
    started_at = models.DateTimeField("开始时间")
    started_by = models.CharField("发起人", max_length=80)
    repeat_h = models.PositiveSmallIntegerField("每隔 h 自动点名", default=0)
    closed_at = models.DateTimeField("结束时间", null=True, blank=True)
    closed_by = models.CharField("结束人", max_length=80, blank=True)

    class Meta(ScopedModel.Meta):
        verbose_name = "点名"
        ordering = ["-started_at", "-id"]

    def __str__(self) -> str:
        return self.title


class RollAnswer(ScopedChild):
    """One post in one roll-call. `chain`: [{means, number}] as it was; `tries`: [{means, number, at, outcome, by, note}]."""

    SCOPE_AREA = "roll_call__area"
    SCOPE_CLASS = "roll_call__data_class"

    class State(models.TextChoices):
        WAITING = "waiting", "待应答"
        ANSWERED = "answered", "已应答"
        LOST = "lost", "失联"

    roll_call = models.ForeignKey(RollCall, models.PROTECT, related_name="answers", verbose_name="点名")
    post = models.ForeignKey("kernel.Post", models.PROTECT, related_name="+", verbose_name="岗位")
    name = models.CharField("姓名", max_length=80, blank=True)
    chain = models.JSONField("通信链", default=list)
    step = models.PositiveSmallIntegerField("已到第几种方式", default=0)
    tries = models.JSONField("呼叫经过", default=list)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WAITING)
    answered_at = models.DateTimeField("应答时间", null=True, blank=True)
    means = models.CharField("应答方式", max_length=10, choices=Means.choices, blank=True)

    class Meta(ScopedChild.Meta):
        verbose_name = "点名应答"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="answered") | Q(answered_at__isnull=False), name="roll_answer_has_its_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.post.title} {self.name}".strip()

    @property
    def area(self) -> Area:
        return self.roll_call.area

    @property
    def now_by(self) -> dict[str, str] | None:
        """The means that is to be tried now."""
        return self.chain[self.step] if self.step < len(self.chain) else None
