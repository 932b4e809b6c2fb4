"""气象: what is forecast for stations, lightning strokes, months of climate, slopes that may slide."""

from __future__ import annotations

from django.db import models

from anlan.kernel.accounts.scope import Located, ScopedChild, ScopedModel
from anlan.monitoring.models.station import Station


class Forecast(ScopedChild):
    """预报: one quantity at one station for one hour, of the newest issue."""

    SCOPE_AREA = "station__area"
    SCOPE_CLASS = "station__data_class"

    station = models.ForeignKey(Station, models.CASCADE, related_name="forecasts", verbose_name="测站")
    quantity = models.CharField("物理量", max_length=40)
    valid_at = models.DateTimeField("预报时间", db_index=True)
    issued_at = models.DateTimeField("起报时间")
    value = models.FloatField("值")
    source = models.CharField("来源", max_length=80)

    class Meta(ScopedChild.Meta):
        verbose_name = "预报"
        constraints = [models.UniqueConstraint("station", "quantity", "valid_at", name="forecast_once_per_hour")]


class Stroke(ScopedModel):
    """闪电: one stroke to ground as a lightning network located it."""

    at = models.DateTimeField("时间", db_index=True)
    lon = models.FloatField("经度")
    lat = models.FloatField("纬度")
    current_ka = models.FloatField("电流强度 kA")
    source = models.CharField("来源", max_length=80)

    class Meta(ScopedModel.Meta):
        verbose_name = "地闪"
        constraints = [models.UniqueConstraint("at", "lon", "lat", name="stroke_once")]


class ClimateMonth(ScopedChild):
    """逐月气候: rain and mean temperature of a month at a station, out of its record."""

    SCOPE_AREA = "station__area"
    SCOPE_CLASS = "station__data_class"

    code = models.CharField("编码", max_length=60, unique=True)
    station = models.ForeignKey(Station, models.CASCADE, related_name="months", verbose_name="测站")
    month = models.DateField("月份（该月 1 日）")
    rain_mm = models.FloatField("降水量 mm")
    temp_c = models.FloatField("平均气温 ℃")
    source = models.CharField("来源", max_length=120)
    representative = models.BooleanField("演示数据", default=False)

    class Meta(ScopedChild.Meta):
        verbose_name = "逐月气候"
        ordering = ["station", "month"]

    def __str__(self) -> str:
        return f"{self.station} {self.month:%Y-%m}"


class ClimateDay(ScopedChild):
    """逐日气候: rain and mean temperature of a day (20 to 20 h Beijing time) at a station: out of its record, or summed up here."""

    SCOPE_AREA = "station__area"
    SCOPE_CLASS = "station__data_class"

    code = models.CharField("编码", max_length=60, unique=True)
    station = models.ForeignKey(Station, models.CASCADE, related_name="climate_days", verbose_name="测站")
    day = models.DateField("日期")
    rain_mm = models.FloatField("降水量 mm")
    temp_c = models.FloatField("平均气温 ℃")
    source = models.CharField("来源", max_length=120)
    representative = models.BooleanField("演示数据", default=False)

    class Meta(ScopedChild.Meta):
        verbose_name = "逐日气候"
        ordering = ["station", "day"]

    def __str__(self) -> str:
        return f"{self.station} {self.day}"


class Slope(Located):
    """地质灾害隐患点: a slope or gully under watch, how ready it is, who lives below and who watches."""

    class Susceptibility(models.TextChoices):
        NONE = "不易发", "不易发"
        LOW = "低易发", "低易发"
        MIDDLE = "中易发", "中易发"
        HIGH = "高易发", "高易发"

    kind = models.CharField("类型", max_length=20, default="滑坡")
    susceptibility = models.CharField("易发程度", max_length=6, choices=Susceptibility.choices)
    people = models.PositiveIntegerField("受威胁人数", default=0)
    contact = models.CharField("监测责任人", max_length=40, blank=True)
    phone = models.CharField("电话", max_length=40, blank=True)
    station = models.ForeignKey(Station, models.SET_NULL, null=True, blank=True, verbose_name="代表雨量站")

    class Meta(Located.Meta):
        verbose_name = "地质灾害隐患点"
