"""告警规则: what is watched, where, with which limits. Versioned; a change takes effect without a restart."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from anlan.kernel.accounts.scope import ScopedModel
from anlan.monitoring.models.station import Datastream


class RuleKind(models.TextChoices):
    THRESHOLD = "threshold", "阈值"
    RATE = "rate", "变化速率"
    SILENCE = "silence", "离线"
    COMPOSITE = "composite", "组合"
    K_OF_N = "k_of_n", "区域多点"


class Priority(models.IntegerChoices):
    URGENT = 1, "紧急"
    HIGH = 2, "高"
    MEDIUM = 3, "中"
    LOW = 4, "低"


class AlarmRule(ScopedModel):
    """A rule over one datastream, or over every datastream of a quantity at stations of a kind inside its area.

    Limits are in the unit of the datastream; for rates in that unit per minute over `window_s`.
    """

    code = models.CharField("编码", max_length=60, unique=True)
    title = models.CharField("名称", max_length=80)
    kind = models.CharField("类型", max_length=12, choices=RuleKind.choices, default=RuleKind.THRESHOLD)
    enabled = models.BooleanField("启用", default=True)
    version = models.PositiveIntegerField("版本", default=1, editable=False)
    datastream = models.ForeignKey(Datastream, models.CASCADE, null=True, blank=True, verbose_name="数据流")
    station_kind = models.CharField("测站类别", max_length=20, blank=True)
    quantity = models.CharField("物理量", max_length=40, blank=True)
    hihi = models.FloatField("高高限", null=True, blank=True)
    hi = models.FloatField("高限", null=True, blank=True)
    lo = models.FloatField("低限", null=True, blank=True)
    lolo = models.FloatField("低低限", null=True, blank=True)
    hysteresis = models.FloatField("回差", default=0)
    on_delay_s = models.PositiveIntegerField("触发延时 s", default=0)
    off_delay_s = models.PositiveIntegerField("恢复延时 s", default=0)
    window_s = models.PositiveIntegerField("速率窗口 s", default=600)
    silence_factor = models.FloatField("离线判定倍数", default=3)
    members = models.CharField("成员规则", max_length=200, blank=True)
    expression = models.JSONField("组合条件", null=True, blank=True)
    k = models.PositiveSmallIntegerField("至少点数 k", default=2)
    priority = models.PositiveSmallIntegerField("优先级", choices=Priority.choices, default=Priority.HIGH)
    priority_inner = models.PositiveSmallIntegerField(
        "内限优先级",
        choices=Priority.choices,
        null=True,
        blank=True,
        help_text="高限、低限的优先级；空 = 比高高限低一级",
    )
    latched = models.BooleanField("锁存（须复位）", default=False)
    escalate_after_min = models.PositiveSmallIntegerField("未确认升级时限 min", default=5)
    escalate_to = models.ForeignKey(
        "kernel.Post", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="升级通知岗位"
    )
    basis = models.CharField("依据", max_length=200, blank=True)
    representative = models.BooleanField("演示数据", default=False)

    class Meta(ScopedModel.Meta):
        verbose_name = "告警规则"
        constraints = [
            models.CheckConstraint(condition=Q(hysteresis__gte=0), name="rule_hysteresis_not_negative"),
            models.CheckConstraint(
                condition=Q(hihi__isnull=True) | Q(hi__isnull=True) | Q(hihi__gte=models.F("hi")),
                name="rule_hihi_not_below_hi",
            ),
            models.CheckConstraint(
                condition=Q(lolo__isnull=True) | Q(lo__isnull=True) | Q(lolo__lte=models.F("lo")),
                name="rule_lolo_not_above_lo",
            ),
        ]

    def __str__(self) -> str:
        return self.title
