"""Lightning location: strokes to ground, as the networks' text files list them."""

from anlan.gateways.feeds.contract import Feed
from anlan.gateways.feeds.lightning.parse import parse

FEED = Feed(
    name="lightning",
    title="闪电定位（地闪）",
    standard="国家雷电监测网 ADTD 文本（列序待核对）；CSV at,lon,lat,current_ka",
    grade="bronze",
    kind="strokes",
    parse=parse,
    suffix="txt",
)
