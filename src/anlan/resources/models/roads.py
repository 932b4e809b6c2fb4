"""路网: nodes and edges of the routable graph."""

from __future__ import annotations

from django.db import models


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
    geometry = models.JSONField("线形", null=True, blank=True)
    representative = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "路段"

    def __str__(self) -> str:
        return self.name
