"""河段、堤坝、易涝点: what water may do harm to, with the figures that forecasts and breaches are computed from."""

from __future__ import annotations

from django.db import models

from anlan.kernel.accounts.scope import Located, ScopedChild
from anlan.monitoring.models.station import Station


class Bank(models.TextChoices):
    LEFT = "left", "左岸"
    RIGHT = "right", "右岸"


class Reach(Located):
    """河段: from an upstream to a downstream gauge; its place is where a jam or an overflow would be looked for."""

    upstream = models.ForeignKey(
        Station, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="上游站",
        help_text="空 = 不作流量演算，只按本站水位趋势外推",
    )  # fmt: skip
    downstream = models.ForeignKey(Station, models.PROTECT, related_name="+", verbose_name="预报站")
    width_m = models.FloatField("河宽 m")
    bed_slope = models.FloatField("河底比降")
    bed_n = models.FloatField("河床糙率", default=0.025)
    bank_slope = models.FloatField("滩地横坡（背河升高）", default=0.0015)
    upstream_deg = models.FloatField("朝上游方位 °", default=190)
    bank = models.CharField("易漫滩岸（面向下游）", max_length=6, choices=Bank.choices, default=Bank.RIGHT)
    travel_h = models.FloatField(
        "马斯京根 K h", null=True, blank=True, help_text="整个河段；空 = 由两站近期流量率定"
    )  # fmt: skip
    weight = models.FloatField("马斯京根 x", default=0.2)
    lead_h = models.PositiveIntegerField("预见期 h", default=24)
    source = models.CharField("参数来源", max_length=120, blank=True)

    class Meta(Located.Meta):
        verbose_name = "河段"


class StageForecast(ScopedChild):
    """水位预报: what the newest readings let expect at a gauge, hour by hour, and how good such forecasts have been. 模型推算."""

    SCOPE_AREA = "reach__area"
    SCOPE_CLASS = "reach__data_class"

    reach = models.ForeignKey(Reach, models.CASCADE, related_name="forecasts", verbose_name="河段")
    at = models.DateTimeField("预报时刻", db_index=True)
    #: Hours after `at`, stages (m), flows (m3/s, empty where none are known), half-width of the 80 % band (m).
    hours = models.JSONField("预见时效 h", default=list)
    stages = models.JSONField("水位 m", default=list)
    flows = models.JSONField("流量 m³/s", default=list)
    bands = models.JSONField("80 % 区间半宽 m", default=list)
    method = models.CharField("方法", max_length=120)
    #: Lead (h) -> nse, persistence, rmse, passed, grade, count of forecasts it would have made.
    skill = models.JSONField("技巧评分", default=dict)
    parameters = models.JSONField("参数", default=dict)

    class Meta(ScopedChild.Meta):
        verbose_name = "水位预报"
        ordering = ["-at"]
        constraints = [models.UniqueConstraint("reach", "at", name="stage_forecast_once")]

    def __str__(self) -> str:
        return f"{self.reach} 水位预报"


class Barrier(Located):
    """堤坝: a dam with its storage curve, or a length of dike; what comes out of it if it goes."""

    class Kind(models.TextChoices):
        DAM = "dam", "坝"
        DIKE = "dike", "堤"

    kind = models.CharField("类别", max_length=4, choices=Kind.choices)
    crest_m = models.FloatField("顶高程 m")
    foot_m = models.FloatField("溃口底高程 m", help_text="坝：坝基；堤：背河地面")
    #: [[level m, volume m3], ...]
    storage = models.JSONField("库容曲线 [[水位 m, 库容 m³], …]（坝）", default=list, blank=True)
    breach_m = models.FloatField("溃口宽 m", null=True, blank=True, help_text="空 = Froehlich 2008（坝），堤取 80 m")
    formation_h = models.FloatField("溃口发展历时 h", null=True, blank=True)
    upstream_deg = models.FloatField("朝上游方位 °", default=190)
    bank = models.CharField("溃向（面向下游）", max_length=6, choices=Bank.choices, default=Bank.RIGHT)
    station = models.ForeignKey(
        Station, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="水位站"
    )
    contact = models.CharField("责任人", max_length=40, blank=True)
    phone = models.CharField("电话", max_length=40, blank=True)
    source = models.CharField("资料来源", max_length=120, blank=True)

    class Meta(Located.Meta):
        verbose_name = "堤坝"


class LowSpot(Located):
    """易涝点: an underpass or hollow where storm water gathers: what drains to it, what the drains take, how it fills."""

    basin_hm2 = models.FloatField("汇水面积 hm²")
    runoff = models.FloatField("径流系数", default=0.8)
    drain_mm_h = models.FloatField("排水能力 mm/h", help_text="管网与泵站合计，折算到汇水面积")
    pond_m2 = models.FloatField("积水面积 m²", help_text="水深 1 m 时的水面；按碗形估算其他水深")
    station = models.ForeignKey(
        Station, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="代表雨量站"
    )
    contact = models.CharField("责任人", max_length=40, blank=True)
    phone = models.CharField("电话", max_length=40, blank=True)
    source = models.CharField("资料来源", max_length=120, blank=True)

    class Meta(Located.Meta):
        verbose_name = "易涝点"
