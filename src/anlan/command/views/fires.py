"""火场: one page for a fire: where it is, how it looks, its line, its spread, who comes, whom to call, what to do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from anlan.command import queries
from anlan.command.models import Incident
from anlan.command.views.common import actor_of
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Forbidden, Invalid
from anlan.kernel.events.models import Event
from anlan.monitoring import actions as monitoring_actions
from anlan.monitoring import queries as monitoring
from anlan.resources import queries as resources
from anlan.simulation import actions as simulation_actions
from anlan.simulation import queries as simulation
from anlan.simulation.queries import track

#: How far back fires are listed, and tracks of teams are offered as perimeters.
RECENT, TRACKED = timedelta(days=7), timedelta(hours=24)
#: Teams that are listed as the nearest ones.
TEAMS = 6
#: 扑火安全 (LCES, Gleason 1991): what a commander has in place before anybody goes to the line.
SAFETY = (
    "瞭望：有人一直看着火头和风向",
    "通信：人人有电台，约定撤离信号",
    "撤离路线：至少两条，人人走过",
    "安全区：火烧过的黑地、裸地、水面，不用防火服也安全",
)


def viewer(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    for permission in ("command.view", "simulation.view"):
        if not actor.has(permission):
            raise Forbidden(f"{actor.name}没有“{permission}”权限", permission=permission)
    return actor


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Fires of the last week, by their newest forecast."""
    actor = viewer(request)
    runs = simulation.runs(actor).filter(kind="wildfire", because="", at__gte=clock.now() - RECENT)
    newest: dict[UUID, Any] = {}
    for run in runs:
        newest.setdefault(run.correlation_id, run)
    known = {row.correlation_id: row for row in monitoring.fires(actor).filter(correlation_id__in=list(newest))}
    rows = [(run, known.get(key)) for key, run in newest.items()]
    return render(
        request, "command/fires.html", {"rows": rows, "now": clock.now(), "line": request.GET.get("line", "")}
    )


@require_http_methods(["GET", "POST"])
def fire(request: HttpRequest, key: UUID) -> HttpResponse:
    """The fire of a story; a POST draws a line, takes one back, gives the perimeter, or runs it again with the air of now."""
    actor = viewer(request)
    error = ""
    if request.method == "POST":
        try:
            VERBS[request.POST.get("verb", "")](actor, key, request)
            return redirect("fire", key)
        except KeyError:
            error = "没有这个操作"
        except Invalid as refused:
            error = refused.message
    return render(request, "command/fire.html", {**page_of(actor, key), "error": error, "given": request.POST or request.GET},
                  status=422 if error else 200)  # fmt: skip


def page_of(actor: Actor, key: UUID) -> dict[str, Any]:
    run = simulation.runs(actor, key).filter(kind="wildfire", because="").first()
    if run is None:
        raise Invalid("correlation_id", str(key), "已有火场推演的火点或事件", label="火场")
    incident = Incident.objects.visible_to(actor).filter(correlation_id=key).first()
    teams = (
        resources.nearest_teams(actor, "wildfire", run.lon, run.lat, TEAMS, clock.now())
        if actor.has("resources.view")
        else []
    )
    return {
        "run": run, "fire": monitoring.fires(actor).filter(correlation_id=key).first(), "incident": incident, "teams": teams,
        "hotspots": monitoring.hazard_events(actor).filter(correlation_id=key, kind="hotspot")[:20],
        "lines": simulation.control_lines(actor, key), "tracks": tracks(actor), "safety": SAFETY, "now": clock.now(),
        "worst": run.exposure[-1] if run.exposure else {}, "places": run.summary.get("places", [])[:12],
        "areas": [
            (_("{hours} 小时后").format(hours=hour), area)
            for hour, area in sorted(run.summary.get("area_ha", {}).items(), key=lambda pair: int(pair[0]))
        ],
        "may_run": actor.has("simulation.run"), "key": key, "map": map_of(run, simulation.control_lines(actor, key)),
        "notes": queries.timeline(actor, incident.pk)[:12] if incident else [],
    }  # fmt: skip


