"""Registries of the supervision room."""

from __future__ import annotations

from anlan.kernel.register.declare import MapSymbol, Register, Section, register
from anlan.supervision.models import Enterprise, HazardUnit, Park

#: Keys of the chemical data, as people read them.
SUBSTANCES = {
    "chlorine": "氯",
    "ammonia": "氨",
    "vinyl_chloride": "氯乙烯",
    "hydrogen_chloride": "氯化氢",
    "hydrogen_sulphide": "硫化氢",
    "sulphur_dioxide": "二氧化硫",
    "carbon_monoxide": "一氧化碳",
    "acetylene": "乙炔",
    "hydrogen": "氢",
    "methanol": "甲醇",
    "formaldehyde": "甲醛",
    "benzene": "苯",
    "thf": "四氢呋喃",
    "lng": "液化天然气",
    "calcium_carbide": "电石",
}

register(
    Register(
        model=Park,
        slug="parks",
        title="化工园区",
        key=("code",),
        columns=("name", "area", "sketch"),
        filters=("area",),
        search=("code", "name"),
        sections=(
            Section("园区", ("code", "name", "lon", "lat", "geometry", "sketch")),
            Section("归属", ("area", "data_class", "representative")),
        ),
        sample={
            "code": "PARK-SAMPLE",
            "name": "样例园区",
            "lon": "106.81",
            "lat": "39.66",
            "area": "mca:150300",
            "representative": "是",
        },
    )
)
register(
    Register(
        model=Enterprise,
        slug="enterprises",
        title="企业",
        key=("code",),
        columns=("name", "industry", "park", "area", "staff_day", "staff_night", "phone"),
        filters=("area", "park", "industry"),
        search=("code", "name"),
        sections=(
            Section("企业", ("code", "name", "industry", "park", "address")),
            Section("人员与联系", ("staff_day", "staff_night", "contact", "phone")),
            Section("位置", ("lon", "lat")),
            Section("归属", ("area", "data_class", "representative")),
        ),
        symbol=MapSymbol("enterprises", "企业", "plant", "#8a6d3b", ("industry", "staff_day")),
        sample={
            "code": "ENT-SAMPLE",
            "name": "样例化工",
            "industry": "氯碱",
            "staff_day": "300",
            "staff_night": "80",
            "lon": "106.81",
            "lat": "39.66",
            "area": "mca:150300",
            "representative": "是",
        },
    )
)
register(
    Register(
        model=HazardUnit,
        slug="hazard-units",
        words=SUBSTANCES,
        title="危险单元",
        key=("code",),
        columns=("name", "enterprise", "kind", "substance", "quantity_t", "major_hazard_grade", "area"),
        filters=("area", "enterprise", "substance"),
        search=("code", "name"),
        sections=(
            Section("单元", ("code", "name", "enterprise", "kind", "substance", "quantity_t", "major_hazard_grade")),
            Section("工况", ("pressure_mpa", "temperature_c", "height_m")),
            Section("位置", ("lon", "lat")),
            Section("归属", ("area", "data_class", "representative")),
        ),
        symbol=MapSymbol("hazard-units", "危险单元", "tank", "#b3541e", ("substance", "quantity_t")),
        help="数量为设计最大量（GB 18218），不是现存量。",
        sample={
            "code": "UNIT-SAMPLE",
            "name": "V-101 液氯储罐",
            "enterprise": "ENT-SAMPLE",
            "kind": "储罐",
            "substance": "chlorine",
            "quantity_t": "60",
            "lon": "106.81",
            "lat": "39.66",
            "area": "mca:150300",
            "representative": "是",
        },
    )
)
