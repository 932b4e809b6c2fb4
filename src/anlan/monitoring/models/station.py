"""测站与数据流: what measures, and each single series it measures."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models

from anlan.kernel.accounts.scope import Located, ScopedChild
from anlan.monitoring.rules.quality import conversion


class Station(Located):
    """测站: an RTU, a gas detector group, a weather mast. Protocol + address find it when a frame arrives."""

    kind = models.CharField("类别", max_length=20)
    protocol = models.CharField("接入协议", max_length=20)
    address = models.CharField("协议地址", max_length=60)
    owner = models.CharField("责任单位", max_length=80, blank=True)
    hazard_unit = models.ForeignKey(
        "supervision.HazardUnit", models.SET_NULL, null=True, blank=True, verbose_name="关联危险单元"
    )
    interval_s = models.PositiveIntegerField("应报间隔 s", default=300)
    in_service = models.BooleanField("在用", default=True)
    clock_offset_s = models.IntegerField(
        "时钟订正 s", null=True, blank=True, help_text="设备时钟慢多少就填多少（快为负）：读数时间加上它再入库"
    )
    via = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="经由（采集网关）",
        help_text="它离线时，本站的离线告警被抑制",
    )  # fmt: skip

    alert_m = models.FloatField("警戒水位 m", null=True, blank=True)
    guarantee_m = models.FloatField("保证水位 m", null=True, blank=True)
    record_m = models.FloatField("历史最高水位 m", null=True, blank=True)
    bank_m = models.FloatField("漫滩水位 m", null=True, blank=True)

    class Meta(Located.Meta):
        verbose_name = "测站"
        constraints = [models.UniqueConstraint("protocol", "address", name="station_address_once_per_protocol")]


class Datastream(ScopedChild):
    """数据流: one quantity at one station. `source_code` is the protocol's element code (SL 651 "39")."""

    SCOPE_AREA = "station__area"
    SCOPE_CLASS = "station__data_class"

    code = models.CharField("编码", max_length=60, unique=True)
    station = models.ForeignKey(Station, models.PROTECT, related_name="datastreams", verbose_name="测站")
    source_code = models.CharField("协议要素码", max_length=30)
    name = models.CharField("名称", max_length=60)
    quantity = models.CharField("物理量", max_length=40)
    unit = models.CharField("单位", max_length=20)
    valid_min = models.FloatField("有效下限", null=True, blank=True)
    valid_max = models.FloatField("有效上限", null=True, blank=True)
    max_step = models.FloatField(
        "每分钟最大变幅", null=True, blank=True, help_text="相邻两次读数变化快于此的标为存疑；空 = 不检查"
    )
    flat_s = models.PositiveIntegerField(
        "不变时限 s", null=True, blank=True, help_text="读数一直不变超过此时长的标为存疑；空 = 不检查"
    )
    neighbour_km = models.FloatField(
        "邻站半径 km", null=True, blank=True, help_text="与半径内同物理量邻站的中位数差得太多的标为存疑；空 = 不检查"
    )
    neighbour_diff = models.FloatField(
        "邻站容许差", null=True, blank=True, help_text="差值不超过它的不算异常（仪器准确度或正常的空间差异）"
    )
    source_unit = models.CharField("来源单位", max_length=20, blank=True, help_text="设备所报的单位；空 = 与单位相同")
    calibrated_at = models.DateField("上次检定", null=True, blank=True)
    calibration_days = models.PositiveIntegerField("检定周期 d", null=True, blank=True)

    class Meta(ScopedChild.Meta):
        verbose_name = "数据流"
        constraints = [models.UniqueConstraint("station", "source_code", name="datastream_once_per_station")]

    def __str__(self) -> str:
        return f"{self.station} {self.name}"

    def clean(self) -> None:
        """Refuse units that do not fit together before a gateway meets them."""
        super().clean()
        try:
            conversion(self.source_unit, self.unit)
        except ValueError as error:
            raise ValidationError({"source_unit": str(error)}) from error
