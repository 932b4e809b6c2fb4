"""The risk of a park: from its registers to grade, alarm, map, page and report."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import docx
import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from anlan.hazards.chemical import criteria
from anlan.kernel import clock
from anlan.kernel.accounts.actor import system
from anlan.kernel.audit.models import JournalEntry
from anlan.kernel.errors import Forbidden, Invalid, NotFound
from anlan.kernel.events import dispatcher
from anlan.kernel.events.models import Event
from anlan.kernel.geo.layers import LAYERS
from anlan.monitoring import actions as monitoring
from anlan.monitoring.models import Alarm, Datastream, HazardEvent, Latest, Station
from anlan.supervision import actions, queries
from anlan.supervision.models import (
    Enterprise,
    FailureFrequency,
    HazardUnit,
    OnSite,
    Park,
    ParkRisk,
    ProtectionTarget,
    UnitStock,
    WeatherFrequency,
)
from tests.conftest import City, actor
from tests.web.conftest import SignIn, signed_in

__all__ = ["signed_in"]
pytestmark = pytest.mark.django_db
HERE = {"lon": 106.69, "lat": 39.47}
CLOCKWORK = system("园区风险")
#: Beijing noon: whether it is day or night must not depend on when the tests run.
NOON = datetime(2026, 5, 12, 4, 0, tzinfo=UTC)


@pytest.fixture
def park(city: City) -> Park:
    """A park with one chlorine tank, a school 700 m to the east and a village 2.5 km to the north."""
    made = Park.objects.create(code="P", name="样例园区", area=city.west, **HERE)
    works = Enterprise.objects.create(
        code="E", name="氯碱厂", industry="氯碱", area=city.west, park=made, staff_day=200, staff_night=60, **HERE
    )
    HazardUnit.objects.create(
        code="V-1", name="液氯储罐", enterprise=works, kind="储罐", substance="chlorine", quantity_t=10, pressure_mpa=0.75,
        area=city.west, full_level_m=3.0, **HERE,
    )  # fmt: skip
    place = {"area": city.west}
    ProtectionTarget.objects.create(
        code="T1", name="学校", category="education", people=600, lon=106.698, lat=39.47, **place
    )
    ProtectionTarget.objects.create(code="T2", name="村", category="homes", people=80, lon=106.69, lat=39.4925, **place)
    return made


def blow(park: Park, wind: float, wind_from: float, minutes: float = 0) -> None:
    at = clock.now() + timedelta(minutes=minutes)
    actions.observe_weather(CLOCKWORK, park.pk, wind, wind_from, "D", at, "测试气象站")


def test_a_park_is_worked_out_kept_and_told(park: Park) -> None:
    row = actions.assess_park(CLOCKWORK, park.pk, "annual", "试")
    kept = ParkRisk.everything.get()
    assert (kept.pk, kept.basis, kept.area) == (row.pk, "annual", park.area)
    school, village = kept.targets
    assert (school["name"], school["class"], school["limit"]) == ("学校", "高敏感", 3e-6)
    assert village["class"] == "二类"
    assert school["risk"] > village["risk"] > 0
    assert sum(part["share"] for part in school["top"]) == pytest.approx(1, abs=0.01)
    assert [f for _n, f in kept.fn] == sorted((f for _n, f in kept.fn), reverse=True)
    assert kept.pll > 0
    assert {one["substance"] for one in kept.capacity} >= {"氯", "氨"}
    assert Event.objects.get(name="supervision.ParkRiskAssessed").payload["risk_id"] == row.pk


def test_own_staff_are_no_protection_targets_of_their_own_works(park: Park) -> None:
    ProtectionTarget.everything.all().delete()
    assert actions.assess_park(CLOCKWORK, park.pk, "annual").pll == 0


def test_only_what_changed_is_worked_out_again_and_not_too_often(park: Park) -> None:
    start = NOON
    with clock.standing_at(start):
        blow(park, 3.0, 270)
        first = actions.assess_due(CLOCKWORK, start)
    assert {row.basis for row in first} == {"annual", "current"}
    assert all(row.reason == "首次评估" for row in first)
    later = start + timedelta(minutes=5)
    with clock.standing_at(later):
        assert actions.assess_due(CLOCKWORK, later) == [], "nothing has changed"
        blow(park, 3.1, 271)
        assert actions.assess_due(CLOCKWORK, later) == [], "a breath is no change"
        blow(park, 6.0, 180, 1)
        (changed,) = actions.assess_due(CLOCKWORK, later)
        assert (changed.basis, changed.reason) == ("current", "气象变化")
        blow(park, 6.0, 90, 2)
        assert actions.assess_due(CLOCKWORK, later + timedelta(seconds=30)) == [], "at most once a minute"


@pytest.mark.django_db(transaction=True)
def test_workers_beside_each_other_work_a_park_out_once(park: Park) -> None:
    start, failed = threading.Barrier(2), []

    def worker() -> None:
        try:
            start.wait(10)
            actions.assess_due(CLOCKWORK, clock.now())
        except Exception as error:  # shown by the test, as a thread's own are lost
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=worker) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failed == []
    assert sorted(ParkRisk.everything.values_list("basis", flat=True)) == ["annual"]


def test_the_journal_keeps_what_a_unit_held_whenever_that_changes(park: Park) -> None:
    unit, at = HazardUnit.everything.get(), clock.now()
    for minutes, tonnes in enumerate((4.0, 4.0, 6.0)):
        actions.report_stock(CLOCKWORK, unit.pk, tonnes, at + timedelta(minutes=minutes), "液位")
    entries = JournalEntry.objects.filter(verb="报告现存量").order_by("seq")
    assert [entry.after["quantity_t"] for entry in entries] == [4.0, 6.0]
    assert entries[1].before["quantity_t"] == 4.0
    assert entries[1].area_path == park.area.path


def test_an_emptier_tank_lowers_the_present_risk_and_not_the_years(park: Park) -> None:
    blow(park, 2.0, 270)
    full = actions.assess_park(CLOCKWORK, park.pk, "current")
    annual = actions.assess_park(CLOCKWORK, park.pk, "annual")
    actions.report_stock(CLOCKWORK, HazardUnit.everything.get().pk, 1.0, clock.now(), "液位")
    assert actions.assess_park(CLOCKWORK, park.pk, "current").k < full.k
    assert actions.assess_park(CLOCKWORK, park.pk, "annual").k == pytest.approx(annual.k)
    with pytest.raises(Invalid, match="现存量"):
        actions.report_stock(CLOCKWORK, HazardUnit.everything.get().pk, 11.0, clock.now(), "液位")


def test_crossing_a_criterion_is_news_for_the_desk_once(park: Park) -> None:
    actions.assess_park(CLOCKWORK, park.pk, "annual")
    before = Event.objects.filter(name="supervision.ParkRiskCrossed").count()
    HazardUnit.everything.update(quantity_t=400)
    broken = actions.assess_park(CLOCKWORK, park.pk, "annual")
    actions.assess_park(CLOCKWORK, park.pk, "annual")
    (event,) = Event.objects.filter(name="supervision.ParkRiskCrossed")[before:]
    assert event.payload["broken"]
    assert "学校" in event.payload["why"]
    assert broken.grade == "重大风险"
    dispatcher.drain()
    news = HazardEvent.everything.get(kind="park_risk")
    assert "超出风险基准" in news.title
    HazardUnit.everything.update(quantity_t=0.1)
    actions.assess_park(CLOCKWORK, park.pk, "annual")
    assert Event.objects.filter(name="supervision.ParkRiskCrossed").last().payload["broken"] is False  # type: ignore[union-attr]


def open_alarms() -> dict[str, Any]:
    rows = Alarm.everything.filter(active=True).select_related("rule")
    return {f"{row.rule.code} {row.subject.split(':')[3]}": row for row in rows}


def test_a_broken_criterion_is_an_alarm_until_the_risk_is_well_below_it_again(park: Park) -> None:
    def assessed(tonnes: float) -> ParkRisk:
        HazardUnit.everything.update(quantity_t=tonnes)
        row = actions.assess_park(CLOCKWORK, park.pk, "annual")
        dispatcher.drain()
        return row

    quiet = assessed(0.1)
    assert (quiet.k < 1, open_alarms()) == (True, {})
    broken = assessed(400)
    raised = open_alarms()
    assert {"QRA-INDIVIDUAL annual", "QRA-GRADE annual"} <= set(raised)
    school = next(row for row in Alarm.everything.filter(rule__code="QRA-INDIVIDUAL") if "学校" in row.title)
    assert school.value == pytest.approx(next(one["risk"] for one in broken.targets if one["name"] == "学校"))
    assert (school.lon, school.priority, school.state) == (106.698, 3, "unacknowledged")
    assert school.explanation["url"] == f"/supervision/parks/{park.pk}/?basis=annual"
    assert raised["QRA-GRADE annual"].band == "hihi"
    assessed(400)
    assert Alarm.everything.filter(rule__code="QRA-INDIVIDUAL").count() == len(
        [one for one in broken.targets if not one["passes"]]
    ), "the same alarms"
    # a hair below the limit is not over yet
    row = assessed(400)
    for one in row.targets:
        one["risk"], one["passes"] = 0.95 * one["limit"], True
    row.save()
    monitoring.judge_park_risk(CLOCKWORK, row.pk)
    assert "QRA-INDIVIDUAL annual" in open_alarms()
    assessed(0.1)
    assert open_alarms() == {}
    assert {row.state for row in Alarm.everything.all()} == {"returned"}


def test_what_has_been_broken_from_the_start_is_a_finding_and_only_a_crossing_an_alarm(
    park: Park, signed_in: SignIn
) -> None:
    def assessed(share: float) -> ParkRisk:
        """The school's risk set to a share of its limit, as if the register had changed."""
        row = actions.assess_park(CLOCKWORK, park.pk, "annual")
        for one in row.targets:
            one["risk"], one["passes"] = (
                share * one["limit"] * (one["name"] == "学校"),
                one["name"] != "学校" or share <= 1,
            )
        row.k, row.grade = share, "重大风险" if share > 1 else "低风险"
        row.save()
        dispatcher.drain()
        return row

    def told() -> int:
        return Alarm.everything.filter(rule__code="QRA-INDIVIDUAL").count()

    HazardUnit.everything.update(quantity_t=0.1)
    assessed(1.3)
    assert (open_alarms(), told()) == ({}, 0), "nobody crossed anything: it stood there when the park was registered"
    browser = signed_in()
    page = browser.get(f"/supervision/parks/{park.pk}/").content.decode()
    assert "不符合项" in page
    assert "学校（高敏感）个人风险 3.9×10⁻⁶/年，超过限值 3×10⁻⁶/年" in page
    assessed(0.95)
    assessed(1.2)
    assert told() == 0, "0.95 of the limit is not back within it"
    assessed(0.5)
    assert "不符合项" not in browser.get(f"/supervision/parks/{park.pk}/").content.decode()
    assessed(1.1)
    assert told() == 1
    assessed(0.95)
    assessed(1.4)
    assert (told(), "QRA-INDIVIDUAL annual" in open_alarms()) == (1, True), "one crossing, one alarm"
    assessed(0.5)
    assert open_alarms() == {}
    assessed(1.1)
    assert "QRA-INDIVIDUAL annual" in open_alarms(), "crossed again"


