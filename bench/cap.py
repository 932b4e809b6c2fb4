# ruff: noqa: PLC0415 - Django is set up first
"""CAP alerts taken in, signed and served, and those in force as GeoJSON, beside CAP Composer in the same run on the same
documents. Its own functions are called in its own process, with its cache and its queue of jobs in memory (it wants Redis);
its importer knows no review and no signature, ours has three people in three transactions."""

from __future__ import annotations

import json
import os
import time
from datetime import timedelta
from typing import Any

from bench._composer import measured
from bench._lab import fresh_database
from bench.alerts import row, town, who

ALERTS = int(os.environ.get("ANLAN_BENCH_ALERTS", "500"))


def words(alert: Any, area_id: int) -> Any:
    """What the alert says, as a draft."""
    from anlan.kernel import clock

    info = alert.infos[0]
    ring = [list(point) for point in info.areas[0].polygons[0]]
    return {
        "event_code": "12D02", "level": "橙", "headline": info.headline, "description": info.description,
        "instruction": info.instruction, "area_ids": [area_id], "onset": info.onset or clock.now(), "expires": info.expires,
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }  # fmt: skip


def documents_of(city: Any) -> list[bytes]:
    """So many alerts as CAP documents, each with a small outline of its own."""
    from anlan.kernel import clock
    from anlan.monitoring import published
    from anlan.monitoring.models import Warning
    from anlan.monitoring.rules.cap import writer

    given, now = [], clock.now()
    for n in range(ALERTS):
        west, south = 106.6 + n % 25 * 0.008, 39.4 + n // 25 * 0.009
        corners = [(0, 0), (0.006, 0), (0.006, 0.007), (0, 0.007), (0, 0)]
        shape = {"type": "Polygon", "coordinates": [[[west + x, south + y] for x, y in corners]]}
        row_ = Warning(
            identifier=f"IN-{n}", event_code="12D02", event_name="危险化学品泄漏", level="橙", headline=f"第 {n} 条", area=city,
            description="下风向可能受影响。" * 6, instruction="关闭门窗，向上风向撤离。", onset=now, sender="市应急管理局",
            expires=now + timedelta(hours=6), drafted_at=now, issued_at=now, geometry=shape,
        )  # fmt: skip
        row_.save()
        row_.areas.add(city)
        given.append(writer.alert_xml(published.draft_alert(row_)))
        row_.delete()
    return given


def one_by_one(given: list[bytes], city: Any) -> tuple[list[float], int]:
    """Seconds of each, from the document to the signed CAP that is served; how many of those say the same."""
    from anlan.kernel import clock
    from anlan.mobilisation.face import documents
    from anlan.monitoring import actions
    from anlan.monitoring.rules.cap import reader

    took, same = [], 0
    for document in given:
        began = time.perf_counter()
        warning = actions.draft_warning(who(1), **words(reader.alerts_in(reader.root_of(document))[0], city.pk))
        actions.review_warning(who(2), warning.pk, True)
        warning = actions.issue_warning(who(3), warning.pk)
        signed = documents.make("http://x", f"zh:/feeds/cap/{warning.identifier}.xml", clock.now()).body
        took.append(time.perf_counter() - began)
        same += reader.alerts_in(reader.root_of(signed))[0].infos[0].headline == warning.headline
    return took, same


def together(given: list[bytes], city: Any) -> tuple[float, int]:
    """The same with one word of each person for all: (seconds an alert, how many read back the same)."""
    from anlan.kernel import clock
    from anlan.mobilisation.face import documents
    from anlan.monitoring import actions
    from anlan.monitoring.rules.cap import reader

    began = time.perf_counter()
    drafts = [words(reader.alerts_in(reader.root_of(document))[0], city.pk) for document in given]
    ids = [warning.pk for warning in actions.draft_warnings(who(1), drafts)]
    actions.review_warnings(who(2), ids, True)
    issued = actions.issue_warnings(who(3), ids)
    seen = documents.Seen(clock.now())  # as the public face does after a change
    assert seen.current
    bodies = [
        documents.make("http://x", f"zh:/feeds/cap/{one.identifier}.xml", clock.now(), seen).body for one in issued
    ]
    each = (time.perf_counter() - began) / len(given)
    told = {reader.alerts_in(reader.root_of(body))[0].infos[0].headline for body in bodies}
    return each, sum(draft["headline"] in told for draft in drafts)


def in_force() -> tuple[float, int]:
    """What is in force as GeoJSON, built anew for every request: (median seconds, features)."""
    from anlan.kernel import clock
    from anlan.mobilisation.face import documents

    took = []
    for _ in range(20):
        began = time.perf_counter()
        body = documents.make("http://x", "zh:/public/warnings.geojson", clock.now()).body
        took.append(time.perf_counter() - began)
    return sorted(took)[10], len(json.loads(body)["features"])


def run() -> list[dict[str, Any]]:
    from anlan.kernel import clock

    with fresh_database():
        from anlan.kernel.models import Area
        from anlan.monitoring.models import Warning

        town()
        city = Area.objects.get(level=1)
        given = documents_of(city)
        peer = measured(given)
        took, same = one_by_one(given, city)
        Warning.everything.update(state="cancelled", ended_at=clock.now() - timedelta(days=2))
        each, all_same = together(given, city)
        shapes_s, count = in_force()
    if peer is None:
        return []
    median, name = sorted(took)[len(took) // 2], "CAP Composer"
    unsigned = f"; the peer: {peer['live']} live, {peer['signed']} signed, {peer['features']} features"
    return [
        row("import and publish one CAP alert", f"{ALERTS} alerts, median; read, drafted, reviewed, signed, served", median,
            peer["served_s"], name, "s", peer["served_s"] / median, ">= 20x", peer["served_s"] / median >= 20,
            f"{same} read back the same{unsigned}"),
        row("import and publish CAP alerts together", f"{ALERTS} alerts, each; three people, one signature for all", each,
            peer["served_s"], name, "s", peer["served_s"] / each, ">= 20x", peer["served_s"] / each >= 20,
            f"{all_same} read back the same"),
        row(f"{ALERTS} active alerts as GeoJSON", "built anew, median of 20", shapes_s, peer["geojson_s"], name, "s",
            peer["geojson_s"] / shapes_s, ">= 20x", peer["geojson_s"] / shapes_s >= 20, f"{count} features"),
    ]  # fmt: skip
