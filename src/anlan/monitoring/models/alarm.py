"""报警规则与告警."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Q

from anlan.kernel.accounts.scope import ScopedModel
from anlan.monitoring.models.station import Datastream, Station
from anlan.monitoring.rules.states import TITLES, State


class Priority(models.IntegerChoices):
    """Four levels, as the four warning colours (应对法 art 63): 1 is the highest."""

    CRITICAL = 1, "一级（红）"
    HIGH = 2, "二级（橙）"
    MEDIUM = 3, "三级（黄）"
    LOW = 4, "四级（蓝）"


class RuleKind(models.TextChoices):
    LIMIT = "limit", "阈值"
    RATE = "rate", "变化率（每小时）"
    SILENCE = "silence", "离线"
    GROUP = "group", "组合（n 中取 k）"


class AlarmRule(ScopedModel):
    """报警规则. Applies to one datastream, or to every datastream of a quantity at stations of a kind within `area`.

    group: at least `k` of the rules in `members` active at one station (`group_by` station) or in one area of that level.
    """

    code = models.CharField("编码", max_length=40, unique=True)
    title = models.CharField("名称", max_length=80)
    kind = models.CharField("类型", max_length=10, choices=RuleKind.choices, default=RuleKind.LIMIT)
    datastream = models.ForeignKey(Datastream, models.CASCADE, null=True, blank=True, verbose_name="数据流")
    station_kind = models.CharField("测站类别", max_length=20, blank=True)
    quantity = models.CharField("物理量", max_length=40, blank=True)
    limit = models.FloatField("限值", default=0)
    high = models.BooleanField("超上限报警", default=True)
    deadband = models.FloatField("回差", default=0)
    on_delay_s = models.PositiveIntegerField("触发延时 s", default=0)
    off_delay_s = models.PositiveIntegerField("恢复延时 s", default=0)
    rate_window_s = models.PositiveIntegerField("变化率窗口 s", default=3600)
    silence_factor = models.FloatField("离线倍数（应报间隔的）", default=3)
    members = models.JSONField("组合成员规则编码", default=list, blank=True)
    k = models.PositiveSmallIntegerField("至少 k 个", default=1)
    group_by = models.CharField("分组", max_length=10, default="station")
    priority = models.PositiveSmallIntegerField("优先级", choices=Priority.choices, default=Priority.MEDIUM)
    latched = models.BooleanField("须人工复位", default=False)
    enabled = models.BooleanField("启用", default=True)
    basis = models.CharField("依据", max_length=200, blank=True)
    advice = models.CharField("处置提示", max_length=200, blank=True)
    version = models.PositiveIntegerField("版本", default=1, editable=False)
    representative = models.BooleanField("演示数据", default=False)

    class Meta(ScopedModel.Meta):
        verbose_name = "报警规则"

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Every change is a new version; the worker sees it with its next batch."""
        if self.pk is not None:
            self.version += 1
        super().save(*args, **kwargs)


class Alarm(ScopedModel):
    """告警: one rule's condition at one place, from when it began to when nobody has to look at it any more.

    Identity: (rule, datastream or station, started_at). At most one is open per (rule, datastream or station).
    """

    rule = models.ForeignKey(AlarmRule, models.PROTECT, verbose_name="规则")
    rule_version = models.PositiveIntegerField("规则版本")
    station = models.ForeignKey(Station, models.PROTECT, verbose_name="测站")
    datastream = models.ForeignKey(Datastream, models.PROTECT, null=True, verbose_name="数据流")
    subject = models.CharField("对象键", max_length=40)
    title = models.CharField("告警", max_length=160)
    priority = models.PositiveSmallIntegerField("优先级", choices=Priority.choices)
    value = models.FloatField("触发值", null=True)
    unit = models.CharField("单位", max_length=20, blank=True)
    lon = models.FloatField("经度")
    lat = models.FloatField("纬度")
    started_at = models.DateTimeField("条件开始")
    raised_at = models.DateTimeField("触发时间")
    recorded_at = models.DateTimeField("入库时间")
    cleared_at = models.DateTimeField("恢复时间", null=True)
    active = models.BooleanField("条件成立", default=True)
    latched = models.BooleanField("须复位", default=False)
    state = models.CharField("状态", max_length=16, choices=[(s.value, TITLES[s]) for s in State])
    acknowledged_at = models.DateTimeField("确认时间", null=True)
    acknowledged_by = models.CharField("确认人", max_length=80, blank=True)
    reset_at = models.DateTimeField("复位时间", null=True)
    shelved_until = models.DateTimeField("搁置到", null=True)
    reason = models.CharField("理由", max_length=200, blank=True)
    escalated_at = models.DateTimeField("已升级", null=True)
    explanation = models.JSONField("触发说明", default=dict)
    correlation_id = models.UUIDField("关联号", default=uuid.uuid4, db_index=True)

    class Meta(ScopedModel.Meta):
        verbose_name = "告警"
        constraints = [
            models.UniqueConstraint("rule", "subject", "started_at", name="alarm_raised_once"),
            models.UniqueConstraint("rule", "subject", condition=Q(active=True), name="alarm_one_active_per_subject"),
        ]
        indexes = [models.Index(fields=["state", "priority", "-raised_at"])]

    def __str__(self) -> str:
        return self.title


class RuleState(models.Model):
    """What the evaluator remembers of one rule at one datastream, saved with the offset it stands for."""

    rule = models.ForeignKey(AlarmRule, models.CASCADE)
    datastream = models.ForeignKey(Datastream, models.CASCADE)
    state = models.JSONField()

    class Meta:
        verbose_name = "规则状态"
        constraints = [models.UniqueConstraint("rule", "datastream", name="rule_state_once")]

    def __str__(self) -> str:
        return f"{self.rule_id}@{self.datastream_id}"


class StreamOffset(models.Model):
    """How far a worker has read the log; written in the transaction that holds what it read."""

    consumer = models.CharField(max_length=40, primary_key=True)
    sequence = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = "日志位点"

    def __str__(self) -> str:
        return f"{self.consumer}@{self.sequence}"
