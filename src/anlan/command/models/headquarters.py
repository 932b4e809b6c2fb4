"""现场指挥部: who commands and since when, its groups, its operational periods, what it needs and what came."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q

from anlan.command.models.incident import Incident, OfIncident
from anlan.kernel.accounts.scope import ScopedChild
from anlan.kernel.areas.models import Area

QUANTITY: dict[str, Any] = {"max_digits": 12, "decimal_places": 2}


class Headquarters(OfIncident):
    """One command post on the spot; the version is that of its structure (commander, groups, periods)."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="headquarters", verbose_name="事件")
    name = models.CharField("名称", max_length=80)
    place = models.CharField("地点", max_length=120)
    lon = models.FloatField("经度", null=True, blank=True)
    lat = models.FloatField("纬度", null=True, blank=True)
    commander = models.CharField("总指挥", max_length=40)
    commander_title = models.CharField("职务", max_length=60)
    person = models.ForeignKey("kernel.Person", models.PROTECT, null=True, blank=True, verbose_name="总指挥人员")
    set_up_at = models.DateTimeField("成立时间")
    set_up_by = models.CharField("成立人", max_length=80)
    dissolved_at = models.DateTimeField("撤销时间", null=True, blank=True)
    dissolved_by = models.CharField("撤销人", max_length=80, blank=True)
    version = models.PositiveIntegerField("版本", default=1)

    class Meta(OfIncident.Meta):
        verbose_name = "现场指挥部"
        ordering = ["set_up_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident"], condition=Q(dissolved_at__isnull=True), name="one_headquarters_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return self.name


class OfHeadquarters(ScopedChild):
    """A row that is seen with its command post."""

    SCOPE_AREA = "headquarters__incident__area"
    SCOPE_CLASS = "headquarters__incident__data_class"
    headquarters: models.ForeignKey[Headquarters, Headquarters]

    class Meta(ScopedChild.Meta):
        abstract = True

    @property
    def area(self) -> Area:
        return self.headquarters.incident.area

    @property
    def data_class(self) -> int:
        return self.headquarters.incident.data_class


class CommandGroup(OfHeadquarters):
    """工作组: 综合协调, 抢险救援, 医疗救护 …, as the plan names them."""

    headquarters = models.ForeignKey(Headquarters, models.PROTECT, related_name="groups", verbose_name="现场指挥部")
    key = models.CharField("组别", max_length=40)
    title = models.CharField("名称", max_length=60)
    organisation = models.CharField("牵头单位", max_length=80, blank=True)
    leader = models.CharField("组长", max_length=40, blank=True)
    phone = models.CharField("电话", max_length=40, blank=True)
    channel = models.CharField("通信频道", max_length=40, blank=True)
    duty = models.CharField("职责", max_length=200, blank=True)
    order = models.PositiveSmallIntegerField("次序", default=0)

    class Meta(OfHeadquarters.Meta):
        verbose_name = "指挥部工作组"
        ordering = ["order", "id"]
        constraints = [models.UniqueConstraint(fields=["headquarters", "key"], name="one_group_of_a_kind")]

    def __str__(self) -> str:
        return self.title


class CommandTransfer(OfHeadquarters):
    """指挥权移交: from whom to whom, why, and that the successor was briefed. Append-only."""

    headquarters = models.ForeignKey(Headquarters, models.PROTECT, related_name="transfers", verbose_name="现场指挥部")
    at = models.DateTimeField("移交时间")
    group = models.CharField("组别", max_length=40, blank=True)
    from_name = models.CharField("移交人", max_length=40, blank=True)
    to_name = models.CharField("接任人", max_length=40)
    to_title = models.CharField("职务", max_length=60, blank=True)
    reason = models.CharField("理由", max_length=200)
    briefing = models.CharField("交接要点", max_length=400)
    by = models.CharField("登记人", max_length=80)

    class Meta(OfHeadquarters.Meta):
        verbose_name = "指挥权移交"
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.from_name or '（无）'}→{self.to_name}"


class Period(OfHeadquarters):
    """作战周期. `objectives`: [{text, group, done_at, done_by}]; one follows the other without a gap of command."""

    headquarters = models.ForeignKey(Headquarters, models.PROTECT, related_name="periods", verbose_name="现场指挥部")
    number = models.PositiveSmallIntegerField("序号")
    begins_at = models.DateTimeField("开始")
    ends_at = models.DateTimeField("结束")
    situation = models.CharField("态势与风险", max_length=600)
    objectives = models.JSONField("目标", default=list)
    approved_by = models.CharField("批准人", max_length=80)
    version = models.PositiveIntegerField("版本", default=1)

    class Meta(OfHeadquarters.Meta):
        verbose_name = "作战周期"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["headquarters", "number"], name="one_period_of_a_number"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("begins_at")), name="period_ends_after_begin"),
        ]

    def __str__(self) -> str:
        return f"第 {self.number} 作战周期"


