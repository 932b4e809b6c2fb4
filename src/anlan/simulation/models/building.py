"""房屋登记: what people live in, by area and type, as loss models read it."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models

from anlan.kernel.accounts.scope import ScopedModel


class BuildingStock(ScopedModel):
    """Buildings of one type in one area by one source (sources add up).

    A community without its own takes those of the area above.
    """

    class Kind(models.TextChoices):
        A = "A", "未设防土、石、旧式砖木"
        B = "B", "未设防砖混"
        C = "C", "按Ⅶ度设防砖混"
        D = "D", "设防框架、剪力墙"

    kind = models.CharField("房屋类型", max_length=1, choices=Kind.choices)
    count = models.PositiveIntegerField("栋数")
    floor_m2 = models.FloatField("建筑面积 m²", validators=[MinValueValidator(0)])
    surveyed_on = models.DateField("调查日期", null=True, blank=True)
    source = models.CharField("来源", max_length=120)
    representative = models.BooleanField("演示数据", default=False)

    class Meta(ScopedModel.Meta):
        verbose_name = "房屋登记"
        constraints = [models.UniqueConstraint("area", "kind", "source", name="building_stock_once_per_source")]

    def __str__(self) -> str:
        return f"{self.area} {self.get_kind_display()}"