def test_a_present_alarm_ends_when_nobody_knows_the_weather_any_more(park: Park) -> None:
    HazardUnit.everything.update(quantity_t=0.1)
    with clock.standing_at(NOON):
        blow(park, 2.0, 270)
        actions.assess_due(CLOCKWORK, NOON)
        HazardUnit.everything.update(quantity_t=400)
    with clock.standing_at(NOON + timedelta(minutes=5)):
        actions.assess_due(CLOCKWORK, clock.now())
        dispatcher.drain()
        assert "QRA-INDIVIDUAL current" in open_alarms()
        monitoring.follow_parks(CLOCKWORK, NOON + timedelta(hours=2))
        assert "QRA-INDIVIDUAL current" in open_alarms()
        monitoring.follow_parks(CLOCKWORK, NOON + timedelta(hours=4))
    assert {name.split()[1] for name in open_alarms()} == {"annual"}
    with clock.standing_at(NOON + timedelta(hours=4)), pytest.raises(Invalid, match="3 h"):
        actions.assess_park(CLOCKWORK, park.pk, "current")


def test_stations_tell_the_wind_and_the_level(park: Park) -> None:
    def station(code: str, kind: str, unit: HazardUnit | None = None) -> Station:
        return Station.objects.create(
            code=code, name=code, kind=kind, protocol="mqtt", address=code, area=park.area, hazard_unit=unit, **HERE
        )

    def reading(of: Station, code: str, quantity: str, value: float) -> None:
        stream = Datastream.objects.create(
            code=f"{of.code}-{code}", station=of, source_code=code, name=quantity, quantity=quantity, unit="x"
        )
        Latest.objects.create(pk=stream.pk, at=clock.now(), value=value, quality=0, received_at=clock.now())

    mast, tank = station("W", "气象"), station("T", "储罐", HazardUnit.everything.get())
    reading(mast, "ws", "风速", 3.4)
    reading(mast, "wd", "风向", 250)
    reading(tank, "l", "储罐液位", 1.5)
    assert monitoring.follow_parks(CLOCKWORK, clock.now()) == 2
    condition = queries.condition(CLOCKWORK, park.pk)
    assert condition is not None
    assert (condition.wind_m_s, condition.wind_from_deg) == (3.4, 250)
    assert condition.stability in "ABCDEF"
    assert UnitStock.everything.get().quantity_t == pytest.approx(5.0)


