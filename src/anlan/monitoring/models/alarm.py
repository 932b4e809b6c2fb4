"""告警: a rule that holds somewhere, from its beginning until an operator and the process agree that it is over."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q

from anlan.kernel.accounts.scope import ScopedChild, ScopedModel
from anlan.monitoring.models.rule import AlarmRule, Priority
from anlan.monitoring.models.station import Datastream, Station
from anlan.monitoring.rules.isa import State

STATES = [(state.value, state.label) for state in State]


class Alarm(ScopedModel):
    """One occurrence. Its identity is (rule, target, start): evaluating the same readings again finds the same alarm.

    target: "d12" a datastream, "s5" a station, "a3" an area. start: event time at which the condition began;
    raised_at: event time of the reading that completed the on-delay. `retro` = found in backfilled data, never live.
    """

    rule = models.ForeignKey(AlarmRule, models.PROTECT, verbose_name="规则")
    rule_version = models.PositiveIntegerField("规则版本")
    target = models.CharField("对象", max_length=24)
    start = models.DateTimeField("起始时间")
    raised_at = models.DateTimeField("触发时间")
    recorded_at = models.DateTimeField("记录时间")
    station = models.ForeignKey(Station, models.PROTECT, null=True, related_name="+", verbose_name="测站")
    datastream = models.ForeignKey(Datastream, models.PROTECT, null=True, related_name="+", verbose_name="数据流")
    title = models.CharField("标题", max_length=160)
    band = models.CharField("限段", max_length=8, blank=True)
    priority = models.PositiveSmallIntegerField("优先级", choices=Priority.choices)
    value = models.FloatField("触发值", null=True)
    unit = models.CharField("单位", max_length=20, blank=True)
    lon = models.FloatField("经度")
    lat = models.FloatField("纬度")
    state = models.CharField("状态", max_length=16, choices=STATES, default=State.UNACKNOWLEDGED.value)
    active = models.BooleanField("条件成立", default=True)
    latched = models.BooleanField("锁存", default=False)
    cleared_at = models.DateTimeField("恢复时间", null=True)
    acknowledged_at = models.DateTimeField("确认时间", null=True)
    acknowledged_by = models.CharField("确认人", max_length=80, blank=True)
    shelved_until = models.DateTimeField("搁置到期", null=True)
    escalated_at = models.DateTimeField("升级时间", null=True)
    retro = models.BooleanField("补录发现", default=False)
    recurrences = models.PositiveIntegerField("重现次数", default=0)
    limits = models.JSONField("限值", default=dict)
    samples = models.JSONField("触发样本", default=list)
    correlation_id = models.UUIDField("关联号", default=uuid4)

    class Meta(ScopedModel.Meta):
        verbose_name = "告警"
        constraints = [
            models.UniqueConstraint("rule", "target", "start", name="alarm_identity"),
            models.UniqueConstraint("rule", "target", condition=~Q(state="normal"), name="alarm_one_open"),
        ]
        indexes = [
            models.Index(fields=["priority", "-start"], condition=~Q(state="normal"), name="alarm_open"),
            models.Index(fields=["station", "-start"], name="alarm_by_station"),
            models.Index(fields=["correlation_id"], name="alarm_correlation"),
        ]

    def __str__(self) -> str:
        return self.title


class AlarmChange(ScopedChild):
    """告警经过: who or what moved an alarm from state to state, when and why. Only added to."""

    SCOPE_AREA = "alarm__area"
    SCOPE_CLASS = "alarm__data_class"

    alarm = models.ForeignKey(Alarm, models.CASCADE, related_name="changes", verbose_name="告警")
    at = models.DateTimeField("时间")
    by = models.CharField("操作人", max_length=80)
    what = models.CharField("动作", max_length=40)
    before = models.CharField("原状态", max_length=16, blank=True)
    after = models.CharField("新状态", max_length=16)
    reason = models.CharField("理由", max_length=400, blank=True)

    class Meta(ScopedChild.Meta):
        verbose_name = "告警经过"
        indexes = [models.Index(fields=["alarm", "at"], name="alarm_changes")]

    def __str__(self) -> str:
        return f"{self.what} {self.by}"
