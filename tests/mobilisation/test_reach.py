"""Who is reached: the method by hand, the cascade through four levels, the officer's page, the silent test."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, Polygon, box

from anlan.gateways.alerts.models import OutgoingMessage
from anlan.kernel import clock
from anlan.kernel.errors import Conflict, Invalid
from anlan.kernel.events.dispatcher import drain
from anlan.kernel.models import Area, Organisation, Person, Post
from anlan.mobilisation import actions, jobs, queries
from anlan.mobilisation.models import Call, Coverage, Household, Means
from anlan.mobilisation.rules import coverage
from anlan.monitoring import actions as monitoring
from anlan.monitoring.models import Warning
from anlan.monitoring.rules import polygons
from tests.conftest import City, actor
from tests.web.conftest import SignIn, signed_in

__all__ = ["signed_in"]
T0 = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
shares = st.lists(st.floats(0, 1), max_size=5)


def test_the_method_by_hand() -> None:
    """1000 people, 200 receipts, a loudspeaker for half and a screen for a tenth: 1 - .8 x .5 x .9 = .64."""
    found = coverage.reach(1000, 200, [0.5, 0.1])
    assert found.expected == pytest.approx(640)
    assert (found.low, found.high) == (pytest.approx(500), pytest.approx(800))
    assert (found.met, found.gap) == (False, 260)
    both = coverage.total([found, coverage.reach(100, 100, [])])
    assert both.share == pytest.approx(740 / 1100), "by people, not by the mean of 64 % and 100 %"
    assert coverage.reach(0, 5, [0.5]).people == 0
    with pytest.raises(ValueError, match="0～1"):
        coverage.reach(10, 0, [1.2])


@settings(max_examples=60)
@given(st.integers(1, 10_000), st.integers(0, 12_000), shares)
def test_nobody_is_counted_twice_and_the_estimate_lies_in_its_bounds(
    people: int, receipts: int, more: list[float]
) -> None:
    found = coverage.reach(people, receipts, more)
    assert -1e-6 <= found.low <= found.expected + 1e-6
    assert found.expected <= found.high + 1e-6
    assert found.high <= people + 1e-6
    assert coverage.reach(people, receipts, [*more, 0.3]).expected >= found.expected - 1e-6


def test_the_cheapest_way_is_found_among_all() -> None:
    def way(key: str, cost: float, most: float, fixed: float = 0.0) -> coverage.Way:
        return coverage.Way(key, key, cost, most, fixed)

    ways = (way("a", 1, 0.5), way("b", 4, 1.0), way("c", 0.1, 1.0, 1000))
    few = coverage.cheapest(100, 1000, ways)
    assert ([(w.key, n) for w, n in few.steps], few.cost) == ([("a", 100)], 100)
    more = coverage.cheapest(600, 1000, ways)
    assert [(w.key, n) for w, n in more.steps] == [("a", 500), ("b", 100)], "900 is less than 1060 with a fixed cost"
    assert not coverage.cheapest(900, 1000, ways[:1]).closes


def test_an_earthquake_that_reaches_far_beyond_is_cut_to_what_the_signer_answers_for() -> None:
    ours = box(106.6, 39.3, 107.0, 39.9)
    made, notes = polygons.legal(box(100, 35, 112, 44), ours)
    assert abs(made.area - ours.area) < 1e-6
    assert "已裁去" in notes[0]


def test_polygons_that_cannot_be_published_are_refused_with_the_place() -> None:
    scope = box(106, 39, 107, 40)
    with pytest.raises(polygons.ShapeError, match=r"Self-intersection\[106\.5 39\.5\]"):
        polygons.legal(Polygon([(106, 39), (107, 40), (107, 39), (106, 40)]), scope)
    with pytest.raises(polygons.ShapeError, match="不能是 LineString"):
        polygons.legal(LineString([(106, 39), (107, 40)]), scope)
    with pytest.raises(polygons.ShapeError, match="100% 在您负责的区划之外"):
        polygons.legal(box(120, 30, 121, 31), scope)
    made, notes = polygons.legal(box(106.9, 39.4, 107.1, 39.6).union(box(106.7, 39.4, 106.9, 39.6)), scope)
    assert made.bounds[2] == 107
    assert "裁去" in notes[0]


@settings(max_examples=25, deadline=None)
@given(st.floats(0.01, 0.2), st.integers(3, 900), st.floats(0, 0.6))
def test_what_is_published_has_few_corners_and_leaves_nobody_out(radius: float, teeth: int, depth: float) -> None:
    from math import cos, pi, sin  # noqa: PLC0415 - for this shape alone

    ring = [
        (106.5 + r * cos(a), 39.5 + r * sin(a))
        for n in range(2 * teeth)
        for a, r in [(pi * n / teeth, radius * (1 - depth * (n % 2)))]
    ]
    drawn = Polygon(ring, [Point(106.5, 39.5).buffer(radius / 50).exterior])
    if not drawn.is_valid:
        return
    made, _ = polygons.legal(drawn)
    assert made.is_valid
    assert all(polygons.corners(part) <= polygons.MAX_CORNERS + 2 for part in polygons.parts_of(made))
    assert not polygons.parts_of(made)[0].interiors
    assert made.buffer(3e-5).covers(drawn)


def test_divisions_are_proposed_when_most_of_them_lies_inside() -> None:
    areas = [(1, box(0, 0, 1, 1)), (2, box(1, 0, 2, 1)), (3, box(5, 5, 6, 6))]
    assert polygons.snapped(box(0, 0, 1.4, 1), areas) == [1]


@pytest.fixture
def ladder(city: City) -> dict[str, Person]:
    """A city with one officer on each level, the community's with a deputy."""
    bureau = Organisation.everything.create(code="E", name="应急局", kind="应急", area=city.city)
    found: dict[str, Person] = {}

    def officer(key: str, area: Area, deputy: Post | None = None) -> Post:
        post = Post.everything.create(
            code=key, title=f"{area.name}预警责任人", organisation=bureau, area=area, deputy=deputy
        )
        found[key] = Person.everything.create(
            code=key,
            name=f"{area.name}{key}",
            phone=f"1390000{len(found):04}",
            organisation=bureau,
            post=post,
            area=area,
        )
        return post

    officer("city", city.city)
    officer("east", city.east)
    officer("town", city.town)
    officer("grid", city.community, officer("deputy", city.community))
    Area.objects.filter(pk=city.community.pk).update(population=1000)
    Area.objects.filter(pk=city.west.pk).update(population=3000)
    return found


