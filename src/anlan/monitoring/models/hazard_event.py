"""灾害信息: what feeds tell us: an earthquake, a hotspot, another body's warning."""

from __future__ import annotations

import uuid

from django.db import models

from anlan.kernel.accounts.scope import ScopedModel


class HazardEventKind(models.TextChoices):
    EARTHQUAKE = "earthquake", "地震"
    HOTSPOT = "hotspot", "卫星热点"
    CAP = "cap", "外部预警"
    PARK_RISK = "park_risk", "园区风险"
    BULLETIN = "bulletin", "外部信息"


class HazardEvent(ScopedModel):
    """One event of a feed, kept once by (kind, natural_key); an update replaces it when its `revision` is newer."""

    kind = models.CharField("类别", max_length=12, choices=HazardEventKind.choices)
    natural_key = models.CharField("源编号", max_length=120)
    source = models.CharField("来源", max_length=80)
    title = models.CharField("标题", max_length=200)
    at = models.DateTimeField("发生时间")
    lon = models.FloatField("经度")
    lat = models.FloatField("纬度")
    magnitude = models.FloatField("震级/强度", null=True)
    properties = models.JSONField("属性", default=dict)
    received_at = models.DateTimeField("接收时间")
    revision = models.PositiveIntegerField("修订", default=0)
    correlation_id = models.UUIDField("关联号", default=uuid.uuid4, db_index=True)

    class Meta(ScopedModel.Meta):
        verbose_name = "灾害信息"
        constraints = [models.UniqueConstraint("kind", "natural_key", name="hazard_event_once")]

    def __str__(self) -> str:
        return self.title
