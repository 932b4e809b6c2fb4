"""Observations of weather services: METAR, CMA MUSIC (天擎) XML, BUFR and GRIB."""

from anlan.gateways.feeds.contract import Feed
from anlan.gateways.feeds.weather.parse import parse

FEED = Feed(
    name="weather",
    title="气象观测（METAR、天擎、BUFR、GRIB）",
    standard="WMO-No. 306 (FM 15 METAR, FM 94 BUFR, FM 92 GRIB)；CMA SURF_CHN 系列",
    grade="silver",
    kind="readings",
    parse=parse,
    suffix="bin",
)
