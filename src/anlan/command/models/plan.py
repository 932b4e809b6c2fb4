"""预案与预案版本."""

from __future__ import annotations

from django.db import models

from anlan.command.plans.document import PlanDocument, document_of
from anlan.kernel.accounts.scope import HELD, ScopedChild, ScopedModel
from anlan.kernel.areas.models import Area


class Plan(ScopedModel):
    """预案: one code through all its versions."""

    code = models.CharField("编码", max_length=40, unique=True)
    title = models.CharField("名称", max_length=80)
    kind = models.CharField("类别", max_length=10)
    issued_by = models.CharField("发布单位", max_length=80, blank=True)
    in_force = models.BooleanField("有效", default=True)
    representative = models.BooleanField("演示数据", default=False)

    class Meta(ScopedModel.Meta):
        verbose_name = "预案"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.title

    def current(self) -> PlanVersion | None:
        return PlanVersion.objects.unscoped(HELD).filter(plan=self).order_by("-id").first()


class PlanVersion(ScopedChild):
    """预案版本: immutable (the database refuses changes); running responses keep theirs."""

    SCOPE_AREA = "plan__area"
    SCOPE_CLASS = "plan__data_class"

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="versions", verbose_name="预案")
    version = models.CharField("版本", max_length=20)
    data = models.JSONField("内容")
    content_hash = models.CharField("内容摘要", max_length=64)
    published_at = models.DateTimeField("发布时间")
    published_by = models.CharField("发布人", max_length=80)

    class Meta(ScopedChild.Meta):
        verbose_name = "预案版本"
        constraints = [models.UniqueConstraint("plan", "version", name="plan_version_once")]

    def __str__(self) -> str:
        return f"{self.plan} {self.version}"

    @property
    def area(self) -> Area:
        return self.plan.area

    def document(self) -> PlanDocument:
        return document_of(self.data)
