"""What lies inside a shape, the brief of an incident, experts, branches."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from docx import Document
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import box, mapping

from anlan.command import actions, documents
from anlan.command.assessment import experts, whatif
from anlan.command.assessment.assess import assess, ring, rounded, shape_of
from anlan.command.assessment.brief import brief, sentence
from anlan.command.models import Incident, TimelineEntry
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.audit.models import JournalEntry
from anlan.kernel.errors import Conflict, Invalid
from anlan.kernel.events import dispatcher
from anlan.kernel.models import Area, Level
from anlan.monitoring.models import Datastream, Forecast, Latest, Station
from anlan.resources.models import Expert, KeyPlace
from anlan.simulation import actions as simulation
from tests.command.conftest import START, Stage
from tests.conftest import actor
from tests.web.conftest import signed_in

__all__ = ["signed_in"]


@pytest.fixture
def peopled(stage: Stage) -> Stage:
    """Two districts side by side, each of two communities; the census gives the districts, guesses the communities."""
    west_east = {stage.city.east: (106.8, 107.0, 30_001), stage.city.west: (106.6, 106.8, 12_345)}
    for number, (district, (west, east, people)) in enumerate(west_east.items()):
        district.geometry, district.population = mapping(box(west, 39.4, east, 39.8)), people
        district.population_note = "人口普查"
        district.save()
        for half in (0, 1):
            Area.objects.create(
                code_system="nbs", code=f"9{number}{half}", name=f"社区{number}{half}", level=Level.COMMUNITY,
                parent=stage.city.town if number == 0 else district, population=1000 * (half + 1),
                geometry=mapping(box(west, 39.4 + 0.2 * half, east, 39.6 + 0.2 * half)),
            )  # fmt: skip
    KeyPlace.everything.create(
        code="K1",
        name="样例养老院",
        kind="养老院",
        people=57,
        lon=106.7,
        lat=39.5,
        area=stage.city.west,
        phone="0473-9",
    )
    return stage


def test_the_whole_city_has_as_many_people_as_the_census_says(peopled: Stage) -> None:
    found = assess(peopled.officer, box(106.0, 39.0, 108.0, 40.5), START)
    assert found.people == 30_001 + 12_345
    assert sum(row.people for row in found.communities) == found.people
    assert found.source == "人口普查" or found.source == ""


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.floats(106.62, 106.98), high=st.floats(39.42, 39.78))
def test_parts_of_a_shape_add_up_to_the_whole(peopled: Stage, cut: float, high: float) -> None:
    whole = assess(peopled.officer, box(106.6, 39.4, 107.0, high), START)
    left = assess(peopled.officer, box(106.6, 39.4, cut, high), START)
    right = assess(peopled.officer, box(cut, 39.4, 107.0, high), START)
    assert abs(left.people + right.people - whole.people) <= 1
    assert left.people <= whole.people


@given(st.lists(st.floats(0, 5000), min_size=1, max_size=30))
def test_whole_people_add_up_to_the_rounded_total(parts: list[float]) -> None:
    rows = rounded([(i, str(i), part, part, False) for i, part in enumerate(parts)])
    assert sum(row.people for row in rows) == round(sum(parts))
    assert all(abs(row.people - parts[row.area_id]) < 1 for row in rows)


def test_those_who_need_help_and_those_in_charge_are_named(peopled: Stage) -> None:
    found = assess(peopled.officer, box(106.65, 39.45, 106.75, 39.55), START)
    assert [one.name for one in found.vulnerable] == ["样例养老院"]
    assert found.vulnerable_people == 57
    assert {contact.area.level for contact in found.contacts} <= {1, 2, 3, 4}
    assert len({(c.name, c.phone) for c in found.contacts}) == len(found.contacts) > 0


def test_an_officer_of_one_district_learns_no_numbers_of_another(peopled: Stage) -> None:
    everywhere = box(106.0, 39.0, 108.0, 40.5)
    found = assess(actor(peopled.city.west), everywhere, START)
    assert all(contact.area.path.startswith(peopled.city.west.path) for contact in found.contacts)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "3 至 5000 点"),
        ("106,39 107,39", "3 至 5000 点"),
        ("a,b c,d e,f", "经度,纬度 以空格分隔"),
        ("206,39 107,39 107,40", "经度 -180~180"),
        ("106,39 107,40 107,39 106,40", "不自相交"),
        ("100,30 120,30 120,50 100,50", "不超过 60000"),
    ],
)
def test_a_ring_that_is_none_is_refused_with_what_is_allowed(text: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        shape_of(ring(text))


def leak(by: Actor, stage: Stage, title: str = "液氯泄漏") -> Incident:
    return actions.open_incident(
        by, event_code="12D02", title=title, lon=106.7, lat=39.5, area_id=stage.city.west.pk, occurred_at=None,
        reported_by="企业", source="电话",
    )  # fmt: skip


def chlorine(by: Actor, row: Incident) -> Any:
    inputs = {
        "substance": "chlorine",
        "phase": "liquid",
        "hole_mm": 50,
        "inventory_t": 20.0,
        "wind_m_s": 2.0,
        "wind_from_deg": 270,
    }
    return simulation.run(by, "chemical", inputs, row.lon, row.lat, row.correlation_id, row.title)


def test_the_brief_says_who_is_inside_who_comes_and_what_the_plan_says_next(peopled: Stage) -> None:
    with clock.standing_at(START):
        row = leak(peopled.officer, peopled)
        before = brief(peopled.officer, row, START)
        assert "没有推演结果" in before.inside_of
        chlorine(peopled.officer, row)
        actions.activate_response(peopled.officer, row.pk, peopled.plan.plan.code, "三级", "试")
        after = brief(peopled.officer, row, START)
    assert "模型推算" in after.inside_of
    assert after.next is not None
    assert after.next.level == "三级"
    assert {task.title for task in after.next.open}
    assert after.teams[0].minutes <= after.teams[-1].minutes
    words = sentence(after)
    assert f"约 {after.inside.people} 人" in words
    assert after.teams[0].team.name in words


def test_the_brief_tells_the_weather_now_and_of_the_next_six_hours(peopled: Stage) -> None:
    with clock.standing_at(START):
        row = leak(peopled.officer, peopled)
        near, far = (
            Station.everything.create(
                code=name, name=name, kind="气象", protocol="mqtt", address=name, lon=row.lon + off, lat=row.lat,
                area=peopled.city.west,
            )
            for name, off in (("园区站", 0.02), ("远处站", 0.1))
        )  # fmt: skip
        stream = Datastream.everything.create(
            code="园区站-W", station=near, source_code="W", name="风速", quantity="风速", unit="m/s"
        )
        Latest.objects.create(datastream=stream, at=START - timedelta(minutes=2), value=3.2, received_at=START)
        for station, hours, quantity, value in (
            (near, 1, "风速", 4.0), (near, 5, "风速", 9.5), (near, 2, "小时雨量", 1.5), (near, 3, "小时雨量", 2.0),
            (near, 7, "风速", 30.0), (far, 1, "风速", 99.0),
        ):  # fmt: skip
            Forecast.everything.create(
                station=station, quantity=quantity, valid_at=START + timedelta(hours=hours), issued_at=START,
                value=value, source="数值预报",
            )  # fmt: skip
        found = brief(peopled.officer, row, START)
        assert found.weather[0].rows[0][:2] == ("风速", "3.2 m/s")
        assert found.ahead is not None
        assert (found.ahead.station, dict(found.ahead.rows)) == ("园区站", {"风速": "4.0~9.5 m/s", "雨量": "3.5 mm"})
        assert "未来 6 小时预报风速 4.0~9.5 m/s" in sentence(found)
        report = actions.draft_report(peopled.officer, row.pk, "首报")
        assert "风速 3.2 m/s" in report.fields["weather"]
        assert "雨量 3.5 mm" in report.fields["weather"]
        assert "人民检察院" in report.copies
        paper = Document(BytesIO(documents.report_docx(report)))
        assert any(one.text.startswith("天气：园区站") for one in paper.paragraphs)
        Forecast.everything.filter(station=near).delete()
        Station.everything.filter(pk=far.pk).update(lon=row.lon + 1)
        assert brief(peopled.officer, row, START).ahead is None, "a forecast 86 km away says nothing of this place"


def test_the_like_before_is_the_same_kind_near_and_over(peopled: Stage) -> None:
    by = peopled.officer
    with clock.standing_at(START):
        old, other = leak(by, peopled, "液氯储罐泄漏"), leak(by, peopled, "正在进行的泄漏")
        Incident.everything.filter(pk=old.pk).update(status="closed", closed_at=START)
        found = brief(by, leak(by, peopled), START + timedelta(minutes=1)).like
    assert [one.pk for one, _ in found] == [old.pk]
    assert other.pk not in {one.pk for one, _ in found}


def test_an_expert_of_the_right_speciality_comes_first_and_is_called_with_a_message(peopled: Stage) -> None:
    with clock.standing_at(START):
        row = leak(peopled.officer, peopled)
        for code, speciality in (("X1", "水文"), ("X2", "氯碱工艺")):
            Expert.everything.create(code=code, name=code, speciality=speciality, phone="1", area=peopled.city.city)
        ranked = experts.fitting(peopled.officer, row)
        assert [(one.code, fits) for one, fits in ranked] == [("X2", True), ("X1", False)]
        experts.call_expert(peopled.officer, row.pk, ranked[0][0].pk, "堵漏方法")
    assert TimelineEntry.everything.filter(incident=row, text__contains="X2（氯碱工艺）会商").exists()


def test_a_branch_changes_nothing_of_the_incident(peopled: Stage) -> None:
    by = peopled.officer
    with clock.standing_at(START):
        row = leak(by, peopled)
        with pytest.raises(Conflict, match="还没有推演"):
            whatif.suppose(by, row, {"wind_m_s": "5"})
        chlorine(by, row)
        dispatcher.drain()
        row.refresh_from_db()
        before = (row.version, row.factors, TimelineEntry.everything.filter(incident=row).count())
        mark = JournalEntry.objects.count()
        supposed = whatif.suppose(by, row, {"wind_m_s": "6"})
        dispatcher.drain()
    row.refresh_from_db()
    assert (row.version, row.factors, TimelineEntry.everything.filter(incident=row).count()) == before
    assert not JournalEntry.objects.filter(seq__gt=mark, subject_type="command.Incident").exists()
    assert supposed.correlation_id != row.correlation_id
    branch = whatif.branches(by, row)[0]
    assert [(was, now) for _, was, now in branch.differs] == [(2.0, 6.0)]
    for wrong, words in (({"wind_m_s": "风大"}, "风速"), ({"wind_m_s": "900"}, "不正确"), ({}, "至少改动一项")):
        with pytest.raises(Invalid, match=words):
            whatif.suppose(by, row, wrong)


def test_the_pages_show_it_and_the_paper_has_the_same_total(peopled: Stage, signed_in: Any) -> None:
    client = signed_in()
    with clock.standing_at(START):
        row = leak(peopled.officer, peopled)
        chlorine(peopled.officer, row)
        drawn = {"ring": "106.65,39.45 106.75,39.45 106.75,39.55 106.65,39.55"}
        said = client.get("/command/assess.json", drawn).json()
        assert said["people"] == sum(one["people"] for one in said["communities"]) > 0
        assert "样例养老院" in client.get("/command/assess", drawn).content.decode()
        page = client.get(f"/command/incidents/{row.pk}/brief").content.decode()
        assert "假设分支" in page
        assert client.post(f"/command/incidents/{row.pk}/suppose", {"wind_m_s": "5"}).status_code == 302
        paper = Document(BytesIO(client.get(f"/command/incidents/{row.pk}/brief.docx").content))
        total = brief(peopled.officer, row, START).inside.people
    assert paper.tables[1].rows[-1].cells[1].text == str(total)
    answer = client.post("/command/assess/call", {**drawn, "title": "氯气", "text": "关窗"})
    assert answer.status_code == 302
