"""Warnings: complete by law, never by one person alone, and out as CAP 1.2."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from shapely.geometry import shape

from anlan.kernel import clock
from anlan.kernel.accounts.models import ApiToken
from anlan.kernel.errors import Conflict, Forbidden, Invalid
from anlan.kernel.events.models import Event
from anlan.monitoring import actions, jobs, published
from anlan.monitoring.actions.drafting import survey
from anlan.monitoring.actions.warnings import content_of
from anlan.monitoring.models import Warning
from anlan.monitoring.rules import proposals, templates
from anlan.monitoring.rules import warnings as rules
from anlan.monitoring.rules.cap import compose, national, reader, writer
from anlan.monitoring.rules.cap.table import CAP as NAMESPACE
from anlan.monitoring.rules.warnings import State
from tests.conftest import City, actor
from tests.monitoring.conftest import T0
from tests.web.conftest import account

pytestmark = pytest.mark.django_db
CAP = f"{{{NAMESPACE}}}"


@pytest.fixture(autouse=True)
def at_noon() -> Any:
    with clock.standing_at(T0):
        yield


def draft(city: City, **changes: Any) -> Warning:
    given: dict[str, Any] = {
        "event_code": "12D02", "level": "橙", "headline": "氯气泄漏橙色预警", "description": "罐区氯气泄漏。",
        "instruction": "关闭门窗，向上风向撤离。", "area_ids": [city.town.pk, city.community.pk], "onset": T0,
        "expires": T0 + timedelta(hours=6),
    }  # fmt: skip
    return actions.draft_warning(actor(city.east, name="钱起草", user_id=7), **(given | changes))


def signer(city: City) -> Any:
    return actor(city.city, name="李签发", user_id=9)


def issued(city: City, **changes: Any) -> Warning:
    warning = draft(city, **changes)
    actions.review_warning(actor(city.city, name="孙审核", user_id=8), warning.pk, True, "同意")
    return actions.issue_warning(signer(city), warning.pk)


def test_a_warning_passes_through_three_people_and_says_everything_article_64_asks_for(city: City) -> None:
    warning = draft(city)
    assert warning.area == city.town, "the smallest area that holds both"
    leader = actor(city.city, name="孙领导", user_id=8)
    actions.review_warning(leader, warning.pk, True, "同意")
    with pytest.raises(Forbidden, match="审核人不能签发"):
        actions.issue_warning(leader, warning.pk)
    actions.issue_warning(signer(city), warning.pk)
    fact = Event.objects.get(name="monitoring.WarningIssued").payload
    for item in ("危险化学品泄漏", "二级", "起始时间：2026年3月2日20时00分", "新华街道、清泉社区", "罐区氯气泄漏",
                 "向上风向撤离", "发布单位", "发布时间：2026年3月2日20时00分"):  # fmt: skip
        assert item in fact["text"]
    assert sorted(fact["area_ids"]) == sorted([city.town.pk, city.community.pk])


def test_the_drafter_neither_reviews_nor_issues(city: City) -> None:
    warning = draft(city)
    drafter = actor(city.city, name="钱起草", user_id=7)
    with pytest.raises(Forbidden, match="职责分离"):
        actions.review_warning(drafter, warning.pk, True)
    actions.review_warning(actor(city.city, user_id=8), warning.pk, True)
    with pytest.raises(Forbidden, match="职责分离"):
        actions.issue_warning(drafter, warning.pk)


def test_nothing_is_issued_without_review_twice_or_after_its_time(city: City) -> None:
    warning, leader = draft(city), signer(city)
    with pytest.raises(Conflict, match="待审核"):
        actions.issue_warning(leader, warning.pk)
    actions.review_warning(actor(city.city, user_id=8), warning.pk, True)
    with clock.standing_at(T0 + timedelta(hours=7)), pytest.raises(Conflict, match="截止时间已过"):
        actions.issue_warning(leader, warning.pk)
    actions.issue_warning(leader, warning.pk)
    with pytest.raises(Conflict, match="已发布"):
        actions.issue_warning(leader, warning.pk)


def test_a_refusal_needs_its_reason_and_the_draft_can_be_mended(city: City) -> None:
    warning, leader = draft(city), actor(city.city, user_id=8)
    with pytest.raises(Invalid, match="退回理由"):
        actions.review_warning(leader, warning.pk, False)
    actions.review_warning(leader, warning.pk, False, "范围过大")
    words: dict[str, Any] = {
        "headline": "氯气泄漏橙色预警", "description": "改", "instruction": "改", "expires": warning.expires,
    }  # fmt: skip
    editor = actor(city.east, name="周改稿", user_id=12)
    with pytest.raises(Invalid, match="修改理由"):
        actions.redraft_warning(editor, warning.pk, **words)
    again = actions.redraft_warning(editor, warning.pk, **words, reason="缩小范围")
    assert (again.state, again.drafted_by, again.authors) == ("draft", "钱起草", [12, 7])
    for author in (7, 12):
        with pytest.raises(Forbidden, match="拟稿人不能审核"):
            actions.review_warning(actor(city.city, user_id=author), warning.pk, True)
    steps = list(warning.steps.values_list("verb", "by", "reason"))
    assert steps == [("拟稿", "钱起草", ""), ("退回", "王值班", "范围过大"), ("修改", "周改稿", "缩小范围")]
    assert warning.steps.last().changes["description"] == ["罐区氯气泄漏。", "改"]


def test_signals_of_the_weather_service_are_marked_internal_and_cannot_be_issued(city: City) -> None:
    warning = draft(city, event_code="11B03", headline="暴雨研判")
    assert warning.in_house
    assert rules.text(content_of(warning)).startswith("【内部研判】")
    actions.review_warning(actor(city.city, user_id=8), warning.pk, True)
    with pytest.raises(Conflict, match="气象台站"):
        actions.issue_warning(signer(city), warning.pk)
    assert not rules.is_internal("11B41")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"event_code": "999"}, "event_code"), ({"level": "紫"}, "level"), ({"headline": ""}, "headline"),
        ({"instruction": " "}, "instruction"), ({"area_ids": []}, "area_ids"), ({"expires": T0}, "expires"),
    ],
)  # fmt: skip
def test_an_incomplete_draft_is_refused_with_the_name_of_the_field(
    city: City, wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        draft(city, **wrong)
    assert refused.value.details["field"] == field


def test_a_district_does_not_warn_its_neighbours(city: City) -> None:
    with pytest.raises(Forbidden):
        draft(city, area_ids=[city.west.pk])


def test_what_expires_ends_by_itself_and_people_are_told(city: City) -> None:
    warning = issued(city)
    with clock.standing_at(T0 + timedelta(hours=7)):
        jobs.end_expired_warnings()
    warning.refresh_from_db()
    assert warning.state == "expired"
    assert Event.objects.filter(name="monitoring.WarningCancelled").count() == 1


def test_the_warning_goes_out_as_cap_and_its_end_refers_to_it(city: City) -> None:
    city.town.geometry = {
        "type": "Polygon",
        "coordinates": [[[106.7, 39.6], [106.8, 39.6], [106.8, 39.7], [106.7, 39.6]]],
    }
    city.town.save()
    warning = issued(city)
    alert = cap_of(warning)
    assert [alert.findtext(f"{CAP}{name}") for name in ("status", "msgType", "scope")] == ["Actual", "Alert", "Public"]
    info = alert.find(f"{CAP}info")
    assert info is not None
    assert info.findtext(f"{CAP}severity") == "Severe"
    assert info.findtext(f"{CAP}onset") == "2026-03-02T20:00:00+08:00"
    assert info.findtext(f"{CAP}area/{CAP}polygon", "").split()[0] == "39.6,106.7"
    ended = actions.cancel_warning(signer(city), warning.pk, "已控制")
    alert = cap_of(ended)
    assert alert.findtext(f"{CAP}msgType") == "Cancel"
    assert warning.identifier in alert.findtext(f"{CAP}references", "")


def cap_of(warning: Warning) -> ElementTree.Element:
    return ElementTree.fromstring(writer.alert_xml(published.draft_alert(warning)))  # noqa: S314 - our own output


def read_back(warning: Warning) -> Any:
    return reader.alerts_in(reader.root_of(writer.alert_xml(published.draft_alert(warning))))[0]


@pytest.mark.parametrize("state", list(State))
def test_what_is_not_in_the_law_is_not_possible(state: State) -> None:
    """The truth table of the workflow, as it is to be; the law's own table is held against it."""
    possible = {
        "editing": "edit submit expire", "draft": "redraft approve reject fast expire",
        "reviewed": "redraft reject issue expire", "rejected": "redraft expire",
        "issued": "confirm replace cancel expire", "replaced": "", "cancelled": "", "expired": "",
    }  # fmt: skip
    verbs = {step.verb for step in rules.LAW}
    assert {verb for verb in verbs if (state, verb) in rules.BY_STEP} == set(possible[state.value].split())
    for step in rules.LAW:
        if step.permission == rules.REVIEW or step.verb in {"issue", "fast"}:
            assert rules.barred(step, {rules.AUTHOR}), f"an author must not {step.verb}"


