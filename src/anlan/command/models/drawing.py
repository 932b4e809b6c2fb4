"""标绘: what commanders draw on the incident's map, the same for everybody."""

from __future__ import annotations

from django.db import models

from anlan.command.models.incident import Incident, OfIncident


class Drawing(OfIncident):
    """One symbol, line or surface. `key` is made where it is drawn, so that sending again draws it once; the version is
    that of its outline and words: two who change it at once do not overwrite each other."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="drawings", verbose_name="事件")
    key = models.UUIDField("标绘号", unique=True)
    kind = models.CharField("类别", max_length=20)
    label = models.CharField("名称", max_length=60, blank=True)
    note = models.CharField("说明", max_length=200, blank=True)
    geometry = models.JSONField("图形")
    #: The closure that keeps vehicles out while this stands.
    closure_code = models.CharField("断路管控编码", max_length=40, blank=True)
    #: Of what a field device drew: its uid, the print of what it said last, the version that became.
    device = models.JSONField("来自终端", default=dict, blank=True)
    drawn_at = models.DateTimeField("标绘时间")
    drawn_by = models.CharField("标绘人", max_length=80)
    changed_at = models.DateTimeField("更改时间")
    changed_by = models.CharField("更改人", max_length=80)
    erased_at = models.DateTimeField("擦除时间", null=True, blank=True)
    erased_by = models.CharField("擦除人", max_length=80, blank=True)
    version = models.PositiveIntegerField("版本", default=1)

    class Meta(OfIncident.Meta):
        verbose_name = "标绘"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.label or self.kind
