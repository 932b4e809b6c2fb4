"""灾害链: hazards that fired, and what to check because of them."""

from __future__ import annotations

import uuid

from django.db import models

from anlan.kernel.accounts.scope import ScopedModel


class Firing(ScopedModel):
    """灾害发生记录: one hazard of the declared graph has fired in a district: from a run, warning, judgement or alarm."""

    node = models.CharField("灾害", max_length=20)
    title = models.CharField("起因", max_length=200)
    level = models.PositiveSmallIntegerField("级别", default=3)
    lon = models.FloatField("经度")
    lat = models.FloatField("纬度")
    at = models.DateTimeField("时间", db_index=True)
    #: What was heard: name of the fact and the id in it; one firing for each.
    heard = models.CharField("来源事实", max_length=80)
    correlation_id = models.UUIDField("关联号", default=uuid.uuid4, db_index=True)

    class Meta(ScopedModel.Meta):
        verbose_name = "灾害发生记录"
        ordering = ["-at"]
        constraints = [models.UniqueConstraint("heard", "area", name="firing_once_per_fact_and_area")]

    def __str__(self) -> str:
        return self.title


class Lead(ScopedModel):
    """灾害链核查提示: what may follow in a district, at which things, why, by which source, and what people should check."""

    class State(models.TextChoices):
        OPEN = "open", "待核查"
        CONFIRMED = "confirmed", "已发生或存在"
        CLEARED = "cleared", "已排除"
        LAPSED = "lapsed", "事件结束时未核查"

    edge = models.CharField("链条", max_length=40)
    source = models.CharField("起因灾害", max_length=20)
    target = models.CharField("次生灾害", max_length=20)
    title = models.CharField("标题", max_length=120)
    because = models.CharField("起因", max_length=200)
    #: Edges that led here, its own the last: one = follows what has happened; more = follows what was only computed.
    path = models.JSONField("链条经过", default=list)
    verdict = models.CharField("研判", max_length=6)
    ask = models.CharField("核查什么", max_length=400)
    reason = models.CharField("道理", max_length=400)
    cites = models.CharField("依据", max_length=300)
    to_check = models.BooleanField("依据待核对", default=True)
    #: Things, the worst first: kind, key, name, lon, lat, people, phone, verdict, why, figures, representative, run (id or null),
    #: and `confirmed` where people have found it so.
    things = models.JSONField("涉及对象", default=list)
    people = models.PositiveIntegerField("假设影响人口", null=True, blank=True)
    lon = models.FloatField("经度")
    lat = models.FloatField("纬度")
    at = models.DateTimeField("时间", db_index=True)
    correlation_id = models.UUIDField("关联号", default=uuid.uuid4, db_index=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    answer = models.CharField("核查结果", max_length=400, blank=True)
    answered_by = models.CharField("核查人", max_length=80, blank=True)
    answered_at = models.DateTimeField("核查时间", null=True, blank=True)

    class Meta(ScopedModel.Meta):
        verbose_name = "灾害链核查提示"
        ordering = ["-at"]
        constraints = [models.UniqueConstraint("correlation_id", "edge", "area", name="lead_once_per_edge_and_area")]

    @property
    def step(self) -> int:
        """How many steps from what has happened."""
        return max(1, len(self.path))

    @property
    def at_things(self) -> int:
        """People known to be at the things themselves."""
        return sum(int(row["people"] or 0) for row in self.things)

    def __str__(self) -> str:
        return self.title