def test_gates_tell_who_is_on_site_and_only_all_of_them_together(park: Park) -> None:
    works = Enterprise.everything.get()
    Enterprise.everything.update(headcount="GATE-1，GATE-2")
    place = Station.objects.create(
        code="P", name="门禁", kind="人员", protocol="mqtt", address="P", area=park.area, **HERE
    )
    streams = [
        Datastream.objects.create(
            code=f"GATE-{i}", station=place, source_code=str(i), name="在场人数", quantity="在场人数", unit="人"
        )
        for i in (1, 2)
    ]
    with clock.standing_at(NOON):
        now = clock.now()
        Latest.objects.create(pk=streams[0].pk, at=now, value=35, quality=0, received_at=now)
        assert monitoring.follow_parks(CLOCKWORK, now) == 0, "one gate of two says nothing"
        Latest.objects.create(pk=streams[1].pk, at=now - timedelta(minutes=5), value=7, quality=0, received_at=now)
        assert monitoring.follow_parks(CLOCKWORK, now) == 1
        row = OnSite.everything.get()
        assert (row.enterprise, row.people, row.at) == (works, 42, now - timedelta(minutes=5))
        with pytest.raises(Invalid, match="室外人数"):
            actions.report_people(CLOCKWORK, "enterprise", works.pk, 10, now, "门岗", outdoors=11)


