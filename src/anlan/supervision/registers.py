"""Registries of the supervision room."""

from __future__ import annotations

from anlan.kernel.register.declare import MapSymbol, Register, Section, register
from anlan.supervision.models import Enterprise, FailureFrequency, HazardUnit, Park, ProtectionTarget, WeatherFrequency

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
    "formalin": "甲醛溶液（37%）",
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
        columns=("name", "area", "frequency_set", "sketch"),
        filters=("area",),
        search=("code", "name"),
        sections=(
            Section("园区", ("code", "name", "lon", "lat", "geometry", "sketch")),
            Section("定量风险评估", ("frequency_set",)),
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
            Section("人员与联系", ("staff_day", "staff_night", "headcount", "contact", "phone")),
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
            Section(
                "单元",
                ("code", "name", "enterprise", "kind", "section", "substance", "quantity_t", "major_hazard_grade"),
            ),
            Section("工况", ("pressure_mpa", "temperature_c", "height_m", "full_level_m")),
            Section("位置", ("lon", "lat")),
            Section("归属", ("area", "data_class", "representative")),
        ),
        symbol=MapSymbol("hazard-units", "危险单元", "tank", "#b3541e", ("substance", "quantity_t")),
        help="数量为设计最大量（GB 18218），不是现存量。等级为备案等级；辨识结果见“重大危险源”。",
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
register(
    Register(
        model=ProtectionTarget,
        slug="protection-targets",
        title="防护目标",
        key=("code",),
        columns=("name", "category", "people", "people_night", "area"),
        filters=("area", "category"),
        search=("code", "name"),
        sections=(
            Section("防护目标", ("code", "name", "category")),
            Section("规模", ("people", "people_night", "headcount", "households", "area_m2", "beds")),
            Section("位置", ("lon", "lat")),
            Section("归属", ("area", "data_class", "representative")),
        ),
        symbol=MapSymbol("protection-targets", "防护目标", "person", "#2a6fb0", ("category", "people")),
        help="类别（高敏感、重要、一类至三类）由类型和规模按 GB 36894-2018 得出；规模不详时按该类型最严一类计。",
        sample={
            "code": "TARGET-SAMPLE",
            "name": "样例小区",
            "category": "住宅及相应服务设施",
            "people": "320",
            "lon": "106.81",
            "lat": "39.66",
            "area": "mca:150300",
            "representative": "是",
        },
    )
)
register(
    Register(
        model=WeatherFrequency,
        slug="weather-frequencies",
        title="气象联合频率",
        key=("code",),
        columns=("park", "period", "stability", "wind_m_s", "direction_deg", "probability"),
        filters=("park", "stability", "period"),
        search=("code",),
        sections=(
            Section(
                "频率",
                ("code", "park", "period", "stability", "wind_m_s", "direction_deg", "probability", "representative"),
            ),
        ),
        help="同一园区各行频率之和应为 1；风向为来向，代表整个扇区。没有登记的园区按缺省气象计。",
        sample={
            "code": "WEATHER-SAMPLE",
            "park": "PARK-SAMPLE",
            "stability": "D",
            "wind_m_s": "4",
            "direction_deg": "270",
            "period": "全天",
            "probability": "0.05",
            "representative": "是",
        },
    )
)
register(
    Register(
        model=FailureFrequency,
        slug="failure-frequencies",
        title="失效频率",
        key=("code",),
        columns=("park", "equipment", "size", "per_year", "source", "to_check"),
        filters=("park", "equipment"),
        search=("code", "source"),
        sections=(
            Section("频率", ("code", "park", "equipment", "size", "per_year", "source", "to_check", "representative")),
        ),
        help="园区自己的通用失效频率（如手边的 AQ/T 3046 附录或本园区统计）；有行的设备类型只按这些行计，其余按园区所选的频率库。",
        sample={
            "code": "FREQ-SAMPLE",
            "park": "PARK-SAMPLE",
            "equipment": "压力容器、气体储罐、塔器",
            "size": "10",
            "per_year": "0.0001",
            "source": "HJ 169-2018 表 E.1",
            "representative": "是",
        },
    )
)
