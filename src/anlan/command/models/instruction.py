"""批示: what a leader ordered, and every point of it chased until it is done."""

from __future__ import annotations

from django.db import models

from anlan.command.models.incident import Incident
from anlan.kernel.accounts.scope import ScopedChild, ScopedModel
from anlan.kernel.areas.models import Area


class Instruction(ScopedModel):
    """领导批示, as it was given."""

    class Means(models.TextChoices):
        WRITTEN = "written", "书面"
        PHONE = "phone", "电话"
        ORAL = "oral", "当面"
        MEETING = "meeting", "会议"

    leader = models.CharField("批示领导", max_length=80)
    means = models.CharField("方式", max_length=10, choices=Means.choices, default=Means.PHONE)
    text = models.CharField("批示内容", max_length=1000)
    given_at = models.DateTimeField("批示时间")
    incident = models.ForeignKey(
        Incident, models.PROTECT, null=True, blank=True, related_name="instructions", verbose_name="事件"
    )
    recorded_at = models.DateTimeField("登记时间")
    recorded_by = models.CharField("登记人", max_length=80)

    class Meta(ScopedModel.Meta):
        verbose_name = "领导批示"
        ordering = ["-given_at", "-id"]

    def __str__(self) -> str:
        return f"{self.leader}：{self.text}"[:80]


class InstructionItem(ScopedChild):
    """One point of an instruction: who does what by when, and what came of it."""

    SCOPE_AREA = "instruction__area"
    SCOPE_CLASS = "instruction__data_class"

    instruction = models.ForeignKey(Instruction, models.PROTECT, related_name="items", verbose_name="批示")
    what = models.CharField("落实事项", max_length=200)
    owner = models.CharField("承办", max_length=80)
    phone = models.CharField("电话", max_length=40, blank=True)
    due_at = models.DateTimeField("办结时限")
    #: [{at, by, text}]
    feedback = models.JSONField("反馈", default=list, blank=True)
    done_at = models.DateTimeField("办结时间", null=True, blank=True)
    done_by = models.CharField("办结登记", max_length=80, blank=True)
    result = models.CharField("落实结果", max_length=400, blank=True)
    chased = models.PositiveSmallIntegerField("催办次数", default=0)
    chased_at = models.DateTimeField("催办时间", null=True, blank=True)

    class Meta(ScopedChild.Meta):
        verbose_name = "批示落实事项"
        ordering = ["due_at", "id"]

    def __str__(self) -> str:
        return f"{self.what}（{self.owner}）"

    @property
    def area(self) -> Area:
        return self.instruction.area

    @property
    def data_class(self) -> int:
        return self.instruction.data_class
