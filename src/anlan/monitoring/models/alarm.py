"""报警规则与告警."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Q

from anlan.kernel.accounts.scope import ScopedChild, ScopedModel
from anlan.monitoring.models.station import Datastream, Station
from anlan.monitoring.rules.isa import State


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
    COMPOSITE = "composite", "组合（与或非）"
    COMPUTED = "computed", "计算值越限"


class GroupBy(models.TextChoices):
    STATION = "station", "同一测站"
    AREA = "area", "区域内测站数"


class AlarmRule(ScopedModel):
    """报警规则. Applies to one datastream, or to every datastream of a quantity at stations of a kind within `area`.

    limit: `limit` with `high`, or up to four bands 高高/高/低/低低. rate: the same limits on the change per hour over
    `rate_window_s`. group: at least `k` of the rules in `members` hold at one station, or one of them at `k` stations
    of the area. composite: `expression` over rules of one station: "code", {"all": […]}, {"any": […]}, {"not": …}.
    computed: a criterion that figures of engines are judged against (`actions.judge_figures`); the limits come with the figure.
    """

    code = models.CharField("编码", max_length=40, unique=True)
    title = models.CharField("名称", max_length=80)
    kind = models.CharField("类型", max_length=10, choices=RuleKind.choices, default=RuleKind.LIMIT)
    datastream = models.ForeignKey(Datastream, models.CASCADE, null=True, blank=True, verbose_name="数据流")
    station_kind = models.CharField("测站类别", max_length=20, blank=True)
    quantity = models.CharField("物理量", max_length=40, blank=True)
    limit = models.FloatField("限值", null=True, blank=True)
    high = models.BooleanField("超上限报警", default=True)
    hihi = models.FloatField("高高限", null=True, blank=True)
    hi = models.FloatField("高限", null=True, blank=True)
    lo = models.FloatField("低限", null=True, blank=True)
    lolo = models.FloatField("低低限", null=True, blank=True)
    deadband = models.FloatField("回差", default=0)
    on_delay_s = models.PositiveIntegerField("触发延时 s", default=0)
    off_delay_s = models.PositiveIntegerField("恢复延时 s", default=0)
    rate_window_s = models.PositiveIntegerField("变化率窗口 s", default=3600)
    silence_factor = models.FloatField("离线倍数（应报间隔的）", default=3)
    members = models.JSONField("组合成员规则编码", default=list, blank=True)
    k = models.PositiveSmallIntegerField("至少 k 个", default=1)
    group_by = models.CharField("分组", max_length=10, choices=GroupBy.choices, default=GroupBy.STATION)
    expression = models.JSONField("组合条件", null=True, blank=True)
    priority = models.PositiveSmallIntegerField("优先级", choices=Priority.choices, default=Priority.MEDIUM)
    inner_priority = models.PositiveSmallIntegerField(
        "内限优先级", choices=Priority.choices, null=True, blank=True,
        help_text="同时设有高高限（低低限）时，高限（低限）的优先级；空 = 低一级",
    )  # fmt: skip
    latched = models.BooleanField("须人工复位", default=False)
    enabled = models.BooleanField("启用", default=True)
    escalate_after_min = models.PositiveSmallIntegerField("未确认升级时限 min", default=5)
    escalate_to = models.ForeignKey(
        "kernel.Post", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="升级通知岗位"
    )
    basis = models.CharField("依据", max_length=200, blank=True)
    advice = models.CharField("处置提示", max_length=200, blank=True)
    version = models.PositiveIntegerField("版本", default=1, editable=False)
    representative = models.BooleanField("演示数据", default=False)

    class Meta(ScopedModel.Meta):
        verbose_name = "报警规则"
        constraints = [
            models.CheckConstraint(
                condition=Q(deadband__gte=0), name="rule_deadband_not_negative", violation_error_message="回差不能为负"
            ),
            models.CheckConstraint(
                condition=Q(hihi__isnull=True) | Q(hi__isnull=True) | Q(hihi__gte=models.F("hi")),
                name="rule_hihi_not_below_hi", violation_error_message="高高限不能低于高限",
            ),
            models.CheckConstraint(
                condition=Q(lolo__isnull=True) | Q(lo__isnull=True) | Q(lolo__lte=models.F("lo")),
                name="rule_lolo_not_above_lo", violation_error_message="低低限不能高于低限",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Every change is a new version (by the database, whoever changes it); the worker sees it with its next batch."""
        super().save(*args, **kwargs)
        self.refresh_from_db(fields=["version"])

    @property
    def levels(self) -> dict[str, float | None]:
        """The limits by band; `limit` is the single one of simple rules."""
        levels = {"hihi": self.hihi, "hi": self.hi, "lo": self.lo, "lolo": self.lolo}
        side = "hi" if self.high else "lo"
        if self.limit is not None and levels[side] is None:
            levels[side] = self.limit
        return levels


class Alarm(ScopedModel):
    """告警: one rule's condition at one place, from when it began to when nobody has to look at it any more.

    Identity: (rule, subject, started_at): judging the same readings again finds the same alarm. At most one is open per
    (rule, subject). subject: "d12" a datastream, "s5" a station, "a3" an area, "c:…" a figure that was computed and has no
    station. started_at: event time at which the
    condition began; raised_at: when the on-delay was over. retro: found in backfilled history, never live.
    """

    rule = models.ForeignKey(AlarmRule, models.PROTECT, verbose_name="规则")
    rule_version = models.PositiveIntegerField("规则版本")
    station = models.ForeignKey(Station, models.PROTECT, null=True, verbose_name="测站")
    datastream = models.ForeignKey(Datastream, models.PROTECT, null=True, verbose_name="数据流")
    subject = models.CharField("对象键", max_length=40)
    title = models.CharField("告警", max_length=160)
    band = models.CharField("限段", max_length=4, blank=True)
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
    state = models.CharField("状态", max_length=16, choices=[(s.value, s.label) for s in State])
    acknowledged_at = models.DateTimeField("确认时间", null=True)
    acknowledged_by = models.CharField("确认人", max_length=80, blank=True)
    reset_at = models.DateTimeField("复位时间", null=True)
    shelved_until = models.DateTimeField("搁置到", null=True)
    reason = models.CharField("理由", max_length=200, blank=True)
    #: Since when it waits for somebody: raised, raised again, or beyond an outer limit.
    waiting_since = models.DateTimeField("待确认起", null=True)
    escalated_at = models.DateTimeField("已升级", null=True)
    escalations = models.PositiveSmallIntegerField("升级次数", default=0)
    retro = models.BooleanField("补录发现", default=False)
    recurrences = models.PositiveIntegerField("重现次数", default=0)
    explanation = models.JSONField("触发说明", default=dict)
    correlation_id = models.UUIDField("关联号", default=uuid.uuid4, db_index=True)

    class Meta(ScopedModel.Meta):
        verbose_name = "告警"
        constraints = [
            models.UniqueConstraint("rule", "subject", "started_at", name="alarm_raised_once"),
            models.UniqueConstraint("rule", "subject", condition=~Q(state="normal"), name="alarm_one_open_per_subject"),
        ]
        indexes = [
            models.Index(fields=["state", "priority", "-raised_at"]),
            models.Index(fields=["station", "-raised_at"]),
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