def issue(city: City, *areas: Area, level: str = "橙", **more: Any) -> Warning:
    warning = monitoring.draft_warning(
        actor(city.city, user_id=1), event_code="12D02", level=level, headline="氯气泄漏", description="下风向受影响。",
        instruction="关闭门窗。", area_ids=[area.pk for area in areas], onset=clock.now(),
        expires=clock.now() + timedelta(hours=6), **more,
    )  # fmt: skip
    monitoring.review_warning(actor(city.city, user_id=2), warning.pk, True)
    warning = monitoring.issue_warning(actor(city.city, user_id=3), warning.pk)
    drain()
    return warning


@pytest.mark.django_db
def test_the_officers_of_four_levels_are_called_and_one_who_is_silent_is_replaced(
    city: City, ladder: dict[str, Person]
) -> None:
    with clock.standing_at(T0):
        warning = issue(city, city.city)
        calls = {call.to_name: call for call in Call.everything.all()}
        assert {call.level for call in calls.values()} == {1, 2, 3, 4}
        messages = OutgoingMessage.everything.filter(purpose="预警发布").exclude(to_name="公众")
        assert messages.count() == len(calls) == 5
        actions.confirm_by_token(calls["乌海市city"].token)
        actions.confirm_call(actor(city.east), calls["海勃湾区east"].pk, "电话")
    with clock.standing_at(T0 + timedelta(minutes=14)):
        assert actions.escalate_calls(jobs.DESK, clock.now()) == 0, "orange leaves a quarter of an hour"
    with clock.standing_at(T0 + timedelta(minutes=15)):
        jobs.go_up_when_nobody_answers()
        jobs.go_up_when_nobody_answers()
        drain()
    raised = {
        c.area.name: c.to_name for c in Call.everything.filter(escalated_from__isnull=False).select_related("area")
    }
    assert raised["新华街道"] == "海勃湾区east", "the town has no deputy: the district is asked"
    assert raised["清泉社区"] in {"新华街道town", "乌海市city", "海勃湾区east"}
    hops = {
        hop.area.name: (hop.confirmed_at is not None, hop.late)
        for hop in queries.cascade(actor(city.city), f"warning:{warning.pk}")
    }
    assert hops["乌海市"] == (True, False)
    assert hops["新华街道"] == (False, True)
    monitoring.cancel_warning(actor(city.city, user_id=3), warning.pk, "已堵漏")
    drain()
    assert OutgoingMessage.everything.filter(purpose="预警解除").exclude(to_name="公众").count() == 5


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["cancelled", "expired"])
def test_calls_of_a_warning_that_is_over_wake_nobody_else(city: City, ladder: dict[str, Person], how: str) -> None:
    hours = 7 if how == "expired" else 0
    with clock.standing_at(T0):
        warning = issue(city, city.city)
        if how == "cancelled":
            monitoring.cancel_warning(actor(city.city, user_id=3), warning.pk, "已堵漏")
            drain()
            assert not Call.everything.filter(closed_at=None).exists()
    with clock.standing_at(T0 + timedelta(hours=hours, minutes=16)):
        jobs.go_up_when_nobody_answers()
        assert actions.call_officers(jobs.DESK, warning.pk) == []
        drain()
    assert Call.everything.count() == 5
    assert not Call.everything.filter(closed_at=None).exists()
    assert not Call.everything.filter(escalated_at__isnull=False).exists()
    assert not OutgoingMessage.everything.filter(text__contains="未应答").exists()


