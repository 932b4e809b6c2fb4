"""外发消息: one message to one receiver by one channel, and what became of it."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from anlan.kernel.accounts.scope import ScopedModel


class SendState(models.TextChoices):
    QUEUED = "queued", "待发"
    SENDING = "sending", "发送中"
    ACCEPTED = "accepted", "网关已收"
    DELIVERED = "delivered", "已送达"
    FAILED = "failed", "未送达"
    UNKNOWN = "unknown", "结果不明"
    DROPPED = "dropped", "不再发送"


class OutgoingMessage(ScopedModel):
    """Written with the event it answers, sent afterwards. `claimed_at`, `due_at` are real time, the rest clock time."""

    key = models.UUIDField("消息号", default=uuid.uuid4, unique=True, editable=False)
    event_id = models.BigIntegerField("所答事件")
    receiver = models.CharField("收件人标识", max_length=60)
    to_name = models.CharField("收件人", max_length=80)
    address = models.CharField("号码", max_length=254, blank=True)
    text = models.TextField("内容")
    purpose = models.CharField("用途", max_length=40)
    urgent = models.BooleanField("紧急", default=False)
    subject_type = models.CharField("对象类型", max_length=60)
    subject_id = models.CharField("对象编号", max_length=60)
    channel = models.CharField("渠道", max_length=20)
    state = models.CharField("状态", max_length=10, choices=SendState.choices, default=SendState.QUEUED)
    attempts = models.PositiveSmallIntegerField("次数", default=0)
    due_at = models.DateTimeField("应发时间")
    claimed_at = models.DateTimeField("开始发送", null=True)
    reference = models.CharField("渠道回执号", max_length=60, blank=True)
    detail = models.CharField("结果", max_length=300, blank=True)
    created_at = models.DateTimeField("生成时间")
    finished_at = models.DateTimeField("完成时间", null=True)
    correlation_id = models.UUIDField("关联号", null=True, db_index=True)
    #: Codes and links that open something, numbers of people: the journal is for ever and read by many.
    JOURNAL_HIDES = ("text", "address", "receiver")

    class Meta(ScopedModel.Meta):
        verbose_name = "外发消息"
        constraints = [
            models.UniqueConstraint("event_id", "receiver", "channel", name="message_once_per_receiver_and_channel")
        ]
        indexes = [
            models.Index(fields=["due_at"], name="message_owed", condition=models.Q(state__in=["queued", "sending"])),
            models.Index(fields=["subject_type", "subject_id"]),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} → {self.to_name}"


class Fanout(ScopedModel):
    """群发: one warning to all subscribers of one channel. Its receivers lie in chunks, not in rows of their own."""

    event_id = models.BigIntegerField("所答事件")
    warning_id = models.BigIntegerField("预警")
    channel = models.CharField("渠道", max_length=20)
    rank = models.PositiveSmallIntegerField("级别（1 最高）")
    #: ISSUED, or how the warning ended.
    ISSUED = "预警发布"
    purpose = models.CharField("用途", max_length=20, default=ISSUED)
    text = models.TextField("内容")
    total = models.PositiveIntegerField("人数", default=0)
    delivered = models.PositiveIntegerField("已送达", default=0)
    refused = models.PositiveIntegerField("未送达", default=0)
    unknown = models.PositiveIntegerField("结果不明", default=0)
    gone = models.PositiveIntegerField("已退订", default=0)
    #: Of those delivered, who has it on his phone by the gateway's status report; why it did not reach others, by its code.
    confirmed = models.PositiveIntegerField("手机已收", default=0)
    codes = models.JSONField("未送达原因", default=dict)
    #: Reports changed who was reached since the receipts by area were counted.
    recount = models.BooleanField(default=False)
    #: Priced short messages that one receiver's text makes.
    pieces = models.PositiveSmallIntegerField("每人条数", default=1)
    created_at = models.DateTimeField("生成时间")
    first_at = models.DateTimeField("第一条送出", null=True)
    done_at = models.DateTimeField("完成时间", null=True)

    class Meta(ScopedModel.Meta):
        verbose_name = "群发"
        constraints = [models.UniqueConstraint("event_id", "channel", name="fanout_once_per_event_and_channel")]

    def __str__(self) -> str:
        return f"群发 {self.channel} {self.total} 人"


class FanoutChunk(models.Model):
    """一批: blocks of the roster; `outcomes` holds one byte of `mass.Mark` for each person in them, in their order."""

    fanout = models.ForeignKey(Fanout, models.CASCADE, related_name="chunks")
    channel = models.CharField(max_length=20)
    rank = models.PositiveSmallIntegerField()
    number = models.BigIntegerField()
    blocks = ArrayField(models.BigIntegerField())
    outcomes = models.BinaryField()
    state = models.CharField(max_length=8, default="queued")
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "群发批次"
        indexes = [
            models.Index(fields=["channel", "rank", "id"], name="chunk_owed", condition=models.Q(state="queued")),
            models.Index(fields=["claimed_at"], name="chunk_taken", condition=models.Q(state="sending")),
        ]

    def __str__(self) -> str:
        return f"{self.fanout_id}/{self.number}"


class Submission(models.Model):
    """网关编号: one part that a gateway took, until it reports what became of it. Of a message, or of one place in a chunk."""

    number = models.CharField(max_length=120, unique=True)
    message = models.ForeignKey(OutgoingMessage, models.CASCADE, null=True)
    # Without a constraint: a million of them come with one fan-out, and go with their chunk.
    chunk = models.ForeignKey(FanoutChunk, models.CASCADE, null=True, db_constraint=False)
    place = models.PositiveIntegerField(default=0)
    #: Real time.
    at = models.DateTimeField()

    class Meta:
        verbose_name = "网关编号"
        indexes = [models.Index(fields=["at"])]

    def __str__(self) -> str:
        return self.number


class StatusReport(models.Model):
    """状态报告: a gateway's word about a part, kept before it is acknowledged; settled when it had its effect. The phone is
    held only until then."""

    number = models.CharField(max_length=120, unique=True)
    stat = models.CharField(max_length=7)
    phone = models.CharField(max_length=32, blank=True)
    #: When the gateway took the part, by its own clock; None where it said nothing that is a time.
    submitted = models.DateTimeField(null=True)
    #: Real time.
    at = models.DateTimeField()
    settled = models.BooleanField(default=False)

    class Meta:
        verbose_name = "状态报告"
        indexes = [
            models.Index(fields=["id"], name="report_owed", condition=models.Q(settled=False)),
            models.Index(fields=["at"]),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.stat}"


class ChannelTerms(ScopedModel):
    """渠道约定: what the other side of a channel allows and what it costs. Without a row: no limit, price unknown."""

    channel = models.CharField("渠道", max_length=20, unique=True)
    per_second = models.PositiveIntegerField("每秒上限（条）", default=0, help_text="0 = 不限")
    price_cny = models.DecimalField("单价（元/条）", max_digits=8, decimal_places=4, default=0)
    month_cny = models.DecimalField("每月预算（元）", max_digits=10, decimal_places=2, default=0, help_text="0 = 不设")
    source = models.CharField("依据", max_length=120, blank=True)
    #: When the channel will have taken what was promised to it so far; real time, moved by `pace.wait_s` alone.
    free_at = models.DateTimeField("空闲时刻", null=True, editable=False)

    class Meta(ScopedModel.Meta):
        verbose_name = "渠道约定"

    def __str__(self) -> str:
        return self.channel
