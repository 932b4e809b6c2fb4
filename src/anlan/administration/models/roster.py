"""请假、调班、交接班."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from anlan.administration.models.shift import Shift
from anlan.kernel.accounts.scope import ScopedModel


class Decision(models.TextChoices):
    ASKED = "asked", "待审批"
    APPROVED = "approved", "已同意"
    REFUSED = "refused", "未同意"


class Leave(ScopedModel):
    """请假: a person is not there in [start, end)."""

    class Kind(models.TextChoices):
        ANNUAL = "annual", "年休假"
        SICK = "sick", "病假"
        DUTY = "duty", "公差"
        OTHER = "other", "其他"

    person = models.ForeignKey("kernel.Person", models.PROTECT, related_name="leaves", verbose_name="人员")
    kind = models.CharField("类别", max_length=8, choices=Kind.choices)
    start = models.DateTimeField("开始")
    end = models.DateTimeField("结束")
    reason = models.CharField("事由", max_length=200, blank=True)
    state = models.CharField("状态", max_length=10, choices=Decision.choices, default=Decision.ASKED)
    asked_at = models.DateTimeField("申请时间")
    asked_by = models.CharField("申请人", max_length=80)
    decided_at = models.DateTimeField("审批时间", null=True, blank=True)
    decided_by = models.CharField("审批人", max_length=80, blank=True)

    class Meta(ScopedModel.Meta):
        verbose_name = "请假"
        ordering = ["-start", "-id"]
        constraints = [models.CheckConstraint(condition=Q(end__gt=F("start")), name="leave_ends_after_start")]

    def __str__(self) -> str:
        return f"{self.person} {self.get_kind_display()}"


class Swap(ScopedModel):
    """调班: somebody else takes a shift, in exchange for one of his (`against`) or not."""

    shift = models.ForeignKey(Shift, models.PROTECT, related_name="swaps", verbose_name="班次")
    by_person = models.ForeignKey("kernel.Person", models.PROTECT, related_name="+", verbose_name="原值班人")
    to_person = models.ForeignKey("kernel.Person", models.PROTECT, related_name="+", verbose_name="替班人")
    against = models.ForeignKey(Shift, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="对换班次")
    reason = models.CharField("事由", max_length=200)
    state = models.CharField("状态", max_length=10, choices=Decision.choices, default=Decision.ASKED)
    asked_at = models.DateTimeField("申请时间")
    asked_by = models.CharField("申请人", max_length=80)
    decided_at = models.DateTimeField("审批时间", null=True, blank=True)
    decided_by = models.CharField("审批人", max_length=80, blank=True)

    class Meta(ScopedModel.Meta):
        verbose_name = "调班"
        ordering = ["-asked_at", "-id"]

    def __str__(self) -> str:
        return f"{self.shift} → {self.to_person}"


class Handover(ScopedModel):
    """交接班: the open items as they stood, signed by who goes and by who comes."""

    organisation = models.ForeignKey("kernel.Organisation", models.PROTECT, verbose_name="机构")
    at = models.DateTimeField("交班时间")
    #: [{kind, title, detail}] of everything open when it was signed over.
    items = models.JSONField("未了事项", default=list)
    remarks = models.CharField("交班说明", max_length=1000, blank=True)
    given_by = models.CharField("交班人", max_length=80)
    given_user = models.BigIntegerField(null=True, editable=False)
    taken_at = models.DateTimeField("接班时间", null=True, blank=True)
    taken_by = models.CharField("接班人", max_length=80, blank=True)
    taken_remarks = models.CharField("接班说明", max_length=1000, blank=True)

    class Meta(ScopedModel.Meta):
        verbose_name = "交接班"
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.organisation} {self.given_by}→{self.taken_by or '（未接班）'}"
