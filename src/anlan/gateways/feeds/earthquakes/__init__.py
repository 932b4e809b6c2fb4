"""Earthquakes: USGS GeoJSON and the list of 中国地震台网中心 (CENC)."""

from anlan.gateways.feeds.contract import Feed
from anlan.gateways.feeds.earthquakes.parse import parse

FEED = Feed(
    name="earthquakes",
    title="地震速报",
    standard="USGS GeoJSON Summary v1.0 (2013 and later); CENC speedsearch JSON",
    grade="silver",
    kind="earthquake",
    parse=parse,
    suffix="json",
)
