"""自然灾害研判: fires that satellites saw, catchments with their critical rain, and what the rules say of all of it now."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from anlan.kernel.accounts.scope import Located, ScopedModel
from anlan.monitoring.models.station import Station


class Fire(ScopedModel):
    """疑似火点: hotspots gathered into one fire: most likely ignition place with its 95 % ellipse, first and last seen."""

    lon = models.FloatField("经度")
    lat = models.FloatField("纬度")
    semi_major_m = models.FloatField("误差椭圆长半轴 m")
    semi_minor_m = models.FloatField("误差椭圆短半轴 m")
    azimuth_deg = models.FloatField("长轴方位 °")
    seen_at = models.DateTimeField("首次发现")
    last_at = models.DateTimeField("最近发现")
    pixels = models.PositiveIntegerField("热点数")
    confidence = models.FloatField("置信度")
    frp_mw = models.FloatField("火辐射功率 MW", null=True, blank=True)
    #: Days on which this place was hot before: a works, a flare, a coal fire. Null = none known.
    static_days = models.PositiveIntegerField("常热天数", null=True, blank=True)
    correlation_id = models.UUIDField("关联号", default=uuid.uuid4, unique=True)

    class Meta(ScopedModel.Meta):
        verbose_name = "疑似火点"
        ordering = ["-last_at"]

    def __str__(self) -> str:
        return f"疑似火点 {self.pixels} 个热点"


class Catchment(Located):
    """小流域: outlet, shape figures for critical rain (SCS), or the surveyed table that goes before them."""

    area_km2 = models.FloatField("集水面积 km²")
    length_km = models.FloatField("最长流程 km")
    slope = models.FloatField("流程平均坡度（升高/水平）")
    curve_number = models.FloatField("径流曲线数 CN（中等湿润）")
    flood_flow_m3_s = models.FloatField("成灾流量 m³/s")
    upstream_deg = models.FloatField("沟口朝上游方位 °", default=90)
    fan_slope = models.FloatField("沟口扇面坡度", default=0.02)
    #: Surveyed critical rain (立即转移), mm by window in hours: {"1": 30, "3": 45}.
    critical_mm = models.JSONField("调查临界雨量 mm（按小时）", default=dict, blank=True)
    ready_mm = models.JSONField("调查准备转移雨量 mm（按小时）", default=dict, blank=True)
    survey = models.CharField("调查来源", max_length=120, blank=True)
    people = models.PositiveIntegerField("沟口人数", default=0)
    contact = models.CharField("责任人", max_length=40, blank=True)
    phone = models.CharField("电话", max_length=40, blank=True)
    station = models.ForeignKey(Station, models.SET_NULL, null=True, blank=True, verbose_name="代表雨量站")

    class Meta(Located.Meta):
        verbose_name = "小流域"


class Judgement(ScopedModel):
    """内部研判: a colour that rules give to readings; it stands until the readings no longer support it. Never a public signal."""

    class Kind(models.TextChoices):
        WEATHER = "weather", "气象信号标准"
        ICE = "ice", "凌汛"
        FLOOD = "flood", "洪水水位"
        FLASH = "flash", "山洪雨量"
        FIRE = "fire", "火险等级"
        DROUGHT = "drought", "气象干旱"
        SLOPE = "slope", "地质灾害气象风险"

    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    name = models.CharField("名称", max_length=40)
    colour = models.CharField("颜色", max_length=2, blank=True)
    title = models.CharField("标题", max_length=160)
    reason = models.CharField("理由", max_length=300)
    clause = models.CharField("依据", max_length=200)
    #: What it is about: "station:3", "catchment:7".
    subject = models.CharField("对象", max_length=40)
    place = models.CharField("地点", max_length=80)
    lon = models.FloatField("经度")
    lat = models.FloatField("纬度")
    figures = models.JSONField("数值", default=dict, blank=True)
    since = models.DateTimeField("起始")
    checked_at = models.DateTimeField("最近研判")
    ended_at = models.DateTimeField("结束", null=True, blank=True)
    correlation_id = models.UUIDField("关联号", default=uuid.uuid4, db_index=True)

    class Meta(ScopedModel.Meta):
        verbose_name = "内部研判"
        ordering = ["-since"]
        constraints = [
            models.UniqueConstraint(
                "kind", "name", "subject", condition=Q(ended_at__isnull=True), name="judgement_stands_once"
            )
        ]

    def __str__(self) -> str:
        return self.title