@pytest.mark.django_db
def test_a_deputy_is_asked_before_the_level_above(city: City, ladder: dict[str, Person]) -> None:
    Post.everything.filter(code="deputy").update(area=city.town)
    with clock.standing_at(T0):
        issue(city, city.community)
        assert set(Call.everything.values_list("to_name", flat=True)) == {"清泉社区grid"}
    with clock.standing_at(T0 + timedelta(minutes=16)):
        jobs.go_up_when_nobody_answers()
    assert Call.everything.get(escalated_from__isnull=False).to_name == "清泉社区deputy"


@pytest.mark.django_db
def test_the_officers_page_is_tiny_needs_no_script_and_keeps_the_doors(
    city: City, ladder: dict[str, Person], client: Client
) -> None:
    for n, needs in enumerate(["", "独居老人", ""]):
        Household.everything.create(code=f"D{n}", address=f"{n + 1}号楼101", people=2, needs=needs, area=city.community)
    warning = issue(city, city.community)
    call = Call.everything.filter(to_name="清泉社区grid").get()
    page = client.get(f"/c/{call.token}")
    text = page.content.decode()
    assert len(page.content) < 5000
    assert "<script" not in text
    assert text.index("2号楼101") < text.index("1号楼101"), "who needs help comes first"
    assert client.post(f"/c/{call.token}/yes").status_code == 302
    call.refresh_from_db()
    assert (call.how, call.confirmed_at is not None) == ("网页", True)
    door = Household.everything.get(code="D1")
    client.post(f"/c/{call.token}/door/{door.pk}", {"result": "told"})
    assert "已告知" in client.get(f"/c/{call.token}").content.decode()
    (unit,) = queries.unit_reach([city.community.path], warning.pk)
    assert unit.receipts == 2
    assert client.get("/c/no-such-link").status_code == 404
    stranger = Household.everything.create(code="W", address="乌达", people=1, area=city.west)
    assert client.post(f"/c/{call.token}/door/{stranger.pk}", {"result": "told"}).status_code == 404


@pytest.mark.django_db
def test_a_crowded_community_costs_a_cheap_phone_no_more_than_ten_kilobytes(
    city: City, ladder: dict[str, Person], client: Client
) -> None:
    words = {"people": 4, "needs": "独居老人，行动不便，需担架", "area": city.community}
    doors = [
        Household(code=f"D{n}", address=f"新华街道清泉社区幸福小区{n}号楼二单元1201室", **words) for n in range(90)
    ]
    Household.everything.bulk_create(doors)
    issue(city, city.community)
    page = client.get(f"/c/{Call.everything.get(to_name='清泉社区grid').token}", headers={"accept-encoding": "gzip"})
    assert "另有 50 户" in gzip.decompress(page.content).decode()
    assert b"<script" not in gzip.decompress(page.content)
    assert b'<link rel="stylesheet' not in gzip.decompress(page.content), "nothing else is fetched"
    assert len(page.content) < 5_000 < len(gzip.decompress(page.content)) < 30_000


@pytest.mark.django_db
def test_doors_are_for_the_community_and_close_two_days_after_the_end(
    city: City, ladder: dict[str, Person], client: Client
) -> None:
    door = Household.everything.create(code="D", address="1号楼101", people=2, area=city.community)
    with clock.standing_at(T0):
        issue(city, city.community)
    grid = Call.everything.get(to_name="清泉社区grid")

    def seen(token: str, hours: float) -> tuple[bool, int]:
        with clock.standing_at(T0 + timedelta(hours=hours)):
            shown = "1号楼101" in client.get(f"/c/{token}").content.decode()
            return shown, client.post(f"/c/{token}/door/{door.pk}", {"result": "told"}).status_code

    assert seen(grid.token, 6 + 47) == (True, 302)
    assert seen(grid.token, 6 + 49) == (False, 409)
    town = Call.everything.create(
        subject="x", warning_id=grid.warning_id, headline="x", text="x", level=3, area=city.town, person=None,
        to_name="镇", told_at=T0, due_at=T0,
    )  # fmt: skip
    assert seen(town.token, 1) == (False, 409)


