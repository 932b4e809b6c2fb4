"""灾害事件与预警: what came in from outside, and what this platform tells people."""

from __future__ import annotations

from uuid import uuid4

from django.db import models

from anlan.kernel.accounts.scope import ScopedModel
from anlan.kernel.areas.models import Area
from anlan.monitoring.rules.warnings import COLOURS, State


class HazardEvent(ScopedModel):
    """灾害事件: an earthquake, a fire hotspot, a CAP message. `natural_key` is the sender's own identity of it."""

    kind = models.CharField("类别", max_length=20)
    natural_key = models.CharField("来源编号", max_length=160)
    at = models.DateTimeField("发生时间")
    received_at = models.DateTimeField("接收时间")
    lon = models.FloatField("经度")
    lat = models.FloatField("纬度")
    title = models.CharField("标题", max_length=200)
    magnitude = models.FloatField("强度", null=True)
    properties = models.JSONField("属性", default=dict)
    source = models.CharField("来源", max_length=80)
    revision = models.PositiveIntegerField("修订", default=0)
    correlation_id = models.UUIDField("关联号", default=uuid4)

    class Meta(ScopedModel.Meta):
        verbose_name = "灾害事件"
        constraints = [models.UniqueConstraint("kind", "natural_key", name="hazard_event_once")]
        indexes = [models.Index(fields=["kind", "-at"], name="hazard_event_recent")]

    def __str__(self) -> str:
        return self.title


class Warning(ScopedModel):
    """预警: drafted, reviewed by somebody else, issued, then cancelled or expired (突发事件应对法第六十四条)."""

    identifier = models.CharField("预警编号", max_length=80, unique=True)
    event_code = models.CharField("事件类型码", max_length=5)
    level = models.CharField("级别", max_length=1, choices=[(c, f"{c}色") for c in COLOURS])
    headline = models.CharField("标题", max_length=160)
    description = models.TextField("内容")
    instruction = models.TextField("防范措施")
    basis = models.CharField("依据", max_length=400, blank=True)
    areas = models.ManyToManyField(Area, related_name="+", verbose_name="影响区域")
    geometry = models.JSONField("影响范围", null=True, blank=True)
    onset = models.DateTimeField("起始时间")
    expires = models.DateTimeField("截止时间")
    sender = models.CharField("发布单位", max_length=80)
    internal = models.BooleanField("内部研判", default=False)
    state = models.CharField(
        "状态", max_length=12, choices=[(s.value, s.label) for s in State], default=State.DRAFT.value
    )
    drafted_at = models.DateTimeField("拟稿时间")
    drafted_by = models.CharField("拟稿人", max_length=80)
    drafter_id = models.BigIntegerField(null=True)
    reviewed_at = models.DateTimeField("审核时间", null=True)
    reviewed_by = models.CharField("审核人", max_length=80, blank=True)
    review_reason = models.CharField("审核意见", max_length=400, blank=True)
    issued_at = models.DateTimeField("发布时间", null=True)
    issued_by = models.CharField("发布人", max_length=80, blank=True)
    ended_at = models.DateTimeField("结束时间", null=True)
    end_reason = models.CharField("解除理由", max_length=400, blank=True)
    correlation_id = models.UUIDField("关联号", default=uuid4)

    class Meta(ScopedModel.Meta):
        verbose_name = "预警"
        indexes = [models.Index(fields=["state", "-drafted_at"], name="warning_by_state")]
        constraints = [
            models.CheckConstraint(condition=models.Q(expires__gt=models.F("onset")), name="warning_ends_after_onset")
        ]

    def __str__(self) -> str:
        return self.headline
