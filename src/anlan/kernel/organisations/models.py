"""机构、岗位、人员."""

from __future__ import annotations

from django.db import models

from anlan.kernel.accounts.scope import ScopedModel


class Organisation(ScopedModel):
    """机构: a bureau, a district government, a brigade, an enterprise's duty room."""

    code = models.CharField("编码", max_length=40, unique=True)
    name = models.CharField("名称", max_length=80)
    kind = models.CharField("类别", max_length=40)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, verbose_name="上级机构")
    phone = models.CharField("值班电话", max_length=40, blank=True)
    lon = models.FloatField("经度", null=True, blank=True)
    lat = models.FloatField("纬度", null=True, blank=True)
    representative = models.BooleanField("演示数据", default=False)

    class Meta(ScopedModel.Meta):
        verbose_name = "机构"

    def __str__(self) -> str:
        return self.name


class Post(ScopedModel):
    """岗位: what plans give tasks to; people hold posts."""

    code = models.CharField("编码", max_length=40, unique=True)
    title = models.CharField("岗位名称", max_length=80)
    organisation = models.ForeignKey(Organisation, models.PROTECT, verbose_name="机构")
    duty = models.CharField("职责", max_length=200, blank=True)
    deputy = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, verbose_name="副岗（升级对象）")
    representative = models.BooleanField("演示数据", default=False)

    class Meta(ScopedModel.Meta):
        verbose_name = "岗位"

    def __str__(self) -> str:
        return self.title


class Person(ScopedModel):
    """人员: name and phone are personal data."""

    code = models.CharField("编码", max_length=40, unique=True)
    name = models.CharField("姓名", max_length=40)
    phone = models.CharField("手机", max_length=20, blank=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, verbose_name="机构")
    post = models.ForeignKey(Post, models.SET_NULL, null=True, blank=True, related_name="holders", verbose_name="岗位")
    representative = models.BooleanField("演示数据", default=False)

    class Meta(ScopedModel.Meta):
        verbose_name = "人员"

    def __str__(self) -> str:
        return self.name
