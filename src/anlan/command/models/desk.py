"""值班席: every call that came in, and the city's own versions of the reporting rules."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from anlan.command.models.incident import Incident
from anlan.command.models.report import Channel, ReportKind
from anlan.command.rules.reporting import ROLES, ReportRule
from anlan.kernel.accounts.scope import ScopedModel


class CallRecord(ScopedModel):
    """接报记录: who called when and said what, and what became of it. Append-only: it is evidence."""

    class Caller(models.TextChoices):
        PUBLIC = "public", "群众"
        ENTERPRISE = "enterprise", "事故单位"
        DISTRICT = "district", "区级值班室"
        DEPARTMENT = "department", "部门"
        SUPERIOR = "superior", "上级"
        PRESS = "press", "媒体舆情"

    class Outcome(models.TextChoices):
        OPENED = "opened", "立为新事件"
        JOINED = "joined", "记入已有事件"
        NOTED = "noted", "仅记录"

    received_at = models.DateTimeField("接报时间")
    saved_at = models.DateTimeField("登记时间")
    took_s = models.FloatField("登记用时 s", null=True, blank=True)
    officer = models.CharField("接报人", max_length=80)
    caller_kind = models.CharField("来电方", max_length=12, choices=Caller.choices, default=Caller.PUBLIC)
    caller = models.CharField("报告人及电话", max_length=80)
    event_code = models.CharField("事件类型码", max_length=5, blank=True)
    place = models.CharField("地点", max_length=120, blank=True)
    lon = models.FloatField("经度", null=True, blank=True)
    lat = models.FloatField("纬度", null=True, blank=True)
    occurred_at = models.DateTimeField("发生时间", null=True, blank=True)
    text = models.CharField("来电内容", max_length=1000)
    figures = models.JSONField("伤亡", default=dict, blank=True)
    outcome = models.CharField("处理", max_length=10, choices=Outcome.choices)
    incident = models.ForeignKey(
        Incident, models.PROTECT, null=True, blank=True, related_name="calls", verbose_name="事件"
    )
    #: What was shown to the officer as a possible duplicate: [{incident, score, why}].
    shown = models.JSONField("提示的疑似重复", default=list, blank=True)

    class Meta(ScopedModel.Meta):
        verbose_name = "接报记录"
        ordering = ["-received_at", "-id"]
        indexes = [models.Index(fields=["received_at"])]

    def __str__(self) -> str:
        return f"{self.caller}：{self.text}"[:80]


class LocalReportRule(ScopedModel):
    """报告时限规则 of this city: stands in for the platform's record of the same id while it is in force."""

    code = models.CharField("编码", max_length=40, unique=True)
    rule_id = models.CharField("规则号", max_length=40, help_text="与平台自带规则同号时替代之，如 gov-phone")
    instrument = models.CharField("文件", max_length=120)
    article = models.CharField("条款", max_length=40, blank=True)
    valid_from = models.DateField("施行日期")
    valid_to = models.DateField("失效日期", null=True, blank=True)
    role = models.CharField("责任方", max_length=12, choices=list(ROLES.items()))
    kind = models.CharField("报告类型", max_length=4, choices=ReportKind.choices)
    channel = models.CharField("方式", max_length=8, choices=Channel.choices)
    minutes = models.FloatField("时限 min")
    receiver = models.CharField("报送对象", max_length=80)
    classes = models.JSONField("适用类型码前缀", default=list, blank=True)
    grades = models.JSONField("适用等级", default=list, blank=True)
    to_check = models.BooleanField("待核对", default=False)
    representative = models.BooleanField("演示数据", default=False)

    class Meta(ScopedModel.Meta):
        verbose_name = "报告时限规则"
        ordering = ["rule_id", "valid_from"]
        constraints = [
            models.CheckConstraint(condition=Q(minutes__gt=0), name="report_rule_takes_time"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")), name="report_rule_in_force_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id}（{self.valid_from}起）"

    def as_rule(self) -> ReportRule:
        return ReportRule(
            rule_id=self.rule_id,
            instrument=self.instrument,
            article=self.article,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            role=self.role,
            kind=self.kind,
            channel=self.channel,
            minutes=self.minutes,
            receiver=self.receiver,
            classes=tuple(self.classes),
            grades=tuple(self.grades),
            to_check=self.to_check,
        )
