"""Registries of mobilisation: the means of warning, and the doors."""

from __future__ import annotations

from anlan.kernel.register.declare import Register, Section, register
from anlan.mobilisation.models import Household, Means

register(
    Register(
        model=Means,
        slug="means",
        title="预警手段",
        key=("code",),
        columns=("name", "kind", "area", "reach_day", "reach_night", "working", "tested_at"),
        filters=("area", "kind", "working"),
        sections=(
            Section("手段", ("code", "name", "kind", "reach_day", "reach_night", "source")),
            Section("状态", ("working", "tested_at")),
            Section("归属", ("area", "data_class", "representative")),
        ),
        help="到达率：本区划人口中能听到或看到的比例（0～1），白天与夜间分开填，并写明依据（抽样入户、覆盖半径推算等）。",
        sample={
            "code": "MEANS-SAMPLE",
            "name": "样例社区大喇叭",
            "kind": "应急广播大喇叭",
            "reach_day": "0.5",
            "reach_night": "0.6",
            "source": "演示",
            "working": "是",
            "area": "mca:150300",
            "representative": "是",
        },
    )
)
register(
    Register(
        model=Household,
        slug="households",
        title="敲门名册",
        key=("code",),
        columns=("address", "people", "needs", "area"),
        filters=("area",),
        search=("code", "address"),
        sections=(
            Section("住户", ("code", "address", "people", "needs")),
            Section("归属", ("area", "data_class", "representative")),
        ),
        help="网格员敲门告知的住户；“需要的帮助”写行动不便、独居老人、听障等。属于个人信息，数据级填“4·个人”。",
        sample={
            "code": "DOOR-SAMPLE",
            "address": "1 号楼 1 单元 101",
            "people": "3",
            "needs": "行动不便",
            "area": "mca:150300",
            "representative": "是",
        },
    )
)
