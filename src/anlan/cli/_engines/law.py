"""Rules of the trade as engines: grade of an accident, deadlines of its reports."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from anlan.cli._engines import pictures
from anlan.cli._engines.contract import Engine, Field, Json, at_least_zero, choice
from anlan.command.rules import accident_grade, report_deadlines
from anlan.hazards.contract import InputError

GRADES = ("一般", "较大", "重大", "特别重大")
ROLES = ("enterprise", "department", "government")
CHANNELS = {"phone": "电话报告", "text": "书面报告"}


def whole_number(name: str, title: str) -> Field:
    return Field(name, title, "integer", "人", low=0, default=None)


def grade(given: Json) -> Json:
    """Unknown figures are left out of the judgement, not taken as zero."""
    found = accident_grade(given["deaths"], given["serious_injuries"], given["direct_loss_yuan"], given["missing"])
    return {
        "grade": found.grade,
        "clause": found.clause,
        "if_missing_dead": found.if_missing_dead or found.grade,
        "unknown": [
            name for name in ("deaths", "serious_injuries", "direct_loss_yuan", "missing") if given[name] is None
        ],
    }


def moment(name: str, value: Any) -> datetime:
    """An ISO 8601 time with its offset."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        raise InputError(name, value, "ISO 8601 时间，如 2026-03-01T10:00:00+08:00") from None
    if at.tzinfo is None:
        raise InputError(name, value, "带时区的时间，如 2026-03-01T10:00:00+08:00")
    return at


def deadlines(given: Json) -> list[Json]:
    found = report_deadlines(given["role"], moment("known_at", given["known_at"]), given["grade"])
    return [
        {
            "what": f"向{duty.receiver}{CHANNELS.get(duty.channel, duty.channel)}",
            "due_at": duty.due_at.isoformat(),
            "clause": duty.basis,
            "channel": duty.channel,
            "receiver": duty.receiver,
            "rule_id": duty.rule_id,
            "to_check": duty.to_check,
        }
        for duty in sorted(found, key=lambda duty: duty.due_at)
    ]


ENGINES = (
    Engine(
        "accident-grade", "生产安全事故等级", "国务院令第493号第三条",
        (whole_number("deaths", "死亡"), whole_number("serious_injuries", "重伤（含急性工业中毒）"),
         at_least_zero("direct_loss_yuan", "直接经济损失", "元", None), whole_number("missing", "下落不明")),
        grade,
        {"deaths": 2, "serious_injuries": 12, "direct_loss_yuan": 3500000, "missing": 1},
        plot=pictures.accident,
    ),
    Engine(
        "report-deadlines", "信息报告时限", "国务院令第493号第九至十一条; 安监总局令第21号",
        (choice("role", "报告主体", ROLES), Field("known_at", "接报时间", "string"),
         choice("grade", "初判等级", GRADES)),
        deadlines,
        {"role": "enterprise", "known_at": "2026-03-01T10:00:00+08:00", "grade": "较大"},
        plot=pictures.deadlines,
    ),
)  # fmt: skip
