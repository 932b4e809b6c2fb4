"""What could not be understood: kept with its reason until an operator replays or discards it."""

from __future__ import annotations

from django.db import models


class Quarantined(models.Model):
    """隔离报文: the raw bytes, where they came from and why they were refused. Never dropped silently."""

    class State(models.TextChoices):
        KEPT = "kept", "待处理"
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
