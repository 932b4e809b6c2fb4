"""Registries of the gateways."""

from __future__ import annotations

from anlan.gateways.models import FeedSource
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
        help="网关按间隔自动询问的外部地址：earthquakes（USGS GeoJSON、台网中心）、hotspots（FIRMS CSV）、cap（CAP、Atom 索引）。",
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
