"""The life of an incident, a task, a report: who may follow what, each as one readable table. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from anlan.kernel.errors import Conflict

Machine = Mapping[str, Sequence[str]]

INCIDENT_LABELS = {
    "opened": "已接报",
    "responding": "响应中",
    "ended": "响应结束",
    "closed": "已结案",
    "merged": "已并入",
    "reviewed": "已复盘",
}
#: From -> to. A small incident may be closed without a response; a response may be started again; what was merged into
#: another by mistake may be taken out again.
INCIDENT: Machine = {
    "opened": ["responding", "closed", "merged"],
    "responding": ["ended"],
    "ended": ["responding", "closed", "merged"],
    "closed": ["reviewed"],
    "merged": ["opened"],
    "reviewed": [],
}

INCIDENT_OVER = ("closed", "reviewed", "merged")

TASK_LABELS = {
    "planned": "待下达",
    "issued": "已下达",
    "escalated": "已升级",
    "acknowledged": "已确认",
    "en_route": "在途",
    "on_scene": "到场",
    "done": "已完成",
    "refused": "已拒绝",
    "cancelled": "已撤销",
}
#: A post at its desk never travels: it may finish right after acknowledging.
TASK: Machine = {
    "planned": ["issued", "cancelled"],
    "issued": ["acknowledged", "refused", "escalated", "cancelled"],
    "escalated": ["acknowledged", "refused", "cancelled"],
    "acknowledged": ["en_route", "on_scene", "done", "refused", "cancelled"],
    "en_route": ["on_scene", "done", "cancelled"],
    "on_scene": ["done", "cancelled"],
    "done": [],
    "refused": [],
    "cancelled": [],
}
TASK_OVER = ("done", "refused", "cancelled")
TASK_WAITING = ("issued", "escalated")
TASK_OPEN = tuple(state for state in TASK if state not in TASK_OVER)

REPORT_LABELS = {"drafted": "拟稿", "signed": "已签发", "sent": "已报送", "received": "上级已签收"}
REPORT: Machine = {"drafted": ["signed"], "signed": ["drafted", "sent"], "sent": ["received"], "received": []}


#: 值班快报、值班信息、专报.
BULLETIN_LABELS = {
    "drafted": "拟稿",
    "checked": "已核稿",
    "signed": "已签发",
    "sent": "已报送",
    "received": "已回执",
}
BULLETIN: Machine = {
    "drafted": ["checked"],
    "checked": ["drafted", "signed"],
    "signed": ["drafted", "sent"],
    "sent": ["received"],
    "received": [],
}


def move(machine: Machine, labels: Mapping[str, str], what: str, now: str, to: str) -> str:
    """The new state, or `Conflict` naming what is allowed from here."""
    if to in machine[now]:
        return to
    allowed = "、".join(labels[state] for state in machine[now]) or "（无，已是终态）"
    raise Conflict(
        f"{what}现为“{labels[now]}”，不能转为“{labels[to]}”；此状态下允许：{allowed}",
        rule="状态转换表",
        state=now,
        wanted=to,
        allowed=list(machine[now]),
    )