#: Fronts by hour, the soonest darkest; a line that stands, and one taken back.
FRONTS, LINE, DROPPED = ("#7f1d1d", "#c0392b", "#e8833a", "#f3b562"), "#7048e8", "#b9a7ef"


def map_of(run: Any, lines: Iterable[Any]) -> dict[str, Any]:
    """What the page's own map shows: zones of the run (the widest below), control lines, the place it started."""
    zones = [
        feature(zone["geometry"], zone["name"], FRONTS[min(int(zone["level"]), len(FRONTS)) - 1])
        for zone in sorted(run.zones, key=lambda one: -int(one["level"]))
    ]
    drawn = [
        feature(
            {"type": "LineString", "coordinates": line.points},
            str(line),
            *((DROPPED, 2) if line.dropped_at else (LINE, 5)),
        )
        for line in lines
    ]
    place = feature({"type": "Point", "coordinates": [run.lon, run.lat]}, run.title, FRONTS[0])
    return {"type": "FeatureCollection", "features": [*zones, *drawn, place]}


def feature(geometry: dict[str, Any], name: str, colour: str, width: float = 2) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": {"name": name, "colour": colour, "width": width}}


def tracks(actor: Actor) -> list[tuple[int, str, int]]:
    """(team, name, points) of teams that moved within the last day and that the actor may see."""
    counted: dict[int, tuple[str, int]] = {}
    for payload in moved(actor):
        counted[payload["team_id"]] = payload["name"], counted.get(payload["team_id"], ("", 0))[1] + 1
    return [(team, name, points) for team, (name, points) in counted.items() if points >= 3]


def moved(actor: Actor) -> list[dict[str, Any]]:
    rows = Event.objects.filter(name="resources.TeamMoved", at__gte=clock.now() - TRACKED).order_by("id")
    return [row.payload for row in rows if actor.may("resources.view", row.area_path)]


def draw_line(actor: Actor, key: UUID, request: HttpRequest) -> None:
    given = request.POST
    minutes = given.get("in_min", "").strip() or "0"
    if not minutes.lstrip("-").isdigit():
        raise Invalid("in_min", minutes, "整数分钟", label="多少分钟后建成")
    stands = clock.now() + timedelta(minutes=int(minutes))
    simulation_actions.draw_line(actor, key, track(given.get("points", ""), "隔离线"), stands, given.get("note", ""))


def drop_line(actor: Actor, key: UUID, request: HttpRequest) -> None:
    del key
    number = request.POST.get("line_id", "")
    simulation_actions.drop_line(
        actor, int(number) if number.isdigit() else 0, request.POST.get("reason", "") or "未能守住"
    )


def give_perimeter(actor: Actor, key: UUID, request: HttpRequest) -> None:
    """By hand, out of a GPX file, or along the way a team or vehicle went."""
    given, sent = request.POST, request.FILES.get("gpx")
    team = given.get("team", "")
    if sent is not None:
        points, source = track(sent.read(5_000_000).decode("utf-8", "replace"), "GPX"), f"GPX 轨迹 {sent.name}"
    elif team:
        ways: dict[str, list[list[float]]] = defaultdict(list)
        for p in moved(actor):
            ways[str(p["team_id"])].append([p["lon"], p["lat"]])
        points, source = ways.get(team, []), "队伍行进轨迹"
    else:
        points, source = track(given.get("points", ""), "火线"), "手绘"
    simulation_actions.redraw_fire(actor, key, points, source)


def refresh(actor: Actor, key: UUID, request: HttpRequest) -> None:
    """Once more with the wind and the forecast of now."""
    del request
    run = page_of(actor, key)["run"]
    air = monitoring_actions.weather_near(actor, run.lon, run.lat, clock.now())
    changed = {"forecast": None, **air.inputs} if air.inputs else {}
    simulation_actions.refresh_fire(actor, key, changed, air.words)


VERBS: dict[str, Callable[[Actor, UUID, HttpRequest], None]] = {
    "line": draw_line, "drop": drop_line, "perimeter": give_perimeter, "refresh": refresh,
}  # fmt: skip