def neighbour(park: Park) -> Enterprise:
    """A works beside the tank whose people count: it has nothing dangerous of its own."""
    return Enterprise.objects.create(
        code="N", name="机械厂", industry="机械", area=park.area, park=park, staff_day=100, staff_night=10, lon=106.692, lat=39.47
    )  # fmt: skip


def test_present_risk_follows_who_is_there_and_day_and_night(park: Park) -> None:
    other = neighbour(park)
    ProtectionTarget.everything.all().delete()
    with clock.standing_at(NOON):
        noon = clock.now()
        blow(park, 2.0, 270)
        (first,) = [row for row in actions.assess_due(CLOCKWORK, noon) if row.basis == "current"]
    assert "现在（白天）300 人" in " ".join(first.assumptions)

    def later(minutes: int, people: int | None = None) -> list[ParkRisk]:
        with clock.standing_at(noon + timedelta(minutes=minutes)):
            blow(park, 2.0, 270)
            if people is not None:
                actions.report_people(CLOCKWORK, "enterprise", other.pk, people, clock.now(), "门禁")
            return [row for row in actions.assess_due(CLOCKWORK, clock.now()) if row.basis == "current"]

    assert later(5, 104)[0].reason == "人口变化", "a first count is a change"
    assert later(10, 110) == [], "within a tenth"
    (crowded,) = later(15, 400)
    assert (crowded.reason, crowded.pll / first.pll) == ("人口变化", pytest.approx(4.0, rel=1e-6))
    (registered,) = later(15 + 121)
    assert registered.pll == pytest.approx(first.pll), "an old count is not who is there now"
    (night,) = later(8 * 60)
    assert "昼夜交替" in night.reason
    assert night.pll < 0.1 * first.pll, "a tenth of them, and nearly all indoors"


