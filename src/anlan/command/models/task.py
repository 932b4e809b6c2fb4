"""任务."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from anlan.command.models.incident import Incident, OfIncident
from anlan.command.models.response import Response
from anlan.command.states import TASK_LABELS, TASK_OVER
from anlan.kernel.accounts.scope import ScopedChild


class Task(OfIncident):
    """What a post or a team has to do, by when."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="tasks", verbose_name="事件")
    response = models.ForeignKey(
        Response, models.PROTECT, null=True, blank=True, related_name="tasks", verbose_name="响应"
    )
    card = models.CharField("任务卡", max_length=40, blank=True)
    title = models.CharField("任务", max_length=60)
    text = models.TextField("内容")
    phase = models.CharField("阶段", max_length=10, blank=True)
    post = models.ForeignKey("kernel.Post", models.PROTECT, null=True, blank=True, verbose_name="岗位")
    person = models.ForeignKey("kernel.Person", models.PROTECT, null=True, blank=True, verbose_name="承办人")
    team = models.ForeignKey("resources.Team", models.PROTECT, null=True, blank=True, verbose_name="队伍")
    assignee = models.CharField("承办", max_length=120)
    needs = models.JSONField("所需资源", default=list, blank=True)
    depends_on = models.JSONField("前置任务", default=list, blank=True)
    message = models.CharField("通知短信", max_length=400, blank=True)

    state = models.CharField("状态", max_length=12, choices=list(TASK_LABELS.items()), default="planned")
    created_at = models.DateTimeField("生成时间")
    issued_at = models.DateTimeField("下达时间", null=True, blank=True)
    acknowledge_min = models.FloatField("确认时限 min", default=5)
    arrive_min = models.FloatField("到场目标 min", null=True, blank=True)
    deadline_min = models.FloatField("完成时限 min")
    acknowledge_by = models.DateTimeField("须确认于", null=True, blank=True)
    due_at = models.DateTimeField("须完成于", null=True, blank=True)
    escalation = models.PositiveSmallIntegerField("升级次数", default=0)
    escalated_to = models.CharField("已升级至", max_length=120, blank=True)
    completion_late_at = models.DateTimeField("超期告知时间", null=True, blank=True)
    result = models.CharField("结果", max_length=400, blank=True)
    #: The way there as planned when issued: minutes, metres, GeoJSON LineString, how it was found.
    eta_min = models.FloatField("预计到达 min", null=True, blank=True)
    road_m = models.FloatField("路程 m", null=True, blank=True)
    route = models.JSONField("路线", null=True, blank=True)
    route_how = models.CharField("路线来源", max_length=20, blank=True)

    class Meta(OfIncident.Meta):
        verbose_name = "任务"
        ordering = ["id"]
        indexes = [models.Index(fields=["state", "acknowledge_by"]), models.Index(fields=["state", "due_at"])]
        constraints = [
            models.CheckConstraint(condition=Q(post__isnull=True) | Q(team__isnull=True), name="task_post_or_team")
        ]

    def __str__(self) -> str:
        return f"{self.title}（{self.assignee}）"

    @property
    def is_over(self) -> bool:
        return self.state in TASK_OVER

    def reached(self, state: str) -> datetime | None:
        """When the task first came to this state."""
        return next((step.at for step in self.steps.all() if step.state == state), None)


class TaskStep(ScopedChild):
    """Every state a task came to: when, by whom, with what remark. Append-only like the timeline."""

    SCOPE_AREA = "task__incident__area"
    SCOPE_CLASS = "task__incident__data_class"

    task = models.ForeignKey(Task, models.PROTECT, related_name="steps", verbose_name="任务")
    state = models.CharField("状态", max_length=12, choices=list(TASK_LABELS.items()))
    at = models.DateTimeField("时间")
    by = models.CharField("人员", max_length=80)
    note = models.CharField("备注", max_length=400, blank=True)

    class Meta(ScopedChild.Meta):
        verbose_name = "任务经过"
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.get_state_display()} {self.by}"