class Need(OfIncident):
    """需求: what is wanted where, how much, how urgently."""

    class Kind(models.TextChoices):
        PEOPLE = "people", "人员队伍"
        VEHICLE = "vehicle", "车辆机械"
        MATERIAL = "material", "物资装备"
        EXPERT = "expert", "专家"
        OTHER = "other", "其他"

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="needs", verbose_name="事件")
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    item = models.CharField("名称", max_length=60)
    #: Of the catalogue, where it is in it: what storehouses send is then counted against this need by itself.
    material = models.ForeignKey(
        "resources.Material", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="目录物资"
    )
    quantity = models.DecimalField("数量", **QUANTITY)
    unit = models.CharField("单位", max_length=10)
    priority = models.PositiveSmallIntegerField("优先级", default=2)
    place = models.CharField("送达地点", max_length=80, blank=True)
    #: Where that is, as found from the words; without it the way is reckoned to the incident.
    lon = models.FloatField("送达经度", null=True, blank=True)
    lat = models.FloatField("送达纬度", null=True, blank=True)
    wanted_by = models.DateTimeField("须到位于", null=True, blank=True)
    group = models.CharField("提出组别", max_length=60, blank=True)
    raised_at = models.DateTimeField("提出时间")
    raised_by = models.CharField("提出人", max_length=80)
    closed_at = models.DateTimeField("关闭时间", null=True, blank=True)
    close_reason = models.CharField("关闭理由", max_length=200, blank=True)
    version = models.PositiveIntegerField("版本", default=1)

    class Meta(OfIncident.Meta):
        verbose_name = "需求"
        ordering = ["priority", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="need_is_something"),
            models.CheckConstraint(condition=Q(priority__range=(1, 3)), name="need_priority_1_to_3"),
            models.CheckConstraint(
                condition=Q(lon__isnull=True, lat__isnull=True) | Q(lon__range=(-180, 180), lat__range=(-90, 90)),
                name="need_somewhere_on_earth",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} {self.quantity.normalize():f}{self.unit}"

    def sum_of(self, *states: str) -> Decimal:
        return sum((one.quantity for one in self.supplies.all() if one.state in states), Decimal(0))

    @property
    def arrived(self) -> Decimal:
        return self.sum_of("arrived")

    @property
    def coming(self) -> Decimal:
        return self.sum_of("promised", "on_way")

    @property
    def missing(self) -> Decimal:
        return max(Decimal(0), self.quantity - self.arrived - self.coming)


class NeedSupply(ScopedChild):
    """落实: one promise against a need, until it has arrived or failed."""

    SCOPE_AREA = "need__incident__area"
    SCOPE_CLASS = "need__incident__data_class"

    class Source(models.TextChoices):
        OWN = "own", "本级调派"
        STORE = "store", "储备调拨"
        AID = "aid", "请求支援"
        REQUISITION = "requisition", "征用"
        BUY = "buy", "采购"

    class State(models.TextChoices):
        PROMISED = "promised", "已承诺"
        ON_WAY = "on_way", "在途"
        ARRIVED = "arrived", "已到位"
        FAILED = "failed", "落空"

    need = models.ForeignKey(Need, models.PROTECT, related_name="supplies", verbose_name="需求")
    #: The load that brings it: its state is then this one's, moved by the load alone.
    consignment = models.ForeignKey(
        "resources.Consignment", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="调拨单"
    )
    source = models.CharField("来源", max_length=12, choices=Source.choices)
    who = models.CharField("提供方", max_length=80)
    quantity = models.DecimalField("数量", **QUANTITY)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PROMISED)
    at = models.DateTimeField("登记时间")
    by = models.CharField("登记人", max_length=80)
    arrived_at = models.DateTimeField("到位时间", null=True, blank=True)
    note = models.CharField("备注", max_length=200, blank=True)

    class Meta(ScopedChild.Meta):
        verbose_name = "需求落实"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="supply_is_something"),
            models.UniqueConstraint(fields=["need", "consignment"], name="one_supply_of_a_load"),
        ]

    def __str__(self) -> str:
        return f"{self.who} {self.quantity.normalize():f}"

    @property
    def area(self) -> Area:
        return self.need.incident.area

    @property
    def data_class(self) -> int:
        return self.need.incident.data_class


class AidRequest(ScopedChild):
    """请求支援: a need put to the superior or to neighbours, by the line between platforms where one is agreed."""

    SCOPE_AREA = "need__incident__area"
    SCOPE_CLASS = "need__incident__data_class"

    class Relation(models.TextChoices):
        UPPER = "upper", "上级"
        SIDE = "side", "毗邻"
        LOWER = "lower", "下级"

    class State(models.TextChoices):
        ASKED = "asked", "待送出"
        SENT = "sent", "已送出"
        BY_HAND = "by_hand", "须人工联系"
        ANSWERED = "answered", "已答复"

    need = models.ForeignKey(Need, models.PROTECT, related_name="aid_requests", verbose_name="需求")
    key = models.UUIDField("请求号", unique=True)
    relation = models.CharField("请求对象", max_length=10, choices=Relation.choices)
    quantity = models.DecimalField("请求数量", **QUANTITY)
    text = models.CharField("内容", max_length=400)
    due_at = models.DateTimeField("须到位于")
    asked_at = models.DateTimeField("请求时间")
    asked_by = models.CharField("请求人", max_length=80)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.ASKED)
    sent_to = models.CharField("送达平台", max_length=200, blank=True)
    #: {peer: {state, note, at}} as they answer.
    answers = models.JSONField("答复", default=dict)

    class Meta(ScopedChild.Meta):
        verbose_name = "支援请求"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"请求{self.get_relation_display()}支援 {self.need.item} {self.quantity.normalize():f}{self.need.unit}"

    @property
    def area(self) -> Area:
        return self.need.incident.area

    @property
    def data_class(self) -> int:
        return self.need.incident.data_class
