"""From a document of a feed to events of the monitoring room; what cannot be read is kept with its reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from anlan.gateways.feeds.contract import MAX_BYTES, Feed, FeedError, FeedEvent, Field, Parsed, Refused
from anlan.gateways.feeds.weather.parse import LIMITS, QUANTITIES
from anlan.gateways.readings import Reading
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import AnlanError
from anlan.kernel.geo import parse as shape_of
from anlan.kernel.models import Area
from anlan.monitoring import actions, queries

#: Protocol name of feeds in the quarantine.
PREFIX = "feed."
#: Keeps a refused document: (protocol, raw, peer, reason).
Keep = Callable[[str, bytes, str, str], None]
#: Makes readings durable: (protocol, readings) -> why some were not kept.
KeepReadings = Callable[[str, Sequence[Reading]], list[str]]
#: Address of a place that fields are read at: `格点:纬度,经度`.
PLACE = "格点:"


@dataclass
class Receipt:
    """What became of a document."""

    received: int = 0
    new: int = 0
    refused: list[Refused] = field(default_factory=list)
    links: list[str] = field(default_factory=list)


def take_in(
    by: Actor, feed: Feed, data: bytes, peer: str, keep: Keep, keep_readings: KeepReadings | None = None
) -> Receipt:
    """Read, hand over each event (once, by its own identity), keep what was refused. Raises FeedError when the
    document as a whole is none of this feed; it is kept then too."""
    protocol = PREFIX + feed.name
    try:
        parsed = read(feed, data)
    except FeedError as error:
        keep(protocol, data[:MAX_BYTES], peer, str(error))
        raise
    receipt = Receipt(refused=list(parsed.refused), links=parsed.links)
    for refused in parsed.refused:
        keep(protocol, refused.raw.encode() or data, peer, f"{refused.where}：{refused.reason}")
    if refused_readings := take_readings(feed, parsed, receipt, keep_readings):
        keep(protocol, data, peer, "；".join(refused_readings)[:400])
    take_forecasts(by, feed, parsed, receipt)
    for index, event in enumerate(parsed.events):
        try:
            receipt.new += receive(by, event, feed)
            receipt.received += 1
        except AnlanError as error:
            if error.status == 403:
                raise
            receipt.refused.append(Refused(f"[{index}] {event.key}", error.message))
            keep(protocol, data, peer, f"{event.key}：{error.message}")
    return receipt


def take_readings(feed: Feed, parsed: Parsed, receipt: Receipt, keep_readings: KeepReadings | None) -> list[str]:
    """Values of stations into the log; those of stations that are not registered here are counted, not kept: a bulletin
    of a weather service has hundreds of other cities' stations. Returns why some of ours were refused."""
    if not (parsed.readings or parsed.fields) or keep_readings is None:
        return []
    known = queries.resolve(feed.name)
    ours = [reading for reading in parsed.readings if (reading.address, reading.code) in known]
    ours += [reading for one in parsed.fields if not one.forecast for reading in at_places(one, list(known))]
    refused = keep_readings(feed.name, ours)
    receipt.refused += [Refused(feed.title, why) for why in refused]
    receipt.received, receipt.new = receipt.received + len(parsed.readings), receipt.new + len(ours) - len(refused)
    return refused


def take_forecasts(by: Actor, feed: Feed, parsed: Parsed, receipt: Receipt) -> None:
    """Forecasts of tables, and forecast fields read at our weather stations; strokes of lightning."""
    rows = [
        actions.Ahead(one.station, one.quantity, one.issued, one.valid, one.value, feed.title) for one in parsed.coming
    ]
    fields = [one for one in parsed.fields if one.forecast and one.code in QUANTITIES]
    if fields:
        ours = queries.stations(by, "monitoring.feed").filter(kind="气象", in_service=True)
        places = list(ours.values_list("code", "lon", "lat"))
        for one in fields:
            found = [(code, one.at(lat, lon)) for code, lon, lat in places]
            rows += [
                actions.Ahead(code, QUANTITIES[one.code], one.issued, one.valid, value, feed.title)
                for code, value in found
                if value is not None and LIMITS[QUANTITIES[one.code]][0] <= value <= LIMITS[QUANTITIES[one.code]][1]
            ]
    if rows:
        receipt.received, receipt.new = receipt.received + len(rows), receipt.new + actions.keep_forecasts(by, rows)
    if parsed.strokes:
        flashes = [actions.Flash(one.at, one.lon, one.lat, one.current_ka, feed.title) for one in parsed.strokes]
        receipt.received, receipt.new = receipt.received + len(flashes), receipt.new + actions.keep_strokes(by, flashes)
        receipt.refused += [Refused("雷击", why) for why in actions.untimely(flashes, clock.now())]


def at_places(one: Field, known: Sequence[tuple[str, str]]) -> list[Reading]:
    """A field at every registered place that wants its quantity."""
    found = []
    for address, code in known:
        if code == one.code and address.startswith(PLACE):
            lat, _, lon = address.removeprefix(PLACE).partition(",")
            try:
                value = one.at(float(lat), float(lon))
            except ValueError:
                continue
            found.append(Reading(address, code, value, "", one.valid))
    return found


def read(feed: Feed, data: bytes) -> Parsed:
    if len(data) > MAX_BYTES:
        raise FeedError(f"文件 {len(data)} 字节，上限 {MAX_BYTES} 字节")
    return feed.parse(data)


def receive(by: Actor, event: FeedEvent, feed: Feed) -> bool:
    """Hand one event to the monitoring room; True when it was not known."""
    lon, lat = (event.lon, event.lat) if event.lon is not None and event.lat is not None else seat_of(event)
    source = str(event.properties.get("source") or event.properties.get("sender") or feed.title)
    _, new = actions.receive_event(
        by, event.kind, event.key[:120], event.at, lon, lat, event.title[:200], event.magnitude, event.properties,
        source[:80],
    )  # fmt: skip
    return bool(new)


def seat_of(event: FeedEvent) -> tuple[float, float]:
    """A place for an alert that names areas by code only: the area of ours it names, else the whole city's."""
    codes = {
        code for info in event.properties.get("infos", []) for area in info["areas"] for _, code in area["geocodes"]
    }
    named = Area.objects.filter(code__in=codes).order_by("level", "code")
    for area in [*named, *Area.objects.order_by("level", "pk")[:1]]:
        if area.geometry:
            point = shape_of(area.geometry).representative_point()
            return point.x, point.y
        if area.seat_lon is not None and area.seat_lat is not None:
            return area.seat_lon, area.seat_lat
    raise WithoutPlace(event)


class WithoutPlace(AnlanError):
    """The event has no place and no area of ours to stand for one."""

    status = 422

    def __init__(self, event: FeedEvent) -> None:
        super().__init__(f"{event.title}没有位置，也没有本市的区划代码", field="geocode", value=None)
