"""标绘 and 调度: nobody's change is lost, a cordon keeps vehicles out, teams go where they are of most use."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, box, shape

from anlan.command import actions
from anlan.command.actions import drawings
from anlan.command.actions.dispatching import Order, dispatch_teams
from anlan.command.layers import drawing_feature
from anlan.command.models import Drawing, Incident, Task
from anlan.kernel import clock
from anlan.kernel.errors import Conflict, Invalid, NotFound
from anlan.kernel.events.models import Event
from anlan.kernel.geo.layers import LAYERS
from anlan.resources import queries as resources
from anlan.resources.models import Closure, Readiness, Team, Vehicle
from anlan.resources.queries import Want
from anlan.resources.queries.places import limits_of
from anlan.resources.roads import Limits, around
from tests.command.conftest import START, Stage, opened
from tests.conftest import actor
from tests.web.conftest import signed_in

__all__ = ["signed_in"]


def ring(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    corners = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [corners]}


WALL = ring(106.75, 39.40, 106.80, 39.60)


def drawn(stage: Stage, row: Incident, kind: str = "cordon", geometry: Any = None) -> Drawing:
    return drawings.draw(stage.officer, row.pk, uuid4(), kind, geometry or WALL, "北侧警戒")


def test_a_cordon_turns_vehicles_aside_until_it_is_erased(stage: Stage) -> None:
    row = opened(stage)
    with clock.standing_at(START):
        free = resources.arrival(stage.far_team, row.lon, row.lat, START)
        one = drawn(stage, row)
        now = START + timedelta(seconds=1)
        aside = resources.arrival(stage.far_team, row.lon, row.lat, now)
        assert aside.road_m > free.road_m * 1.1
        assert not LineString(aside.route["coordinates"]).intersects(shape(WALL))
        narrower = ring(106.75, 39.49, 106.80, 39.51)
        two = drawings.redraw(stage.officer, one.pk, geometry=narrower, version=1)
        nearer = resources.arrival(stage.far_team, row.lon, row.lat, now)
        assert free.road_m < nearer.road_m < aside.road_m
        drawings.erase(stage.officer, one.pk, version=two.version)
    back = resources.arrival(stage.far_team, row.lon, row.lat, START + timedelta(minutes=1))
    assert back.road_m == pytest.approx(free.road_m)
    assert Closure.everything.get().ends_at is not None


def test_two_who_change_one_drawing_do_not_overwrite_each_other(stage: Stage) -> None:
    row = opened(stage)
    with clock.standing_at(START):
        one = drawn(stage, row, "staging", {"type": "Point", "coordinates": [106.71, 39.51]})
        drawings.redraw(stage.officer, one.pk, label="东门集结点", version=1)
        with pytest.raises(Conflict, match="第1版，现为第2版") as refused:
            drawings.redraw(stage.officer, one.pk, label="西门集结点", version=1)
        assert refused.value.details["rule"] == "并发更改检查"
        drawings.erase(stage.officer, one.pk)
        with pytest.raises(Conflict, match="擦除"):
            drawings.redraw(stage.officer, one.pk, label="再改")
        with pytest.raises(NotFound):
            drawings.erase(actor(stage.city.east), one.pk)
    said = [event.payload["what"] for event in Event.objects.filter(name="command.DrawingChanged").order_by("pk")]
    assert said == ["标绘", "改绘", "擦除"]


@pytest.mark.parametrize(
    ("kind", "geometry"),
    [
        ("cordon", {"type": "Point", "coordinates": [106.7, 39.5]}),
        ("cordon", {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}),
        ("helipad", {"type": "Point", "coordinates": [206.7, 39.5]}),
        ("helipad", {"type": "Point", "coordinates": ["x", None]}),
        ("helipad", None),
        ("access_route", {"type": "LineString", "coordinates": [[106 + n / 1e4, 39.5] for n in range(401)]}),
        ("skull", {"type": "Point", "coordinates": [106.7, 39.5]}),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_what_can(stage: Stage, kind: str, geometry: Any) -> None:
    row = opened(stage)
    with clock.standing_at(START), pytest.raises(Invalid, match="允许"):
        drawings.draw(stage.officer, row.pk, uuid4(), kind, geometry)
    assert not Drawing.everything.exists()


def test_the_map_draws_once_whatever_the_line_does_and_shows_it_to_all(stage: Stage, signed_in: Any) -> None:
    row, client = opened(stage), signed_in()
    body = {"key": uuid4().hex, "kind": "helipad", "geometry": {"type": "Point", "coordinates": [106.7, 39.5]}}
    url = f"/command/incidents/{row.pk}/drawings"
    with clock.standing_at(START):
        for _ in range(2):
            said = client.post(
                url, json.dumps(body), content_type="application/json", headers={"accept": "application/json"}
            )
        assert said.json()["version"] == 1
        made = Drawing.everything.get()
        assert "直升机起降点" in client.get(f"/command/drawings/{made.pk}/panel").content.decode()
        features = LAYERS["command.drawn-point"].features(stage.officer, None)["features"]
        assert features == [drawing_feature(made)]
        assert LAYERS["command.drawn-point"].features(actor(stage.city.east), None)["features"] == []
        late = {"label": "停机坪", "version": "1"}
        assert client.post(f"/command/drawings/{made.pk}/do/redraw", late).status_code == 200
        assert client.post(f"/command/drawings/{made.pk}/do/erase", late).status_code == 409
        assert "data-draw" in client.get(f"/command/incidents/{row.pk}/panel").content.decode()


PLACE = st.tuples(st.floats(106.5, 107.0), st.floats(39.3, 39.7))


@settings(max_examples=40, deadline=None)
@given(start=PLACE, end=PLACE)
def test_an_estimated_way_never_leads_through_what_is_closed(start: Any, end: Any) -> None:
    closed = box(106.72, 39.45, 106.78, 39.55).union(box(106.8, 39.4, 106.82, 39.62))
    line = around(start, end, closed)
    ends_outside = not any(closed.covers(shape({"type": "Point", "coordinates": one})) for one in (start, end))
    assert (line[0], line[-1]) == (pytest.approx(start), pytest.approx(end))
    if ends_outside:
        assert not LineString(line).intersects(closed.buffer(-1e-6))


def team(stage: Stage, code: str, lon: float, *capabilities: str, area: Any = None) -> Team:
    return Team.everything.create(
        code=code, name=code, lon=lon, lat=39.5, kind="消防", capabilities=list(capabilities), members=8,
        area=area or stage.city.west,
    )  # fmt: skip


def test_the_whole_is_quickest_though_one_want_waits_longer_and_the_reserve_stays(stage: Stage) -> None:
    Team.everything.all().update(readiness=Readiness.OFF)
    near, far = team(stage, "近", 106.71, "fire", "hazmat"), team(stage, "远", 106.80, "fire")
    home = team(stage, "守", 106.72, "fire", area=stage.city.east)
    wants = [Want("灭火", "fire", 106.7, 39.5), Want("侦检", "hazmat", 106.7, 39.5)]
    found = resources.suggest(stage.officer, wants, START, reserve=0)
    chosen = {advice.want.title: [offer.team for offer in advice.chosen] for advice in found.advices}
    assert chosen == {"灭火": [home], "侦检": [near]}, "the only one with the capability is kept for it"
    assert found.gap == pytest.approx(0)
    kept = resources.suggest(stage.officer, wants, START, reserve=1)
    chosen = {advice.want.title: [offer.team for offer in advice.chosen] for advice in kept.advices}
    assert kept.kept == {"海勃湾区": 1, "乌达区": 1}
    assert sum(map(len, chosen.values())) == 1
    assert sum(advice.short for advice in kept.advices) == 1
    assert far.readiness == "ready"


def test_the_largest_vehicle_decides_where_a_team_drives(stage: Stage) -> None:
    for code, height in (("V1", 3.2), ("V2", 4.1)):
        Vehicle.everything.create(code=code, kind="云梯", team=stage.team, height_m=height, area=stage.city.city)
    assert limits_of([stage.team.pk, stage.far_team.pk]) == {stage.team.pk: Limits(4.1, 0.0, False)}


def test_one_button_sends_all_or_none_and_another_choice_needs_its_reason(stage: Stage, signed_in: Any) -> None:
    row = opened(stage)
    with clock.standing_at(START):
        with pytest.raises(Conflict, match="须说明理由"):
            dispatch_teams(stage.officer, row.pk, [Order(stage.far_team.pk, "堵漏", stage.team.pk)])
        with pytest.raises(Conflict, match="同一支队伍"):
            dispatch_teams(stage.officer, row.pk, [Order(stage.team.pk, "堵漏"), Order(stage.team.pk, "灭火")])
        actions.dispatch_team(stage.officer, row.pk, stage.team.pk, "先期处置")
        with pytest.raises(Conflict, match="出动") as refused:
            dispatch_teams(stage.officer, row.pk, [Order(stage.far_team.pk, "堵漏"), Order(stage.team.pk, "灭火")])
        assert refused.value.details["rule"] == "只调派待命队伍"
        stage.far_team.refresh_from_db()
        assert stage.far_team.readiness == Readiness.READY, "nobody is sent when one cannot be"
        client = signed_in()
        page = f"/command/incidents/{row.pk}/?tab=resources&capability=hazmat&count=1&what=增援堵漏&reserve=0"
        text = client.get(page).content.decode()
        assert "一键调派" in text
        assert "海南大队" in text
        row.refresh_from_db()
        sent = {"team-1-1": stage.far_team.pk, "what-1-1": "增援堵漏", "suggested-1-1": stage.far_team.pk}
        client.post(f"/command/incidents/{row.pk}/dispatch", {**sent, "version": row.version})
    assert set(Task.everything.filter(incident=row).values_list("title", flat=True)) == {"先期处置", "增援堵漏"}


def test_a_team_to_be_sent_is_told_by_what_it_can_in_chinese(stage: Stage, signed_in: Any) -> None:
    page = signed_in().get(f"/command/incidents/{opened(stage).pk}/?tab=resources").content.decode()
    assert "乌达特勤站（12人，危化处置）" in page
    assert "，hazmat" not in page
