"""Registries of the kernel: areas, organisations, posts, persons."""

from __future__ import annotations

from anlan.kernel.models import Area, Organisation, Person, Post
from anlan.kernel.register.declare import Register, Section, register

register(
    Register(
        model=Area,
        slug="areas",
        title="行政区划",
        key=("code_system", "code"),
        columns=("name", "level", "code_system", "code", "parent", "population", "population_note", "sketch"),
        filters=("level", "code_system", "parent"),
        search=("name", "code"),
        order=("path",),
        sections=(
            Section("基本", ("name", "level", "parent", "code_system", "code", "alt_codes", "representative")),
            Section("人口", ("population", "population_note")),
            Section("位置", ("seat_lon", "seat_lat", "sketch", "geometry")),
        ),
        help="市、区、镇（街道）、村（社区）、网格五级；代码须注明体系（mca 民政部，nbs 统计局），两套代码互有矛盾。",
        sample={
            "code_system": "mca",
            "code": "150303001",
            "name": "拉僧仲街道",
            "level": "镇（街道）",
            "parent": "mca:150300",
            "population": "21000",
            "population_note": "测试样例",
        },
    )
)
register(
    Register(
        model=Organisation,
        slug="organisations",
        title="机构",
        key=("code",),
        columns=("name", "kind", "area", "parent", "phone"),
        filters=("area", "kind"),
        search=("code", "name", "phone"),
        sections=(
            Section("基本", ("code", "name", "kind", "parent", "area", "data_class", "representative")),
            Section("联系", ("phone", "lon", "lat")),
        ),
        sample={
            "code": "ORG-SAMPLE",
            "name": "乌海市应急管理局",
            "kind": "应急管理部门",
            "area": "mca:150300",
            "data_class": "一般2·内部",
            "phone": "0473-0000000",
            "representative": "是",
        },
    )
)
register(
    Register(
        model=Post,
        slug="posts",
        title="岗位",
        key=("code",),
        columns=("title", "organisation", "duty", "deputy", "area"),
        filters=("area", "organisation"),
        search=("code", "title", "duty"),
        sections=(
            Section("岗位", ("code", "title", "organisation", "duty", "deputy")),
            Section("归属", ("area", "data_class", "representative")),
        ),
        help="预案把任务交给岗位，岗位由人员担任；副岗是逾期未确认时的升级对象。",
        sample={
            "code": "POST-SAMPLE",
            "title": "值班员",
            "organisation": "ORG-SAMPLE",
            "area": "mca:150300",
            "data_class": "一般2·内部",
        },
    )
)
register(
    Register(
        model=Person,
        slug="persons",
        title="人员",
        key=("code",),
        columns=("name", "organisation", "post", "phone", "area"),
        filters=("area", "organisation"),
        search=("code", "name", "phone"),
        sections=(
            Section("人员", ("code", "name", "phone", "organisation", "post")),
            Section("归属", ("area", "data_class", "representative")),
        ),
        help="姓名和手机属个人信息，数据级不低于 一般3·敏感。",
        sample={
            "code": "PERSON-SAMPLE",
            "name": "样例甲",
            "phone": "13800000000",
            "organisation": "ORG-SAMPLE",
            "area": "mca:150300",
            "data_class": "一般3·敏感",
            "representative": "是",
        },
    )
)
