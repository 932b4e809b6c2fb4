"""检修窗口: when alarms of a place are expected and nobody is called."""

from __future__ import annotations

from django.db import models
from django.db.models import F

from anlan.kernel.accounts.scope import ScopedModel
from anlan.monitoring.models.station import Station


class MaintenanceWindow(ScopedModel):
    """检修窗口. Covers one station, or all stations of a kind ("" = all) in its area. Alarms inside are kept, suppressed,
    with this as their reason; those that still hold at its end are raised then."""

    title = models.CharField("检修内容", max_length=120)
    station = models.ForeignKey(Station, models.CASCADE, null=True, blank=True, verbose_name="测站（空 = 区划内全部）")
    station_kind = models.CharField("测站类别", max_length=20, blank=True)
    starts_at = models.DateTimeField("开始")
    ends_at = models.DateTimeField("结束")
    responsible = models.CharField("负责人", max_length=80)

    class Meta(ScopedModel.Meta):
        verbose_name = "检修窗口"
        indexes = [models.Index(fields=["ends_at", "starts_at"], name="maintenance_by_end")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=F("starts_at")), name="maintenance_ends_after_start",
                violation_error_message="结束应晚于开始",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.title

    def covers(self, station: Station) -> bool:
        """Whether a station is meant."""
        if self.station_id is not None:
            return self.station_id == station.pk
        return station.area.path.startswith(self.area.path) and self.station_kind in ("", station.kind)
