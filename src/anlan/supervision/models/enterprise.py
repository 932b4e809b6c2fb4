"""企业、园区、危险单元: what may leak, burn or explode, and who runs it."""

from __future__ import annotations

from django.db import models

from anlan.hazards.chemical.qra.equipment import SETS
from anlan.hazards.chemical.qra.tree import parameters
from anlan.hazards.chemical.substances import table
from anlan.kernel.accounts.scope import Located


class Park(Located):
    """化工园区."""

    geometry = models.JSONField("范围", null=True, blank=True)
    sketch = models.BooleanField("范围为示意", default=False)
    frequency_set = models.CharField(
        "通用失效频率", max_length=10, default="hj169", choices=[(key, parameters()["sets"][key]["title"]) for key in SETS],
        help_text="定量风险评估所用的频率库；登记簿“失效频率”中有本园区的行时，该类设备以那些行为准",
    )  # fmt: skip

    class Meta(Located.Meta):
        verbose_name = "化工园区"


class Enterprise(Located):
    """企业."""

    industry = models.CharField("行业", max_length=40)
    park = models.ForeignKey(Park, models.SET_NULL, null=True, blank=True, verbose_name="所在园区")
    address = models.CharField("地址", max_length=120, blank=True)
    staff_day = models.PositiveIntegerField("白班人数", default=0)
    staff_night = models.PositiveIntegerField("夜班人数", default=0)
    headcount = models.CharField(
        "在场人数数据流", max_length=200, blank=True,
        help_text="数据流编码（门禁、人员定位等）；几个出入口用逗号分开，相加。空 = 按登记的昼夜人数",
    )  # fmt: skip
    contact = models.CharField("应急联系人", max_length=40, blank=True)
    phone = models.CharField("应急电话", max_length=40, blank=True)

    class Meta(Located.Meta):
        verbose_name = "企业"


class HazardUnit(Located):
    """危险单元: a tank, reactor or store with its design quantity (GB 18218: design maximum, not current stock)."""

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, verbose_name="企业")
    kind = models.CharField("类型", max_length=20)
    substance = models.CharField("物质", max_length=40)
    quantity_t = models.FloatField("设计最大量 t")
    pressure_mpa = models.FloatField("操作压力 MPa（绝对）", default=0.1013)
    temperature_c = models.FloatField("操作温度 ℃", default=20)
    height_m = models.FloatField("高度 m", default=1)
    full_level_m = models.FloatField(
        "满液位 m", null=True, blank=True, help_text="液位计读数达到此值时为设计最大量；空 = 不按液位折算现存量"
    )
    section = models.CharField(
        "所属单元", max_length=40, blank=True,
        help_text="GB 18218 的单元：同一防火堤的罐区、同一库房、切断阀之间的装置填同一名称；空 = 本企业储存、生产各合为一个单元",
    )  # fmt: skip
    major_hazard_grade = models.CharField("重大危险源等级", max_length=8, blank=True)

    class Meta(Located.Meta):
        verbose_name = "危险单元"

    @property
    def substance_name(self) -> str:
        """The substance's Chinese name where the table knows it, else the word that was registered."""
        known = table().get(self.substance)
        return known.name if known else self.substance
