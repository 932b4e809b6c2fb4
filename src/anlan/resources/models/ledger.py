"""物资账: movements of lines. A line takes from one account and gives the same to another, so the books always balance.

An account is a stock (a lot at a place) or one of the outside accounts. The laws stand in the database
(migration 0004): lines are only added, a stock's quantity changes by lines alone and is never below zero.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from anlan.kernel import clock
from anlan.kernel.accounts.scope import ScopedChild
from anlan.kernel.areas.models import Area
from anlan.resources.models.stores import Material, Stock, Store


class Account(models.TextChoices):
    """Where goods come from and go to outside the shelves."""

    OPENING = "opening", "期初"
    SUPPLY = "supply", "采购与捐赠"
    OWNER = "owner", "被征用单位"
    USED = "used", "发放使用"
    LOSS = "loss", "损耗报废"
    DIFFERENCE = "difference", "盘点差异"
    ROTATED = "rotated", "轮换出陈"


class Movement(ScopedChild):
    """单据: what happened to goods, by whom and why. `request_key`: the same request sent twice is posted once."""

    SCOPE_AREA = "store__area"
    SCOPE_CLASS = "store__data_class"

    class Kind(models.TextChoices):
        OPENING = "opening", "期初"
        RECEIPT = "receipt", "入库"
        ISSUE = "issue", "出库"
        RETURN = "return", "退库"
        SHELVE = "shelve", "移库"
        ALLOCATE = "allocate", "调拨备货"
        ARRIVAL = "arrival", "调拨签收"
        WITHDRAW = "withdraw", "撤回备货"
        COUNT = "count", "盘点"
        LOSS = "loss", "损耗"
        REQUISITION = "requisition", "征用"
        RESTORE = "restore", "征用归还"
        ROTATION = "rotation", "轮换"
        REVERSAL = "reversal", "冲红"

    kind = models.CharField("类型", max_length=12, choices=Kind.choices)
    store = models.ForeignKey(Store, models.PROTECT, related_name="movements", verbose_name="库点")
    at = models.DateTimeField("时间")
    by = models.CharField("经办人", max_length=80)
    reason = models.CharField("事由", max_length=200, blank=True)
    document = models.CharField("单据号", max_length=60, blank=True)
    counterparty = models.CharField("对方单位", max_length=80, blank=True)
    consignment = models.ForeignKey(
        "resources.Consignment", models.PROTECT, null=True, blank=True, related_name="movements", verbose_name="调拨单"
    )
    requisition = models.ForeignKey(
        "resources.Requisition", models.PROTECT, null=True, blank=True, related_name="movements", verbose_name="征用单"
    )
    reverses = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="reversed_by", verbose_name="冲红"
    )
    correlation_id = models.UUIDField("关联号", null=True, blank=True)
    request_key = models.UUIDField("请求号", null=True, blank=True, unique=True)

    class Meta(ScopedChild.Meta):
        verbose_name = "物资单据"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["store", "at"]), models.Index(fields=["correlation_id"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}单 {self.number}"

    @property
    def number(self) -> str:
        return f"{self.at.astimezone(clock.BEIJING):%Y%m%d}-{self.pk or 0:06d}"

    @property
    def area(self) -> Area:
        return self.store.area

    @property
    def data_class(self) -> int:
        return self.store.data_class


class Line(ScopedChild):
    """分录: so much of one material from one account to another."""

    SCOPE_AREA = "movement__store__area"
    SCOPE_CLASS = "movement__store__data_class"

    movement = models.ForeignKey(Movement, models.PROTECT, related_name="lines", verbose_name="单据")
    material = models.ForeignKey(Material, models.PROTECT, related_name="+", verbose_name="物资")
    source = models.ForeignKey(
        Stock, models.PROTECT, null=True, blank=True, related_name="lines_out", verbose_name="出自"
    )
    source_account = models.CharField("出自科目", max_length=12, choices=Account.choices, blank=True)
    target = models.ForeignKey(
        Stock, models.PROTECT, null=True, blank=True, related_name="lines_in", verbose_name="转入"
    )
    target_account = models.CharField("转入科目", max_length=12, choices=Account.choices, blank=True)
    quantity = models.DecimalField("数量", max_digits=14, decimal_places=3)

    class Meta(ScopedChild.Meta):
        verbose_name = "分录"
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="line_moves_something"),
            models.CheckConstraint(
                condition=Q(source__isnull=True, source_account__gt="") | Q(source__isnull=False, source_account=""),
                name="line_has_one_source",
            ),
            models.CheckConstraint(
                condition=Q(target__isnull=True, target_account__gt="") | Q(target__isnull=False, target_account=""),
                name="line_has_one_target",
            ),
            models.CheckConstraint(
                condition=Q(source__isnull=False) | Q(target__isnull=False), name="line_touches_a_stock"
            ),
            models.CheckConstraint(condition=~Q(source=F("target")), name="line_goes_somewhere"),
        ]

    def __str__(self) -> str:
        return (
            f"{self.source or self.get_source_account_display()} → {self.target or self.get_target_account_display()}"
        )
