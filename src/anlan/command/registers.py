"""Registries of the command room: the city's own reporting rules."""

from __future__ import annotations

from anlan.command.models import ContactMeans, LocalReportRule, PastEarthquake
from anlan.kernel.register.declare import Register, Section, register

register(
    Register(
        model=LocalReportRule,
        slug="report-rules",
        title="报告时限规则",
        key=("code",),
        columns=("rule_id", "instrument", "article", "role", "kind", "channel", "minutes", "valid_from", "valid_to"),
        filters=("role", "kind", "channel"),
        search=("code", "rule_id", "instrument"),
        sections=(
            Section("规则", ("code", "rule_id", "instrument", "article", "valid_from", "valid_to", "to_check")),
            Section("时限", ("role", "kind", "channel", "minutes", "receiver", "classes", "grades")),
            Section("归属", ("area", "data_class", "representative")),
        ),
        help="与平台自带规则同号者，在施行期内替代之；时限改变时另立一条并给旧条填失效日期，旧事件仍按旧条计时。",
        sample={
            "code": "RR-SAMPLE",
            "rule_id": "gov-phone",
            "instrument": "某市突发事件信息报告规定",
            "article": "第八条",
            "valid_from": "2026-01-01",
            "role": "本级政府",
            "kind": "首报",
            "channel": "电话",
            "minutes": "20",
            "receiver": "自治区政府总值班室",
            "grades": '["重大", "特别重大"]',
            "to_check": "是",
            "area": "mca:150300",
            "representative": "是",
        },
    )
)
register(
    Register(
        model=PastEarthquake,
        slug="past-earthquakes",
        title="历史地震目录",
        key=("code",),
        columns=("at", "name", "magnitude", "scale", "depth_km", "lon", "lat", "source"),
        filters=("scale", "source"),
        search=("code", "name", "source"),
        sections=(
            Section("地震", ("code", "name", "at", "magnitude", "scale", "depth_km")),
            Section("位置", ("lon", "lat")),
            Section("归属", ("source", "area", "data_class", "representative")),
        ),
        help="本市及周边的历史地震，供“历史地震”页按本市影响烈度、频度查看；每条注明来源。",
        sample={
            "code": "EQ-SAMPLE",
            "name": "某地",
            "at": "2015-04-15T15:39:28+08:00",
            "magnitude": "5.8",
            "scale": "Ms",
            "depth_km": "10",
            "lon": "106.3",
            "lat": "39.8",
            "source": "中国地震台网中心",
            "area": "mca:150300",
            "representative": "否",
        },
    )
)
register(
    Register(
        model=ContactMeans,
        slug="contact-means",
        title="通信录",
        key=("code",),
        columns=("post", "order", "means", "number", "area"),
        filters=("area", "means"),
        search=("code", "number", "post__title"),
        sections=(
            Section("通信方式", ("code", "post", "order", "means", "number")),
            Section("归属", ("area", "data_class", "representative")),
        ),
        help="一个岗位登记几种方式，按次序为通信链：前一种不通用下一种。点名页按此逐一呼叫。",
        sample={
            "code": "CM-SAMPLE",
            "post": "POST-SAMPLE",
            "order": "1",
            "means": "电话",
            "number": "0473-0000000",
            "area": "mca:150300",
            "representative": "是",
        },
    )
)