@pytest.mark.django_db
def test_coverage_counts_people_of_every_level_and_what_works(city: City, ladder: dict[str, Person]) -> None:
    for code, area, day, night, working in (
        ("H", city.community, 0.8, 0.5, True), ("S", city.east, 0.5, 0.5, True), ("B", city.west, 0.95, 0.95, False),
    ):  # fmt: skip
        Means.everything.create(
            code=code, name=code, kind="loudspeaker", reach_day=day, reach_night=night, working=working, area=area
        )
    warning = issue(city, city.city)
    actions.note_receipts(jobs.DESK, warning.pk, city.community.pk, "sms", 100)
    actions.note_receipts(jobs.DESK, warning.pk, city.community.pk, "app", 50)
    by_area = {area.name: (day, night, n) for area, day, night, n in queries.reached([city.city.path], warning.pk)}
    day, night, receipts = by_area["清泉社区"]
    assert day.expected == pytest.approx(1000 * (1 - 0.9 * 0.95 * 0.2 * 0.5)), (
        "two channels may have told the same person"
    )
    assert night.expected == pytest.approx(1000 * (1 - 0.9 * 0.95 * 0.5 * 0.5))
    assert receipts == 100
    assert by_area["乌达区"][0].expected == 0, "what is out of order counts nothing"
    assert by_area["乌海市"][0].people == 4000
    with clock.standing_at(clock.now() + timedelta(minutes=31)):
        jobs.compute_coverage_of_warnings()
        jobs.compute_coverage_of_warnings()
    assert Coverage.everything.filter(level=4).count() == 1
    (whole,) = queries.history(actor(city.city), 1)
    assert whole["day"] == pytest.approx(by_area["乌海市"][0].share)
    # The community keeps the line by day (0.9145) and not by night (0.786); what is out of order keeps nobody's.
    (levels,) = queries.keeping(actor(city.city)).values()
    assert levels[3] == (1, 0, 1)
    assert levels[0] == (0, 0, 1)


@pytest.mark.django_db
def test_the_silent_test_asks_every_officer_once_a_month_and_warns_nobody(
    city: City, ladder: dict[str, Person]
) -> None:
    with clock.standing_at(datetime(2026, 12, 1, 0, 0, tzinfo=UTC)):
        jobs.test_silently_once_a_month()
        assert not Call.everything.exists(), "not before nine in the morning"
    with clock.standing_at(datetime(2026, 12, 1, 2, 0, tzinfo=UTC)):
        jobs.test_silently_once_a_month()
        jobs.test_silently_once_a_month()
        with pytest.raises(Conflict, match="已做过"):
            actions.silent_test(actor(city.city))
        drain()
    assert Call.everything.filter(kind="test").count() == 5
    assert Coverage.everything.filter(kind="test", level=1).count() == 1
    said = OutgoingMessage.everything.all()
    assert {row.purpose for row in said} == {"静默测试"}
    assert all("这不是预警" in row.text for row in said)


@pytest.mark.django_db
def test_an_outline_in_the_sea_or_outside_what_the_drafter_answers_for_is_refused_and_nothing_is_kept(
    city: City,
) -> None:
    limits = {
        "type": "Polygon",
        "coordinates": [[[106.6, 39.4], [106.8, 39.4], [106.8, 39.6], [106.6, 39.6], [106.6, 39.4]]],
    }
    Area.objects.filter(pk=city.west.pk).update(geometry=limits)
    far = [[120, 30], [121, 30], [121, 31], [120, 30]]
    bohai = [[120, 38.6], [120.4, 38.6], [120.4, 39], [120, 38.6]]
    for ring in (far, bohai):
        with pytest.raises(Invalid, match="区划之外"):
            issue(city, city.west, geometry={"type": "Polygon", "coordinates": [ring]})
    assert not Warning.everything.exists()


@pytest.mark.django_db
def test_the_pages_show_levels_gaps_and_what_a_warning_is_for(
    city: City, ladder: dict[str, Person], signed_in: SignIn
) -> None:
    Means.everything.create(code="H", name="H", kind="loudspeaker", reach_day=0.5, reach_night=0.4, area=city.community)
    warning = issue(city, city.east)
    client = signed_in()
    shown = client.get("/mobilisation/coverage/").content.decode()
    for word in ("村（社区）", "清泉社区", "最省的补法", "增设应急广播大喇叭"):
        assert word in shown
    assert "清泉社区grid" in client.get(f"/mobilisation/cascade/warning:{warning.pk}/").content.decode()
    bureau = next(iter(ladder.values())).organisation
    elsewhere = Post.everything.create(code="W-1", title="乌达区值班员", organisation=bureau, area=city.west)
    Person.everything.create(
        code="W-1", name="乌达区的人", organisation=bureau, post=elsewhere, area=city.west, phone="13900000077"
    )
    meant = client.get(f"/mobilisation/targets/{warning.pk}/").content.decode()
    assert "1000" in meant
    assert "清泉社区grid" in meant
    assert "乌达区的人" not in meant, "those whom issuing it calls, and nobody of another district"
    assert client.post("/mobilisation/coverage/test").status_code == 302
