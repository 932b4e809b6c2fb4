"""外平台、已发报文、已收报文、外平台信息."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from anlan.gateways.exchange import sealing
from anlan.gateways.exchange.parcel import Kind
from anlan.kernel.accounts.scope import ScopedChild, ScopedModel
from anlan.kernel.errors import Invalid

KINDS = [(kind.value, kind.words) for kind in Kind]
#: What two platforms agree on when nothing else was said.
USUAL = ",".join(kind.value for kind in Kind if kind is not Kind.VOID)


def known_kinds(value: str) -> None:
    """Validator of an agreement: kinds with commas between."""
    strange = [part for part in split(value) if part not in {kind.value for kind in Kind}]
    if strange:
        raise ValidationError(f"报文类型 {'、'.join(strange)} 不认识，可用：{USUAL}")


def split(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def known_keys(value: str) -> None:
    """Validator of public keys, one a line."""
    try:
        [sealing.read_line(line) for line in value.splitlines() if line.strip()]
    except Invalid as error:
        raise ValidationError(error.message) from error


class Relation(models.TextChoices):
    UPPER = "upper", "上级"
    LOWER = "lower", "下级"
    SIDE = "side", "平级"


class Peer(ScopedModel):
    """外平台: another platform, what was agreed with it, and how far both streams are. `area` is its jurisdiction."""

    code = models.CharField("平台代码", max_length=40, unique=True)
    name = models.CharField("平台名称", max_length=80)
    relation = models.CharField("层级", max_length=6, choices=Relation.choices)
    url = models.CharField("地址（留空为人工摆渡）", max_length=200, blank=True)
    public_keys = models.TextField("对方公钥（每行一个）", blank=True, validators=[known_keys])
    algorithm = models.CharField("本平台签名算法", max_length=20, default=sealing.ED25519,
        choices=[(sealing.ED25519, "Ed25519 + SHA-256"), (sealing.SM2, "SM2 + SM3（国密）")])  # fmt: skip
    sends = models.CharField("向对方发送", max_length=120, default=USUAL, blank=True, validators=[known_kinds])
    takes = models.CharField("接收对方", max_length=120, default=USUAL, blank=True, validators=[known_kinds])
    top_class = models.PositiveSmallIntegerField(
        "最高数据级", default=2, validators=[MinValueValidator(1), MaxValueValidator(4)]
    )
    enabled = models.BooleanField("启用", default=True)
    schema = models.PositiveSmallIntegerField("协商版本", null=True, blank=True, editable=False)
    last_sent = models.PositiveBigIntegerField("已编号至", default=0, editable=False)
    last_confirmed = models.PositiveBigIntegerField("对方已收至", default=0, editable=False)
    last_taken = models.PositiveBigIntegerField("本方已收至", default=0, editable=False)
    contact_at = models.DateTimeField("上次联通", null=True, blank=True, editable=False)
    failures = models.PositiveIntegerField("连续失败次数", default=0, editable=False)
    next_at = models.DateTimeField("下次尝试", null=True, blank=True, editable=False)
    trouble = models.CharField("当前问题", max_length=300, blank=True, editable=False)

    class Meta(ScopedModel.Meta):
        verbose_name = "外平台"

    def __str__(self) -> str:
        return self.name

    @property
    def keys(self) -> list[sealing.Key]:
        return [sealing.read_line(line) for line in self.public_keys.splitlines() if line.strip()]

    @property
    def waiting(self) -> int:
        return self.last_sent - self.last_confirmed


class OfPeer(ScopedChild):
    """A row seen with its peer."""

    SCOPE_AREA = "peer__area"
    SCOPE_CLASS = "peer__data_class"
    peer: models.ForeignKey[Peer, Peer]

    class Meta(ScopedChild.Meta):
        abstract = True

    @property
    def area(self) -> Any:
        return self.peer.area


class SentParcel(OfPeer):
    """已发报文: written in the transaction that made it true, kept until the peer has it, and afterwards as proof."""

    peer = models.ForeignKey(Peer, models.PROTECT, related_name="sent", verbose_name="外平台")
    seq = models.PositiveBigIntegerField("序号")
    kind = models.CharField("类型", max_length=10, choices=KINDS)
    key = models.CharField("对象", max_length=120)
    revision = models.PositiveIntegerField("版次")
    title = models.CharField("内容", max_length=200)
    said = models.JSONField("报文")
    at = models.DateTimeField("生成时间")
    confirmed_at = models.DateTimeField("对方收妥时间", null=True, blank=True)
    verdict = models.CharField("对方处理", max_length=10, blank=True)
    reason = models.CharField("对方说明", max_length=300, blank=True)
    #: What the peer answered about the thing later: a task's state, a report's receipt.
    answer = models.JSONField("对方回复", default=dict, blank=True)

    class Meta(OfPeer.Meta):
        verbose_name = "已发报文"
        constraints = [
            models.UniqueConstraint("peer", "seq", name="sent_parcel_numbered_once"),
            models.UniqueConstraint("peer", "kind", "key", "revision", name="sent_parcel_said_once"),
        ]
        indexes = [
            models.Index(fields=["peer", "seq"], name="sent_parcel_owed", condition=models.Q(confirmed_at__isnull=True))
        ]

    def __str__(self) -> str:
        return f"{self.peer_id}#{self.seq} {self.title}"


class TakenParcel(OfPeer):
    """已收报文: the log of the other stream, refusals included."""

    peer = models.ForeignKey(Peer, models.PROTECT, related_name="taken", verbose_name="外平台")
    seq = models.PositiveBigIntegerField("序号")
    kind = models.CharField("类型", max_length=20)
    key = models.CharField("对象", max_length=120)
    digest = models.CharField("摘要", max_length=64)
    verdict = models.CharField("处理", max_length=10)
    reason = models.CharField("说明", max_length=300, blank=True)
    sent_at = models.CharField("对方发送时间", max_length=40)
    at = models.DateTimeField("接收时间")

    class Meta(OfPeer.Meta):
        verbose_name = "已收报文"
        constraints = [models.UniqueConstraint("peer", "seq", name="taken_parcel_once")]

    def __str__(self) -> str:
        return f"{self.peer_id}#{self.seq} {self.verdict}"


class TurnedAway(models.Model):
    """拒收记录: what could not even be taken for a peer's word (signature, clock, replay with other content), and why."""

    sender = models.CharField("自称来自", max_length=40)
    origin = models.CharField("网络来源", max_length=80)
    reason = models.CharField("原因", max_length=300)
    excerpt = models.CharField("开头", max_length=400)
    at = models.DateTimeField("时间")
    count = models.PositiveIntegerField("次数", default=1)

    class Meta:
        verbose_name = "互联拒收记录"
        indexes = [models.Index(fields=["-at"])]

    def __str__(self) -> str:
        return f"{self.sender} {self.reason}"


