"""值班班次: who leads and who sits at the desk, and when."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from anlan.kernel.accounts.scope import ScopedModel


class DutyRole(models.TextChoices):
    LEADER = "leader", "带班领导"
    OFFICER = "officer", "值班员"


class Shift(ScopedModel):
    """One person's turn at one organisation's desk, half-open [start, end)."""

    code = models.CharField("编码", max_length=60, unique=True)
    organisation = models.ForeignKey("kernel.Organisation", models.PROTECT, verbose_name="机构")
    person = models.ForeignKey("kernel.Person", models.PROTECT, verbose_name="人员")
    role = models.CharField("角色", max_length=10, choices=DutyRole.choices)
    start = models.DateTimeField("开始")
    end = models.DateTimeField("结束")
    representative = models.BooleanField("演示数据", default=False)

    class Meta(ScopedModel.Meta):
        verbose_name = "值班班次"
        constraints = [models.CheckConstraint(condition=Q(end__gt=F("start")), name="shift_ends_after_start")]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.person}"
