"""有感上报 and 历史地震."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from anlan.kernel.accounts.scope import Located, ScopedModel
from anlan.monitoring.models import HazardEvent


class FeltReport(ScopedModel):
    """What people at a place felt of an earthquake, as a degree of GB/T 17742."""

    event = models.ForeignKey(HazardEvent, models.PROTECT, related_name="+", verbose_name="地震")
    lon = models.FloatField("经度")
    lat = models.FloatField("纬度")
    degree = models.PositiveSmallIntegerField("烈度", validators=[MinValueValidator(1), MaxValueValidator(12)])
    at = models.DateTimeField("上报时间")
    by = models.CharField("登记人", max_length=80)
    words = models.CharField("描述", max_length=200, blank=True)

    class Meta(ScopedModel.Meta):
        verbose_name = "有感上报"

    def __str__(self) -> str:
        return f"{self.event}：{self.degree} 度"


class PastEarthquake(Located):
    """One earthquake of a catalogue, with whose it is."""

    at = models.DateTimeField("发震时间")
    depth_km = models.FloatField("深度 km", null=True, blank=True)
    magnitude = models.FloatField("震级", validators=[MinValueValidator(0), MaxValueValidator(10)])
    scale = models.CharField("震级标度", max_length=8, default="M")
    source = models.CharField("来源", max_length=120)

    class Meta(Located.Meta):
        verbose_name = "历史地震"