def test_the_fast_path_is_for_what_cannot_wait_and_is_reviewed_by_a_third_afterwards(city: City) -> None:
    with pytest.raises(Conflict, match="只用于红、橙"):
        actions.issue_fast(signer(city), draft(city, level="黄").pk, "来不及审核")
    warning = draft(city)
    with pytest.raises(Forbidden, match="拟稿人不能应急快速签发"):
        actions.issue_fast(actor(city.city, user_id=7), warning.pk, "来不及审核")
    warning = actions.issue_fast(signer(city), warning.pk, "毒气已到居民区")
    assert (warning.state, warning.review_due_at) == ("issued", T0 + timedelta(hours=24))
    with pytest.raises(Forbidden, match="签发人不能事后审核"):
        actions.confirm_warning(signer(city), warning.pk, True, "我自己看过")
    done = actions.confirm_warning(actor(city.city, user_id=8), warning.pk, False, "范围偏大")
    assert (done.state, done.review_due_at) == ("issued", None)
    assert warning.steps.last().reason == "不符合要求：范围偏大"
    assert actions.end_unmended(actor(city.city), T0 + timedelta(minutes=59)) == 0
    assert actions.end_unmended(actor(city.city), T0 + timedelta(minutes=61)) == 1
    warning.refresh_from_db()
    assert (warning.state, "逾期未更正" in warning.reason) == ("cancelled", True)


