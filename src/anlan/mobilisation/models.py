"""Reaching people: the means there are, who was called and answered, whose door was knocked at, what was reached."""

from __future__ import annotations

import secrets

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from anlan.kernel.accounts.scope import ScopedModel


class MeansKind(models.TextChoices):
    LOUDSPEAKER = "loudspeaker", "应急广播大喇叭"
    SCREEN = "screen", "显示屏"
    BROADCAST = "broadcast", "广播电视"
    CELL = "cell", "小区广播"
    APP = "app", "网站与客户端"
    OTHER = "other", "其他"


SHARE = [MinValueValidator(0.0), MaxValueValidator(1.0)]


class Means(ScopedModel):
    """预警手段: what reaches a share of the people of an area without asking each of them."""

    code = models.CharField("编码", max_length=40, unique=True)
    name = models.CharField("名称", max_length=80)
    kind = models.CharField("类别", max_length=20, choices=MeansKind.choices)
    reach_day = models.FloatField("白天到达率", validators=SHARE)
    reach_night = models.FloatField("夜间到达率", validators=SHARE)
    working = models.BooleanField("可用", default=True)
    tested_at = models.DateTimeField("最近测试", null=True, blank=True)
    source = models.CharField("到达率依据", max_length=120, blank=True)
    representative = models.BooleanField("演示数据", default=False)

    class Meta(ScopedModel.Meta):
        verbose_name = "预警手段"

    def __str__(self) -> str:
        return self.name


class Household(ScopedModel):
    """住户: a door that a grid worker knocks at. Personal data."""

    code = models.CharField("编码", max_length=40, unique=True)
    address = models.CharField("门牌", max_length=120)
    people = models.PositiveSmallIntegerField("人数", default=1)
    needs = models.CharField("需要的帮助", max_length=80, blank=True)
    representative = models.BooleanField("演示数据", default=False)

    class Meta(ScopedModel.Meta):
        verbose_name = "住户"

    def __str__(self) -> str:
        return self.address


class CallKind(models.TextChoices):
    WARNING = "warning", "预警叫应"
    TEST = "test", "静默测试"


def token() -> str:
    """Long enough that nobody guesses it, short enough for a text message."""
    return secrets.token_urlsafe(9)


class Call(ScopedModel):
    """叫应: one officer who is to confirm a warning for an area, and whether he did. `token` is his key to its page."""

    kind = models.CharField("类别", max_length=10, choices=CallKind.choices, default=CallKind.WARNING)
    subject = models.CharField("对象", max_length=60, db_index=True)
    warning_id = models.BigIntegerField("预警", null=True, db_index=True)
    headline = models.CharField("标题", max_length=160)
    text = models.TextField("内容")
    level = models.PositiveSmallIntegerField("层级")
    person = models.ForeignKey("kernel.Person", models.SET_NULL, null=True, related_name="+", verbose_name="责任人")
    to_name = models.CharField("姓名", max_length=80)
    phone = models.CharField("手机", max_length=40, blank=True)
    role = models.CharField("岗位", max_length=80, blank=True)
    token = models.CharField("凭据", max_length=24, unique=True, default=token)
    told_at = models.DateTimeField("通知时间")
    due_at = models.DateTimeField("应答时限")
    confirmed_at = models.DateTimeField("应答时间", null=True)
    how = models.CharField("应答方式", max_length=20, blank=True)
    escalated_from = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+", verbose_name="升级自")
    escalated_at = models.DateTimeField("升级时间", null=True)
    #: The warning ended before he answered: nothing is owed any more.
    closed_at = models.DateTimeField("结束时间", null=True)
    exercise = models.BooleanField("演练", default=False)
    JOURNAL_HIDES = ("token",)

    class Meta(ScopedModel.Meta):
        verbose_name = "叫应"
        constraints = [models.UniqueConstraint("subject", "area", "person", name="one_call_per_officer_and_area")]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="call_owed",
                condition=models.Q(confirmed_at=None, escalated_at=None, closed_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.headline} → {self.to_name}"


class Knock(ScopedModel):
    """敲门告知: one door for one warning."""

    warning_id = models.BigIntegerField("预警")
    household = models.ForeignKey(Household, models.CASCADE, related_name="+", verbose_name="住户")
    at = models.DateTimeField("时间")
    by = models.CharField("告知人", max_length=80)
    result = models.CharField("结果", max_length=10, choices=[("told", "已告知"), ("absent", "无人")])

    class Meta(ScopedModel.Meta):
        verbose_name = "敲门告知"
        constraints = [models.UniqueConstraint("warning_id", "household", name="one_knock_per_door_and_warning")]

    def __str__(self) -> str:
        return f"{self.household} {self.result}"


