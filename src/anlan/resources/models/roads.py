"""路网: nodes and edges of the routable graph."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from anlan.kernel.accounts.scope import ScopedModel


class RoadNode(models.Model):
    """A junction or an end; WGS84 degrees."""

    code = models.CharField("编码", max_length=40, unique=True)
    lon = models.FloatField("经度")
    lat = models.FloatField("纬度")
    name = models.CharField("名称", max_length=60, blank=True)

    class Meta:
        verbose_name = "路网节点"

    def __str__(self) -> str:
        return self.name or self.code


class RoadEdge(models.Model):
    """A stretch of road. `geometry` is a GeoJSON LineString; `representative` = drawn by hand for demonstration."""

    code = models.CharField("编码", max_length=40, unique=True)
    start = models.ForeignKey(RoadNode, models.PROTECT, related_name="+", verbose_name="起点")
    end = models.ForeignKey(RoadNode, models.PROTECT, related_name="+", verbose_name="终点")
    name = models.CharField("道路", max_length=60)
    kind = models.CharField("等级", max_length=20)
    length_m = models.FloatField("长度 m")
    speed_km_h = models.FloatField("设计车速 km/h")
    oneway = models.BooleanField("单行", default=False)
    max_height_m = models.FloatField("限高 m", null=True, blank=True)
    max_weight_t = models.FloatField("限重 t", null=True, blank=True)
    no_hazmat = models.BooleanField("禁行危化品车辆", default=False)
    geometry = models.JSONField("线形", null=True, blank=True)
    representative = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "路段"

    def __str__(self) -> str:
        return self.name


class Closure(ScopedModel):
    """断路与管控: an area no vehicle drives through while it is in force (cordon, flood, hazard footprint, works)."""

    class Kind(models.TextChoices):
        CORDON = "cordon", "警戒管控"
        FLOOD = "flood", "积水漫溢"
        HAZARD = "hazard", "危险区域"
        WORKS = "works", "施工断路"

    code = models.CharField("编码", max_length=40, unique=True)
    name = models.CharField("名称", max_length=80)
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    geometry = models.JSONField("范围")
    begins_at = models.DateTimeField("开始")
    ends_at = models.DateTimeField("解除", null=True, blank=True)
    reason = models.CharField("原因", max_length=200, blank=True)
    representative = models.BooleanField("演示数据", default=False)

    class Meta(ScopedModel.Meta):
        verbose_name = "断路管控"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("begins_at")), name="closure_ends_after_begin"
            )
        ]

    def __str__(self) -> str:
        return self.name
