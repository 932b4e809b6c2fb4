"""预案压力试验."""

from __future__ import annotations

from typing import Any

from django.db import models

from anlan.command.models.plan import PlanVersion
from anlan.kernel.accounts.scope import ScopedChild

#: On time, up to 20, up to 60, more than 60 minutes late on the average.
BANDS = ("#2f9e44", "#f2c037", "#f08c00", "#e03131")
NAMED = 10


class StressRun(ScopedChild):
    """One stress test of one version of a plan: ordered, computed by the worker, kept."""

    SCOPE_AREA = "plan_version__plan__area"
    SCOPE_CLASS = "plan_version__plan__data_class"

    class State(models.TextChoices):
        QUEUED = "queued", "排队"
        RUNNING = "running", "计算中"
        DONE = "done", "完成"
        FAILED = "failed", "未能完成"

    plan_version = models.ForeignKey(PlanVersion, models.PROTECT, related_name="stress_runs", verbose_name="预案版本")
    incidents = models.PositiveIntegerField("模拟事件数")
    seed = models.PositiveIntegerField("随机种子", default=1)
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.QUEUED)
    done_count = models.PositiveIntegerField("已算", default=0)
    assumptions = models.JSONField("假设", default=dict)
    result = models.JSONField("结果", default=dict)
    error = models.CharField("原因", max_length=300, blank=True)
    ordered_at = models.DateTimeField("下达时间")
    ordered_by = models.CharField("下达人", max_length=80)
    claimed_at = models.DateTimeField("开始计算", null=True, blank=True)
    took_s = models.FloatField("用时 s", null=True, blank=True)

    class Meta(ScopedChild.Meta):
        verbose_name = "预案压力试验"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.plan_version} 压力试验 {self.incidents} 起"

    @property
    def area(self) -> Any:
        return self.plan_version.plan.area

    @property
    def percent(self) -> int:
        return min(100, 100 * self.done_count // max(self.incidents, 1))

    @property
    def kept_percent(self) -> int:
        return round(100 * float(self.result.get("kept_share", 0)))

    @property
    def cards_shown(self) -> list[dict[str, Any]]:
        """The cards for people, the worst first, shares in per cent."""
        rows = sorted(self.result.get("cards", []), key=lambda card: -card["late_share"])
        return [
            {
                **card,
                "late_percent": round(100 * card["late_share"]),
                "arrive_percent": round(100 * (card["arrive_late_share"] or 0)),
                "short_percent": round(100 * card["short_share"]),
                "causes_shown": [(n, round(100 * s)) for n, s in list(card["causes"].items())[:3] if s >= 0.005],
            }
            for card in rows
        ]

    @property
    def spots(self) -> dict[str, Any]:
        """The places as GeoJSON: colour and size by how late and how often; the ten worst carry their name and minutes."""
        sites = self.result.get("sites", [])
        return {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "geometry": {"type": "Point", "coordinates": [one["lon"], one["lat"]]},
                    "properties": {
                        "colour": BANDS[sum(one["late_min"] > limit for limit in (5, 20, 60))],
                        "radius": round(4 + min(one["incidents"], 400) ** 0.5 / 4, 1),
                        "name": f"{one['name']} {one['late_min']:.0f} min" if number < NAMED else "",
                    },
                }
                for number, one in enumerate(sites)
            ],
        }
