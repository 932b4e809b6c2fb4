"""What comes in: in order, once, within what was agreed; and what it changes here."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anlan.command import actions
from anlan.command.models import Incident, Proposal
from anlan.gateways.exchange import ledger, sealing, stick, tasks
from anlan.gateways.exchange import queries as exchange
from anlan.gateways.exchange.intake import turn_away
from anlan.gateways.exchange.models import ForeignRecord, Peer, SentParcel, TakenParcel, TurnedAway
from anlan.gateways.exchange.parcel import Acknowledgement, Refused, Verdict
from anlan.kernel import clock
from anlan.kernel.accounts.actor import system
from anlan.kernel.errors import Conflict, Forbidden, Invalid
from anlan.kernel.events import dispatcher
from tests.command.conftest import START, Stage, stage
from tests.conftest import City, actor
from tests.exchange.conftest import Far, fresh

__all__ = ["stage"]


def test_an_incident_of_the_district_becomes_a_clue_at_the_citys_desk(far: Far) -> None:
    answer = far.send(far.parcel())
    assert (answer["up_to"], answer["halted"]) == (1, "")
    clue = Proposal.everything.get()
    assert (clue.title, clue.source, clue.reported_by) == ("第1起泄漏", "下级平台", "乌达区应急指挥平台")
    assert ForeignRecord.everything.get().area.code == "150304"


def test_the_same_parcel_again_is_acknowledged_again_and_changes_nothing(far: Far) -> None:
    first = far.parcel()
    far.send(first)
    answer = far.send(first)
    assert answer["verdicts"] == [{"seq": 1, "verdict": "repeated", "reason": ""}]
    assert Proposal.everything.count() == 1


def test_a_number_that_comes_back_with_other_words_stops_the_stream_and_is_shown(far: Far) -> None:
    first = far.parcel()
    far.send(first)
    answer = far.send(replace(first, payload={**first.payload, "title": "没有泄漏"}))
    assert "重放或篡改" in answer["halted"]
    assert "重放或篡改" in TurnedAway.objects.get().reason
    assert Proposal.everything.get().title == "第1起泄漏"


def test_a_gap_stops_the_stream_until_what_is_missing_comes(far: Far) -> None:
    first, second = far.parcel(), far.parcel()
    answer = far.send(second)
    assert answer["up_to"] == 0
    assert "缺少第 1 号" in answer["halted"]
    assert far.send(first, second)["up_to"] == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"area": "mca:150302"}, "海勃湾区不在乌达区应急指挥平台的辖区乌达区内"),
        ({"area": "mca:999999"}, "不是本级所辖"),
        ({"data_class": 4}, "数据级 4 高于约定的 3"),
        ({"kind": "task", "payload": {"title": "a", "text": "b", "due_at": "c"}}, "未约定接收“协同任务”"),
        ({"payload": {"number": "1"}}, "缺少 title"),
        ({"correlation_id": "none"}, "不是 UUID"),
        ({"key": "incident:\x00"}, "空字符"),
        (
            {"payload": {"number": "1", "title": "a\x00", "event_code": "12D02", "lon": 1, "lat": 1, "at": "x"}},
            "空字符",
        ),
    ],
)
def test_what_was_not_agreed_is_refused_for_good_and_the_stream_goes_on(
    far: Far, change: dict[str, Any], words: str
) -> None:
    Peer.everything.filter(pk=far.peer.pk).update(takes="incident,report")
    answer = far.send(far.parcel(**change), far.parcel())
    assert answer["up_to"] == 2
    assert words in answer["verdicts"][0]["reason"]
    assert [row.verdict for row in TakenParcel.everything.order_by("seq")] == ["refused", "taken"]
    assert Proposal.everything.count() == 1


@pytest.mark.parametrize("ahead_min", [11, 60 * 24])
def test_a_sender_whose_clock_runs_ahead_is_told_to_set_it_and_loses_nothing(far: Far, ahead_min: int) -> None:
    late = far.parcel(sent_at=(clock.real_now() + timedelta(minutes=ahead_min)).isoformat())
    assert "请校时" in far.send(late)["halted"]
    assert far.send(replace(late, sent_at=clock.real_now().isoformat()))["up_to"] == 1


def test_an_older_state_that_arrives_later_does_not_undo_the_newer(far: Far) -> None:
    new = far.parcel(key="incident:W", revision=3)
    old = far.parcel(key="incident:W", revision=2, payload={**new.payload, "title": "旧"})
    far.send(new, old)
    assert ForeignRecord.everything.get().title == "第1起泄漏"


def test_an_exercise_of_the_district_is_no_clue_for_the_real_desk(far: Far) -> None:
    far.send(far.parcel(exercise=True))
    assert ForeignRecord.everything.get().exercise
    assert not Proposal.everything.exists()


def test_what_was_opened_in_a_scenario_stays_an_exercise_for_others_after_its_end(
    far: Far, city: City, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("ANLAN_VAR", str(tmp_path))
    common = {"event_code": "12D02", "lon": 106.7, "lat": 39.5, "area_id": city.west.pk, "occurred_at": None, "reported_by": "",
              "source": "电话"}  # fmt: skip
    clock.run_scenario("液氯泄漏", START, 1)
    played = actions.open_incident(system("接报"), title="推演的事", **common)
    clock.run_real()
    real = actions.open_incident(system("接报"), title="真实的事", **common)
    dispatcher.drain()
    for row in (played, real):
        actions.update_incident(system("接报"), row.pk, place="西门")
    clock.run_scenario("另一次推演", START, 1)
    dispatcher.drain()
    clock.run_real()
    said = SentParcel.everything.filter(peer=far.peer, kind="incident").order_by("seq")
    marks = [(row.said["payload"]["number"], row.said["exercise"]) for row in said]
    assert marks == [(played.number, True), (real.number, False)] * 2


def test_a_stranger_and_a_forged_signature_are_refused_and_shown_to_the_operator(far: Far) -> None:
    client, sealed = Client(), far.seal(far.parcel())
    forged = {**sealed, "said": {**sealed["said"], "key": "incident:forged"}}

    def post(said: Any) -> Any:
        return client.post("/exchange/parcels", json.dumps(said), content_type="application/json")

    assert post({"sender": "nobody", "parcels": [sealed]}).status_code == 403
    assert post(["?"]).status_code == 422
    assert "签名与内容不符" in post({"sender": "wuda", "parcels": [forged]}).json()["said"]["halted"]
    assert post({"sender": "wuda", "parcels": [sealed]}).json()["said"]["up_to"] == 1
    reasons = {row.reason for row in TurnedAway.objects.all()}
    assert reasons == {"未登记或已停用的平台", "不是互联报文", "签名与内容不符"}
    post({"sender": "nobody", "parcels": [sealed]})
    assert TurnedAway.objects.get(sender="nobody").count == 2


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(link=st.lists(st.tuples(st.integers(0, 6), st.integers(1, 4), st.booleans()), min_size=4, max_size=12))
def test_over_a_link_that_loses_repeats_and_reorders_each_takes_effect_once(
    far: Far, link: list[tuple[int, int, bool]]
) -> None:
    """Each step: from which parcel, how many, whether our answer gets lost on its way back."""
    TakenParcel.everything.all().delete()
    ForeignRecord.everything.all().delete()
    Peer.everything.update(last_taken=0)
    far.seq = 0
    stream = [far.parcel() for _ in range(8)]
    confirmed = 0
    for start, many, lost in [*link, (0, 8, False)]:
        answer = far.send(*stream[start : start + many])
        if not lost:
            assert answer["up_to"] >= confirmed
            confirmed = answer["up_to"]
    assert confirmed == 8
    assert list(TakenParcel.everything.order_by("seq").values_list("seq", flat=True)) == list(range(1, 9))
    assert ForeignRecord.everything.count() == 8


def test_a_stranger_who_tells_a_thousand_stories_fills_no_table(far: Far) -> None:
    for number in range(60):
        turn_away(f"s{number}\x00", "10.9.9.9", "未登记", b"")
    assert TurnedAway.objects.filter(origin="10.9.9.9").count() <= 21


def upper(city: City, key: sealing.Key) -> Peer:
    return Peer.everything.create(
        code="nm", name="自治区平台", relation="upper", area=city.city, public_keys=key.line, top_class=4
    )


def test_the_superiors_receipt_takes_the_place_of_our_own_note_on_the_report(
    stage: Stage, settings: Any, tmp_path: Any
) -> None:
    settings.VAR = tmp_path
    key, by = sealing.make(sealing.ED25519), stage.officer
    peer = upper(stage.city.city and stage.city, key)
    with clock.standing_at(START):
        incident = actions.open_incident(
            by, event_code="12D02", title="液氯泄漏", lon=106.7, lat=39.5, area_id=stage.city.west.pk, occurred_at=START,
            reported_by="企业", source="电话",
        )  # fmt: skip
        report = actions.draft_report(by, incident.pk, "首报")
        actions.sign_report(by, report.pk)
        actions.send_report(by, report.pk, "text")
        dispatcher.drain()
    sent = {row.kind: row for row in SentParcel.everything.filter(peer=peer)}
    assert sent["report"].said["payload"]["incident"] == incident.number
    far = Far(peer, key, "mca:150300")
    said = {"about": sent["report"].key, "number": "HZ-NM-1", "at": clock.real_now().isoformat()}
    assert far.send(far.parcel(kind="receipt", area="mca:150300", payload=said))["verdicts"][0]["verdict"] == "taken"
    report.refresh_from_db()
    assert (report.receipt_number, report.receipt_note) == ("HZ-NM-1", "自治区平台回执")
    wrong = far.send(far.parcel(kind="receipt", area="mca:150300", payload={**said, "about": "report:of others"}))
    assert "不是本平台发给自治区平台的" in wrong["verdicts"][0]["reason"]


def test_a_district_hears_what_touches_its_area_and_nothing_above_its_data_class(far: Far, city: City) -> None:
    by = system("接报")
    common = {
        "event_code": "12D02",
        "lon": 106.7,
        "lat": 39.5,
        "occurred_at": None,
        "reported_by": "",
        "source": "电话",
    }
    near = actions.open_incident(by, title="乌达的事", area_id=city.west.pk, **common)
    actions.open_incident(by, title="海勃湾的事", area_id=city.east.pk, **common)
    secret = actions.open_incident(by, title="涉密的事", area_id=city.west.pk, **common)
    Incident.everything.filter(pk=secret.pk).update(data_class=4)
    dispatcher.drain()
    assert {row.said["payload"]["number"] for row in SentParcel.everything.filter(peer=far.peer)} == {near.number}


def test_an_incident_that_runs_on_both_sides_gets_a_line_instead_of_a_second_clue(far: Far, city: City) -> None:
    ours = actions.open_incident(
        system("接报"), event_code="12D02", title="泄漏", lon=106.7, lat=39.5, area_id=city.west.pk, occurred_at=None,
        reported_by="", source="电话",
    )  # fmt: skip
    far.send(far.parcel(correlation_id=str(ours.correlation_id)))
    assert not Proposal.everything.exists()
    assert ours.timeline.filter(text__contains="乌达区应急指挥平台通报").exists()


def test_a_task_is_asked_answered_and_the_answer_stands_beside_it(far: Far, city: City) -> None:
    chief = actor(city.city)
    asked = tasks.ask(chief, far.peer.pk, "增援 2 辆洗消车", "到园区西门集结", clock.now() + timedelta(hours=1))
    words = {"about": asked.key, "state": "接受", "by": "乌达值班", "note": "", "at": clock.now().isoformat()}
    far.send(far.parcel(kind="answer", payload=words))
    asked.refresh_from_db()
    assert asked.answer["state"] == "接受"


def test_what_another_platform_asks_of_us_goes_through_its_states_in_order(far: Far, city: City) -> None:
    chief = actor(city.city)
    said = {"title": "支援", "text": "发电车", "due_at": clock.now().isoformat()}
    far.send(far.parcel(kind="task", key="task:1", payload=said))
    row = ForeignRecord.everything.get()
    with pytest.raises(Conflict, match="任务处于“待回复”"):
        tasks.answer(chief, row.pk, "完成")
    tasks.answer(chief, row.pk, "接受")
    with pytest.raises(Invalid, match="理由"):
        tasks.answer(chief, row.pk, "不能承担")
    tasks.answer(chief, row.pk, "完成", "已送达")
    states = [sent.said["payload"]["state"] for sent in SentParcel.everything.order_by("seq")]
    assert states == ["接受", "完成"]


def test_an_officer_of_another_district_can_neither_ask_nor_export(far: Far, city: City) -> None:
    stranger = actor(city.east)
    with pytest.raises(Exception, match="不存在，或不在您的管辖范围内"):
        stick.export(stranger, far.peer.pk)
    with pytest.raises(Forbidden):
        tasks.ask(actor(city.west, "gateways.view"), far.peer.pk, "a", "b", clock.now())


def test_a_peer_that_cannot_tell_exercises_gets_an_empty_parcel_in_their_place(far: Far, city: City) -> None:
    row = tasks.ask(actor(city.city), far.peer.pk, "演练任务", "", clock.now() + timedelta(hours=1))
    row.said["exercise"] = True
    assert ledger.worded(row, 1)["kind"] == "void"
    assert ledger.worded(row, 2)["payload"]["title"] == "演练任务"


def test_an_acknowledgement_of_more_than_was_sent_is_not_believed(far: Far) -> None:
    with pytest.raises(Refused, match="只发到 0 号"):
        ledger.keep_word(ledger.CARRIER, far.peer.pk, Acknowledgement("wuda", "mca:150300", 5, ""))


@pytest.mark.parametrize("passphrase", ["", "摆渡-口令-1"])
def test_a_file_carried_twice_has_the_effect_of_once_and_brings_the_acknowledgement_home(
    far: Far, city: City, passphrase: str
) -> None:
    """Both ends in one database: the district is played by its key."""
    chief = actor(city.city)
    tasks.ask(chief, far.peer.pk, "增援", "西门", clock.now() + timedelta(hours=1))
    out = stick.read(stick.export(chief, far.peer.pk, passphrase), passphrase)
    assert [one["said"]["payload"]["title"] for one in out["parcels"]] == ["增援"]
    word = Acknowledgement("wuda", "mca:150300", 1, clock.now().isoformat(), "", [Verdict(1, "taken")])
    back = {
        "form": stick.FORM, "sender": "wuda", "receiver": "mca:150300",
        "parcels": [far.seal(far.parcel()), far.seal(far.parcel())], "word": sealing.seal(far.key, vars(word) | {"verdicts": []}),
    }  # fmt: skip
    data = json.dumps(back).encode()
    data = stick.lock(data, passphrase) if passphrase else data
    first, again = stick.bring(chief, data, passphrase), stick.bring(chief, data, passphrase)
    assert (first.taken, first.confirmed, again.taken, again.repeated) == (2, 1, 0, 2)
    assert Proposal.everything.count() == 2
    assert fresh(far.peer).waiting == 0
    if passphrase:
        with pytest.raises(Invalid, match="口令"):
            stick.bring(chief, data, "wrong")


def test_a_file_that_is_none_is_refused(far: Far, city: City) -> None:
    for data in (b"", b"{}", b"[" * 100_000, b'{"form": "anlan-exchange-1"}', b"\xff\x00"):
        with pytest.raises(Invalid, match="anlan exchange export"):
            stick.bring(actor(city.city), data)


def test_ten_links_cost_the_page_no_more_questions_than_one(far: Far, city: City, signed_in: Any) -> None:
    client = signed_in()

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/gateways/exchange/").status_code == 200
        return len(queries)

    tasks.ask(actor(city.city), far.peer.pk, "增援", "西门", clock.now() + timedelta(hours=1))
    asked()
    one = asked()
    for n in range(9):
        Peer.everything.create(code=f"p{n}", name=f"平台{n}", relation="side", area=city.city, top_class=3)
    for peer in Peer.everything.exclude(pk=far.peer.pk):
        tasks.ask(actor(city.city), peer.pk, "增援", "西门", clock.now() + timedelta(hours=1))
    SentParcel.everything.filter(peer=far.peer).update(verdict="refused", confirmed_at=clock.now())
    assert asked() == one
    links = {link.peer.code: link for link in exchange.links(actor(city.city))}
    assert (links["wuda"].refused, links["wuda"].oldest) == (1, None)
    assert links["p3"].oldest is not None
    assert links["p3"].oldest.title == "增援"


def test_the_page_shows_links_and_their_trouble(far: Far, signed_in: Any) -> None:
    ledger.keep_contact(ledger.CARRIER, far.peer.pk, "连接被拒绝", timedelta(seconds=4))
    far.send(far.parcel())
    client = signed_in()
    page = client.get("/gateways/exchange/").content.decode()
    assert "乌达区应急指挥平台" in page
    assert "连接被拒绝" in page
    assert "第1起泄漏" in client.get("/gateways/exchange/records").content.decode()
    assert client.get(f"/gateways/exchange/peers/{far.peer.pk}/").status_code == 200
