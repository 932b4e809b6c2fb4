"""突发事件、接报线索."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from anlan.command import event_codes
from anlan.command.states import INCIDENT_LABELS, INCIDENT_OVER
from anlan.kernel.accounts.scope import ScopedChild, ScopedModel
from anlan.kernel.areas.models import Area

GRADE_CHOICES = [(grade, grade) for grade in ("特别重大", "重大", "较大", "一般")]
CASUALTIES = ("deaths", "missing", "serious", "minor", "trapped", "evacuated", "resettled")


class Incident(ScopedModel):
    """突发事件. Unknown casualties are null, never 0: by law the two differ (零报告)."""

    number = models.CharField("事件编号", max_length=30, unique=True)
    code_system = models.CharField("类型码体系", max_length=10, default="EVT")
    event_code = models.CharField("事件类型码", max_length=5)
    title = models.CharField("标题", max_length=120)
    status = models.CharField("状态", max_length=12, choices=list(INCIDENT_LABELS.items()), default="opened")
    place = models.CharField("地点", max_length=120, blank=True)
    lon = models.FloatField("经度")
    lat = models.FloatField("纬度")
    occurred_at = models.DateTimeField("发生时间", null=True, blank=True)
    received_at = models.DateTimeField("接报时间")
    opened_at = models.DateTimeField("登记时间")
    closed_at = models.DateTimeField("结案时间", null=True, blank=True)
    source = models.CharField("信息来源", max_length=40)
    reported_by = models.CharField("报告人", max_length=80, blank=True)
    description = models.TextField("简要经过", blank=True)
    measures = models.TextField("先期处置", blank=True)

    deaths = models.PositiveIntegerField("死亡", null=True, blank=True)
    missing = models.PositiveIntegerField("失踪", null=True, blank=True)
    serious = models.PositiveIntegerField("重伤", null=True, blank=True)
    minor = models.PositiveIntegerField("轻伤", null=True, blank=True)
    trapped = models.PositiveIntegerField("被困", null=True, blank=True)
    evacuated = models.PositiveIntegerField("疏散", null=True, blank=True)
    resettled = models.PositiveIntegerField("安置", null=True, blank=True)
    loss_cny = models.BigIntegerField("直接经济损失 元", null=True, blank=True)
    figures_at = models.DateTimeField("数据截至", null=True, blank=True)
    #: 研判要素: name -> {value, source, at}; names from plans.variables.
    factors = models.JSONField("研判要素", default=dict, blank=True)

    suggested_grade = models.CharField("建议等级", max_length=6, blank=True)
    grade_clause = models.CharField("定级依据", max_length=300, blank=True)
    grade_if_missing_dead = models.CharField("失踪计入死亡时等级", max_length=6, blank=True)
    grade = models.CharField("确认等级", max_length=6, choices=GRADE_CHOICES, blank=True)
    grade_by = models.CharField("定级人", max_length=80, blank=True)
    grade_at = models.DateTimeField("定级时间", null=True, blank=True)

    #: Whose desk took it: of the city or of a district. Its clock is our own; other parties have theirs.
    desk = models.CharField("受理层级", max_length=12, default="city")
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged", verbose_name="并入事件"
    )
    split_from = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="split", verbose_name="拆自事件"
    )
    conclusion = models.TextField("处置结论", blank=True)
    correlation_id = models.UUIDField("关联号", default=uuid.uuid4, unique=True, editable=False)
    alarm_id = models.BigIntegerField("来源告警", null=True, blank=True, unique=True)
    hazard_event_id = models.BigIntegerField("来源灾害事件", null=True, blank=True, unique=True)
    #: Opened while a scenario set the clock: it stays an exercise for ever, whatever the clock says later.
    exercise = models.BooleanField("演练", default=False, editable=False)
    version = models.PositiveIntegerField("版本", default=1)

    class Meta(ScopedModel.Meta):
        verbose_name = "突发事件"
        ordering = ["-received_at"]
        indexes = [models.Index(fields=["status", "received_at"])]
        constraints = [
            models.CheckConstraint(condition=Q(loss_cny__isnull=True) | Q(loss_cny__gte=0), name="loss_not_negative"),
            models.CheckConstraint(condition=Q(lon__range=(-180, 180), lat__range=(-90, 90)), name="incident_on_earth"),
            models.CheckConstraint(
                condition=Q(occurred_at__isnull=True) | Q(occurred_at__lte=F("received_at")),
                name="received_after_occurred",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def event_name(self) -> str:
        return event_codes.name(self.event_code)

    @property
    def where(self) -> str:
        """Area and place as one reads them, the area's name not said twice."""
        return self.place if self.place.startswith(self.area.name) else f"{self.area.name}{self.place}"

    @property
    def working_grade(self) -> str:
        """The grade to go by: confirmed, else suggested, else empty."""
        return self.grade or self.suggested_grade

    @property
    def is_open(self) -> bool:
        return self.status not in INCIDENT_OVER


class Proposal(ScopedModel):
    """接报线索: an alarm, hazard event or call that may be an incident; a duty officer decides."""

    class State(models.TextChoices):
        WAITING = "waiting", "待处理"
        ACCEPTED = "accepted", "已立案"
        MERGED = "merged", "并入事件"
        DISMISSED = "dismissed", "不予立案"

    source = models.CharField("来源", max_length=20)
    title = models.CharField("标题", max_length=120)
    event_code = models.CharField("建议类型码", max_length=5, blank=True)
    place = models.CharField("地点", max_length=120, blank=True)
    reported_by = models.CharField("报告人", max_length=80, blank=True)
    lon = models.FloatField("经度")
    lat = models.FloatField("纬度")
    at = models.DateTimeField("发生时间")
    received_at = models.DateTimeField("接收时间")
    priority = models.PositiveSmallIntegerField("优先级", default=1)
    factors = models.JSONField("研判要素", default=dict, blank=True)
    #: Ids of further alarms at the same place and time; counted, not shown one by one.
    also = models.JSONField("并入的告警", default=list, blank=True)
    alarm_id = models.BigIntegerField("告警", null=True, blank=True, unique=True)
    hazard_event_id = models.BigIntegerField("灾害事件", null=True, blank=True, unique=True)
    correlation_id = models.UUIDField("关联号", default=uuid.uuid4, editable=False)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WAITING)
    incident = models.ForeignKey(
        Incident, models.PROTECT, null=True, blank=True, related_name="proposals", verbose_name="事件"
    )
    decided_by = models.CharField("处理人", max_length=80, blank=True)
    decided_at = models.DateTimeField("处理时间", null=True, blank=True)
    reason = models.CharField("理由", max_length=400, blank=True)

    class Meta(ScopedModel.Meta):
        verbose_name = "接报线索"
        ordering = ["-at"]
        indexes = [models.Index(fields=["state", "at"])]

    def __str__(self) -> str:
        return self.title


class OfIncident(ScopedChild):
    """A row that is seen with its incident, and journalled under the incident's area."""

    SCOPE_AREA = "incident__area"
    SCOPE_CLASS = "incident__data_class"
    incident: models.ForeignKey[Incident, Incident]

    class Meta(ScopedChild.Meta):
        abstract = True

    @property
    def area(self) -> Area:
        return self.incident.area

    @property
    def data_class(self) -> int:
        return self.incident.data_class
