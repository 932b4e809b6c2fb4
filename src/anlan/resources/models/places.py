"""医院、避难场所、重点场所."""

from __future__ import annotations

from django.db import models

from anlan.kernel.accounts.scope import Located


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
