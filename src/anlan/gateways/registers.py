"""Registries of the gateways."""

from __future__ import annotations

from anlan.gateways.models import ChannelTerms, FeedSource, Peer
from anlan.kernel.register.declare import Register, Section, register

register(
    Register(
        model=FeedSource,
        slug="feed-sources",
        title="数据源",
        key=("code",),
        columns=("code", "name", "feed", "interval_s", "enabled", "asked_at", "result"),
        sections=(Section("数据源", ("code", "name", "feed", "url", "interval_s", "enabled")),),
        filters=("feed", "enabled"),
        help="网关按间隔自动询问的外部地址。类型：earthquakes（USGS、台网中心）、hotspots（FIRMS）、cap、"
        "bulletins（RSS、Atom、GeoJSON）、weather（METAR、天擎、BUFR、GRIB）。",
        sample={
            "code": "usgs-day",
            "name": "USGS 全球地震（一日）",
            "feed": "earthquakes",
            "url": "https://earthquake.usgs.gov/earthquakes/feed/v1.0/summary/all_day.geojson",
            "interval_s": 300,
            "enabled": False,
        },
    )
)

register(
    Register(
        model=Peer,
        slug="exchange-peers",
        title="外平台",
        key=("code",),
        columns=("code", "name", "relation", "area", "url", "enabled", "last_sent", "last_confirmed", "contact_at"),
        filters=("relation", "enabled"),
        sections=(
            Section("平台", ("code", "name", "relation", "area", "url", "enabled")),
            Section("约定", ("sends", "takes", "top_class", "data_class")),
            Section("签名", ("algorithm", "public_keys")),
        ),
        help="上级、下级、平级平台。约定写报文类型（逗号分隔）：incident 事件、report 报告、warning 预警、task 任务、answer 回复、"
        "resource 资源、receipt 回执。公钥由对方运行 anlan exchange key 得到，登记后在电话里核对指纹。",
        sample={
            "code": "mca:150302",
            "name": "样例区应急指挥平台",
            "relation": "下级",
            "area": "mca:150300",
            "url": "https://10.0.0.2:8443",
            "sends": "warning,task,receipt",
            "takes": "incident,report,answer,resource",
            "top_class": "2",
            "public_keys": "",
            "enabled": "否",
        },
    )
)

register(
    Register(
        model=ChannelTerms,
        slug="channel-terms",
        title="渠道约定",
        key=("channel",),
        search=("channel", "source"),
        columns=("channel", "per_second", "price_cny", "month_cny", "source", "area"),
        filters=("area",),
        sections=(
            Section("渠道", ("channel", "per_second")),
            Section("费用", ("price_cny", "month_cny", "source")),
            Section("归属", ("area", "data_class")),
        ),
        help="渠道填代号（cmpp、sms_http、email、web_push、wecom……，见发件箱）。每秒上限由所有发送进程共同遵守；单价按条，"
        "长短信按拆分后的条数计费。没有登记的渠道不限速、不计费。",
        sample={
            "channel": "cmpp",
            "per_second": "200",
            "price_cny": "0.035",
            "month_cny": "2000",
            "source": "样例，以合同为准",
            "area": "mca:150300",
        },
    )
)
