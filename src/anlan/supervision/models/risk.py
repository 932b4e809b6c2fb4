"""园区风险: what the risk of a park is worked out from, and what it came to, kept as a series."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from anlan.hazards.chemical.criteria import CATEGORIES, ZONES, classify
from anlan.hazards.chemical.qra.equipment import TYPES, proper_size
from anlan.kernel.accounts.scope import Located, ScopedChild, ScopedModel
from anlan.kernel.areas.models import Area
from anlan.supervision.models.enterprise import Enterprise, HazardUnit, Park


class ProtectionTarget(Located):
    """防护目标 (GB 36894-2018): where people may come to harm outside the works; its class follows from type and size."""

    category = models.CharField("类型", max_length=16, choices=[(key, row.title) for key, row in CATEGORIES.items()])
    people = models.PositiveIntegerField("人数", null=True, blank=True, help_text="常住人口、当班人数或高峰人数")
    people_night = models.PositiveIntegerField("夜间人数", null=True, blank=True)
    headcount = models.CharField(
        "在场人数数据流", max_length=200, blank=True,
        help_text="数据流编码（门禁、人员定位等）；几个出入口用逗号分开，相加。空 = 按登记的昼夜人数",
    )  # fmt: skip
    households = models.PositiveIntegerField("户数", null=True, blank=True)
    area_m2 = models.PositiveIntegerField("建筑（用地）面积 m²", null=True, blank=True)
    beds = models.PositiveIntegerField("床位数", null=True, blank=True)

    class Meta(Located.Meta):
        verbose_name = "防护目标"

    @property
    def target_class(self) -> str:
        return classify(
            self.category, people=self.people, households=self.households, area_m2=self.area_m2, beds=self.beds
        )


class Period(models.TextChoices):
    ALL = "all", "全天"
    DAY = "day", "白天"
    NIGHT = "night", "夜间"


class WeatherFrequency(ScopedChild):
    """气象联合频率: share of the year with this stability, wind and direction (from) at a park. A park's rows add up to 1.

    A row may be of the day or of the night alone: then the day's people meet the day's weather (AQ/T 3046-2013).
    """

    SCOPE_AREA = "park__area"
    SCOPE_CLASS = "park__data_class"

    code = models.CharField("编码", max_length=60, unique=True)
    park = models.ForeignKey(Park, models.CASCADE, related_name="weather", verbose_name="园区")
    stability = models.CharField("大气稳定度", max_length=1, choices=[(c, c) for c in "ABCDEF"])
    wind_m_s = models.FloatField("风速 m/s", validators=[MinValueValidator(0), MaxValueValidator(60)])
    direction_deg = models.FloatField("风向（来向）°", validators=[MinValueValidator(0), MaxValueValidator(360)])
    period = models.CharField(
        "时段",
        max_length=5,
        choices=Period.choices,
        default=Period.ALL,
        help_text="白天 08:00—18:30；全天 = 按时长分摊",
    )
    probability = models.FloatField("频率", validators=[MinValueValidator(0), MaxValueValidator(1)])
    representative = models.BooleanField("演示数据", default=False)

    class Meta(ScopedChild.Meta):
        verbose_name = "气象联合频率"

    def __str__(self) -> str:
        return f"{self.park} {self.stability} {self.wind_m_s:g} m/s {self.direction_deg:g}°"


class FailureFrequency(ScopedChild):
    """失效频率: how often equipment of a kind leaks, as this park has it (its own records, or the annex of a standard at hand).

    A type with rows here is reckoned from them alone; all others by the park's named set.
    """

    SCOPE_AREA = "park__area"
    SCOPE_CLASS = "park__data_class"

    code = models.CharField("编码", max_length=60, unique=True)
    park = models.ForeignKey(Park, models.CASCADE, related_name="frequencies", verbose_name="园区")
    equipment = models.CharField("设备类型", max_length=12, choices=list(TYPES.items()))
    size = models.CharField(
        "泄漏规模",
        max_length=8,
        help_text="孔径 mm（0.1 至 1000），最大接管的百分比（如 10%），10min（10 min 漏完）或 rupture（整体破裂）",
    )
    per_year = models.FloatField(
        "频率 次/年", validators=[MinValueValidator(0), MaxValueValidator(1)], help_text="管道为每米每年"
    )
    source = models.CharField("来源", max_length=80, help_text="标准及表号，或本园区统计")
    to_check = models.BooleanField("待核对", default=False)
    representative = models.BooleanField("演示数据", default=False)

    class Meta(ScopedChild.Meta):
        verbose_name = "失效频率"
        constraints = [models.UniqueConstraint(fields=["park", "equipment", "size"], name="one_frequency_of_a_size")]

    def __str__(self) -> str:
        return f"{self.park} {self.get_equipment_display()} {self.size}"

    def clean(self) -> None:
        super().clean()
        if self.size and not proper_size(self.size):
            raise ValidationError(
                {"size": f"泄漏规模“{self.size}”应为孔径 0.1 至 1000 mm、1% 至 100%、10min 或 rupture"}
            )


class ParkCondition(ScopedChild):
    """当前气象: what blows over a park now, as a station near it says."""

    SCOPE_AREA = "park__area"
    SCOPE_CLASS = "park__data_class"

    park = models.OneToOneField(Park, models.CASCADE, related_name="condition", verbose_name="园区")
    wind_m_s = models.FloatField("风速 m/s")
    wind_from_deg = models.FloatField("风向（来向）°")
    stability = models.CharField("大气稳定度", max_length=1)
    at = models.DateTimeField("时间")
    source = models.CharField("来源", max_length=120)

    class Meta(ScopedChild.Meta):
        verbose_name = "园区当前气象"

    def __str__(self) -> str:
        return f"{self.park} {self.stability} {self.wind_m_s:g} m/s {self.wind_from_deg:g}°"


class UnitStock(ScopedChild):
    """现存量: what a unit holds now. Never more counts than its design maximum."""

    SCOPE_AREA = "unit__area"
    SCOPE_CLASS = "unit__data_class"

    unit = models.OneToOneField(HazardUnit, models.CASCADE, related_name="stock", verbose_name="危险单元")
    quantity_t = models.FloatField("现存量 t", validators=[MinValueValidator(0)])
    at = models.DateTimeField("时间")
    source = models.CharField("来源", max_length=120)

    class Meta(ScopedChild.Meta):
        verbose_name = "现存量"

    def __str__(self) -> str:
        return f"{self.unit} {self.quantity_t:g} t"

    @property
    def area(self) -> Area:
        return self.unit.area

    def clean(self) -> None:
        super().clean()
        if self.quantity_t is not None and self.quantity_t > self.unit.quantity_t:
            raise ValidationError(
                {"quantity_t": f"现存量 {self.quantity_t:g} t 大于设计最大量 {self.unit.quantity_t:g} t"}
            )


class OnSite(ScopedModel):
    """在场人数: who is at a works or a protection target now, as gates, badges or a report say. Old ones do not count."""

    enterprise = models.OneToOneField(
        Enterprise, models.CASCADE, null=True, blank=True, related_name="on_site", verbose_name="企业"
    )
    target = models.OneToOneField(
        ProtectionTarget, models.CASCADE, null=True, blank=True, related_name="on_site", verbose_name="防护目标"
    )
    people = models.PositiveIntegerField("在场人数")
    outdoors = models.PositiveIntegerField("其中室外", null=True, blank=True)
    at = models.DateTimeField("时间")
    source = models.CharField("来源", max_length=120)

    class Meta(ScopedModel.Meta):
        verbose_name = "在场人数"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(enterprise__isnull=True) ^ models.Q(target__isnull=True), name="on_site_of_one_place"
            )
        ]

    def __str__(self) -> str:
        return f"{self.enterprise or self.target} {self.people} 人"


class Basis(models.TextChoices):
    ANNUAL = "annual", "常年（设计最大量）"
    CURRENT = "current", "当前气象、存量与在场人数"


class ParkRisk(ScopedModel):
    """园区风险评估: one calculation, with all that it rests on, so that it can be understood years later.

    annual: the year's weather and design maxima, to be judged by GB 36894. current: as if the present weather lasted the
    year with what the tanks hold and who is there now: for the live map, no criterion of the law.
    """

    park = models.ForeignKey(Park, models.CASCADE, related_name="risks", verbose_name="园区")
    basis = models.CharField("口径", max_length=8, choices=Basis.choices)
    at = models.DateTimeField("评估时间")
    reason = models.CharField("触发原因", max_length=200)
    by = models.CharField("评估人", max_length=80)
    fingerprint = models.CharField("输入指纹", max_length=64)
    grade = models.CharField("风险等级", max_length=8)
    colour = models.CharField("四色", max_length=2)
    k = models.FloatField("个人风险指数")
    d = models.FloatField("社会风险指数", null=True)
    zone = models.CharField("社会风险区", max_length=10)
    pll = models.FloatField("潜在生命损失 人/年")
    max_risk = models.FloatField("最大个人风险 1/年")
    fn = models.JSONField("F-N 曲线", default=list)
    contours = models.JSONField("等值线", default=list)
    targets = models.JSONField("防护目标", default=list)
    distances = models.JSONField("外部安全防护距离", default=dict)
    capacity = models.JSONField("剩余容量", default=list)
    contributors = models.JSONField("主要贡献", default=list)
    inputs = models.JSONField("输入", default=dict)
    assumptions = models.JSONField("假设", default=list)
    took_ms = models.FloatField("耗时 ms")

    class Meta(ScopedModel.Meta):
        verbose_name = "园区风险评估"
        indexes = [models.Index(fields=["park", "basis", "-at"], name="park_risk_series")]

    def __str__(self) -> str:
        return f"{self.park} {self.at:%F %H:%M} {self.grade}"

    @property
    def room_pct(self) -> int:
        """Remaining capacity, %: 1 - k, and none where the societal risk is unacceptable (本平台指标)."""
        return 0 if self.zone == ZONES[2] else round(max(0.0, 1 - self.k) * 100)
