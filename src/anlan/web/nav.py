"""Which way leads where: the menu, by room, of what the actor may open and this installation has."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.register.declare import REGISTERS

#: Addresses below which other entries live.
WHOLE = {"/", "/registers/", "/command/", "/simulation/", "/gateways/import/"}


@dataclass(frozen=True)
class Entry:
    """One line of the menu."""

    title: str
    url: str
    permission: str
    icon: str = ""
    room: str = ""

    def leads_to(self, path: str) -> bool:
        return path == self.url or (self.url not in WHOLE and path.startswith(self.url))


@dataclass(frozen=True)
class Group:
    """The entries of one room."""

    title: str
    entries: list[Entry]
    registers: list[Entry]
    open: bool


ROOMS = (
    ("console", "值守"),
    ("monitoring", "监测预警"),
    ("command", "指挥救援"),
    ("resources", "应急保障"),
    ("supervision", "监督管理"),
    ("administration", "政务管理"),
    ("mobilisation", "社会动员"),
    ("simulation", "研判推演"),
    ("gateways", "接入与发布"),
    ("kernel", "系统"),
)
ENTRIES = (
    Entry("一张图", "/", "monitoring.view", "map", "console"),
    Entry("大屏", "/wall", "monitoring.view", "wall", "console"),
    Entry("告警", "/monitoring/alarms/", "monitoring.view", "alarm", "monitoring"),
    Entry("预警", "/monitoring/warnings/", "monitoring.view", "warning", "monitoring"),
    Entry("自然灾害研判", "/monitoring/judgements/", "monitoring.view", "info", "monitoring"),
    Entry("河流与凌汛", "/monitoring/rivers/", "monitoring.view", "area", "monitoring"),
    Entry("公众预警页", "/public/", "monitoring.view", "outbox", "monitoring"),
    Entry("预警覆盖率", "/mobilisation/coverage/", "mobilisation.view", "columns", "mobilisation"),
    Entry("测站", "/monitoring/stations/", "monitoring.view", "station", "monitoring"),
    Entry("感知网络", "/monitoring/network/", "monitoring.view", "station", "monitoring"),
    Entry("告警评估", "/monitoring/alarms/assessment/", "monitoring.view", "alarm", "monitoring"),
    Entry("报警规则", "/monitoring/rules/", "monitoring.rules", "settings", "monitoring"),
    Entry("值守台", "/command/", "command.view", "shield", "console"),
    Entry("接报", "/command/intake/", "command.incident", "phone", "console"),
    Entry("接报记录", "/command/calls/", "command.view", "phone", "command"),
    Entry("演练", "/command/drills/", "command.view", "run", "command"),
    Entry("整改台账", "/command/lessons/", "command.view", "audit", "command"),
    Entry("叫应", "/command/callings/", "command.view", "phone", "command"),
    Entry("通信点名", "/command/rollcalls/", "command.view", "phone", "command"),
    Entry("批示", "/command/instructions/", "command.view", "task", "command"),
    Entry("快报专报", "/command/bulletins/", "command.view", "audit", "command"),
    Entry("灾情统计", "/command/losses/", "command.view", "report", "command"),
    Entry("交接班", "/command/handover/", "administration.view", "calendar", "console"),
    Entry("突发事件", "/command/incidents/", "command.view", "incident", "command"),
    Entry("火场", "/command/fires/", "command.view", "fire", "command"),
    Entry("地震", "/command/quakes/", "command.view", "quake", "command"),
    Entry("历史地震", "/command/quakes/past/", "command.view", "quake", "command"),
    Entry("任务", "/command/tasks/", "command.view", "task", "command"),
    Entry("现场任务", "/command/field/", "command.task", "phone", "command"),
    Entry("预案", "/command/plans/", "command.view", "plan", "command"),
    Entry("园区风险", "/supervision/parks/", "supervision.view", "tank", "supervision"),
    Entry("重大危险源", "/supervision/major-hazards/", "supervision.view", "warning", "supervision"),
    Entry("储备总览", "/resources/stores/", "resources.view", "store", "resources"),
    Entry("调拨", "/resources/allocations/", "resources.view", "vehicle", "resources"),
    Entry("物资账", "/resources/ledger/", "resources.view", "audit", "resources"),
    Entry("轮换清单", "/resources/rotation/", "resources.view", "calendar", "resources"),
    Entry("人员管控", "/resources/inside/", "resources.view", "person", "resources"),
    Entry("车队", "/resources/convoys/", "resources.view", "vehicle", "resources"),
    Entry("到达范围", "/resources/isochrones/", "resources.view", "road", "resources"),
    Entry("扫码", "/resources/scan/", "resources.view", "search", "resources"),
    Entry("征用与补偿", "/resources/requisitions/", "resources.view", "report", "resources"),
    Entry("值班", "/administration/duty/", "administration.view", "calendar", "administration"),
    Entry("推演", "/simulation/", "simulation.view", "run", "simulation"),
    Entry("地形与燃料", "/gateways/import/ground/", "simulation.view", "layers", "simulation"),
    Entry("泄漏研判", "/situation/releases/", "simulation.view", "warning", "simulation"),
    Entry("灾害链核查", "/simulation/leads/", "simulation.view", "warning", "simulation"),
    Entry("区域风险排序", "/simulation/ranking/", "simulation.view", "columns", "simulation"),
    Entry("发件箱", "/gateways/outbox/", "gateways.view", "outbox", "gateways"),
    Entry("平台互联", "/gateways/exchange/", "gateways.view", "link", "gateways"),
    Entry("隔离区", "/gateways/quarantine/", "gateways.view", "filter", "gateways"),
    Entry("登记簿", "/registers/", "kernel.view", "columns", "kernel"),
    Entry("协议台", "/gateways/console/", "gateways.view", "search", "gateways"),
    Entry("历史补录", "/gateways/backfill/", "gateways.edit", "import", "gateways"),
    Entry("数据导入", "/gateways/import/", "gateways.edit", "import", "gateways"),
    Entry("账号与角色", "/accounts/", "kernel.accounts", "key", "kernel"),
    Entry("审计日志", "/audit/", "kernel.audit", "audit", "kernel"),
)


def exists(url: str) -> bool:
    try:
        resolve(url)
    except Resolver404:
        return False
    return True


def menu(actor: Actor, path: str) -> list[Group]:
    """The groups this actor has something in; the room of `path` is open."""
    groups = []
    for room, title in ROOMS:
        entries = [e for e in ENTRIES if e.room == room and actor.has(e.permission) and exists(e.url)]
        registers = [
            Entry(_(r.title), f"/registers/{r.slug}/", r.view_permission)
            for r in REGISTERS.values()
            if r.room == room and actor.has(r.view_permission)
        ]
        if entries or registers:
            here = any(entry.leads_to(path) for entry in [*entries, *registers])
            groups.append(Group(title, entries, registers, here or room == "console"))
    return groups
