"""泄漏研判: a release that is followed with the live wind until somebody ends it."""

from __future__ import annotations

import uuid

from django.db import models

from anlan.kernel.accounts.scope import ScopedModel


class Origin(models.TextChoices):
    PERSON = "person", "人工"
    DETECTORS = "detectors", "气体探测器自动"


class ReleaseWatch(ScopedModel):
    """泄漏研判. `given` is what people know of the hole; the weather is read anew each time. What it says is 模型推算.

    One that gas detectors started waits for an officer to confirm it; until then it is shown, but raises no alarm of its own."""

    title = models.CharField("标题", max_length=120)
    unit = models.ForeignKey("supervision.HazardUnit", models.SET_NULL, null=True, blank=True, verbose_name="危险单元")
    lon = models.FloatField("经度")
    lat = models.FloatField("纬度")
    given = models.JSONField("已知条件")
    weather = models.JSONField("所用气象", default=dict)
    advice = models.JSONField("处置建议", default=dict)
    source = models.JSONField("源强反演", default=dict)
    run = models.ForeignKey("simulation.Run", models.PROTECT, null=True, related_name="+", verbose_name="推演")
    origin = models.CharField("发起", max_length=10, choices=Origin.choices, default=Origin.PERSON)
    confirmed_at = models.DateTimeField("确认时间", null=True, blank=True)
    confirmed_by = models.CharField("确认人", max_length=80, blank=True)
    rounds = models.PositiveIntegerField("推演次数", default=0)
    took_ms = models.FloatField("耗时 ms", default=0)
    started_at = models.DateTimeField("开始时间")
    assessed_at = models.DateTimeField("最近推演", null=True)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    correlation_id = models.UUIDField("关联号", default=uuid.uuid4, db_index=True)

    class Meta(ScopedModel.Meta):
        verbose_name = "泄漏研判"
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return self.title

    @property
    def unconfirmed(self) -> bool:
        """Whether no person stands for it yet."""
        return self.origin == Origin.DETECTORS and self.confirmed_at is None
