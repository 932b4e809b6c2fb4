"""储备库点与物资、医院、避难场所、重点场所."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from anlan.kernel.accounts.scope import Located, ScopedChild


class Store(Located):
    """救灾物资储备库（4 库）或储备点（15 点）."""

    class Kind(models.TextChoices):
        STORE = "store", "储备库"
        POINT = "point", "储备点"

    kind = models.CharField("类别", max_length=8, choices=Kind.choices)
    floor_m2 = models.FloatField("建筑面积 m²", null=True, blank=True)
    keeper = models.CharField("保管员", max_length=40, blank=True)
    phone = models.CharField("电话", max_length=40, blank=True)

    class Meta(Located.Meta):
        verbose_name = "储备库点"


class Stock(ScopedChild):
    """库存: one lot of one item at one store. Never negative."""

    SCOPE_AREA = "store__area"
    SCOPE_CLASS = "store__data_class"

    code = models.CharField("批次编码", max_length=60, unique=True)
    store = models.ForeignKey(Store, models.PROTECT, related_name="stock", verbose_name="库点")
    item_code = models.CharField("物资代码", max_length=7)
    item = models.CharField("物资", max_length=60)
    unit = models.CharField("计量单位", max_length=10)
    quantity = models.FloatField("数量")
    expires_on = models.DateField("失效日期", null=True, blank=True)
    representative = models.BooleanField("演示数据", default=False)

    class Meta(ScopedChild.Meta):
        verbose_name = "库存"
        constraints = [models.CheckConstraint(condition=Q(quantity__gte=0), name="stock_never_negative")]

    def __str__(self) -> str:
        return f"{self.item} {self.quantity:g}{self.unit}"


class Hospital(Located):
    """医院."""

    level = models.CharField("等级", max_length=20, blank=True)
    beds = models.PositiveIntegerField("床位", default=0)
    icu_beds = models.PositiveIntegerField("ICU 床位", default=0)
    poison_care = models.BooleanField("中毒救治", default=False)
    burn_care = models.BooleanField("烧伤救治", default=False)
    phone = models.CharField("急诊电话", max_length=40, blank=True)

    class Meta(Located.Meta):
        verbose_name = "医院"


class Shelter(Located):
    """应急避难场所; capacity = effective area / norm (GB 51143)."""

    kind = models.CharField("类别", max_length=20)
    indoor = models.BooleanField("室内", default=False)
    effective_area_m2 = models.FloatField("有效避难面积 m²")
    capacity = models.PositiveIntegerField("容纳人数")
    phone = models.CharField("电话", max_length=40, blank=True)

    class Meta(Located.Meta):
        verbose_name = "避难场所"


class KeyPlace(Located):
    """重点场所: schools, nurseries, stations, markets: who must be told first."""

    kind = models.CharField("类别", max_length=20)
    people = models.PositiveIntegerField("人数", default=0)
    contact = models.CharField("联系人", max_length=40, blank=True)
    phone = models.CharField("电话", max_length=40, blank=True)

    class Meta(Located.Meta):
        verbose_name = "重点场所"
