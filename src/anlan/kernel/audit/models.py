"""审计日志: append-only and hash-chained; the database itself refuses UPDATE and DELETE on it."""

from __future__ import annotations

from django.db import models


class JournalEntry(models.Model):
    """One state change: who, when, from where, what, before and after.

    `hash` = SM3 (or SHA-256 where OpenSSL has no SM3, see `algorithm`) over the previous hash and this row's content.
    """

    seq = models.BigIntegerField("序号", primary_key=True)
    at = models.DateTimeField("时间")
    actor = models.CharField("操作人", max_length=80)
    user_id = models.BigIntegerField(null=True)
    origin = models.CharField("来源地址", max_length=64)
    verb = models.CharField("动作", max_length=80)
    subject_type = models.CharField("对象类型", max_length=60)
    subject_id = models.CharField("对象编号", max_length=60)
    subject = models.CharField("对象", max_length=120)
    before = models.JSONField("变更前", null=True)
    after = models.JSONField("变更后", null=True)
    reason = models.CharField("理由", max_length=400, blank=True)
    area_path = models.CharField(max_length=120, blank=True)
    correlation_id = models.UUIDField(null=True, db_index=True)
    algorithm = models.CharField(max_length=8)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = "审计日志"
        indexes = [models.Index(fields=["subject_type", "subject_id"]), models.Index(fields=["at"])]

    def __str__(self) -> str:
        return f"{self.actor} {self.verb} {self.subject}"


class JournalHead(models.Model):
    """The newest entry, in one row that changes with it: an entry cut off at the end is missed by it."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField("序号")
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = "审计日志链头"

    def __str__(self) -> str:
        return f"#{self.seq} {self.hash[:16]}"
