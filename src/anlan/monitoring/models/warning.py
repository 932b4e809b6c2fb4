"""预警."""

from __future__ import annotations

import uuid

from django.db import models

from anlan.kernel.accounts.scope import ScopedChild, ScopedModel
from anlan.monitoring.rules.warnings import State


class WarningLevel(models.TextChoices):
    """突发事件应对法 art 63."""

    RED = "红", "红色（一级）"
    ORANGE = "橙", "橙色（二级）"
    YELLOW = "黄", "黄色（三级）"
    BLUE = "蓝", "蓝色（四级）"


class Warning(ScopedModel):
    """预警信息: drafted and reviewed by different people; what art 64 of 突发事件应对法 asks for is not empty."""

    identifier = models.CharField("编号", max_length=60, unique=True)
    event_code = models.CharField("事件类型码", max_length=5)
    event_name = models.CharField("事件类型", max_length=40)
    level = models.CharField("级别", max_length=2, choices=WarningLevel.choices)
    headline = models.CharField("标题", max_length=160)
    description = models.TextField("内容与可能影响")
    instruction = models.TextField("应采取的措施")
    areas = models.ManyToManyField("kernel.Area", related_name="+", verbose_name="影响区域")
    geometry = models.JSONField("范围", null=True, blank=True)
    onset = models.DateTimeField("起始时间")
    expires = models.DateTimeField("失效时间")
    state = models.CharField(
        "状态", max_length=10, choices=[(s.value, s.label) for s in State], default=State.DRAFT.value
    )
    basis = models.CharField("依据", max_length=300, blank=True)
    sender = models.CharField("发布单位", max_length=80, default="")
    in_house = models.BooleanField("内部研判（不得作为气象预警信号发布）", default=False)
    drafted_by = models.CharField("起草人", max_length=80)
    drafter_id = models.BigIntegerField(null=True)
    drafted_at = models.DateTimeField("起草时间")
    reviewed_by = models.CharField("审核人", max_length=80, blank=True)
    reviewer_id = models.BigIntegerField(null=True)
    reviewed_at = models.DateTimeField("审核时间", null=True)
    issued_by = models.CharField("签发人", max_length=80, blank=True)
    issued_at = models.DateTimeField("发布时间", null=True)
    ended_at = models.DateTimeField("解除时间", null=True)
    reason = models.CharField("审核意见或解除理由", max_length=200, blank=True)
    references = models.CharField("所续编号", max_length=60, blank=True)
    chain = models.CharField("首发编号", max_length=60, blank=True, db_index=True)
    exercise = models.CharField("演练名称", max_length=60, blank=True)
    authors = models.JSONField("拟稿和修改过的人", default=list)
    issuer_id = models.BigIntegerField(null=True)
    fast = models.BooleanField("应急快速签发", default=False)
    review_due_at = models.DateTimeField("事后审核期限", null=True)
    #: The review afterwards found it wrong: by then it is corrected or ended, or the system ends it.
    mend_due_at = models.DateTimeField("更正期限", null=True)
    translations = models.JSONField("其他语言", default=dict, blank=True)
    correlation_id = models.UUIDField("关联号", default=uuid.uuid4, db_index=True)

    class Meta(ScopedModel.Meta):
        verbose_name = "预警"
        indexes = [models.Index(fields=["state", "expires"], name="warning_in_force")]

    def __str__(self) -> str:
        return self.headline


class WarningStep(ScopedChild):
    """流程记录: one step of a warning: who, when, why, and what was changed in it."""

    SCOPE_AREA, SCOPE_CLASS = "warning__area", "warning__data_class"

    warning = models.ForeignKey(Warning, models.CASCADE, related_name="steps", verbose_name="预警")
    at = models.DateTimeField("时间")
    verb = models.CharField("动作", max_length=20)
    by = models.CharField("人", max_length=80)
    by_id = models.BigIntegerField(null=True)
    before = models.CharField("原状态", max_length=10, blank=True)
    after = models.CharField("状态", max_length=10)
    reason = models.CharField("理由", max_length=200, blank=True)
    changes = models.JSONField("改动", default=dict)

    class Meta:
        verbose_name = "预警流程记录"
        ordering = ["pk"]
        default_manager_name = "everything"
        base_manager_name = "everything"

    def __str__(self) -> str:
        return f"{self.verb} {self.by}"
