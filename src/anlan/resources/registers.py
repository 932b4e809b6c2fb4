"""Registries of the resources room."""

from __future__ import annotations

from anlan.kernel.register.declare import MapSymbol, Register, Section, register
from anlan.resources.models import (
    Closure,
    Expert,
    Hospital,
    KeyPlace,
    Material,
    Shelter,
    Stock,
    Store,
    Team,
    Vehicle,
    Volunteer,
)

#: What plan cards ask teams for, as people read it.
CAPABILITIES = {
    "fire": "灭火",
    "hazmat": "危化处置",
    "rescue": "救援",
    "search": "搜救",
    "medical": "医疗救护",
    "police": "警戒疏散",
    "monitor": "环境监测",
    "comm": "通信保障",
    "power": "电力抢修",
    "transport": "运输",
    "flood": "防汛",
    "ice": "破冰",
    "pump": "排水",
    "wildfire": "森林草原灭火",
}

register(
    Register(
        model=Team,
        slug="teams",
        words=CAPABILITIES,
        title="救援队伍",
        key=("code",),
        columns=("name", "kind", "capabilities", "area", "members", "readiness", "phone"),
        filters=("area", "kind", "readiness"),
        search=("code", "name", "equipment"),
        help="状态（待命、出动、休整、停用）由派出、归建和记录页上的按钮改变，不能在表中直接改。",
        panels=("resources/readiness.html",),
        sections=(
            Section("队伍", ("code", "name", "kind", "capabilities", "organisation", "members", "equipment")),
            Section("值守与出动", ("leader", "phone", "turnout_min", "speed_km_h", "terminal")),
            Section("驻地", ("lon", "lat")),
            Section("归属", ("area", "data_class", "representative")),
        ),
        sample={
            "code": "TEAM-SAMPLE",
            "name": "样例消防站",
            "kind": "消防",
            "capabilities": '["fire", "hazmat"]',
            "members": "30",
            "lon": "106.81",
            "lat": "39.66",
            "area": "mca:150300",
            "representative": "是",
        },
    )
)
register(
    Register(
        model=Vehicle,
        slug="vehicles",
        title="车辆",
        key=("code",),
        columns=("plate", "kind", "team", "carrier", "seats", "load_t", "readiness", "position_at", "area"),
        filters=("area", "kind", "team", "readiness"),
        search=("code", "plate"),
        sections=(
            Section("车辆", ("code", "plate", "kind", "team", "seats", "load_t")),
            Section("通行", ("height_m", "gross_t", "hazmat")),
            Section("运力", ("carrier", "driver", "driver_phone", "terminal", "position_lon", "position_lat")),
            Section("归属", ("area", "data_class", "representative")),
        ),
        sample={
            "code": "VEH-SAMPLE",
            "plate": "蒙C00000",
            "kind": "水罐消防车",
            "team": "TEAM-SAMPLE",
            "area": "mca:150300",
            "representative": "是",
        },
    )
)
register(
    Register(
        model=Expert,
        slug="experts",
        title="应急专家",
        key=("code",),
        columns=("name", "speciality", "unit", "phone", "availability", "away_until", "area"),
        filters=("area", "speciality", "availability"),
        search=("code", "name", "unit"),
        sections=(
            Section("专家", ("code", "name", "speciality", "unit", "phone")),
            Section("可用情况", ("availability", "away_until")),
            Section("归属", ("area", "data_class", "representative")),
        ),
        sample={
            "code": "EXP-SAMPLE",
            "name": "样例专家",
            "speciality": "氯碱",
            "area": "mca:150300",
            "representative": "是",
        },
    )
)
register(
    Register(
        model=Store,
        slug="stores",
        title="储备库点",
        key=("code",),
        columns=("name", "kind", "area", "floor_m2", "serves_people", "keeper", "phone"),
        filters=("area", "kind"),
        search=("code", "name"),
        panels=("resources/store_link.html",),
        sections=(
            Section("库点", ("code", "name", "kind", "floor_m2", "keeper", "phone")),
            Section("保障与备货", ("serves_people", "serves_days", "ready_min")),
            Section("库房监测", ("station", "temperature_min", "temperature_max", "humidity_max")),
            Section("协议（企业储备）", ("agreement_no", "agreement_until")),
            Section("位置", ("lon", "lat")),
            Section("归属", ("area", "data_class", "representative")),
        ),
        symbol=MapSymbol("stores", "储备库点", "store", "#3b6ea8", ("kind",)),
        sample={
            "code": "STORE-SAMPLE",
            "name": "样例储备库",
            "kind": "储备库",
            "lon": "106.81",
            "lat": "39.66",
            "area": "mca:150300",
            "representative": "是",
        },
    )
)
register(
    Register(
        model=Material,
        slug="materials",
        title="物资目录",
        key=("code",),
        columns=("code", "name", "spec", "unit", "code_status", "norm", "norm_basis", "shelf_life_days"),
        filters=("code_status", "norm_basis"),
        search=("code", "name", "spec"),
        sections=(
            Section("物资", ("code", "code_status", "name", "spec", "unit", "whole", "unit_kg", "shelf_life_days")),
            Section("需求定额", ("norm", "norm_basis", "norm_share", "norm_source")),
        ),
        help="代码按 GB/T 38565-2020 第 5 章：7 位，大类1+中类2+小类2+细类2。国标代码表须自行导入；自编代码与无出处定额待核对。",
        sample={"code": "1010101", "name": "12㎡单帐篷", "unit": "顶", "whole": "是", "norm_basis": "每人"},
    )
)
register(
    Register(
        model=Stock,
        slug="stock",
        title="库存",
        key=("code",),
        columns=("store", "material", "quantity", "shelf", "lot_no", "expires_on", "holding"),
        filters=("store", "holding"),
        search=("code", "material__name", "material__code", "lot_no"),
        panels=("resources/stock_link.html",),
        sections=(
            Section("批次", ("code", "material", "lot_no", "produced_on", "expires_on", "holding", "supplier")),
            Section("位置", ("store", "shelf", "scale")),
            Section("标记", ("representative",)),
        ),
        help="数量是物资账的余额，只随入库、出库、移库、调拨、盘点、损耗、征用、轮换单据改变，不能在表中直接改。",
        sample={
            "code": "LOT-SAMPLE",
            "store": "STORE-SAMPLE",
            "shelf": "A-01-1",
            "material": "1010101",
            "lot_no": "P1",
            "holding": "实物储备",
            "representative": "是",
        },
    )
)
register(
    Register(
        model=Closure,
        slug="closures",
        title="断路管控",
        key=("code",),
        columns=("name", "kind", "area", "begins_at", "ends_at", "reason"),
        filters=("area", "kind"),
        search=("code", "name", "reason"),
        sections=(
            Section("管控", ("code", "name", "kind", "reason", "begins_at", "ends_at", "geometry")),
            Section("归属", ("area", "data_class", "representative")),
        ),
        symbol=MapSymbol("closures", "断路管控", "road", "#d9822b", ("kind",)),
        help="生效期间路线、到达时间和调拨方案一律绕行；填“解除”时间后恢复。",
        sample={
            "code": "CL-SAMPLE",
            "name": "样例警戒区",
            "kind": "警戒管控",
            "geometry": '{"type":"Polygon","coordinates":[[[106.80,39.65],[106.81,39.65],[106.81,39.66],[106.80,39.65]]]}',
            "begins_at": "2026-11-23 08:00",
            "area": "mca:150300",
            "representative": "是",
        },
    )
)
register(
    Register(
        model=Hospital,
        slug="hospitals",
        title="医院",
        key=("code",),
        columns=("name", "level", "area", "beds", "icu_beds", "poison_care", "burn_care", "phone"),
        filters=("area",),
        search=("code", "name"),
        sections=(
            Section("医院", ("code", "name", "level", "beds", "icu_beds", "poison_care", "burn_care", "phone")),
            Section("位置", ("lon", "lat")),
            Section("归属", ("area", "data_class", "representative")),
        ),
        symbol=MapSymbol("hospitals", "医院", "hospital", "#c0392b", ("beds",)),
        sample={
            "code": "HOSP-SAMPLE",
            "name": "样例医院",
            "beds": "500",
            "lon": "106.81",
            "lat": "39.66",
            "area": "mca:150300",
            "representative": "是",
        },
    )
)
register(
    Register(
        model=Shelter,
        slug="shelters",
        title="避难场所",
        key=("code",),
        columns=("name", "kind", "area", "indoor", "effective_area_m2", "capacity", "phone"),
        filters=("area", "kind"),
        search=("code", "name"),
        sections=(
            Section("场所", ("code", "name", "kind", "indoor", "effective_area_m2", "capacity", "phone")),
            Section("位置", ("lon", "lat")),
            Section("归属", ("area", "data_class", "representative")),
        ),
        symbol=MapSymbol("shelters", "避难场所", "shelter", "#2e8b57", ("capacity",)),
        sample={
            "code": "SHEL-SAMPLE",
            "name": "样例广场",
            "kind": "紧急",
            "effective_area_m2": "5000",
            "capacity": "2500",
            "lon": "106.81",
            "lat": "39.66",
            "area": "mca:150300",
            "representative": "是",
        },
    )
)
register(
    Register(
        model=KeyPlace,
        slug="key-places",
        title="重点场所",
        key=("code",),
        columns=("name", "kind", "area", "people", "contact", "phone"),
        filters=("area", "kind"),
        search=("code", "name"),
        sections=(
            Section("场所", ("code", "name", "kind", "people", "contact", "phone")),
            Section("位置", ("lon", "lat")),
            Section("归属", ("area", "data_class", "representative")),
        ),
        symbol=MapSymbol("key-places", "重点场所", "school", "#6b4fa0", ("kind", "people")),
        sample={
            "code": "KEY-SAMPLE",
            "name": "样例小学",
            "kind": "学校",
            "people": "800",
            "lon": "106.81",
            "lat": "39.66",
            "area": "mca:150300",
            "representative": "是",
        },
    )
)
register(
    Register(
        model=Volunteer,
        slug="volunteers",
        title="志愿者",
        key=("code",),
        columns=("name", "kind", "people", "skills", "availability", "leader", "phone", "area"),
        filters=("area", "kind", "availability"),
        search=("code", "name", "skills"),
        sections=(
            Section("志愿者", ("code", "name", "kind", "people", "skills", "leader", "phone")),
            Section("可用情况", ("availability", "trained_on", "insured_until")),
            Section("归属", ("area", "data_class", "representative")),
        ),
        help="调用前核对培训与保险（要求待核对）。",
        sample={
            "code": "VOL-SAMPLE",
            "name": "样例志愿队",
            "kind": "队伍",
            "people": "20",
            "skills": "疏散引导",
            "leader": "样例联系人",
            "phone": "19900000000",
            "area": "mca:150300",
            "representative": "是",
        },
    )
)
