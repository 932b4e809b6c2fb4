"""What the law wants to read: in a first report, in the start of a response."""

from __future__ import annotations

from collections.abc import Mapping

#: 国务院令第493号 art 12 and 突发事件应对法 art 61: a first report states these; an unknown number is said to be unknown.
FIRST_REPORT = {
    "unit": "事故发生单位概况",
    "occurred_at": "发生时间",
    "place": "发生地点",
    "scene": "现场情况",
    "course": "简要经过",
    "casualties": "已经造成或可能造成的伤亡人数（含下落不明）",
    "loss": "初步估计的直接经济损失",
    "measures": "已经采取的措施",
    "reporter": "报告单位和报告人",
}
#: 突发事件应对法 (2024) art 72: the start of a response states these.
RESPONSE_START = {
    "matter": "响应事项",
    "level": "响应级别",
    "expected_until": "预计期限",
    "measures": "应急处置措施",
}


def missing_of(required: Mapping[str, str], content: Mapping[str, object]) -> list[str]:
    """The things asked for that are not there, in Chinese. "未知" counts as said, an empty field does not."""
    return [title for name, title in required.items() if content.get(name) in (None, "", [])]


def missing_in_first_report(content: Mapping[str, object]) -> list[str]:
    """Art 12: what a 首报 still lacks."""
    return missing_of(FIRST_REPORT, content)


def missing_in_response_start(content: Mapping[str, object]) -> list[str]:
    """Art 72: what the announcement of a response still lacks."""
    return missing_of(RESPONSE_START, content)