class Receipts(ScopedModel):
    """回执人数: how many different people of an area a channel reached with a warning, as its receipts say."""

    warning_id = models.BigIntegerField("预警")
    channel = models.CharField("渠道", max_length=20)
    people = models.PositiveIntegerField("人数")

    class Meta(ScopedModel.Meta):
        verbose_name = "回执人数"
        constraints = [models.UniqueConstraint("warning_id", "area", "channel", name="receipts_once_per_channel")]

    def __str__(self) -> str:
        return f"{self.channel} {self.people}"


class Coverage(ScopedModel):
    """覆盖率记录: what a warning or a silent test reached of an area, as computed then."""

    at = models.DateTimeField("时间")
    kind = models.CharField("类别", max_length=10, choices=CallKind.choices)
    subject = models.CharField("对象", max_length=60)
    level = models.PositiveSmallIntegerField("层级")
    people = models.PositiveIntegerField("人数")
    day = models.FloatField("白天到达")
    night = models.FloatField("夜间到达")
    low = models.FloatField("下限")
    high = models.FloatField("上限")
    receipts = models.PositiveIntegerField("回执")

    class Meta(ScopedModel.Meta):
        verbose_name = "覆盖率记录"
        constraints = [models.UniqueConstraint("subject", "area", name="coverage_once_per_area")]
        indexes = [models.Index(fields=["level", "at"])]

    def __str__(self) -> str:
        return f"{self.area} {self.at}"


class Subscriber(ScopedModel):
    """订阅人: a number or mail address that wants the warnings of a place. Personal data; nothing else is kept of him.

    Every application is a row of its own; at most one row of an address is in force.
    """

    class Way(models.TextChoices):
        SMS = "sms", "短信"
        MAIL = "mail", "邮件"
        PUSH = "push", "网页推送"

    class State(models.TextChoices):
        PENDING = "pending", "待确认"
        ACTIVE = "active", "已订阅"
        ENDED = "ended", "已退订"

    way = models.CharField("方式", max_length=4, choices=Way.choices)
    address = models.CharField("号码或邮箱", max_length=120)
    hazards = models.JSONField("只要这些类别", default=list, blank=True)
    least = models.PositiveSmallIntegerField("最低级别", default=4)
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.PENDING)
    token = models.CharField("凭据", max_length=24, default=token, db_index=True)
    code = models.CharField("确认码", max_length=6, blank=True)
    tries = models.PositiveSmallIntegerField("试错次数", default=0)
    asked_at = models.DateTimeField("申请时间")
    #: Where he stands in the roster; none = subscribed since, or changed what he wants (a trigger sees to that).
    block_id = models.BigIntegerField("名册块", null=True, editable=False)
    #: Kept until the code has come back, to count.
    asked_from = models.CharField("申请者网络地址", max_length=45, blank=True)
    JOURNAL_HIDES = ("token", "code", "address", "asked_from")

    class Meta(ScopedModel.Meta):
        verbose_name = "订阅人"
        constraints = [
            models.UniqueConstraint(
                fields=["way", "address"], condition=models.Q(state="active"), name="one_subscription_per_address"
            )
        ]
        indexes = [
            models.Index(fields=["address"], name="subscriber_address"),
            models.Index(
                fields=["area", "id"], name="subscriber_loose", condition=models.Q(state="active", block_id=None)
            ),
            models.Index(fields=["block_id"], name="subscriber_block"),
        ]

    def __str__(self) -> str:
        return f"{self.get_way_display()}订阅 {self.pk}"


class PushKey(models.Model):
    """推送地址: where a browser that subscribed is reached and with which keys; `address` is how the roster names it."""

    subscriber = models.OneToOneField(Subscriber, models.CASCADE, related_name="push")
    address = models.CharField(max_length=120, unique=True)
    endpoint = models.CharField(max_length=500)
    p256dh = models.CharField(max_length=120)
    auth = models.CharField(max_length=40)

    class Meta:
        verbose_name = "推送地址"

    def __str__(self) -> str:
        return self.address


class RosterBlock(ScopedModel):
    """名册块: some hundred subscribers of one place who want the same. Fan-outs take whole blocks, so choosing a million
    people is choosing some thousand rows.

    Who is in it never changes; who left is marked in `gone` (a byte for each, 0 = still there), and who unsubscribed has
    his address struck out, in the same moment and by the database itself (`mobilisation_roster_leave`).
    """

    #: The byte of `gone` for who is not there any more.
    GONE = 6

    way = models.CharField(max_length=4)
    least = models.PositiveSmallIntegerField()
    hazards = models.JSONField(default=list)
    receivers = ArrayField(models.BigIntegerField())
    addresses = ArrayField(models.CharField(max_length=120))
    gone = models.BinaryField()
    live = models.PositiveIntegerField()

    class Meta(ScopedModel.Meta):
        verbose_name = "名册块"
        indexes = [models.Index(fields=["area", "way"], name="roster_where")]

    def __str__(self) -> str:
        return f"名册块 {self.pk}（{self.live} 人）"
