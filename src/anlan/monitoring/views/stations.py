"""Stations: list, page with newest values and series."""

from __future__ import annotations

from datetime import timedelta

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from anlan.kernel import clock
from anlan.monitoring import queries
from anlan.monitoring.log import GOOD
from anlan.monitoring.views.alarms import STATUS, actor_of
from anlan.monitoring.views.chart import draw

SPANS = {"6h": ("6 小时", timedelta(hours=6)), "24h": ("24 小时", timedelta(days=1)), "7d": ("7 天", timedelta(days=7))}
QUALITY = {GOOD: "可用", 1: "无数据", 2: "超有效范围", 3: "存疑", 4: "维护", 5: "故障"}


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    rows = queries.stations(actor).order_by("code")
    kind, words = request.GET.get("kind", ""), request.GET.get("q", "").strip()
    kinds = sorted(set(rows.values_list("kind", flat=True)))
    if kind:
        rows = rows.filter(kind=kind)
    if words:
        rows = rows.filter(name__icontains=words) | rows.filter(code__icontains=words)
    page = Paginator(rows, 50).get_page(request.GET.get("page"))
    readings: dict[int, list[queries.Reading]] = {}
    for reading in queries.latest(actor, [row.pk for row in page]):
        readings.setdefault(reading.datastream.station_id, []).append(reading)
    context = {"page": page, "rows": [(row, readings.get(row.pk, [])) for row in page], "kinds": kinds}
    return render(request, "monitoring/stations.html", context)


@require_GET
def page(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    found = queries.station_page(actor, pk)
    span = request.GET.get("span", "24h")
    _, length = SPANS.get(span, SPANS["24h"])
    end = clock.now()
    charts = []
    for reading in found.readings:
        samples = queries.series(actor, reading.datastream.pk, end - length, end)
        charts.append((reading, QUALITY.get(reading.quality, ""), draw(samples, end - length, end)))
    context = {
        "found": found, "station": found.station, "charts": charts, "span": span,
        "spans": [(key, title) for key, (title, _) in SPANS.items()],
        "alarms": [(alarm, STATUS[alarm.state]) for alarm in found.alarms],
    }  # fmt: skip
    return render(request, "monitoring/station.html", context)
