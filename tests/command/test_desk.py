"""The duty desk: a call in under a minute, duplicates before saving, every party's clock, merging and splitting."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.command import actions, jobs, queries
from anlan.command.duty import clocks, typed
from anlan.command.models import CallRecord, Incident, LocalReportRule, ReportClock, TimelineEntry
from anlan.command.rules.cumulative import falls
from anlan.command.rules.drills import CYCLES, add_months, colour, drill_due
from anlan.command.rules.duplicates import Account, likeness
from anlan.command.rules.reporting import deadlines, national, next_party
from anlan.kernel import clock
from anlan.kernel.clock import BEIJING
from anlan.kernel.errors import Conflict, Invalid
from anlan.kernel.events.models import Event
from tests.command.conftest import START, Stage, opened
from tests.command.test_pages import signed_in

NOW = datetime(2026, 11, 24, 3, 10, tzinfo=BEIJING)


def at(minutes: float) -> Any:
    return clock.standing_at(START + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("不详", None),
        ("刚才", "2026-11-24 03:10"),
        ("-10", "2026-11-24 03:00"),
        ("10分钟前", "2026-11-24 03:00"),
        ("2小时前", "2026-11-24 01:10"),
        ("2:55", "2026-11-24 02:55"),
        ("0255", "2026-11-24 02:55"),
        ("23:40", "2026-11-23 23:40"),
        ("昨天22:30", "2026-11-23 22:30"),
        ("11-20 08:05", "2026-11-20 08:05"),
    ],
)
def test_times_are_read_as_people_type_them(text: str, expected: str | None) -> None:
    found = typed.moment(text, NOW)
    assert (found and f"{found.astimezone(BEIJING):%Y-%m-%d %H:%M}") == expected


@pytest.mark.parametrize("text", ["25:00", "半夜", "12-31 08:00", "今天23:50", "11-31 08:00"])
def test_a_time_that_cannot_be_is_asked_back(text: str) -> None:
    with pytest.raises(Invalid, match="发生时间"):
        typed.moment(text, NOW)


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("", {}),
        ("不详", {}),
        ("死1失2重3轻4困5", {"deaths": 1, "missing": 2, "serious": 3, "minor": 4, "trapped": 5}),
        ("死亡 1 人，3人重伤、疏散100", {"deaths": 1, "serious": 3, "evacuated": 100}),
        ("无伤亡", {"deaths": 0, "missing": 0, "serious": 0}),
        ("无伤亡 困2", {"deaths": 0, "missing": 0, "serious": 0, "trapped": 2}),
    ],
)
def test_casualties_are_read_and_the_unsaid_stays_unknown(text: str, figures: dict[str, int]) -> None:
    assert typed.casualties(text) == figures


@pytest.mark.parametrize("text", ["伤3", "死1受伤若干", "有人死了"])
def test_casualties_that_are_not_clear_are_not_guessed(text: str) -> None:
    with pytest.raises(Invalid, match="伤亡"):
        typed.casualties(text)


TEXTS = st.text(alphabet="氯气泄漏乌达园区三号罐车间起火爆炸0123 ", max_size=20)
ACCOUNTS = st.builds(
    Account,
    st.floats(106.6, 107.1),
    st.floats(39.2, 39.9),
    st.integers(0, 2880).map(lambda minutes: NOW + timedelta(minutes=minutes)),
    TEXTS,
    st.sampled_from(["", "12D02", "12G01"]),
)


@settings(max_examples=60, deadline=None)
@given(ACCOUNTS, ACCOUNTS)
def test_likeness_is_symmetric_within_0_and_1_and_falls_with_distance_and_time(one: Account, other: Account) -> None:
    score = likeness(one, other).score
    assert 0 <= score <= 1
    assert score == likeness(other, one).score
    assert likeness(one, replace(other, at=other.at + 3 * abs(other.at - one.at) + timedelta(1))).score <= score
    assert likeness(one, replace(one, text=one.text or "氯气泄漏")).score >= 0.7


def test_the_same_leak_called_twice_is_suspected_and_another_town_is_not() -> None:
    first = Account(106.700, 39.500, NOW, "乌达园区某化工厂氯气泄漏，有刺激性气味", "12D02")
    again = Account(106.704, 39.502, NOW + timedelta(minutes=9), "园区那边有刺激性气味，像氯气", "")
    fire = Account(106.83, 39.66, NOW + timedelta(minutes=9), "居民楼着火", "12G04")
    assert likeness(first, again).suspect
    assert "文字相似" in likeness(first, again).why
    assert not likeness(first, fire).suspect


@pytest.mark.parametrize(
    ("before", "after", "fell"),
    [
        ({"deaths": 2}, {"deaths": 1}, ["deaths"]),
        ({"deaths": 2}, {"deaths": None}, ["deaths"]),
        ({"deaths": None}, {"deaths": 0}, []),
        ({"deaths": 1, "serious": 3}, {"deaths": 2, "serious": 2}, []),
        ({"deaths": 1, "serious": 3}, {"deaths": 1, "serious": 2}, ["hurt"]),
        ({"missing": 5, "trapped": 4}, {"missing": 0, "trapped": 0}, []),
        ({"evacuated": 500}, {"evacuated": 300}, ["evacuated"]),
    ],
)
def test_which_figures_may_fall(before: dict[str, Any], after: dict[str, Any], fell: list[str]) -> None:
    assert [one.name for one in falls(before, after)] == fell


def test_a_rule_is_used_only_while_it_is_in_force() -> None:
    old = replace(national()[2], minutes=180, valid_from=date(2000, 1, 1), valid_to=date(2026, 1, 1))
    new = replace(old, minutes=60, valid_from=date(2026, 1, 1), valid_to=None)

    def minutes(day: datetime) -> float:
        found = [
            d for d in deadlines((old, new, *national()), "department", "首报", day, "一般") if d.rule_id == "493-11"
        ]
        assert len(found) == 1
        return (found[0].due_at - day).total_seconds() / 60

    assert minutes(datetime(2025, 12, 31, 23, 59, tzinfo=BEIJING)) == 180
    assert minutes(datetime(2026, 1, 1, tzinfo=BEIJING)) == 60


def test_a_rule_of_the_city_stands_in_for_the_platforms_and_is_kept_with_the_clock(stage: Stage) -> None:
    LocalReportRule.everything.create(
        code="L1", rule_id="gov-phone", instrument="乌海市信息报告规定", valid_from=date(2026, 1, 1), role="government",
        kind="首报", channel="phone", minutes=20, receiver="市委市政府总值班室", grades=["重大", "特别重大"], area=stage.city.city,
    )  # fmt: skip
    incident = opened(stage, deaths=10)
    phone = ReportClock.everything.get(incident=incident, rule_id="gov-phone")
    assert (phone.due_at - phone.known_at, phone.party) == (timedelta(minutes=20), "city_gov")
    assert phone.rule_version == "gov-phone@2026-01-01"
    assert phone.receiver == "市委市政府总值班室"


@pytest.mark.parametrize(
    ("grade", "way"),
    [("一般", ["district", "city", ""]), ("较大", ["district", "city", "province", ""])],
)
def test_word_goes_up_as_far_as_the_grade_demands(grade: str, way: list[str]) -> None:
    party, found = "enterprise", []
    while party:
        party = next_party(party, grade)
        found.append(party)
    assert found == way


def test_every_party_has_its_clock_with_the_proof_when_it_reported(stage: Stage) -> None:
    incident = opened(stage, deaths=3)
    factory = ReportClock.everything.filter(incident=incident, party="enterprise", rule_id="493-9").get()
    assert factory.due_at == incident.occurred_at + timedelta(minutes=60)
    assert factory.met_at == incident.received_at
    assert incident.number in factory.proof
    with at(30):
        actions.note_receipt(stage.officer, incident.pk, "district", START + timedelta(minutes=5), None, "区局来电")
    with at(130):
        actions.note_receipt(
            stage.officer, incident.pk, "district", None, START + timedelta(minutes=128), "乌达急报3号"
        )
    district = ReportClock.everything.get(incident=incident, party="district", rule_id="493-11")
    assert (district.late_min, district.proof) == (3.0, "乌达急报3号")
    with at(140), pytest.raises(Invalid, match="凭据"):
        actions.note_receipt(stage.officer, incident.pk, "district", None, START, " ")
    with at(140), pytest.raises(Invalid, match="责任方"):
        actions.note_receipt(stage.officer, incident.pk, "city", None, START, "自证")


def test_what_we_send_starts_the_clock_of_the_next_level(stage: Stage) -> None:
    incident = opened(stage, deaths=3)
    with at(50):
        report = actions.draft_report(stage.officer, incident.pk, "首报")
        actions.sign_report(stage.officer, report.pk)
        actions.send_report(stage.officer, report.pk, "text")
    ours = ReportClock.everything.filter(incident=incident, party="city", kind="首报")
    assert all(report.number in duty.proof and "回执 HZ-" in duty.proof for duty in ours)
    above = ReportClock.everything.get(incident=incident, party="province", rule_id="493-11")
    assert above.due_at == START + timedelta(minutes=170)


def test_an_overdue_report_goes_up_step_by_step_and_then_no_further(stage: Stage) -> None:
    incident = opened(stage, deaths=1)
    for minutes in (120, 128, 135, 140, 150, 165, 300):
        with at(minutes):
            jobs.report_clocks()
    duty = ReportClock.everything.get(incident=incident, party="city")
    assert (duty.escalation, duty.escalated_at) == (2, START + timedelta(minutes=150))
    told = Event.objects.filter(name="kernel.NoticeRequested", payload__purpose__in=("报送超期", "超期升级")).order_by(
        "id"
    )
    assert [event.payload["purpose"] for event in told] == ["报送超期", "超期升级", "超期升级"]
    assert "张局长" in told[0].payload["to_name"]


def test_nobody_chases_another_party_over_an_incident_that_is_closed(stage: Stage) -> None:
    """The enterprise never reported: the desk waits for it until the incident is closed, and the record keeps it as missing."""
    incident = opened(stage, from_party="public", reported_by="路人")
    waiting = ReportClock.everything.filter(incident=incident, party="enterprise", met_at__isnull=True)
    with at(30):
        assert {duty.party for duty in queries.clocks(stage.officer, incident.pk, unmet=True)} >= {"enterprise"}
        for kind in ("首报", "终报"):
            report = actions.draft_report(stage.officer, incident.pk, kind)
            actions.sign_report(stage.officer, report.pk)
            actions.send_report(stage.officer, report.pk, "text")
        actions.close_incident(stage.officer, incident.pk, "处置完毕")
    with at(300):
        jobs.report_clocks()
        assert "enterprise" not in {duty.party for duty in queries.clocks(stage.officer, incident.pk, unmet=True)}
        assert "enterprise" in {duty.party for duty in queries.clocks(stage.officer, incident.pk)}
    assert waiting.exists()
    assert not waiting.filter(overdue_at__isnull=False).exists()


def test_a_late_death_is_reported_the_same_day_even_after_closing_and_only_inside_the_window(stage: Stage) -> None:
    incident = opened(stage, deaths=1, serious=2)
    with at(60):
        for kind in ("首报", "终报"):
            report = actions.draft_report(stage.officer, incident.pk, kind)
            actions.sign_report(stage.officer, report.pk)
            actions.send_report(stage.officer, report.pk, "text")
        actions.close_incident(stage.officer, incident.pk, "处置完毕")
    day30 = START + timedelta(days=30)
    with clock.standing_at(day30):
        actions.update_casualties(stage.officer, incident.pk, deaths=2, serious=1)
        duty = ReportClock.everything.get(incident=incident, kind="补报")
        assert f"{duty.due_at.astimezone(BEIJING):%m-%d %H:%M}" == "12-23 23:59"
        report = actions.draft_report(stage.officer, incident.pk, "补报")
        actions.sign_report(stage.officer, report.pk)
        actions.send_report(stage.officer, report.pk, "text")
    duty.refresh_from_db()
    assert duty.met_at == day30
    with clock.standing_at(day30 + timedelta(days=1)), pytest.raises(Conflict, match="不能再改"):
        actions.update_casualties(stage.officer, incident.pk, deaths=3)
    seven = clocks.window(Incident(event_code="12H01", occurred_at=START))
    assert seven == datetime(2026, 11, 30, 23, 59, 59, tzinfo=BEIJING)
    assert clocks.window(Incident(event_code="11C02", occurred_at=START)) is None


def test_a_lower_death_toll_is_neither_signed_nor_sent_without_its_reason(stage: Stage) -> None:
    incident = opened(stage, deaths=2)
    with at(10):
        first = actions.draft_report(stage.officer, incident.pk, "首报")
        actions.sign_report(stage.officer, first.pk)
        actions.send_report(stage.officer, first.pk, "text")
    with at(20):
        actions.update_casualties(stage.officer, incident.pk, deaths=1, serious=1, reason="一人误报")
        second = actions.draft_report(stage.officer, incident.pk, "续报")
        with pytest.raises(Conflict, match="死亡由 2 人减为 1 人") as refused:
            actions.sign_report(stage.officer, second.pk)
        assert "不得无故减少" in str(refused.value.details)
        actions.edit_report(stage.officer, second.pk, {}, reason="医院核实一人为重伤")
        actions.sign_report(stage.officer, second.pk)
        sent = actions.send_report(stage.officer, second.pk, "text")
    assert (sent.state, sent.correction) == ("sent", "医院核实一人为重伤")


def test_a_merged_incident_stays_as_it_was_and_its_earlier_deadline_counts(stage: Stage) -> None:
    first, second = opened(stage, 0, deaths=1), opened(stage, 20, title="园区有刺激性气味", deaths=1)
    with at(30):
        kept = actions.merge_incident(stage.officer, first.pk, second.pk, "同一起泄漏")
        first.refresh_from_db()
        assert (first.status, first.merged_into_id) == ("merged", second.pk)
        assert TimelineEntry.everything.filter(incident=first).count() >= 2
        assert ReportClock.everything.get(incident=kept, party="city").due_at == START + timedelta(minutes=120)
        for verb in (
            lambda: actions.note(stage.officer, first.pk, "x"),
            lambda: actions.update_casualties(stage.officer, first.pk, deaths=3),
            lambda: actions.activate_response(stage.officer, first.pk, "T-LEAK", "三级", "x"),
            lambda: actions.merge_incident(stage.officer, second.pk, first.pk, "再并"),
        ):
            with pytest.raises(Conflict, match="已并入"):
                verb()
        again = actions.restore_incident(stage.officer, first.pk, "核实为两起")
    assert (again.status, again.merged_into_id) == ("opened", None)


def test_an_incident_with_a_running_response_is_not_merged_away(stage: Stage) -> None:
    first, second = opened(stage, 0, deaths=1), opened(stage, 20, deaths=1)
    with at(25):
        actions.activate_response(stage.officer, first.pk, "T-LEAK", "三级", "先期处置")
        with pytest.raises(Conflict, match="响应进行中") as refused:
            actions.merge_incident(stage.officer, first.pk, second.pk, "同一起")
        with pytest.raises(Invalid, match="另一事件"):
            actions.merge_incident(stage.officer, second.pk, second.pk, "自己")
    assert refused.value.details["rule"] == "响应中的事件不并入他事件"


def test_a_split_refers_to_its_origin_and_takes_nothing_from_it(stage: Stage) -> None:
    source = opened(stage, 0, deaths=1)
    with at(15):
        actions.note(stage.officer, source.pk, "下风向仓库起火")
        line = TimelineEntry.everything.get(incident=source, kind="note")
        before = TimelineEntry.everything.filter(incident=source).count()
        made = actions.split_incident(
            stage.officer, source.pk, "仓库火灾", "12G01", "与泄漏处置分开指挥", lines=[line.pk]
        )
    assert made.split_from_id == source.pk
    assert made.received_at == source.received_at
    quoted = TimelineEntry.everything.get(incident=made, kind="note")
    assert (quoted.at, quoted.data["line"]) == (line.at, line.pk)
    assert TimelineEntry.everything.filter(incident=source).count() == before + 1


DRAWN = {
    "type": "Polygon",
    "coordinates": [[[106.6, 39.4], [106.8, 39.4], [106.8, 39.6], [106.6, 39.6], [106.6, 39.4]]],
}


def test_six_fields_make_an_incident_and_the_second_caller_is_asked_before_saving(stage: Stage) -> None:
    stage.city.west.geometry = DRAWN
    stage.city.west.save()
    client = signed_in(stage.city.city)
    sent = {
        "text": "罐区氯气泄漏，味道很大",
        "place": "106.70，39.50",
        "occurred_at": "10分钟前",
        "casualties": "重2",
        "caller": "张三 13900000000",
        "event": "",
        "caller_kind": "public",
        "began": (START - timedelta(seconds=40)).isoformat(),
    }
    with at(0):
        answer = client.post("/command/intake/", sent)
        made = Incident.everything.get()
        assert answer.headers["Location"] == f"/command/incidents/{made.pk}/"
        assert (made.event_code, made.serious, made.deaths) == ("12D02", 2, None)
        assert made.received_at == START - timedelta(seconds=40)
    with at(6):
        again = {
            **sent,
            "text": "园区有刺鼻的氯气味",
            "casualties": "",
            "began": (START + timedelta(minutes=5)).isoformat(),
        }
        asked = client.post("/command/intake/", again)
        assert asked.status_code == 422
        assert made.number in asked.content.decode()
        assert Incident.everything.count() == 1
        client.post("/command/intake/", {**again, "decision": f"join:{made.pk}"})
        client.post("/command/intake/", {**again, "decision": "note"})
        client.post("/command/intake/", {**again, "decision": "new"})
    calls = list(CallRecord.everything.order_by("id"))
    assert [call.outcome for call in calls] == ["opened", "joined", "noted", "opened"]
    assert calls[0].took_s == 40
    assert calls[1].incident_id == made.pk
    assert calls[1].shown[0]["incident"] == made.number
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        CallRecord.everything.filter(pk=calls[0].pk).update(text="没有这回事")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"place": "月球"}, "登记簿里没有"),
        ({"place": "100,20"}, "不在本席位的区划范围内"),
        ({"occurred_at": "明天"}, "发生时间"),
        ({"casualties": "伤了几个"}, "伤亡"),
        ({"text": ""}, "请写下来电所说的情况"),
        ({"text": "出事了"}, "请给出事件类型"),
    ],
)
def test_a_field_that_cannot_be_read_is_named_and_nothing_is_saved(
    stage: Stage, change: dict[str, str], why: str
) -> None:
    stage.city.west.geometry = DRAWN
    stage.city.west.save()
    sent = {"text": "氯气泄漏", "place": "106.7,39.5", "caller": "匿名", **change}
    with at(0):
        answer = signed_in(stage.city.city).post("/command/intake/", sent)
    assert why in answer.content.decode()
    assert not Incident.everything.exists()


@pytest.mark.parametrize(
    "page",
    [
        "/command/intake/",
        "/command/intake/check?place=106.7,39.5&text=氯气",
        "/command/calls/",
        "/command/report-rules/",
    ],
)
def test_pages_of_the_desk_open(stage: Stage, page: str) -> None:
    opened(stage)
    assert signed_in(stage.city.city).get(page).status_code == 200
    assert signed_in(stage.city.city, "monitoring.view", name="guest").get(page).status_code in {200, 403}


@settings(max_examples=60)
@given(st.dates(date(2024, 2, 1), date(2035, 1, 1)), st.sampled_from(sorted({k for c in CYCLES for k in c.kinds})))
def test_the_strictest_drill_cycle_decides(last: date, kind: str) -> None:
    due = drill_due(kind, last)
    assert all(due <= add_months(last, cycle.months) for cycle in CYCLES if kind in cycle.kinds)
    assert colour(due, due + timedelta(days=1)) == "红"
    colours = [colour(due, due - timedelta(days=days)) for days in (0, 30, 31, 90, 91)]
    assert colours == ["橙", "橙", "黄", "黄", ""]
