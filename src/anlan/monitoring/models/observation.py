"""观测: the partitioned table of readings is raw SQL (see migrations); Django reads it through these."""

from __future__ import annotations

from django.db import models


class Latest(models.Model):
    """The newest reading of each datastream. The worker writes a hundred thousand of them a second: no check by the
    database, and nothing indexed but the key, so that a value is replaced on its own page."""

    datastream = models.OneToOneField("monitoring.Datastream", models.CASCADE, primary_key=True, db_constraint=False)
    at = models.DateTimeField("观测时间")
    value = models.FloatField("值", null=True)
    quality = models.SmallIntegerField("质量", default=0)
    received_at = models.DateTimeField("接收时间")

    class Meta:
        verbose_name = "最新观测"

    def __str__(self) -> str:
        return f"{self.datastream_id}: {self.value}"
