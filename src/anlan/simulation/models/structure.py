"""涵洞与挡墙: what stands in the way of water, or lets it through."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from anlan.kernel.accounts.scope import Located


class Structure(Located):
    """涵洞与挡墙: what lets water through a bank, or keeps it back."""

    class Kind(models.TextChoices):
        WALL = "wall", "堤、墙、路基"
        CULVERT = "culvert", "涵洞"

    kind = models.CharField("类别", max_length=8, choices=Kind.choices)
    #: [[lon, lat], ...]: the crest's line, or the culvert's two ends.
    line = models.JSONField("折线 [[经度, 纬度], …]（涵洞填两端）")
    crest_m = models.FloatField("顶高程 m（墙）", null=True, blank=True)
    invert_m = models.FloatField("底高程 m（涵洞）", null=True, blank=True)
    area_m2 = models.FloatField("过水面积 m²（涵洞）", null=True, blank=True)
    height_m = models.FloatField("净高 m（涵洞）", default=1.0)
    source = models.CharField("来源", max_length=120, blank=True)

    class Meta(Located.Meta):
        verbose_name = "涵洞与挡墙"

    def clean(self) -> None:
        """A wall needs its crest, a culvert its size; the line must be places."""
        super().clean()
        wants = {"wall": ("crest_m",), "culvert": ("invert_m", "area_m2")}.get(self.kind, ())
        for name in wants:
            if getattr(self, name) is None:
                raise ValidationError({name: f"{self.get_kind_display()}须填"})
        for name in ("area_m2", "height_m"):
            value = getattr(self, name)
            if value is not None and not 0 < value <= 10_000:
                raise ValidationError({name: f"{value} 须 > 0，<= 10000"})
        if not is_line(self.line):
            raise ValidationError({"line": "[[经度, 纬度], …]，至少 2 点，经度 -180~180，纬度 -85~85"})


def is_line(value: Any) -> bool:
    """Whether it is at least two places."""
    return (
        isinstance(value, list)
        and len(value) >= 2
        and all(
            isinstance(place, list)
            and len(place) == 2
            and all(isinstance(part, int | float) and not isinstance(part, bool) for part in place)
            and -180 <= place[0] <= 180
            and -85 <= place[1] <= 85
            for place in value
        )
    )
