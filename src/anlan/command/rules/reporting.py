"""信息报告时限: who must report when, as a truth table. Times are passed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Role = Literal["enterprise", "department", "government"]
MAJOR = ("重大", "特别重大")
#: 政府系统电话、书面报告: general practice; the text for 内蒙古 and 乌海 is not at hand, hence 待核对.
GOV_PHONE_MIN = 30
GOV_WRITTEN_MIN = 60


@dataclass(frozen=True)
class Deadline:
    """One duty to report. `channel` is phone or text; `to_check` = 待核对, a parameter without its source text."""

    rule_id: str
    channel: str
    receiver: str
    due_at: datetime
    basis: str
    to_check: bool = False


def report_deadlines(
    role: Role, known_at: datetime, grade: str, phone_min: float = GOV_PHONE_MIN, written_min: float = GOV_WRITTEN_MIN
) -> list[Deadline]:
    """The duties of an enterprise, a department or a government that learnt of an accident at `known_at`."""

    def duty(rule_id: str, channel: str, receiver: str, minutes: float, basis: str, check: bool = False) -> Deadline:
        return Deadline(rule_id, channel, receiver, known_at + timedelta(minutes=minutes), basis, check)

    if role == "enterprise":
        duties = [duty("493-9", "text", "事发地县级以上应急管理部门", 60, "国务院令第493号第九条")]
        if grade != "一般":
            duties.append(duty("21-6", "text", "省级应急管理部门", 60, "安监总局令第21号第六条"))
        return duties
    if role == "department":
        duties = [duty("493-11", "text", "上一级应急管理部门和本级政府", 120, "国务院令第493号第十、十一条")]
        if grade != "一般":
            receiver = "应急管理部" if grade in MAJOR else "省级应急管理部门"
            duties.append(duty("21-8", "phone", receiver, 60, "安监总局令第21号（电话快报）"))
        return duties
    if grade not in MAJOR:
        return []
    return [
        duty("gov-phone", "phone", "上一级政府", phone_min, "政府系统信息报告惯例", True),
        duty("gov-text", "text", "上一级政府", written_min, "政府系统信息报告惯例", True),
    ]


def follow_up(last_sent_at: datetime, grade: str) -> Deadline:
    """续报: at least once a day, twice from 重大 on (安监总局令第21号)."""
    hours = 12 if grade in MAJOR else 24
    due = last_sent_at + timedelta(hours=hours)
    return Deadline("21-follow-up", "text", "", due, "安监总局令第21号（续报频次）")


def lateness_min(due_at: datetime, sent_at: datetime) -> float:
    """Minutes late, 0 when on time."""
    return max(0.0, (sent_at - due_at).total_seconds() / 60)
