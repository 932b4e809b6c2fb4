"""推演结果."""

from __future__ import annotations

import uuid

from django.db import models

from anlan.kernel.accounts.scope import ScopedModel


class Run(ScopedModel):
    """One run of an engine: what was asked, what it said, who lives inside. Everything in it is 模型推算."""

    kind = models.CharField("灾种", max_length=20)
    title = models.CharField("标题", max_length=120)
    lon = models.FloatField("经度")
    lat = models.FloatField("纬度")
    inputs = models.JSONField("输入")
    model = models.CharField("模型", max_length=80)
    zones = models.JSONField("影响范围")
    assumptions = models.JSONField("假设")
    limits = models.JSONField("局限")
    summary = models.JSONField("摘要")
    exposure = models.JSONField("影响人口")
    at = models.DateTimeField("推演时间")
    took_ms = models.FloatField("耗时 ms")
    by = models.CharField("推演人", max_length=80)
    correlation_id = models.UUIDField("关联号", default=uuid.uuid4, db_index=True)
    #: Why it is only supposed (灾害链: what would follow if ...); empty where the hazard itself is known.
    because = models.CharField("假设", max_length=120, blank=True)
    #: When the event it belongs to was over: it is kept, and is no longer on the map.
    over_at = models.DateTimeField("事件结束时间", null=True, blank=True)

    class Meta(ScopedModel.Meta):
        verbose_name = "推演"

    def __str__(self) -> str:
        return self.title
