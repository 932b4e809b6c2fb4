"""车队: which vehicles drive from where to where, when, by which way, and the pass they show on it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from anlan.kernel import clock
from anlan.kernel.accounts.scope import ScopedModel
from anlan.resources.models.teams import Vehicle


class Convoy(ScopedModel):
    """One column. `vehicle_ids` in driving order; way, minutes and metres as planned around what was closed."""

    class State(models.TextChoices):
        PLANNED = "planned", "计划"
        ON_ROAD = "on_road", "在途"
        ARRIVED = "arrived", "到达"
        CANCELLED = "cancelled", "取消"

    title = models.CharField("任务", max_length=120)
    cargo = models.CharField("运送内容", max_length=200)
    from_name = models.CharField("起点", max_length=80)
    from_lon = models.FloatField("起点经度")
    from_lat = models.FloatField("起点纬度")
    to_name = models.CharField("终点", max_length=80)
    to_lon = models.FloatField("终点经度")
    to_lat = models.FloatField("终点纬度")
    depart_at = models.DateTimeField("出发时间")
    speed_km_h = models.FloatField("行驶速度 km/h", default=50)
    gap_m = models.FloatField("车距 m", default=100)
    leader = models.CharField("带队人", max_length=40)
    phone = models.CharField("电话", max_length=40, blank=True)
    vehicles: models.ManyToManyField[Vehicle, Vehicle] = models.ManyToManyField(Vehicle, verbose_name="车辆")
    vehicle_ids = models.JSONField("行驶次序", default=list)
    minutes = models.FloatField("预计用时 min")
    road_m = models.FloatField("路程 m")
    route = models.JSONField("路线")
    route_how = models.CharField("路线来源", max_length=20)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PLANNED)
    departed_at = models.DateTimeField("实际出发", null=True, blank=True)
    arrived_at = models.DateTimeField("实际到达", null=True, blank=True)
    made_by = models.CharField("拟定人", max_length=80)
    correlation_id = models.UUIDField("关联号", null=True, blank=True)

    class Meta(ScopedModel.Meta):
        verbose_name = "车队"
        ordering = ["-depart_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="arrived") | Q(arrived_at__isnull=False), name="convoy_arrived_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def number(self) -> str:
        return f"CD{self.depart_at.astimezone(clock.BEIJING):%Y%m%d}-{self.pk or 0:04d}"
