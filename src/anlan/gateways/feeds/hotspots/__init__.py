"""Satellite fire hotspots: FIRMS CSV and GeoJSON (VIIRS, MODIS)."""

from anlan.gateways.feeds.contract import Feed
from anlan.gateways.feeds.hotspots.parse import parse

FEED = Feed(
    name="hotspots",
    title="卫星热点",
    standard="NASA FIRMS active fire CSV (VIIRS C2, MODIS C6/C6.1)",
    grade="silver",
    kind="hotspot",
    parse=parse,
    suffix="csv",
)