def test_major_hazards_are_graded_from_the_register_by_unit_and_by_who_is_near(park: Park, signed_in: SignIn) -> None:
    """GB 18218-2018: 10 t of chlorine are S = 2; alone R = 0.5 x 4 x 2 = 4, with 100 neighbours R = 16."""
    (one,) = queries.majors(CLOCKWORK)
    assert (one.name, one.s, one.alpha, one.r, one.grade, one.people) == ("储存单元", 2.0, 0.5, 4.0, "四级", 0)
    other = neighbour(park)
    works = HazardUnit.everything.get().enterprise
    place = {"area": park.area, **HERE}
    HazardUnit.objects.create(
        code="V-2",
        name="汽化器",
        enterprise=works,
        kind="反应器",
        substance="chlorine",
        quantity_t=4.9,
        major_hazard_grade="三级",
        **place,
    )
    HazardUnit.objects.create(
        code="V-3", name="碱罐", enterprise=works, kind="储罐", substance="formalin", quantity_t=90, **place
    )
    tanks, plant = queries.majors(CLOCKWORK, park.pk)
    assert (tanks.people, tanks.alpha, tanks.r, tanks.grade) == (100, 2.0, 16.0, "三级")
    assert tanks.left_out == ("甲醛溶液（37%）",)
    assert (plant.name, round(plant.s, 2), plant.grade, plant.differs) == ("生产单元", 0.98, "", True)
    HazardUnit.everything.filter(code="V-2").update(section="液氯罐区")
    HazardUnit.everything.filter(code="V-1").update(section="液氯罐区")
    (together, _formalin) = queries.majors(CLOCKWORK)
    assert (together.name, round(together.s, 2)) == ("液氯罐区", 2.98), "what one dike holds is one unit"
    browser = signed_in()
    page = browser.get("/supervision/major-hazards/").content.decode()
    for text in ("液氯罐区", "23.84", "三级", "不构成", "待核对"):
        assert text in page
    (first, *_rest) = browser.get(f"/api/supervision/major-hazards?park_id={park.pk}").json()
    assert (first["unit"], first["R"]) == ("液氯罐区", pytest.approx(23.84))
    assert other.pk != first["enterprise_id"]


def test_a_road_tanker_has_its_frequencies_from_the_set_that_lists_it(park: Park) -> None:
    HazardUnit.everything.update(kind="槽车")
    row = actions.assess_park(CLOCKWORK, park.pk, "annual")
    assert {often for _id, _name, often, _source in row.inputs["frequencies"]} == {5e-7}
    assert {source for *_rest, source in row.inputs["frequencies"]} == {"CPR 18E（Purple Book）表 3.x"}
    assert any("未列的类型取 CPR 18E" in text for text in row.assumptions)


