"""现场上报: what telephones in the field noted, once each, whenever it arrived."""

from __future__ import annotations

from typing import Any

from django.db import models

from anlan.command.models.task import Task
from anlan.kernel.accounts.scope import ScopedChild


class FieldEntry(ScopedChild):
    """One thing somebody did or saw on the spot. `key` is made on the telephone, so that sending again changes nothing."""

    SCOPE_AREA = "task__incident__area"
    SCOPE_CLASS = "task__incident__data_class"

    class Kind(models.TextChoices):
        ACKNOWLEDGE = "acknowledge", "确认收到"
        START = "start", "出发"
        ARRIVE = "arrive", "到场"
        FINISH = "finish", "完成"
        POSITION = "position", "位置"
        NOTE = "note", "文字"
        PHOTO = "photo", "照片"
        VOICE = "voice", "语音"

    class Outcome(models.TextChoices):
        APPLIED = "applied", "已生效"
        KEPT = "kept", "已留存"

    key = models.UUIDField("上报号", unique=True)
    task = models.ForeignKey(Task, models.PROTECT, related_name="field_entries", verbose_name="任务")
    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    text = models.CharField("内容", max_length=400, blank=True)
    lon = models.FloatField("经度", null=True, blank=True)
    lat = models.FloatField("纬度", null=True, blank=True)
    media = models.BinaryField("附件", null=True, blank=True)
    media_type = models.CharField("附件类型", max_length=40, blank=True)
    device_at = models.DateTimeField("现场时间")
    received_at = models.DateTimeField("收到时间")
    by = models.CharField("人员", max_length=80)
    outcome = models.CharField("处理", max_length=8, choices=Outcome.choices)
    reason = models.CharField("说明", max_length=300, blank=True)

    JOURNAL_HIDES = ("media",)

    class Meta(ScopedChild.Meta):
        verbose_name = "现场上报"
        ordering = ["device_at", "id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.by}"

    @property
    def area(self) -> Any:
        return self.task.incident.area
