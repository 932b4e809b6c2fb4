"""Registries of the monitoring room."""

from __future__ import annotations

from anlan.kernel.register.declare import MapSymbol, Register, Section, register
from anlan.monitoring.models import (
    AlarmRule,
    Barrier,
    Catchment,
    ClimateDay,
    ClimateMonth,
    Datastream,
    LowSpot,
    MaintenanceWindow,
    Reach,
    Slope,
    Station,
)

register(
    Register(
        model=Station,
        slug="stations",
        title="测站",
        key=("code",),
        columns=("name", "kind", "protocol", "address", "owner", "area", "interval_s", "in_service"),
        filters=("area", "kind", "protocol"),
        search=("code", "name", "address"),
        sections=(
            Section("测站", ("code", "name", "kind", "owner", "hazard_unit", "in_service")),
            Section("接入", ("protocol", "address", "interval_s", "via", "clock_offset_s")),
            Section("位置", ("lon", "lat")),
            Section("特征水位", ("alert_m", "guarantee_m", "record_m", "bank_m")),
            Section("归属", ("area", "data_class", "representative")),
        ),
        sample={
            "code": "ST-SAMPLE",
            "name": "样例水文站",
            "kind": "水文",
            "protocol": "sl651",
            "address": "0000000001",
            "lon": "106.81",
            "lat": "39.66",
            "area": "mca:150300",
            "representative": "是",
        },
    )
)
register(
    Register(
        model=Datastream,
        slug="datastreams",
        title="数据流",
        key=("code",),
        columns=("name", "station", "source_code", "quantity", "unit", "valid_min", "valid_max"),
        filters=("station", "quantity"),
        search=("code", "name"),
        sections=(
            Section("数据流", ("code", "station", "source_code", "name", "quantity", "unit")),
            Section("质量检查", ("valid_min", "valid_max", "max_step", "flat_s", "neighbour_km", "neighbour_diff")),
            Section("来源", ("source_unit", "calibrated_at", "calibration_days")),
        ),
        sample={
            "code": "DS-SAMPLE",
            "station": "ST-SAMPLE",
            "source_code": "39",
            "name": "水位",
            "quantity": "水位",
            "unit": "m",
        },
    )
)
register(
    Register(
        model=AlarmRule,
        slug="alarm-rules",
        title="报警规则",
        key=("code",),
        columns=(
            "title",
            "kind",
            "station_kind",
            "quantity",
            "limit",
            "high",
            "priority",
            "on_delay_s",
            "enabled",
            "area",
        ),
        filters=("area", "kind", "priority"),
        search=("code", "title"),
        sections=(
            Section("规则", ("code", "title", "kind", "priority", "enabled", "latched")),
            Section("适用", ("datastream", "station_kind", "quantity")),
            Section("限值", ("limit", "high", "hihi", "hi", "lo", "lolo", "deadband", "inner_priority")),
            Section("时间", ("on_delay_s", "off_delay_s", "rate_window_s", "silence_factor")),
            Section("组合", ("members", "k", "group_by", "expression")),
            Section("升级", ("escalate_after_min", "escalate_to")),
            Section("说明", ("basis", "advice")),
            Section("归属", ("area", "data_class", "representative")),
        ),
        change="monitoring.rules",
        help="改动即时生效，每次改动版本加一。",
        sample={
            "code": "RULE-SAMPLE",
            "title": "样例超限",
            "kind": "阈值",
            "station_kind": "气体",
            "quantity": "氯气浓度",
            "limit": "1",
            "priority": "一级（红）",
            "area": "mca:150300",
            "representative": "是",
        },
    )
)
register(
    Register(
        model=MaintenanceWindow,
        slug="maintenance-windows",
        title="检修窗口",
        key=("title", "starts_at"),
        columns=("title", "area", "station", "station_kind", "starts_at", "ends_at", "responsible"),
        filters=("area",),
        search=("title", "responsible"),
        sections=(
            Section("检修", ("title", "starts_at", "ends_at", "responsible")),
            Section("范围", ("area", "station", "station_kind")),
            Section("归属", ("data_class",)),
        ),
        change="monitoring.handle",
        help="期间的告警被抑制并留痕，结束时仍成立的恢复显示。",
        sample={
            "title": "样例检修",
            "area": "mca:150300",
            "station_kind": "气体",
            "starts_at": "2026-01-05 08:00",
            "ends_at": "2026-01-05 12:00",
            "responsible": "张检修",
        },
    )
)
register(
    Register(
        model=Catchment,
        slug="catchments",
        title="小流域",
        key=("code",),
        columns=("name", "area_km2", "flood_flow_m3_s", "curve_number", "people", "station", "area"),
        filters=("area",),
        search=("code", "name"),
        sections=(
            Section("小流域", ("code", "name", "people", "contact", "phone", "station")),
            Section(
                "产汇流",
                ("area_km2", "length_km", "slope", "curve_number", "flood_flow_m3_s", "upstream_deg", "fan_slope"),
            ),
            Section("调查评价", ("critical_mm", "ready_mm", "survey")),
            Section("位置", ("lon", "lat")),
            Section("归属", ("area", "data_class", "representative")),
        ),
        sample={
            "code": "XLY-SAMPLE",
            "name": "样例沟",
            "area_km2": "25",
            "length_km": "9",
            "slope": "0.03",
            "curve_number": "80",
            "flood_flow_m3_s": "40",
            "lon": "106.87",
            "lat": "39.68",
            "area": "mca:150302",
            "representative": "是",
        },
    )
)
register(
    Register(
        model=Reach,
        slug="reaches",
        title="河段",
        key=("code",),
        columns=("name", "upstream", "downstream", "width_m", "bed_slope", "travel_h", "lead_h", "area"),
        filters=("area",),
        search=("code", "name"),
        sections=(
            Section("河段", ("code", "name", "upstream", "downstream", "lead_h")),
            Section("演算", ("travel_h", "weight", "source")),
            Section("断面", ("width_m", "bed_slope", "bed_n", "bank_slope", "upstream_deg", "bank")),
            Section("位置", ("lon", "lat")),
            Section("归属", ("area", "data_class", "representative")),
        ),
        help="上下游水文站之间的河段，用于水位预报（马斯京根演算与实时校正）和冰塞壅水估算；位置填易卡冰、易漫滩处。",
        sample={
            "code": "HD-SAMPLE",
            "name": "样例河段",
            "downstream": "ST-SAMPLE",
            "width_m": "400",
            "bed_slope": "0.00025",
            "lon": "106.77",
            "lat": "39.55",
            "area": "mca:150300",
            "representative": "是",
        },
    )
)
register(
    Register(
        model=Barrier,
        slug="barriers",
        title="堤坝",
        key=("code",),
        columns=("name", "kind", "crest_m", "foot_m", "station", "contact", "area"),
        filters=("area", "kind"),
        search=("code", "name"),
        sections=(
            Section("堤坝", ("code", "name", "kind", "station", "contact", "phone", "source")),
            Section("尺寸", ("crest_m", "foot_m", "storage", "breach_m", "formation_h")),
            Section("方向", ("upstream_deg", "bank")),
            Section("位置", ("lon", "lat")),
            Section("归属", ("area", "data_class", "representative")),
        ),
        symbol=MapSymbol("barriers", "堤坝", "area", "#5c7cfa", ("kind", "crest_m")),
        help="水位高、地震或冰坝触发时，平台按这里的尺寸自动推演溃决后的淹没；坝须填库容曲线。",
        sample={
            "code": "DB-SAMPLE",
            "name": "样例堤段",
            "kind": "堤",
            "crest_m": "1078.5",
            "foot_m": "1074",
            "lon": "106.77",
            "lat": "39.55",
            "area": "mca:150300",
            "representative": "是",
        },
    )
)
register(
    Register(
        model=LowSpot,
        slug="low-spots",
        title="易涝点",
        key=("code",),
        columns=("name", "basin_hm2", "runoff", "drain_mm_h", "pond_m2", "station", "contact", "area"),
        filters=("area",),
        search=("code", "name"),
        sections=(
            Section("易涝点", ("code", "name", "station", "contact", "phone", "source")),
            Section("产汇流", ("basin_hm2", "runoff", "drain_mm_h", "pond_m2")),
            Section("位置", ("lon", "lat")),
            Section("归属", ("area", "data_class", "representative")),
        ),
        symbol=MapSymbol("low-spots", "易涝点", "pin", "#3f8fd6", ("drain_mm_h",)),
        help="下穿桥、低洼路段等；按代表雨量站的小时雨量自动估算积水深度并研判，缺代表站时取 20 km 内最大。",
        sample={
            "code": "YL-SAMPLE",
            "name": "样例下穿桥",
            "basin_hm2": "6",
            "runoff": "0.8",
            "drain_mm_h": "25",
            "pond_m2": "1500",
            "lon": "106.81",
            "lat": "39.67",
            "area": "mca:150302",
            "representative": "是",
        },
    )
)
register(
    Register(
        model=Slope,
        slug="slopes",
        title="地质灾害隐患点",
        key=("code",),
        columns=("name", "kind", "susceptibility", "people", "contact", "station", "area"),
        filters=("area", "susceptibility"),
        search=("code", "name"),
        sections=(
            Section("隐患点", ("code", "name", "kind", "susceptibility", "people", "contact", "phone", "station")),
            Section("位置", ("lon", "lat", "area", "representative")),
        ),
        sample={
            "code": "DZ-09",
            "name": "沟口滑坡点",
            "kind": "滑坡",
            "susceptibility": "中易发",
            "people": "40",
            "lon": "106.87",
            "lat": "39.80",
            "area": "mca:150302",
        },
    )
)
register(
    Register(
        model=ClimateDay,
        slug="climate-days",
        title="逐日气候",
        key=("code",),
        columns=("station", "day", "rain_mm", "temp_c", "source"),
        filters=("station",),
        search=("code",),
        sections=(Section("逐日气候", ("code", "station", "day", "rain_mm", "temp_c", "source", "representative")),),
        sample={
            "code": "W-HB-20260701",
            "station": "ST-SAMPLE",
            "day": "2026-07-01",
            "rain_mm": "3.5",
            "temp_c": "25.9",
            "source": "市气象局整编",
        },
    )
)
register(
    Register(
        model=ClimateMonth,
        slug="climate-months",
        title="逐月气候",
        key=("code",),
        columns=("station", "month", "rain_mm", "temp_c", "source"),
        filters=("station",),
        search=("code",),
        sections=(Section("逐月气候", ("code", "station", "month", "rain_mm", "temp_c", "source", "representative")),),
        sample={
            "code": "W-HB-202607",
            "station": "ST-SAMPLE",
            "month": "2026-07-01",
            "rain_mm": "38.5",
            "temp_c": "25.9",
            "source": "市气象局整编",
        },
    )
)