def test_a_park_chooses_its_frequencies_and_says_where_they_are_from(park: Park, city: City, signed_in: SignIn) -> None:
    """Ten times rarer releases of a vessel are a tenth of the risk, for the year, a place, what may be added and the report."""
    me = actor(city.west)
    usual = actions.assess_park(CLOCKWORK, park.pk, "annual")
    Park.everything.update(frequency_set="purple")
    rarer = actions.assess_park(CLOCKWORK, park.pk, "annual")
    assert rarer.targets[0]["risk"] == pytest.approx(usual.targets[0]["risk"] / 10)
    assert queries.point_risk(me, park.pk, "annual", "106.698", "39.47")["risk"] == pytest.approx(
        rarer.targets[0]["risk"], rel=1e-6
    )
    added = queries.supposed(me, park.pk, "chlorine", "5", "106.694", "39.47")
    assert {one["frequency"] for one in added["releases"]} == {1e-5, 5e-7}
    FailureFrequency(
        code="F1", park=park, equipment="vessel", size="rupture", per_year=1e-6, source="AQ/T 3046-2013", to_check=True
    ).save()
    own = actions.assess_park(CLOCKWORK, park.pk, "annual", "自定频率")
    assert [row[2:] for row in own.inputs["frequencies"]] == [[1e-6, "AQ/T 3046-2013（待核对）"]]
    assert any("取 AQ/T 3046-2013（待核对）；其余取 CPR 18E" in text for text in own.assumptions)
    page = signed_in().get(f"/supervision/parks/{park.pk}/").content.decode()
    assert "AQ/T 3046-2013（待核对）" in page
    with pytest.raises(ValidationError, match="泄漏规模"):
        FailureFrequency(
            code="F2", park=park, equipment="vessel", size="五毫米", per_year=1e-6, source="x"
        ).full_clean()


def test_a_changed_frequency_starts_a_new_calculation_that_says_so(park: Park) -> None:
    with clock.standing_at(NOON):
        actions.assess_due(CLOCKWORK, NOON)
    FailureFrequency(code="F1", park=park, equipment="vessel", size="10", per_year=1e-6, source="本园区统计").save()
    later = NOON + timedelta(minutes=5)
    with clock.standing_at(later):
        (row,) = actions.assess_due(CLOCKWORK, later)
    assert row.reason == "失效频率变化"


def test_weather_that_does_not_add_up_is_refused(park: Park) -> None:
    WeatherFrequency.objects.create(code="x", park=park, stability="D", wind_m_s=3, direction_deg=0, probability=0.4)
    with pytest.raises(Invalid, match="气象联合频率"):
        actions.assess_park(CLOCKWORK, park.pk, "annual")


def test_a_park_of_another_district_is_neither_seen_nor_worked_out(park: Park, city: City) -> None:
    actions.assess_park(CLOCKWORK, park.pk, "annual")
    stranger = actor(city.east)
    assert list(queries.parks(stranger)) == []
    with pytest.raises(NotFound):
        actions.assess_park(stranger, park.pk, "annual")
    with pytest.raises(Forbidden):
        actions.assess_park(actor(city.west, "supervision.view"), park.pk, "annual")
    assert LAYERS["park-risk-annual"].features(stranger, None)["features"] == []
    shown = LAYERS["park-risk-annual"].features(actor(city.west), None)
    assert shown["features"][0]["geometry"]["type"] == "MultiPolygon"
    assert "样例园区" in shown["source"]


def test_a_supposed_unit_changes_what_the_same_unit_would_change_and_nothing_is_kept(park: Park, city: City) -> None:
    """The answer for a unit that is not there equals the park worked out with it in the register."""
    me = actor(city.west)
    Enterprise.everything.update(
        staff_day=0, staff_night=0
    )  # a supposed unit has no works of its own whose staff do not count
    place = {"lon": 106.694, "lat": 39.47}
    found = queries.supposed(me, park.pk, "chlorine", "5", "106.694", "39.47")
    here = queries.point_risk(me, park.pk, "annual", "106.698", "39.47")
    assert here["risk"] == pytest.approx(next(t["before"] for t in found["targets"] if t["name"] == "学校"), rel=1e-6)
    assert sum(one["share"] for one in here["top"]) == pytest.approx(1, abs=0.02)
    assert ParkRisk.everything.count() == 0
    HazardUnit.objects.create(
        code="V-2", name="新罐", enterprise=Enterprise.everything.get(), kind="储罐", substance="chlorine", quantity_t=5,
        pressure_mpa=0.75, area=city.west, **place,
    )  # fmt: skip
    with_it = actions.assess_park(CLOCKWORK, park.pk, "annual")
    assert found["after"]["k"] == pytest.approx(with_it.k, rel=1e-4), "a register rounds places to 0.1 m"
    school = next(one for one in with_it.targets if one["name"] == "学校")
    assert school["risk"] == pytest.approx(next(t["after"] for t in found["targets"] if t["name"] == "学校"), rel=1e-4)
    assert found["after"]["pll"] == pytest.approx(with_it.pll, rel=1e-4)
    assert found["before"]["k"] < found["after"]["k"]


