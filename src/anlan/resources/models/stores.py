"""储备库点、物资目录、库存: what is kept, and where to the shelf."""

from __future__ import annotations

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from anlan.kernel.accounts.scope import Located, ScopedChild
from anlan.kernel.areas.models import Area
from anlan.resources.rules import CLASSES, CODE, CODE_RULE, Norm


class Store(Located):
    """救灾物资储备库（4 库）、储备点（15 点）或企业代储点."""

    class Kind(models.TextChoices):
        STORE = "store", "储备库"
        POINT = "point", "储备点"
        ENTERPRISE = "enterprise", "企业储备"

    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    floor_m2 = models.FloatField("建筑面积 m²", null=True, blank=True)
    keeper = models.CharField("保管员", max_length=40, blank=True)
    phone = models.CharField("电话", max_length=40, blank=True)
    serves_people = models.PositiveIntegerField(
        "保障人数", default=0, help_text="最低库存按保障人数 × 天数 × 定额算；0 = 不设最低库存"
    )
    serves_days = models.PositiveIntegerField("保障天数 d", default=3)
    ready_min = models.PositiveIntegerField("备货装车 min", default=30, help_text="从下单到车辆驶出")
    agreement_no = models.CharField("协议编号", max_length=40, blank=True)
    agreement_until = models.DateField("协议有效至", null=True, blank=True)
    station = models.ForeignKey(
        "monitoring.Station", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="库房监测站"
    )
    temperature_min = models.FloatField("库温下限 ℃", null=True, blank=True)
    temperature_max = models.FloatField("库温上限 ℃", null=True, blank=True)
    humidity_max = models.FloatField("湿度上限 %", null=True, blank=True)

    class Meta(Located.Meta):
        verbose_name = "储备库点"


class Material(models.Model):
    """物资目录. Code by GB/T 38565-2020 clause 5; the code table itself is imported, own codes are marked 待核对."""

    class Status(models.TextChoices):
        STANDARD = "standard", "国标代码"
        LOCAL = "local", "自编（待核对）"

    class Basis(models.TextChoices):
        PERSON = "person", "每人"
        PERSON_DAY = "person_day", "每人每日"

    code = models.CharField("物资代码", max_length=7, unique=True, validators=[RegexValidator(CODE, CODE_RULE)])
    code_status = models.CharField("代码状态", max_length=10, choices=Status.choices, default=Status.LOCAL)
    name = models.CharField("物资名称", max_length=60)
    spec = models.CharField("规格型号", max_length=80, blank=True)
    unit = models.CharField("计量单位", max_length=10)
    whole = models.BooleanField("按整数计", default=True)
    unit_kg = models.FloatField("单位重量 kg", null=True, blank=True)
    shelf_life_days = models.PositiveIntegerField("保质期 d", null=True, blank=True)
    norm = models.FloatField("需求定额", null=True, blank=True, help_text="每人（或每人每日）多少计量单位")
    norm_basis = models.CharField("定额口径", max_length=12, choices=Basis.choices, default=Basis.PERSON)
    norm_share = models.FloatField("需用人口比例", default=1.0)
    norm_source = models.CharField("定额来源", max_length=120, blank=True)

    class Meta:
        verbose_name = "物资"
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=Q(norm__isnull=True) | Q(norm__gte=0), name="norm_not_negative"),
            models.CheckConstraint(condition=Q(norm_share__gte=0, norm_share__lte=1), name="norm_share_is_a_share"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def kind(self) -> str:
        return CLASSES.get(self.code[:1], "")

    @property
    def need(self) -> Norm | None:
        if self.norm is None:
            return None
        return Norm(self.norm, self.norm_basis == self.Basis.PERSON_DAY, self.norm_share, self.whole)


class Stock(ScopedChild):
    """库存: one lot of one material at one place of one store, or on the road with one consignment.

    `quantity` is the balance of its ledger account: only a posted line changes it (trigger), and it is never negative
    (constraint). So it stands in no form.
    """

    SCOPE_AREA = "store__area"
    SCOPE_CLASS = "store__data_class"
    #: Where it lies: what only a movement may change once there is a line.
    PLACE = ("store_id", "shelf", "material_id", "consignment_id")

    class Holding(models.TextChoices):
        PHYSICAL = "physical", "实物储备"
        ENTRUSTED = "entrusted", "企业代储"
        AGREED = "agreed", "协议储备"
        CAPACITY = "capacity", "产能储备"

    code = models.CharField("批次编码", max_length=60, unique=True)
    store = models.ForeignKey(Store, models.PROTECT, related_name="stock", verbose_name="库点")
    shelf = models.CharField("货位", max_length=20, default="A-01-1", help_text="区-架-层，如 A-03-2")
    material = models.ForeignKey(Material, models.PROTECT, related_name="stock", verbose_name="物资")
    lot_no = models.CharField("批号", max_length=40, blank=True)
    produced_on = models.DateField("生产日期", null=True, blank=True)
    expires_on = models.DateField("失效日期", null=True, blank=True)
    holding = models.CharField("储备方式", max_length=10, choices=Holding.choices, default=Holding.PHYSICAL)
    supplier = models.CharField("来源", max_length=80, blank=True)
    quantity = models.DecimalField("数量", max_digits=14, decimal_places=3, default=Decimal(0), editable=False)
    scale = models.ForeignKey(
        "monitoring.Datastream", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="称重数据流"
    )
    consignment = models.ForeignKey(
        "resources.Consignment", models.PROTECT, null=True, blank=True, editable=False, related_name="lots",
        verbose_name="在途单",
    )  # fmt: skip
    told = models.CharField("已提示", max_length=8, blank=True, editable=False)
    representative = models.BooleanField("演示数据", default=False)

    class Meta(ScopedChild.Meta):
        verbose_name = "库存"
        indexes = [models.Index(fields=["store", "material"]), models.Index(fields=["expires_on"])]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=0), name="stock_never_negative"),
            models.CheckConstraint(
                condition=Q(produced_on__isnull=True)
                | Q(expires_on__isnull=True)
                | Q(expires_on__gte=F("produced_on")),
                name="expires_after_produced",
            ),
            models.UniqueConstraint(
                fields=[
                    "store",
                    "shelf",
                    "material",
                    "lot_no",
                    "produced_on",
                    "expires_on",
                    "holding",
                    "consignment",
                ],
                nulls_distinct=False,
                name="one_account_per_lot_and_place",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def clean(self) -> None:
        """Refuse what the database would refuse, in a sentence."""
        super().clean()
        if self.pk is None:
            return
        was = Stock.objects.unscoped("comparing with the row as it is").filter(pk=self.pk).values(*self.PLACE).first()
        moved = was is not None and any(was[name] != getattr(self, name) for name in self.PLACE)
        if moved and (self.lines_out.exists() or self.lines_in.exists()):
            raise ValidationError("已有账目的批次不能改库点、货位或物资：请用移库或调拨（账由此可追溯）")

    @property
    def item(self) -> str:
        return self.material.name

    @property
    def item_code(self) -> str:
        return self.material.code

    @property
    def unit(self) -> str:
        return self.material.unit

    @property
    def area(self) -> Area:
        return self.store.area

    @property
    def data_class(self) -> int:
        return self.store.data_class
