"""What the public can have: the page, the widget, JSON, RSS, and the CAP feed with signed alerts. Bytes by address."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
)
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from anlan.kernel.clock import BEIJING
from anlan.mobilisation.rules.keys import kept_key
from anlan.monitoring import published
from anlan.monitoring.published import PublicWarning
from anlan.monitoring.rules.cap import signature, writer
from anlan.monitoring.rules.cap.compose import COLOURS
from anlan.monitoring.rules.cap.model import Alert
from anlan.monitoring.rules.warnings import HEX_OF, LEVEL_OF

FEED = "/feeds/cap"
XML, ATOM, RSS = (
    "application/cap+xml; charset=utf-8",
    "application/atom+xml; charset=utf-8",
    "application/rss+xml; charset=utf-8",
)
HTML, JSON = "text/html; charset=utf-8", "application/json; charset=utf-8"
GEOJSON = "application/geo+json; charset=utf-8"
#: Words on the colour: never the colour alone.
INK = {"红": "#fff", "橙": "#000", "黄": "#000", "蓝": "#fff"}


@dataclass(frozen=True)
class Made:
    """One document. embeddable: other sites may show it in a frame."""

    body: bytes
    media: str
    status: int = 200
    embeddable: bool = False


def issuer() -> str:
    return os.environ.get("ANLAN_CAP_SENDER_NAME", "乌海市应急管理局")


@dataclass
class Seen:
    """The warnings as they are at `now`, asked for once for all the documents made of them."""

    now: datetime

    @cached_property
    def current(self) -> list[PublicWarning]:
        return published.current(self.now)

    @cached_property
    def named(self) -> dict[str, PublicWarning]:
        return {one.identifier: one for one in self.current}

    def at(self, now: datetime) -> Seen:
        """The same warnings a moment later: whoever keeps this looks again when one of them changes or runs out."""
        later = Seen(now)
        later.__dict__ |= {"current": self.current, "named": self.named}
        return later

    def find(self, identifier: str) -> PublicWarning | None:
        """One of them, or one of before."""
        known = self.named.get(identifier) if "current" in self.__dict__ else None
        return known or published.by_identifier(identifier)

    def alerts(self) -> list[Alert]:
        """As CAP: a cancelled one as its Cancel."""
        return [published.cap(one) for one in self.current]


def make(base: str, path: str, now: datetime, seen: Seen | None = None) -> Made:
    """The document at `language:path`, as it is at `now`; of what was seen already, where it was."""
    seen = seen.at(now) if seen else Seen(now)
    language, _, path = path.partition(":")
    if path.startswith(f"{FEED}/") and path.endswith(".xml"):
        return one(seen, path.removeprefix(f"{FEED}/").removesuffix(".xml"))
    if path.startswith("/public/w/"):
        identifier = path.removeprefix("/public/w/").removesuffix("/")
        # One address for one page: every other spelling would be kept as a page of its own.
        return (
            warning_page(base, identifier, language, seen) if path == f"/public/w/{identifier}/" else missing(language)
        )
    maker = MAKERS.get(path)
    return maker(base, language, seen) if maker else missing(language)


def feed(base: str, language: str, seen: Seen) -> Made:
    """Atom; the signature of each alert is in its own document."""
    del language
    alerts, now = seen.alerts(), seen.now
    updated = max((alert.sent for alert in alerts if alert.sent), default=now)
    return Made(writer.feed_xml(alerts, f"{issuer()}预警", f"{base}{FEED}", updated), ATOM)


def rss(base: str, language: str, seen: Seen) -> Made:
    """RSS 2.0, for readers that know no Atom."""
    del language
    root = Element("rss", version="2.0")
    channel = SubElement(root, "channel")
    for name, value in (("title", f"{issuer()}预警"), ("link", f"{base}/public/"), ("description", "正在生效的预警")):
        SubElement(channel, name).text = value
    for alert in seen.alerts():
        item, info = SubElement(channel, "item"), alert.infos[0]
        address = f"{base}{FEED}/{alert.identifier}.xml"
        for name, value in (
            ("title", info.headline), ("link", address), ("description", info.description), ("guid", address),
            ("pubDate", f"{alert.sent:%a, %d %b %Y %H:%M:%S %z}"),
        ):  # fmt: skip
            SubElement(item, name).text = value
    return Made(tostring(root, encoding="utf-8", xml_declaration=True), RSS)


def one(seen: Seen, identifier: str) -> Made:
    """One alert as a signed CAP 1.2 document."""
    alert = published.alert_named(identifier, seen.find(identifier.removesuffix(published.ENDED)))
    return Made(signed(alert), XML) if alert else missing("zh")


def signed(alert: Alert) -> bytes:
    return signature.sign(writer.alert_xml(alert), signing_key(), alert.sender)


def signing_key() -> ec.EllipticCurvePrivateKey:
    """The key of `ANLAN_CAP_KEY_FILE`, or one made at the first use and kept beside the data."""
    return kept_key(Path(os.environ.get("ANLAN_CAP_KEY_FILE") or Path(settings.VAR) / "cap-key.pem"))


def public_key(base: str, language: str, seen: Seen) -> Made:
    """What others check our signatures with."""
    del base, language, seen
    pem = signing_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return Made(pem, "application/x-pem-file")


def shown(found: PublicWarning, language: str) -> dict[str, Any]:
    """A warning as the templates show it, in the language where there are words of it."""
    words = {key: value for key, value in found.translations.items() if language != "zh" and key.startswith(language)}
    own: dict[str, str] = next(iter(words.values()), {})
    text = {name: own.get(name) or getattr(found, name) for name in ("headline", "description", "instruction")}
    label = COLOURS[found.level] if language == "en" else f"{found.level}色"
    return {
        **text, "identifier": found.identifier, "level": found.level, "label": label, "grade": LEVEL_OF[found.level],
        "colour": HEX_OF[found.level], "ink": INK[found.level], "event": found.event_name, "areas": [a.name for a in found.areas],
        "onset": found.onset.astimezone(BEIJING), "expires": found.expires.astimezone(BEIJING), "sender": found.sender,
        "issued": found.issued_at.astimezone(BEIJING) if found.issued_at else None, "cancelled": found.cancelled,
        "ended": found.ended_at.astimezone(BEIJING) if found.ended_at else None, "reason": found.reason,
        "exercise": bool(found.exercise), "lines": outline(found),
    }  # fmt: skip


def outline(found: PublicWarning) -> str:
    """The drawn outlines as an SVG path in a box of 200 x 140; "" where nothing is drawn."""
    rings = [ring for area in published.areas_of(found) for ring in area.rings]
    points = [point for ring in rings for point in ring]
    if not points:
        return ""
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    scale = min(180 / max((east - west) * 0.77, 1e-9), 120 / max(north - south, 1e-9))  # cos 39.6 degrees
    left, top = 100 - (east - west) * 0.77 * scale / 2, 70 - (north - south) * scale / 2
    paths = []
    for ring in rings:
        places = " ".join(f"{left + (x - west) * 0.77 * scale:.1f},{top + (north - y) * scale:.1f}" for x, y in ring)
        paths.append(f"M{places}Z")
    return "".join(paths)


def rendered(template: str, language: str, embeddable: bool = False, status: int = 200, **context: Any) -> Made:
    with translation.override("en" if language == "en" else "zh-hans"):
        text = render_to_string(f"mobilisation/{template}.html", {"issuer": issuer(), "language": language, **context})
    return Made(text.encode(), HTML, status, embeddable)


def ordered(seen: Seen, language: str) -> list[dict[str, Any]]:
    """In force first, the highest level first."""
    found = sorted(seen.current, key=lambda one: (one.cancelled, "红橙黄蓝".index(one.level)))
    return [shown(one, language) for one in found]


def page(base: str, language: str, seen: Seen) -> Made:
    rows = ordered(seen, language)
    going = [row for row in rows if not row["cancelled"]]
    ended = [row for row in rows if row["cancelled"]]
    return rendered("public", language, base=base, rows=going, ended=ended, now=seen.now.astimezone(BEIJING))


#: Every minute the frame asks for itself and changes only what is new, so that nobody's reading is torn away.
REFRESH = """setInterval(async () => {
  try {
    const answer = await fetch(location.href);
    if (!answer.ok) return;
    const made = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    const shown = document.querySelector("main");
    if (made && shown && made.innerHTML !== shown.innerHTML) shown.innerHTML = made.innerHTML;
  } catch {
    return;
  }
}, 60000);"""


def widget(base: str, language: str, seen: Seen) -> Made:
    """For a frame in another site: the headlines, refreshed every minute."""
    rows = [row for row in ordered(seen, language) if not row["cancelled"]]
    return rendered("widget", language, embeddable=True, base=base, rows=rows, script=REFRESH)


def warning_page(base: str, identifier: str, language: str, seen: Seen) -> Made:
    found, now = seen.find(identifier), seen.now
    if found is None:
        return missing(language)
    over = found.ended_at is not None or found.expires <= now
    row = shown(found, language)
    return rendered("public_warning", language, base=base, row=row, over=over, now=now.astimezone(BEIJING))


def as_json(base: str, language: str, seen: Seen) -> Made:
    """The same as the page, for programs; times with their offset."""
    rows = [{k: v for k, v in row.items() if k not in {"lines", "ink"}} for row in ordered(seen, language)]
    for row in rows:
        row["cap"] = f"{base}{FEED}/{row['identifier']}{published.ENDED if row['cancelled'] else ''}.xml"
    body = {"updated": seen.now.astimezone(BEIJING), "issuer": issuer(), "warnings": rows}
    return Made(json.dumps(body, ensure_ascii=False, default=lambda at: at.isoformat()).encode(), JSON)


def as_geojson(base: str, language: str, seen: Seen) -> Made:
    """What is in force as GeoJSON (RFC 7946): the drawn outline of each, else the outlines of its areas, else none."""
    features: list[dict[str, Any]] = []
    for found in seen.current:
        if found.cancelled:
            continue
        shapes = [found.geometry] if found.geometry else [area.geometry for area in found.areas if area.geometry]
        row = {
            k: v for k, v in shown(found, language).items() if k not in {"lines", "ink", "cancelled", "ended", "reason"}
        }
        shape = (
            shapes[0] if len(shapes) == 1 else {"type": "GeometryCollection", "geometries": shapes} if shapes else None
        )
        cap = f"{base}{FEED}/{found.identifier}.xml"
        features.append(
            {"type": "Feature", "id": found.identifier, "geometry": shape, "properties": {**row, "cap": cap}}
        )
    body = {"type": "FeatureCollection", "updated": seen.now.astimezone(BEIJING), "features": features}
    return Made(json.dumps(body, ensure_ascii=False, default=lambda at: at.isoformat()).encode(), GEOJSON)


def missing(language: str) -> Made:
    return rendered("public_missing", language, status=404)


#: The worker that shows what is pushed while the page is closed.
WORKER = """self.addEventListener("push", (event) => {
  const said = event.data.json();
  const shown = { body: said.body, tag: said.tag, data: said.url, lang: "zh-CN", requireInteraction: true };
  event.waitUntil(self.registration.showNotification(said.title, shown));
});
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(event.notification.data));
});
"""


def worker(base: str, language: str, seen: Seen) -> Made:
    del base, language, seen
    return Made(WORKER.encode(), "text/javascript; charset=utf-8")


MAKERS: dict[str, Callable[[str, str, Seen], Made]] = {
    FEED: feed, f"{FEED}.rss": rss, "/public/": page, "/public/widget": widget, "/public/warnings.json": as_json,
    "/public/warnings.geojson": as_geojson, "/public/cap-key.pem": public_key, "/public/push-worker.js": worker,
}  # fmt: skip
