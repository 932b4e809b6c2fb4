"""行政区划: city, district, town, community, grid, each a prefix of those below it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Value
from django.db.models.functions import Concat, Substr


class Level(models.IntegerChoices):
    CITY = 1, "市"
    DISTRICT = 2, "区"
    TOWN = 3, "镇（街道）"
    COMMUNITY = 4, "村（社区）"
    GRID = 5, "网格"


class Area(models.Model):
    """An administrative area or functional zone.

    Key = code system + code: the two official systems (MCA 民政部, NBS 统计局) give the same digits to different towns.
    `path` is `/root-id/…/own-id/`; an area contains another exactly when its path is a prefix of the other's.
    """

    code_system = models.CharField("代码体系", max_length=16)
    code = models.CharField("代码", max_length=20)
    name = models.CharField("名称", max_length=60)
    level = models.PositiveSmallIntegerField("级别", choices=Level.choices)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name="上级区划"
    )
    path = models.CharField("路径", max_length=120, unique=True, editable=False)
    alt_codes = models.JSONField("其他体系代码", default=dict, blank=True)
    geometry = models.JSONField("范围", null=True, blank=True)
    sketch = models.BooleanField("范围为示意", default=False)
    seat_lon = models.FloatField("驻地经度", null=True, blank=True)
    seat_lat = models.FloatField("驻地纬度", null=True, blank=True)
    population = models.PositiveIntegerField("常住人口", null=True, blank=True)
    population_note = models.CharField("人口来源", max_length=120, blank=True)
    representative = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "行政区划"
        constraints = [models.UniqueConstraint("code_system", "code", name="area_code_once_per_system")]
        indexes = [models.Index(fields=["path"], name="area_path_prefix", opclasses=["varchar_pattern_ops"])]
        ordering = ["path"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """The path needs the id, so a new area is written twice."""
        if self.pk is None:
            self.path = f"new:{self.code_system}:{self.code}"
            super().save(*args, **kwargs)
        was, self.path = self.path, f"{self.parent.path if self.parent else '/'}{self.pk}/"
        super().save()
        if was != self.path and not was.startswith("new:"):
            below = Area.objects.filter(path__startswith=was).exclude(pk=self.pk)
            below.update(path=Concat(Value(self.path), Substr("path", len(was) + 1)))

    def contains(self, other: Area) -> bool:
        return other.path.startswith(self.path)
