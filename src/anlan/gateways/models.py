"""What could not be understood: kept with its reason until an operator replays or discards it."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models

from anlan.gateways.alerts.models import ChannelTerms, OutgoingMessage, SendState
from anlan.gateways.exchange.models import ForeignRecord, Peer, SentParcel, TakenParcel, TurnedAway

__all__ = [
    "Backfill",
    "ChannelTerms",
    "FeedSource",
    "ForeignRecord",
    "OutgoingMessage",
    "Peer",
    "Quarantined",
    "SendState",
    "SentParcel",
    "TakenParcel",
    "TurnedAway",
]


class Quarantined(models.Model):
    """隔离报文: the raw bytes, where they came from and why they were refused. Never dropped silently."""

    class State(models.TextChoices):
        KEPT = "kept", "待处理"
        REPLAY = "replay", "待重放"
        REPLAYED = "replayed", "已重放"
        DISCARDED = "discarded", "已作废"

    log_seq = models.BigIntegerField("日志序号", unique=True)
    protocol = models.CharField("协议", max_length=20)
    peer = models.CharField("来源", max_length=80)
    received_at = models.DateTimeField("接收时间")
    raw = models.BinaryField("原文")
    reason = models.CharField("原因", max_length=400)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.KEPT)
    note = models.CharField("处理说明", max_length=200, blank=True)

    class Meta:
        verbose_name = "隔离报文"
        indexes = [models.Index(fields=["state", "-received_at"])]

    def __str__(self) -> str:
        return f"{self.protocol} {self.reason}"


class FeedSource(models.Model):
    """数据源: an address that the gateway asks by itself. `http(s)://…`, or `file:///…` for a folder of the machine."""

    code = models.CharField("编码", max_length=40, unique=True)
    name = models.CharField("名称", max_length=80)
    feed = models.CharField("数据源类型", max_length=20)
    url = models.CharField("地址", max_length=400)
    interval_s = models.PositiveIntegerField("间隔 s", default=300, validators=[MinValueValidator(10)])
    enabled = models.BooleanField("启用", default=True)
    asked_at = models.DateTimeField("上次询问", null=True, blank=True, editable=False)
    result = models.CharField("上次结果", max_length=200, blank=True, editable=False)

    class Meta:
        verbose_name = "数据源"

    def __str__(self) -> str:
        return self.name


class Backfill(models.Model):
    """补录: history out of one file, read by the gateway in pieces; where it stands survives a restart."""

    class State(models.TextChoices):
        WAITING = "waiting", "待处理"
        RUNNING = "running", "进行中"
        DONE = "done", "完成"
        FAILED = "failed", "失败"
        CANCELLED = "cancelled", "已取消"

    name = models.CharField("文件名", max_length=200)
    path = models.CharField("文件", max_length=400)
    protocol = models.CharField("协议", max_length=20, blank=True)
    zone = models.CharField("时区", max_length=40, default="Asia/Shanghai")
    encoding = models.CharField("文字编码", max_length=20, blank=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WAITING)
    ordered_by = models.CharField("提交人", max_length=80)
    ordered_at = models.DateTimeField("提交时间")
    touched_at = models.DateTimeField("进度时间", null=True)
    part = models.FloatField("已读部分", default=0)
    pieces = models.PositiveIntegerField("已入日志的批次", default=0)
    kept = models.BigIntegerField("入日志", default=0)
    refused = models.BigIntegerField("拒绝", default=0)
    note = models.CharField("说明", max_length=400, blank=True)
    first_at = models.DateTimeField("最早观测", null=True)
    last_at = models.DateTimeField("最晚观测", null=True)

    class Meta:
        verbose_name = "补录"
        indexes = [models.Index(fields=["state", "id"], name="backfill_by_state")]

    def __str__(self) -> str:
        return self.name
