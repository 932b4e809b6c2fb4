"""Rows of a file that a registry refused: kept with their reasons until somebody brings them in again or discards them."""

from __future__ import annotations

from django.db import models


class RefusedRow(models.Model):
    """拒收行: one row of an imported file as it came, and why it was refused. Never dropped silently."""

    class State(models.TextChoices):
        KEPT = "kept", "待处理"
        TAKEN = "taken", "已重新导入"
        DISCARDED = "discarded", "已作废"

    register = models.CharField("登记簿", max_length=40)
    file = models.CharField("文件", max_length=200)
    row_no = models.PositiveIntegerField("行号")
    values = models.JSONField("内容")
    #: column -> sentence
    reasons = models.JSONField("原因")
    account = models.BigIntegerField("导入账号", null=True)
    sender = models.CharField("导入人", max_length=80)
    at = models.DateTimeField("时间")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.KEPT)
    note = models.CharField("处理说明", max_length=200, blank=True)

    class Meta:
        app_label = "kernel"
        verbose_name = "拒收行"
        indexes = [models.Index(fields=["register", "state", "-at"])]

    def __str__(self) -> str:
        return f"{self.register} {self.file} 第 {self.row_no} 行"