def test_an_update_refers_to_the_whole_chain_and_ends_what_it_continues(city: City) -> None:
    first = issued(city)
    chain = [first]
    for hours, level in ((1, "红"), (2, "黄")):
        with clock.standing_at(T0 + timedelta(hours=hours)):
            more = actions.continue_warning(
                actor(city.east, user_id=7), chain[-1].pk, level=level, expires=T0 + timedelta(hours=9)
            )
            actions.review_warning(actor(city.city, user_id=8), more.pk, True)
            chain.append(actions.issue_warning(signer(city), more.pk))
    first.refresh_from_db()
    assert first.state == "replaced"
    alert = read_back(chain[-1])
    assert alert.message_type == "Update"
    assert [reference.split(",")[1] for reference in alert.references] == [first.identifier, chain[1].identifier]
    with pytest.raises(Conflict, match="不能续发"):
        actions.continue_warning(actor(city.east, user_id=7), first.pk, level="蓝", expires=T0 + timedelta(hours=9))
    message = published.national_alert(chain[-1])
    assert message.references == [national.identifier(message.sender_code, chain[0].issued_at)], "12379 names the first"


def test_a_warning_of_a_drill_is_an_exercise_for_ever_and_ends_with_it(
    city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANLAN_VAR", str(tmp_path))
    clock.run_scenario("氯气泄漏演练", T0, 1)
    try:
        warning = issued(city)
        assert [one.identifier for one in published.current(T0)] == [warning.identifier]
    finally:
        clock.run_real()
    assert warning.headline.startswith("【演练】")
    assert read_back(warning).status == "Exercise"
    assert published.current(T0) == [], "nobody outside sees it once the drill is over"
    assert Event.objects.get(name="monitoring.WarningIssued").payload["exercise"] is True
    jobs.end_expired_warnings()
    warning.refresh_from_db()
    assert (warning.state, warning.steps.last().reason) == ("expired", "演练结束")
    with pytest.raises(Conflict):
        actions.continue_warning(actor(city.east, user_id=7), warning.pk, level="红", expires=warning.expires)


def test_an_exercise_cannot_become_real_by_an_update(city: City) -> None:
    drill = issued(city, exercise=True)
    assert read_back(drill).status == "Exercise"
    with pytest.raises(Conflict, match="演练"):
        actions.continue_warning(actor(city.east, user_id=7), drill.pk, level="红", expires=drill.expires)


def test_the_same_warning_in_three_languages_is_one_alert(city: City) -> None:
    words = {"en-US": {"headline": "Chlorine leak", "instruction": "Close windows."}, "mn-Mong": {"headline": "ᠬᠣᠷ"}}
    alert = read_back(issued(city, translations=words))
    assert [info.language for info in alert.infos] == ["zh-CN", "en-US", "mn-Mong"]
    assert (alert.infos[1].headline, alert.infos[1].description) == ("Chlorine leak", alert.infos[0].description)
    assert alert.findings == []


def test_the_national_message_keeps_to_its_codes_and_reads_back(city: City) -> None:
    warning = issued(city)
    message = published.national_alert(warning)
    (again,) = reader.alerts_in(reader.root_of(national.to_xml(message)))
    assert again.findings == []
    assert (again.sender_code, again.identifier) == ("15030200000000", "15030200000000_20260302200000")
    assert again.infos[0].event_codes == [("12379", "12D02")]
    assert [code for area in again.infos[0].areas for _, code in area.geocodes] == ["150302001000", "150302003012"]
    assert national.file_name(message) == "15030200000000_20260302200000_12D02_ORANGE_ALERT.XML"
    assert again.infos[0].headline.endswith("发布12D02橙色预警") or "危险化学品泄漏橙色预警" in again.infos[0].headline


@pytest.mark.parametrize(
    ("code", "category"),
    [("11A01", "Met"), ("11B03", "Met"), ("11C02", "Geo"), ("11D01", "Geo"), ("11G01", "Fire"), ("11G05", "Fire"),
     ("12C01", "Safety"), ("12D02", "CBRNE"), ("12G01", "Fire"), ("12H01", "Transport"), ("12Q02", "Env"),
     ("13A00", "Health"), ("14F00", "Security"), ("00000", "Other")],
)  # fmt: skip
def test_each_event_has_the_category_caps_own_words_give_it(code: str, category: str) -> None:
    assert compose.category(code) == category


def test_the_feed_asks_as_often_for_three_warnings_as_for_one(city: City) -> None:
    issued(city)
    with CaptureQueriesContext(connection) as one:
        published.alerts(T0)
    for n in (1, 2):
        more = issued(city, headline=f"第{n}条")
        Warning.everything.filter(pk=more.pk).update(references=more.identifier)
    with CaptureQueriesContext(connection) as three:
        assert len(published.alerts(T0)) == 3
    assert len(three) <= len(one) + 1, "one more for all chains together"


def test_every_template_is_whole_in_both_languages_and_red_says_more_than_blue() -> None:
    for code in templates.TEMPLATES:
        red, blue = templates.words(code, "红", "乌达区"), templates.words(code, "蓝")
        assert red is not None
        assert blue is not None
        assert red.headline == f"乌达区{rules.event_name(code)}红色预警"
        assert red.instruction != blue.instruction
        assert red.english["instruction"].isascii()
    assert templates.words("12A00", "红") is None


def test_criteria_propose_with_their_clause_and_signals_stay_in_the_house() -> None:
    rain, flood = proposals.from_observations({"p3": 60.0}, stage=1071.0, alert=1070.5, guarantee=1072.0)
    assert (rain.event_code, rain.level, rain.in_house) == ("11B03", "橙", True)
    assert "第16号" in rain.clause
    assert (flood.event_code, flood.level, flood.in_house) == ("11A01", "黄", False)
    assert proposals.from_observations({}) == [], "what is missing is not zero"
    assert proposals.from_alarm("气体", 1, "氯气 12 ppm").level == "红"
    assert proposals.from_alarm("地震", 1, "x") is None
    assert [proposals.from_run("chemical", 1, "t", n).level for n in (0, 5, 5000)] == ["黄", "橙", "红"]


def test_each_channel_shows_what_its_receiver_gets(city: City) -> None:
    content = content_of(draft(city))
    seen = rules.previews(content)
    assert set(seen) == {"全文", "短信", "大喇叭", "小区广播", "显示屏", "工作群", "电话叫应", "邮件", "网页推送"}
    assert len(seen["显示屏"]) <= rules.SIGN
    assert seen["短信"].startswith("【")
    assert [rules.parts("x" * n) for n in (70, 71, 134, 135)] == [1, 2, 2, 3]


def square(west: float, south: float, size: float) -> dict[str, Any]:
    east, north = west + size, south + size
    return {
        "type": "Polygon",
        "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]],
    }


def test_an_outline_finds_its_divisions_and_snaps_to_them_without_leaving_anybody_out(
    city: City, client: Client
) -> None:
    for n, area in enumerate((city.east, city.west)):
        area.geometry, area.sketch = square(106.8 + n * 0.1, 39.6, 0.1), False
        area.save()
    drawn = square(106.81, 39.61, 0.095)  # most of the first, a strip of the second
    found = survey(actor(city.city), drawn)
    assert [area.pk for area in found.areas] == [city.east.pk]
    snapped = shape(found.snapped)
    assert snapped.covers(shape(city.east.geometry))
    assert snapped.covers(shape(found.legal))
    warning = draft(city, area_ids=[], geometry=drawn, snap=True)
    assert list(warning.areas.all()) == [city.east]
    assert shape(warning.geometry).covers(shape(drawn).intersection(shape(city.east.geometry)))
    client.force_login(account(city.city), "django.contrib.auth.backends.ModelBackend")
    crossed = {
        "type": "Polygon",
        "coordinates": [[[106.8, 39.6], [106.9, 39.7], [106.9, 39.6], [106.8, 39.7], [106.8, 39.6]]],
    }
    for outline, legal in ((drawn, True), (crossed, False), (square(120.0, 30.0, 0.1), False)):
        answer = client.post(
            "/monitoring/warnings/outline", json.dumps(outline), content_type="application/json"
        ).json()
        assert answer["legal"] is legal
        assert legal or answer["why"]
    assert client.post("/monitoring/warnings/outline", "[", content_type="application/json").json()["legal"] is False


def test_programs_draft_review_and_sign_many_at_once_all_or_none(city: City) -> None:
    def program(name: str) -> Any:
        token = ApiToken.issue(account(city.city, name), "测试", clock.real_now())
        return lambda path, body: Client(headers={"Authorization": f"Bearer {token}"}).post(
            f"/api/monitoring/warnings/{path}", json.dumps(body), "application/json"
        )

    def words(n: int, **changes: Any) -> dict[str, Any]:
        return {
            "event_code": "12D02", "level": "橙", "headline": f"第{n}条", "description": "罐区氯气泄漏。",
            "instruction": "关闭门窗。", "area_ids": [city.community.pk], "onset": T0.isoformat(),
            "expires": (T0 + timedelta(hours=6)).isoformat(),
        } | changes  # fmt: skip

    drafter, reviewer, issuer = program("qian"), program("sun"), program("li")
    wrong = drafter("draft-many", {"drafts": [words(0), words(1, level="紫")]})
    assert (wrong.status_code, Warning.everything.count()) == (422, 0)
    made = drafter("draft-many", {"drafts": [words(n) for n in range(3)]})
    ids = [row["id"] for row in made.json()]
    assert (made.status_code, [row["area_ids"] for row in made.json()]) == (201, [[city.community.pk]] * 3)
    assert drafter("review-many", {"ids": ids, "approve": True}).status_code == 403, "职责分离"
    assert reviewer("review-many", {"ids": [*ids, 987654], "approve": True}).status_code == 404
    assert set(Warning.everything.values_list("state", flat=True)) == {State.DRAFT.value}
    assert reviewer("review-many", {"ids": ids, "approve": True}).status_code == 200
    assert issuer("issue-many", {"ids": []}).status_code == 422
    issued_ = issuer("issue-many", {"ids": ids}).json()
    assert {row["state"] for row in issued_} == {State.ISSUED.value}
    assert Event.objects.filter(name="monitoring.WarningIssued").count() == 3


def test_a_step_of_a_warning_takes_few_trips_to_the_database(city: City) -> None:
    warning = draft(city)  # the journal has its head now
    reviewer = actor(city.city, name="孙审核", user_id=8)
    counts = []
    for step in (
        lambda: draft(city),
        lambda: actions.review_warning(reviewer, warning.pk, True),
        lambda: actions.issue_warning(signer(city), warning.pk),
    ):
        with CaptureQueriesContext(connection) as asked:
            step()
        counts.append(len(asked))
    assert all(ours <= most for ours, most in zip(counts, [10, 6, 7], strict=True)), counts
