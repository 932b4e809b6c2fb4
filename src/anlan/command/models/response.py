"""应急响应."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from anlan.command.models.incident import Incident, OfIncident
from anlan.command.models.plan import PlanVersion
from anlan.command.plans.document import LEVELS


class Response(OfIncident):
    """One plan at work for one incident, on the plan version it was started with."""

    class State(models.TextChoices):
        ACTIVE = "active", "进行中"
        ENDED = "ended", "已结束"

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="responses", verbose_name="事件")
    plan_version = models.ForeignKey(PlanVersion, models.PROTECT, verbose_name="预案版本")
    level = models.CharField("响应级别", max_length=4, choices=[(level, level) for level in LEVELS])
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.ACTIVE)
    #: What 突发事件应对法 art 72 wants a start to state: matter, level, expected duration, measures.
    matter = models.CharField("响应事项", max_length=200)
    measures = models.JSONField("处置措施", default=list)
    expected_until = models.DateTimeField("预计至")
    #: The proposed level and every term of every condition as judged at the start.
    proposal = models.JSONField("启动条件研判", default=dict)
    #: Every level this response had: {level, at, by, reason}.
    history = models.JSONField("级别沿革", default=list)
    reason = models.CharField("启动理由", max_length=400)
    started_at = models.DateTimeField("启动时间")
    started_by = models.CharField("启动人", max_length=80)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    ended_by = models.CharField("结束人", max_length=80, blank=True)
    end_reason = models.CharField("结束理由", max_length=400, blank=True)

    class Meta(OfIncident.Meta):
        verbose_name = "应急响应"
        ordering = ["started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident"], condition=Q(state="active"), name="one_active_response_per_incident"
            )
        ]

    def __str__(self) -> str:
        return f"{self.matter} {self.level}响应"
