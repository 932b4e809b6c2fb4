"""时间线: what happened in one incident, append-only."""

from __future__ import annotations

from django.db import models

from anlan.command.models.incident import Incident, OfIncident


class TimelineEntry(OfIncident):
    """One line. The database refuses to change or remove it; a mistake is corrected by a further line."""

    class Kind(models.TextChoices):
        INCIDENT = "incident", "事件"
        RESPONSE = "response", "响应"
        TASK = "task", "任务"
        REPORT = "report", "报告"
        WARNING = "warning", "预警"
        ALARM = "alarm", "告警"
        SIMULATION = "simulation", "推演"
        RESOURCE = "resource", "资源"
        NOTE = "note", "记录"

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="timeline", verbose_name="事件")
    at = models.DateTimeField("时间")
    recorded_at = models.DateTimeField("记录时间")
    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    text = models.CharField("内容", max_length=1000)
    by = models.CharField("人员", max_length=80)
    lon = models.FloatField("经度", null=True, blank=True)
    lat = models.FloatField("纬度", null=True, blank=True)
    data = models.JSONField("数据", default=dict, blank=True)

    class Meta(OfIncident.Meta):
        verbose_name = "时间线"
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["incident", "at"])]

    def __str__(self) -> str:
        return f"{self.at:%H:%M} {self.text}"[:80]
