"""Short news of other bodies with or without a place: RSS 2.0, Atom, GeoRSS, GeoJSON."""

from anlan.gateways.feeds.bulletins.parse import parse
from anlan.gateways.feeds.contract import Feed

FEED = Feed(
    name="bulletins",
    title="外部信息（RSS、GeoJSON）",
    standard="RSS 2.0.11；RFC 4287 Atom；OGC GeoRSS Simple；RFC 7946 GeoJSON",
    grade="silver",
    kind="bulletin",
    parse=parse,
    suffix="xml",
)