class ForeignRecord(ScopedModel):
    """外平台信息: the latest state of a thing of another platform, as it told us. Never mixed with our own."""

    peer = models.ForeignKey(Peer, models.PROTECT, related_name="records", verbose_name="来源平台")
    kind = models.CharField("类型", max_length=10, choices=KINDS)
    key = models.CharField("对象", max_length=120)
    revision = models.PositiveIntegerField("版次")
    title = models.CharField("标题", max_length=200)
    payload = models.JSONField("内容")
    exercise = models.BooleanField("演练", default=False)
    lon = models.FloatField("经度", null=True, blank=True)
    lat = models.FloatField("纬度", null=True, blank=True)
    said_at = models.DateTimeField("对方发送时间")
    taken_at = models.DateTimeField("接收时间")
    correlation_id = models.UUIDField("关联号", null=True, blank=True, db_index=True)
    #: Our answer to a task: {state, by, note, at}.
    answer = models.JSONField("本平台回复", default=dict, blank=True)

    class Meta(ScopedModel.Meta):
        verbose_name = "外平台信息"
        constraints = [models.UniqueConstraint("peer", "kind", "key", name="foreign_record_once")]
        indexes = [models.Index(fields=["kind", "-taken_at"])]

    def __str__(self) -> str:
        return self.title

    @property
    def state_text(self) -> str:
        """Whatever word the other platform uses for the state of such a thing."""
        return str(next((self.payload[name] for name in ("status", "state", "readiness") if name in self.payload), ""))
