"""复盘."""

from __future__ import annotations

from django.db import models

from anlan.command.models.incident import Incident, OfIncident


class Review(OfIncident):
    """复盘评估: what was measured against the plan's targets, and what was learnt."""

    incident = models.OneToOneField(Incident, models.PROTECT, related_name="review", verbose_name="事件")
    #: Rows of the table of times as they stood when the review was completed.
    measured = models.JSONField("指标", default=list)
    lessons = models.TextField("经验教训")
    #: item of rules.evaluation -> {score, note}
    scores = models.JSONField("评估", default=dict, blank=True)
    completed_at = models.DateTimeField("完成时间")
    completed_by = models.CharField("评估人", max_length=80)

    class Meta(OfIncident.Meta):
        verbose_name = "复盘"

    def __str__(self) -> str:
        return f"{self.incident} 复盘"
