"""Registries of the simulation room: what people live in, and what stands in the way of water."""

from __future__ import annotations

from anlan.kernel.register.declare import MapSymbol, Register, Section, register
from anlan.simulation.models import BuildingStock, Structure

register(
    Register(
        model=BuildingStock,
        slug="buildings",
        title="房屋登记",
        key=("area", "kind", "source"),
        columns=("area", "kind", "count", "floor_m2", "surveyed_on", "source"),
        filters=("area", "kind"),
        search=("source",),
        sections=(
            Section("房屋", ("area", "kind", "count", "floor_m2")),
            Section("来源", ("source", "surveyed_on", "data_class", "representative")),
        ),
        change="simulation.run",
        help="按村（社区）、镇或区登记各类房屋的栋数与建筑面积，供地震损失评估；没有登记的村（社区）取上一级，都没有时用演示缺省并注明。",
        sample={
            "area": "mca:150302",
            "kind": "未设防砖混",
            "count": "1200",
            "floor_m2": "960000",
            "source": "样例调查",
            "representative": "是",
        },
    )
)
register(
    Register(
        model=Structure,
        slug="structures",
        title="涵洞与挡墙",
        key=("code",),
        columns=("name", "kind", "crest_m", "invert_m", "area_m2", "area", "source"),
        filters=("area", "kind"),
        search=("code", "name"),
        sections=(
            Section("结构物", ("code", "name", "kind", "line", "source")),
            Section("尺寸", ("crest_m", "invert_m", "area_m2", "height_m")),
            Section("位置", ("lon", "lat")),
            Section("归属", ("area", "data_class", "representative")),
        ),
        symbol=MapSymbol("structures", "涵洞与挡墙", "road", "#868e96", ("kind", "crest_m")),
        change="simulation.run",
        help="与“地形”中的高程格网一起用于洪水推演：墙、堤、路基挡水到顶高程，涵洞按过水面积过水。",
        sample={
            "code": "JG-SAMPLE",
            "name": "样例路基",
            "kind": "堤、墙、路基",
            "line": "[[106.80, 39.66], [106.81, 39.66]]",
            "crest_m": "1080",
            "lon": "106.805",
            "lat": "39.66",
            "area": "mca:150302",
            "representative": "是",
        },
    )
)