def test_page_report_and_question_of_room(park: Park, signed_in: SignIn) -> None:
    browser = signed_in()
    assert "还没有评估" in browser.get(f"/supervision/parks/{park.pk}/").content.decode()
    browser.post(f"/supervision/parks/{park.pk}/assess", {"basis": "annual"})
    row = ParkRisk.everything.get()
    page = browser.get(f"/supervision/parks/{park.pk}/").content.decode()
    for text in (row.grade, "学校", "外部安全防护距离", "此处还能加什么", "待核对", "模型推算"):
        assert text in page
    assert "/?lon=106.69&amp;lat=39.47&amp;layer=park-risk-annual" in page
    assert row.grade in browser.get("/supervision/parks/").content.decode()
    ask = f"/supervision/parks/{park.pk}/"
    answer = browser.get(f"{ask}plan?substance=chlorine&tonnes=60&lon=106.694&lat=39.47").content.decode()
    for text in ("不宜新增", "此处至多可新增", "学校", "plan-data"):
        assert text in answer
    answer = browser.get(f"{ask}point?lon=106.698&lat=39.47").content.decode()
    assert "液氯储罐" in answer
    wrong = {
        "plan?substance=chlorine&tonnes=5&lon=0&lat=39.47": "经度", "plan?substance=gold&tonnes=5&lon=106.69&lat=39.47": "物质",
        "plan?substance=chlorine&tonnes=nan&lon=106.69&lat=39.47": "数量", "point?lon=106.69&lat=90": "纬度",
    }  # fmt: skip
    for address, name in wrong.items():
        refused = browser.get(ask + address)
        assert refused.status_code == 422
        assert name in refused.content.decode()
    document = docx.Document(BytesIO(browser.get(f"/supervision/risks/{row.pk}/report.docx").content))
    said = "\n".join(p.text for p in document.paragraphs) + "".join(
        c.text for t in document.tables for r in t.rows for c in r.cells
    )
    for text in (
        row.grade,
        "学校",
        "失效频率",
        "HJ 169-2018 表 E.1",
        "待核对",
        "外部安全防护距离采用",
        "F-N 曲线与 GB 36894-2018 基准线",
        "图 3",
        "其中白天",
    ):
        assert text in said, text
    assert len(document.inline_shapes) == 3, "wind rose, contours, F-N diagram"
    assert browser.get(f"/supervision/risks/{row.pk}/report.pdf").content[:5] == b"%PDF-"
    assert browser.get(f"/supervision/risks/{row.pk}/report.png").content[:4] == b"\x89PNG"
    assert browser.get(f"/supervision/risks/{row.pk}/report.exe").status_code == 404


@pytest.mark.parametrize(
    ("category", "size", "expected"),
    [
        ("education", {}, "高敏感"), ("religion", {}, "重要"), ("homes", {"people": 100}, "一类"),
        ("homes", {"people": 99}, "二类"),
        ("homes", {"households": 9, "people": 29}, "三类"), ("homes", {"households": 30, "people": 5}, "一类"),
        ("works", {"people": 100}, "二类"), ("works", {"people": 99}, "三类"), ("works", {}, "二类"), ("homes", {}, "一类"),
        ("trade", {"area_m2": 1499.0, "people": 299}, "二类"), ("hotel", {"beds": 100}, "一类"), ("filling", {}, "二类"),
        ("office", {"people": 5}, "二类"), ("park", {"area_m2": 100}, "三类"),
    ],
)  # fmt: skip
def test_class_of_protection_targets_by_type_and_size(category: str, size: dict[str, Any], expected: str) -> None:
    assert criteria.classify(category, **size) == expected
