"""隔离线: what a commander has drawn into a fire."""

from __future__ import annotations

import uuid

from django.db import models

from anlan.kernel.accounts.scope import ScopedModel


class ControlLine(ScopedModel):
    """A line that a fire does not cross from the moment it stands; every run of the fire's story takes it."""

    points = models.JSONField("折线")
    stands_at = models.DateTimeField("建成时间")
    note = models.CharField("说明", max_length=80, blank=True)
    at = models.DateTimeField("绘制时间")
    by = models.CharField("绘制人", max_length=80)
    correlation_id = models.UUIDField("关联号", default=uuid.uuid4, db_index=True)
    #: Not taken any more since then: it did not hold, or was drawn by mistake.
    dropped_at = models.DateTimeField("撤销时间", null=True, blank=True)

    class Meta(ScopedModel.Meta):
        verbose_name = "隔离线"
        ordering = ["stands_at", "pk"]

    def __str__(self) -> str:
        return self.note or "隔离线"
