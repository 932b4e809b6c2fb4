"""CAP 1.2 and 1.1 alerts, and the national 12379 shape."""

from anlan.gateways.feeds.cap.events import parse
from anlan.gateways.feeds.contract import Feed

FEED = Feed(
    name="cap",
    title="预警信息（CAP）",
    standard="OASIS CAP 1.2 (and 1.1); 国家突发事件预警信息发布系统 XML",
    grade="silver",
    kind="cap",
    parse=parse,
    suffix="xml",
)
