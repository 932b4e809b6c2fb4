"""值班快报、值班信息、专报: what the duty desk puts before leaders."""

from __future__ import annotations

from django.db import models

from anlan.command.models.incident import Incident
from anlan.command.states import BULLETIN_LABELS
from anlan.kernel.accounts.scope import ScopedModel


class Bulletin(ScopedModel):
    """One product with all its figures from one time of data; 拟稿 → 核稿 → 签发 → 报送 → 回执, each with person and time."""

    class Kind(models.TextChoices):
        FLASH = "flash", "值班快报"
        INFO = "info", "值班信息"
        SPECIAL = "special", "专报"

    kind = models.CharField("类型", max_length=8, choices=Kind.choices)
    number = models.CharField("编号", max_length=40, unique=True)
    title = models.CharField("标题", max_length=160)
    incident = models.ForeignKey(
        Incident, models.PROTECT, null=True, blank=True, related_name="bulletins", verbose_name="事件"
    )
    as_of = models.DateTimeField("数据截至")
    fields = models.JSONField("内容", default=dict)
    state = models.CharField("状态", max_length=10, choices=list(BULLETIN_LABELS.items()), default="drafted")
    #: [{state, at, by, note}]
    steps = models.JSONField("经过", default=list)
    #: PNG of the map of a 专报, drawn with the draft: of the same time as its figures.
    picture = models.BinaryField("附图", null=True, blank=True)
    version = models.PositiveIntegerField("版本", default=1)

    JOURNAL_HIDES = ("picture",)

    class Meta(ScopedModel.Meta):
        verbose_name = "值班产品"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"
