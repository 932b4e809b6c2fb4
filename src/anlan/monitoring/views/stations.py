"""Stations: list, page with newest values and series."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from anlan.kernel import clock
from anlan.kernel.errors import Invalid
from anlan.monitoring import actions, queries
from anlan.monitoring.log import GOOD, SUSPECT
from anlan.monitoring.pipeline import network
from anlan.monitoring.pipeline.lines import Line, line
from anlan.monitoring.views.alarms import STATUS, actor_of
from anlan.monitoring.views.chart import draw

SPANS = {
    "6h": ("6 小时", timedelta(hours=6)), "24h": ("24 小时", timedelta(days=1)), "7d": ("7 天", timedelta(days=7)),
    "30d": ("30 天", timedelta(days=30)), "365d": ("一年", timedelta(days=365)),
}  # fmt: skip
#: Points of the server's own drawing, which stands until the script draws, and readings it looks at for them.
DRAWN, LOOKED_AT = 600, 50_000
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
        found_line = line(actor, reading.datastream.pk, end - length, end, DRAWN, LOOKED_AT)
        charts.append((reading, QUALITY.get(reading.quality, ""), draw(samples_of(found_line), end - length, end)))
    # Without a newest value there may still be a past: history that was brought in, a clock that was set back.
    silent = []
    for stream in found.silent:
        past = samples_of(line(actor, stream.pk, end - length, end, DRAWN, LOOKED_AT))
        silent.append((stream, draw(past, end - length, end)))
    context = {
        "start_ms": queries.milliseconds(end - length), "end_ms": queries.milliseconds(end),
        "silent": silent, "found": found, "station": found.station, "charts": charts, "span": span,
        "spans": [(key, title) for key, (title, _) in SPANS.items()],
        "alarms": [(alarm, STATUS[alarm.state]) for alarm in found.alarms],
    }  # fmt: skip
    return render(request, "monitoring/station.html", context)


def samples_of(found: Line) -> list[queries.Sample]:
    """A thinned series as samples, doubtful ones among them in order."""
    rows = [(at, value, GOOD) for at, value in zip(found.at, found.value, strict=True)]
    rows += [(at, value, SUSPECT) for at, value in found.bad]
    return [queries.Sample(queries.moment(at), value, flag, 0) for at, value, flag in sorted(rows)]


@require_GET
def series(request: HttpRequest, pk: int) -> HttpResponse:
    """The points of a chart: `start`, `end` in ms since 1970, `points`."""
    found = {name: request.GET.get(name, "") for name in ("start", "end", "points")}
    found["points"] = found["points"] or "1000"
    for name, given in found.items():
        if not given.isascii() or not given.isdigit() or len(given) > 15:
            raise Invalid(name, given, "毫秒时间戳或个数", label=name)
    start, end = (queries.moment(int(found[name])) for name in ("start", "end"))
    return JsonResponse(asdict(line(actor_of(request), pk, start, end, int(found["points"]))))


@require_POST
def correct_clock(request: HttpRequest, pk: int) -> HttpResponse:
    """按实测订正: the measured error of a station's clock is taken out of its times from now on."""
    station = actions.correct_clock(actor_of(request), pk)
    messages.success(request, f"{station.name}的读数时间今后加 {station.clock_offset_s} s 入库；设备能校时的请另行校时")
    return redirect("network")


@require_GET
def health_board(request: HttpRequest) -> HttpResponse:
    """感知网络运行: stations that need somebody first, completeness by owner."""
    rows = network.health(actor_of(request), clock.now())
    page = Paginator(rows, 100).get_page(request.GET.get("page"))
    away = network.offline_hours([row.station.pk for row in page], clock.now())
    context = {
        "page": page, "rows": [(row, away.get(row.station.pk)) for row in page], "owners": network.by_owner(rows),
        "online": sum(row.online for row in rows), "total": len(rows), "never": sum(row.heard_at is None for row in rows),
        "now": clock.now(),
    }  # fmt: skip
    return render(request, "monitoring/network.html", context)
