"""调拨方案、调拨单、征用单: who gets what from where, and the signature at the end."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from anlan.kernel import clock
from anlan.kernel.accounts.scope import ScopedChild, ScopedModel
from anlan.kernel.areas.models import Area
from anlan.resources.models.stores import Material, Store


class Allocation(ScopedModel):
    """调拨方案. `demands`: [{name, lon, lat, priority, items: [{material, quantity}]}]; `plan`: what the optimiser answered."""

    class State(models.TextChoices):
        DRAFT = "draft", "拟定"
        APPROVED = "approved", "已批准"
        DROPPED = "dropped", "作废"

    title = models.CharField("事由", max_length=120)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFT)
    demands = models.JSONField("需求", default=list)
    plan = models.JSONField("方案", default=dict)
    made_at = models.DateTimeField("拟定时间")
    made_by = models.CharField("拟定人", max_length=80)
    approved_at = models.DateTimeField("批准时间", null=True, blank=True)
    approved_by = models.CharField("批准人", max_length=80, blank=True)
    correlation_id = models.UUIDField("关联号", null=True, blank=True)

    class Meta(ScopedModel.Meta):
        verbose_name = "调拨方案"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def gap_percent(self) -> str:
        return f"{100 * self.plan.get('gap', 0):.2f}"

    @property
    def number(self) -> str:
        return f"DF{self.made_at.astimezone(clock.BEIJING):%Y%m%d}-{self.pk or 0:04d}"


class Consignment(ScopedChild):
    """调拨单: one load from one store to one place, from the shelf to the signature."""

    SCOPE_AREA = "store__area"
    SCOPE_CLASS = "store__data_class"

    class State(models.TextChoices):
        PICKING = "picking", "备货"
        ON_ROAD = "on_road", "在途"
        DELIVERED = "delivered", "已签收"
        CANCELLED = "cancelled", "已撤回"

    allocation = models.ForeignKey(
        Allocation, models.PROTECT, null=True, blank=True, related_name="consignments", verbose_name="调拨方案"
    )
    store = models.ForeignKey(Store, models.PROTECT, related_name="consignments", verbose_name="发出库点")
    to_store = models.ForeignKey(
        Store, models.PROTECT, null=True, blank=True, related_name="arrivals", verbose_name="转入库点"
    )
    to_name = models.CharField("送达地点", max_length=80)
    to_lon = models.FloatField("经度", null=True, blank=True)
    to_lat = models.FloatField("纬度", null=True, blank=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PICKING)
    minutes = models.FloatField("预计用时 min", null=True, blank=True)
    made_at = models.DateTimeField("下单时间")
    plate = models.CharField("车牌", max_length=20, blank=True)
    driver = models.CharField("驾驶员", max_length=40, blank=True)
    driver_phone = models.CharField("驾驶员电话", max_length=40, blank=True)
    departed_at = models.DateTimeField("发车时间", null=True, blank=True)
    delivered_at = models.DateTimeField("签收时间", null=True, blank=True)
    receiver = models.CharField("签收人", max_length=40, blank=True)
    receiver_phone = models.CharField("签收人电话", max_length=40, blank=True)
    #: PNG of the signature as a data address, drawn on the phone at the hand-over.
    signature = models.TextField("签名", blank=True)
    note = models.CharField("备注", max_length=200, blank=True)
    correlation_id = models.UUIDField("关联号", null=True, blank=True)

    class Meta(ScopedChild.Meta):
        verbose_name = "调拨单"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(state="delivered") | ~Q(receiver=""), name="delivered_to_somebody"),
            models.CheckConstraint(
                condition=Q(delivered_at__isnull=True) | Q(delivered_at__gte=F("made_at")), name="delivered_after_made"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.store.name}→{self.to_name}"

    @property
    def number(self) -> str:
        return f"DB{self.made_at.astimezone(clock.BEIJING):%Y%m%d}-{self.pk or 0:04d}"

    @property
    def area(self) -> Area:
        return self.store.area

    @property
    def data_class(self) -> int:
        return self.store.data_class


class Requisition(ScopedChild):
    """征用单. What is left must be given back, what is used or damaged paid for (突发事件应对法 art. 12)."""

    SCOPE_AREA = "store__area"
    SCOPE_CLASS = "store__data_class"

    class State(models.TextChoices):
        IN_USE = "in_use", "征用中"
        SETTLED = "settled", "已归还补偿"

    store = models.ForeignKey(Store, models.PROTECT, related_name="requisitions", verbose_name="收入库点")
    owner = models.CharField("被征用单位", max_length=80)
    contact = models.CharField("联系人", max_length=40, blank=True)
    phone = models.CharField("电话", max_length=40, blank=True)
    order_no = models.CharField("征用决定书文号", max_length=60)
    material = models.ForeignKey(Material, models.PROTECT, related_name="+", verbose_name="物资")
    quantity = models.DecimalField("征用数量", max_digits=14, decimal_places=3)
    unit_price_cny = models.DecimalField("评估单价 元", max_digits=12, decimal_places=2)
    returned = models.DecimalField("已归还", max_digits=14, decimal_places=3, default=0)
    compensation_cny = models.DecimalField("补偿金额 元", max_digits=14, decimal_places=2, null=True, blank=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.IN_USE)
    taken_at = models.DateTimeField("征用时间")
    settled_at = models.DateTimeField("结清时间", null=True, blank=True)
    correlation_id = models.UUIDField("关联号", null=True, blank=True)

    class Meta(ScopedChild.Meta):
        verbose_name = "征用单"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(returned__gte=0, returned__lte=F("quantity")), name="returned_within_requisitioned"
            )
        ]

    def __str__(self) -> str:
        return f"{self.order_no} {self.owner}"

    @property
    def area(self) -> Area:
        return self.store.area

    @property
    def data_class(self) -> int:
        return self.store.data_class
