"""The transactional outbox 事件发件箱, and who has already reacted to what."""

from __future__ import annotations

from django.db import models


class Event(models.Model):
    """A fact in the past tense, written in the transaction that made it true.

    Ids are not commit order; `published_seq` is stamped by the one dispatcher, and live streams resume from it.
    """

    name = models.CharField(max_length=80)
    payload = models.JSONField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    area_path = models.CharField(max_length=120, blank=True)
    data_class = models.PositiveSmallIntegerField(default=2)
    correlation_id = models.UUIDField(null=True, db_index=True)
    published_seq = models.BigIntegerField(null=True, unique=True)

    class Meta:
        verbose_name = "事件"
        indexes = [
            models.Index(fields=["id"], name="event_unpublished", condition=models.Q(published_seq__isnull=True))
        ]

    def __str__(self) -> str:
        return f"{self.name}#{self.pk}"


class Delivery(models.Model):
    """One reaction owed to one event; done in the same transaction as what the handler changed."""

    event = models.ForeignKey(Event, models.CASCADE)
    handler = models.CharField(max_length=120)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        verbose_name = "事件投递"
        constraints = [models.UniqueConstraint("event", "handler", name="delivery_once")]
        indexes = [models.Index(fields=["id"], name="delivery_owed", condition=models.Q(done_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.handler} <- {self.event_id}"
