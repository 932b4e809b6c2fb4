"""信息报告: deadlines, reports, and the versions of their fields."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Concat

from anlan.command.models.incident import Incident, OfIncident
from anlan.command.rules.reporting import PARTIES, lateness_min
from anlan.command.states import REPORT_LABELS
from anlan.kernel.accounts.scope import ScopedChild


class ReportKind(models.TextChoices):
    INITIAL = "首报", "首报"
    FOLLOW_UP = "续报", "续报"
    FINAL = "终报", "终报"
    SUPPLEMENT = "补报", "补报"


class Channel(models.TextChoices):
    PHONE = "phone", "电话"
    TEXT = "text", "书面"


#: The duties of our own desk and its government.
OWN = Q(party=F("incident__desk")) | Q(party=Concat("incident__desk", Value("_gov")))
#: What is still waited for. Another party that had not reported when the incident was closed stays on record as such; nobody
#: chases it any more.
RUNNING = Q(met_at__isnull=True) & (OWN | Q(incident__closed_at__isnull=True))


class ReportClock(OfIncident):
    """报告时限: one duty to report, running from when it was known until it is met."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="clocks", verbose_name="事件")
    party = models.CharField("责任方", max_length=12, default="city")
    rule_id = models.CharField("规则", max_length=40)
    rule_version = models.CharField("规则版本", max_length=60, blank=True)
    kind = models.CharField("报告类型", max_length=4, choices=ReportKind.choices)
    channel = models.CharField("方式", max_length=8, choices=Channel.choices)
    receiver = models.CharField("报送对象", max_length=80)
    known_at = models.DateTimeField("起算时间")
    due_at = models.DateTimeField("截止时间")
    basis = models.CharField("依据", max_length=200)
    to_check = models.BooleanField("待核对", default=False)
    met_at = models.DateTimeField("完成时间", null=True, blank=True)
    met_by = models.ForeignKey(
        "command.Report", models.PROTECT, null=True, blank=True, related_name="met_clocks", verbose_name="报告"
    )
    #: How anybody can check when it was met: who said so, by what record.
    proof = models.CharField("凭据", max_length=200, blank=True)
    soon_at = models.DateTimeField("临期提醒时间", null=True, blank=True)
    overdue_at = models.DateTimeField("超期提醒时间", null=True, blank=True)
    escalation = models.PositiveSmallIntegerField("升级次数", default=0)
    escalated_at = models.DateTimeField("升级时间", null=True, blank=True)

    class Meta(OfIncident.Meta):
        verbose_name = "报告时限"
        ordering = ["due_at", "id"]
        constraints = [models.UniqueConstraint("incident", "party", "rule_id", "due_at", name="report_clock_once")]

    def __str__(self) -> str:
        return f"{self.kind}（{self.get_channel_display()}）→{self.receiver}"

    @property
    def party_name(self) -> str:
        return PARTIES[self.party][0] if self.party in PARTIES else self.party

    @property
    def late_min(self) -> float | None:
        """Minutes late when it was met; None while it is not."""
        return lateness_min(self.due_at, self.met_at) if self.met_at else None


class Report(OfIncident):
    """信息报告: 首报, 续报 N, 终报. Lateness = sent_at − due_at."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="reports", verbose_name="事件")
    kind = models.CharField("类型", max_length=4, choices=ReportKind.choices)
    serial = models.PositiveSmallIntegerField("序号", default=1)
    number = models.CharField("文号", max_length=40, unique=True)
    superior = models.CharField("呈报", max_length=80)
    copies = models.JSONField("抄送", default=list, blank=True)
    state = models.CharField("状态", max_length=10, choices=list(REPORT_LABELS.items()), default="drafted")
    known_at = models.DateTimeField("接报时间")
    due_at = models.DateTimeField("报送时限", null=True, blank=True)
    due_basis = models.CharField("时限依据", max_length=200, blank=True)
    drafted_at = models.DateTimeField("拟稿时间")
    drafted_by = models.CharField("拟稿人", max_length=80)
    signed_at = models.DateTimeField("签发时间", null=True, blank=True)
    signed_by = models.CharField("签发人", max_length=80, blank=True)
    sent_at = models.DateTimeField("报送时间", null=True, blank=True)
    sent_by = models.CharField("报送人", max_length=80, blank=True)
    channel = models.CharField("报送方式", max_length=8, choices=Channel.choices, blank=True)
    lateness_min = models.FloatField("迟报 min", null=True, blank=True)
    #: Each time it went out: {channel, at, by, late_min}.
    sendings = models.JSONField("报送经过", default=list, blank=True)
    receipt_number = models.CharField("回执号", max_length=40, blank=True)
    receipt_note = models.CharField("回执说明", max_length=120, blank=True)
    fields = models.JSONField("报告内容", default=dict)
    #: Why a cumulative figure is lower than in the report before (核减).
    correction = models.CharField("核减理由", max_length=400, blank=True)
    version = models.PositiveIntegerField("版本", default=1)

    class Meta(OfIncident.Meta):
        verbose_name = "信息报告"
        ordering = ["id"]
        constraints = [models.UniqueConstraint("incident", "kind", "serial", name="report_numbered_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.number}"

    @property
    def name(self) -> str:
        numbered = self.kind in {ReportKind.FOLLOW_UP, ReportKind.SUPPLEMENT}
        return f"{self.kind}{self.serial}" if numbered else str(self.kind)


class ReportVersion(ScopedChild):
    """What a report said at one of its versions; append-only."""

    SCOPE_AREA = "report__incident__area"
    SCOPE_CLASS = "report__incident__data_class"

    report = models.ForeignKey(Report, models.PROTECT, related_name="versions", verbose_name="报告")
    version = models.PositiveIntegerField("版本")
    fields = models.JSONField("报告内容")
    at = models.DateTimeField("时间")
    by = models.CharField("人员", max_length=80)

    class Meta(ScopedChild.Meta):
        verbose_name = "报告版本"
        ordering = ["version"]
        constraints = [models.UniqueConstraint("report", "version", name="report_version_once")]

    def __str__(self) -> str:
        return f"{self.report} v{self.version}"
