"""队伍、车辆、专家."""

from __future__ import annotations

from datetime import date

from django.db import models

from anlan.kernel.accounts.scope import Located, ScopedModel


class Readiness(models.TextChoices):
    READY = "ready", "待命"
    DISPATCHED = "dispatched", "出动"
    RESTING = "resting", "休整"
    OFF = "off", "停用"


class Team(Located):
    """救援队伍; lon/lat is the base, `capabilities` are words that plan cards ask for (hazmat, fire, medical …)."""

    kind = models.CharField("类别", max_length=40)
    capabilities = models.JSONField("能力", default=list)
    organisation = models.ForeignKey(
        "kernel.Organisation", models.PROTECT, null=True, blank=True, verbose_name="所属机构"
    )
    members = models.PositiveIntegerField("人数", default=0)
    equipment = models.CharField("主要装备", max_length=400, blank=True)
    leader = models.CharField("负责人", max_length=40, blank=True)
    phone = models.CharField("24小时电话", max_length=40, blank=True)
    turnout_min = models.FloatField("出动准备 min", default=5)
    speed_km_h = models.FloatField("行车速度 km/h", default=50)
    readiness = models.CharField("状态", max_length=12, choices=Readiness.choices, default=Readiness.READY)
    terminal = models.CharField("定位终端号", max_length=100, blank=True)
    position_lon = models.FloatField("当前经度", null=True, blank=True)
    position_lat = models.FloatField("当前纬度", null=True, blank=True)
    position_at = models.DateTimeField("定位时间", null=True, blank=True)

    class Meta(Located.Meta):
        verbose_name = "救援队伍"


class Vehicle(ScopedModel):
    """车辆."""

    code = models.CharField("编码", max_length=40, unique=True)
    plate = models.CharField("车牌", max_length=20, blank=True)
    kind = models.CharField("类型", max_length=40)
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, verbose_name="所属队伍")
    seats = models.PositiveSmallIntegerField("座位", default=0)
    load_t = models.FloatField("载重 t", default=0)
    height_m = models.FloatField("车高 m", null=True, blank=True)
    gross_t = models.FloatField("满载总重 t", null=True, blank=True)
    hazmat = models.BooleanField("运危化品", default=False)
    carrier = models.CharField("承运单位", max_length=80, blank=True)
    driver = models.CharField("驾驶员", max_length=40, blank=True)
    driver_phone = models.CharField("驾驶员电话", max_length=40, blank=True)
    readiness = models.CharField("状态", max_length=12, choices=Readiness.choices, default=Readiness.READY)
    #: Number of its JT/T 808 terminal, or uid of its TAK device.
    terminal = models.CharField("定位终端号", max_length=100, blank=True)
    position_lon = models.FloatField("停放经度", null=True, blank=True)
    position_lat = models.FloatField("停放纬度", null=True, blank=True)
    position_at = models.DateTimeField("定位时间", null=True, blank=True, editable=False)
    speed_km_h = models.FloatField("车速 km/h", null=True, blank=True, editable=False)
    heading_deg = models.FloatField("方向 °", null=True, blank=True, editable=False)
    representative = models.BooleanField("演示数据", default=False)

    class Meta(ScopedModel.Meta):
        verbose_name = "车辆"

    def __str__(self) -> str:
        return self.plate or self.code


class Availability(models.TextChoices):
    FREE = "free", "可到场"
    REMOTE = "remote", "可远程"
    AWAY = "away", "暂不可用"


class Expert(ScopedModel):
    """应急专家."""

    code = models.CharField("编码", max_length=40, unique=True)
    name = models.CharField("姓名", max_length=40)
    speciality = models.CharField("专业", max_length=60)
    unit = models.CharField("单位", max_length=80, blank=True)
    phone = models.CharField("电话", max_length=40, blank=True)
    availability = models.CharField("可用情况", max_length=8, choices=Availability.choices, default=Availability.FREE)
    away_until = models.DateField("暂不可用至", null=True, blank=True)
    representative = models.BooleanField("演示数据", default=False)

    class Meta(ScopedModel.Meta):
        verbose_name = "应急专家"

    def __str__(self) -> str:
        return self.name

    def availability_on(self, day: date) -> str:
        """Whoever is away until a day is free again after it."""
        over = self.availability == Availability.AWAY and self.away_until is not None and day > self.away_until
        return Availability.FREE if over else self.availability


class Volunteer(ScopedModel):
    """志愿者队伍或个人: what they can do, and whether they can come."""

    code = models.CharField("编码", max_length=40, unique=True)
    name = models.CharField("名称", max_length=60)
    kind = models.CharField("类别", max_length=20, default="队伍")
    people = models.PositiveIntegerField("人数", default=1)
    skills = models.CharField("专长", max_length=200)
    trained_on = models.DateField("最近培训", null=True, blank=True)
    insured_until = models.DateField("保险至", null=True, blank=True)
    leader = models.CharField("联系人", max_length=40)
    phone = models.CharField("电话", max_length=40)
    availability = models.CharField("可用情况", max_length=8, choices=Availability.choices, default=Availability.FREE)
    representative = models.BooleanField("演示数据", default=False)

    class Meta(ScopedModel.Meta):
        verbose_name = "志愿者"

    def __str__(self) -> str:
        return self.name
