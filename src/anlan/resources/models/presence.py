"""人员管控: who is inside a danger zone, since when, and for how long at most."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from anlan.kernel.accounts.scope import ScopedModel
from anlan.resources.models.teams import Team


class Presence(ScopedModel):
    """One person's stay in a zone. The same person cannot be inside twice (constraint)."""

    class Zone(models.TextChoices):
        HOT = "hot", "热区"
        WARM = "warm", "温区"
        CONFINED = "confined", "受限空间"

    person = models.CharField("姓名", max_length=40)
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="队伍")
    task = models.CharField("任务与位置", max_length=120, blank=True)
    zone = models.CharField("区域", max_length=10, choices=Zone.choices)
    entered_at = models.DateTimeField("进入时间")
    limit_min = models.PositiveIntegerField("限时 min")
    #: Air of the breathing apparatus as read last, and its cylinder; null = none is worn.
    air_mpa = models.FloatField("气压 MPa", null=True, blank=True)
    air_l = models.FloatField("气瓶 L", null=True, blank=True)
    checked_at = models.DateTimeField("最近点名", null=True, blank=True)
    left_at = models.DateTimeField("撤出时间", null=True, blank=True)
    told = models.BooleanField("已报超时", default=False, editable=False)
    correlation_id = models.UUIDField("关联号", null=True, blank=True)

    class Meta(ScopedModel.Meta):
        verbose_name = "进入登记"
        ordering = ["entered_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["area", "person"], condition=Q(left_at__isnull=True), name="one_stay_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(left_at__isnull=True) | Q(left_at__gte=F("entered_at")), name="left_after_entered"
            ),
            models.CheckConstraint(condition=Q(limit_min__gt=0), name="stay_has_a_limit"),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.get_zone_display()}"
