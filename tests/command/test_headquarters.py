"""现场指挥部: one commander at any moment, nobody left behind, what is needed against what came, aid over the line."""

from __future__ import annotations

import base64
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction

from anlan.command import actions
from anlan.command.actions import drawings, headquarters, needs, supplying
from anlan.command.models import AidRequest, CommandTransfer, Headquarters, Incident, Need, NeedSupply
from anlan.command.rules import structure
from anlan.gateways.exchange.models import Peer, SentParcel
from anlan.kernel import clock
from anlan.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from anlan.kernel.events.dispatcher import drain
from anlan.kernel.events.models import Event
from anlan.resources import actions as resources
from anlan.resources.jobs import tell_overdue
from anlan.resources.ledger import Paper
from anlan.resources.models import Consignment, Material, Shelter, Store
from anlan.resources.rules import air_minutes
from tests.command.conftest import START, Stage, opened
from tests.conftest import actor
from tests.web.conftest import signed_in

__all__ = ["signed_in"]


def post(stage: Stage, row: Incident) -> Headquarters:
    return headquarters.set_up_headquarters(
        stage.officer, row.pk, place="园区东门上风向 500 m", commander="张局长", title="应急局长"
    )


def test_without_a_plan_the_usual_groups_with_one_the_plans(stage: Stage) -> None:
    row = opened(stage)
    with clock.standing_at(START):
        first = post(stage, row)
        assert [g.title for g in first.groups.all()] == [title for _, title, _ in structure.DEFAULT_GROUPS]
        with pytest.raises(Conflict, match="已于") as refused:
            post(stage, row)
        assert "只有一个现场指挥部" in refused.value.details["rule"]
        headquarters.dissolve_headquarters(stage.officer, first.pk, "换址")
        plan = stage.plan.document()
        actions.activate_response(stage.officer, row.pk, plan.code, "三级", "演示")
        second = post(stage, row)
    titles = {g.title for g in second.groups.all()}
    assert titles
    assert titles <= {role.title for role in plan.roles}
    assert {g.leader for g in second.groups.all()} & {"赵大队", "李副队"}


def test_command_is_handed_over_with_reason_and_brief_and_never_by_two_at_once(stage: Stage) -> None:
    row = opened(stage)
    with clock.standing_at(START):
        made = post(stage, row)
        after = headquarters.transfer_command(
            stage.officer, made.pk, "李副市长", "副市长", "升级为二级响应", "区内 2 人，泡沫在途", version=made.version
        )
        with pytest.raises(Conflict, match="已被他人更改"):
            headquarters.transfer_command(
                stage.officer, made.pk, "王某", "支队长", "另有任用", "无", version=made.version
            )
        with pytest.raises(Conflict, match="已是总指挥"):
            headquarters.transfer_command(stage.officer, made.pk, "李副市长", "副市长", "重复", "无")
        with pytest.raises(Invalid, match="交接要点"):
            headquarters.transfer_command(stage.officer, made.pk, "王某", "支队长", "另有任用", "")
    assert (after.commander, after.version) == ("李副市长", made.version + 1)
    kept = CommandTransfer.everything.filter(headquarters=made).order_by("id")
    assert [(one.from_name, one.to_name) for one in kept] == [("", "张局长"), ("张局长", "李副市长")]
    with pytest.raises(DatabaseError), transaction.atomic():
        kept.update(reason="改写历史")
    with pytest.raises(NotFound):
        headquarters.dissolve_headquarters(actor(stage.city.east), made.pk, "越界")
    with pytest.raises(Forbidden):
        headquarters.dissolve_headquarters(actor(stage.city.city, "command.view"), made.pk, "无权")


def test_periods_follow_each_other_with_objectives_that_are_reached_once(stage: Stage) -> None:
    row = opened(stage)
    with clock.standing_at(START):
        made = post(stage, row)
        first = headquarters.plan_period(
            stage.officer, made.pk, 4, "持续泄漏", "抢险救援组：完成堵漏\n疏散下风向 500 m"
        )
        second = headquarters.plan_period(stage.officer, made.pk, 12, "洗消", "环境监测组：每小时通报")
        with pytest.raises(Conflict, match="还未开始"):
            headquarters.plan_period(stage.officer, made.pk, 12, "再下一个", "目标")
        with pytest.raises(Invalid, match=r"0\.5~72"):
            headquarters.plan_period(stage.officer, made.pk, 0.1, "太短", "目标")
        with pytest.raises(Invalid, match="至少一条"):
            headquarters.plan_period(stage.officer, made.pk, 1, "没有目标", " \n")
        headquarters.reach_objective(stage.officer, first.pk, 0)
        with pytest.raises(Conflict, match="已于"):
            headquarters.reach_objective(stage.officer, first.pk, 0)
    assert second.begins_at == first.ends_at
    assert [one["group"] for one in first.objectives] == ["抢险救援组", ""]


def test_nobody_is_left_inside_when_the_post_goes_or_the_incident_closes(stage: Stage) -> None:
    row = opened(stage)
    with clock.standing_at(START):
        made = post(stage, row)
        stay = resources.enter_zone(
            stage.officer, row.area_id, "周强", "hot", 60, correlation_id=row.correlation_id, air_mpa="28", air_l="6.8"
        )
        assert stay.limit_min == int(air_minutes(28, 6.8)) == 30
        with pytest.raises(Conflict, match="气压只够"):
            resources.enter_zone(stage.officer, row.area_id, "李四", "hot", 60, air_mpa=5.6, air_l=6.8)
        with pytest.raises(Invalid, match="0~33"):
            resources.enter_zone(stage.officer, row.area_id, "李四", "hot", 60, air_mpa=300, air_l=6.8)
        with pytest.raises(Conflict, match="周强"):
            headquarters.dissolve_headquarters(stage.officer, made.pk, "收队")
        with pytest.raises(Conflict, match="周强") as refused:
            actions.close_incident(stage.officer, row.pk, "处置完毕")
        assert refused.value.details["rule"] == "区内人员全部撤出后方可结案"
    with clock.standing_at(START + timedelta(minutes=10)):
        assert resources.answer_roll_call(stage.officer, stay.pk, "12").limit_min == 10 + int(air_minutes(12, 6.8))
    with clock.standing_at(START + timedelta(minutes=31)):
        tell_overdue()
        drain()
    told = Event.objects.filter(name="kernel.NoticeRequested", payload__purpose="人员超时").get()
    assert told.payload["to_name"] == "张局长"
    assert "周强" in told.payload["text"]


def test_what_is_promised_never_exceeds_what_is_missing_and_what_fails_is_missing_again(stage: Stage) -> None:
    row = opened(stage)
    with clock.standing_at(START):
        need = needs.raise_need(
            stage.officer, row.pk, kind="material", item="堵漏器材", quantity="3", unit="套", priority=1
        )
        one = needs.promise_supply(stage.officer, need.pk, source="own", who="特勤站", quantity=2)
        with pytest.raises(Conflict, match="还缺 1套"):
            needs.promise_supply(stage.officer, need.pk, source="buy", who="商家", quantity=2)
        with pytest.raises(Invalid, match="数量"):
            needs.promise_supply(stage.officer, need.pk, source="buy", who="商家", quantity="NaN")
        with pytest.raises(Invalid, match="落空原因"):
            needs.move_supply(stage.officer, one.pk, "failed")
        needs.move_supply(stage.officer, one.pk, "failed", "器材不适用")
        with pytest.raises(Conflict, match="终态"):
            needs.move_supply(stage.officer, one.pk, "arrived")
        need.refresh_from_db()
        assert need.missing == 3
        with pytest.raises(Conflict, match="只到位 0") as refused:
            needs.close_need(stage.officer, need.pk)
        assert "写明理由" in refused.value.details["rule"]
        other = needs.promise_supply(stage.officer, need.pk, source="own", who="园区队", quantity=3)
        needs.move_supply(stage.officer, other.pk, "arrived")
        needs.close_need(stage.officer, need.pk)
        with pytest.raises(Conflict, match="关闭"):
            needs.promise_supply(stage.officer, need.pk, source="own", who="再来", quantity=1)


def peer(stage: Stage, code: str, relation: str, sends: str = "task") -> Peer:
    return Peer.everything.create(code=code, name=f"{code}平台", relation=relation, sends=sends, area=stage.city.city)


def test_aid_goes_to_those_with_whom_tasks_are_agreed_and_their_word_becomes_a_promise(stage: Stage) -> None:
    peer(stage, "mca:150000", "upper")
    peer(stage, "mca:152900", "side", sends="warning")
    row = opened(stage)
    with clock.standing_at(START):
        need = needs.raise_need(stage.officer, row.pk, kind="people", item="防化队员", quantity=20, unit="人")
        with pytest.raises(Conflict, match="还缺"):
            needs.request_aid(stage.officer, need.pk, "upper", 21, START + timedelta(hours=2))
        up = needs.request_aid(stage.officer, need.pk, "upper", 20, START + timedelta(hours=2))
        side = needs.request_aid(stage.officer, need.pk, "side", 20, START + timedelta(hours=2))
        drain()
        up.refresh_from_db()
        side.refresh_from_db()
        assert (up.state, up.sent_to) == (AidRequest.State.SENT, "mca:150000平台")
        assert side.state == AidRequest.State.BY_HAND
        assert SentParcel.everything.get(kind="task").key == f"task:aid:{up.key}"
        for _ in range(2):
            needs.aid_answered(stage.officer, str(up.key), "mca:150000平台", "接受", "阿拉善方向来援")
    got = NeedSupply.everything.get(need=need)
    assert (got.source, got.who, got.quantity) == ("aid", "mca:150000平台", Decimal(20))


def test_the_tabs_are_filled_and_their_buttons_work(stage: Stage, signed_in: Any) -> None:
    row, client = opened(stage), signed_in()
    with clock.standing_at(START):
        page = f"/command/incidents/{row.pk}/?tab="
        assert "还没有成立现场指挥部" in client.get(page + "headquarters").content.decode()
        given = {"place": "东门", "commander": "张局长", "title": "局长", "location": "106.71,39.51"}
        client.post(f"/command/incidents/{row.pk}/headquarters", given)
        made = Headquarters.everything.get()
        assert (made.lon, made.lat) == (106.71, 39.51)
        client.post(f"/command/headquarters/{made.pk}/do/group", {"key": "rescue", "leader": "钱队", "version": 1})
        client.post(
            f"/command/headquarters/{made.pk}/do/period", {"hours": "6", "situation": "泄漏", "objectives": "堵漏"}
        )
        entered = {"person": "孙七", "zone": "hot", "limit_min": "20", "area": row.area_id}
        client.post("/resources/inside/enter", {**entered, "correlation": str(row.correlation_id)})
        text = client.get(page + "headquarters").content.decode()
        assert all(word in text for word in ("钱队", "堵漏", "孙七", "登记撤出"))
        client.post(
            f"/command/incidents/{row.pk}/needs",
            {"kind": "vehicle", "item": "挖掘机", "quantity": "2", "unit": "台", "hours": "1", "priority": "1"},
        )
        need = Need.everything.get()
        client.post(f"/command/needs/{need.pk}/do/supply", {"source": "own", "who": "建投", "quantity": "1"})
        client.post(f"/command/needs/{need.pk}/do/aid", {"relation": "side", "quantity": "1", "hours": "2"})
        text = client.get(page + "needs").content.decode()
        assert all(word in text for word in ("挖掘机", "建投", "请求", "登记电话答复"))
        refused = client.post(f"/command/needs/{need.pk}/do/supply", {"source": "own", "who": "x", "quantity": "9"})
        assert refused.status_code == 409
        assert "落实量不超过缺口" in refused.content.decode()


def shelved(stage: Stage, quantity: int) -> Store:
    at = Store.everything.create(code="LS-N", name="市中心库", lon=106.7, lat=39.5, area=stage.city.west, kind="store")
    Material.objects.create(code="1020101", name="救灾帐篷", unit="顶", whole=True)
    resources.receive_lot(stage.officer, at.pk, resources.NewLot("1020101", "B-02-1"), quantity, Paper("采购"))
    return at


INK = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n ink").decode()


def states(need: Need) -> list[tuple[str, Decimal]]:
    return list(NeedSupply.everything.filter(need=need).order_by("pk").values_list("state", "quantity"))


@pytest.mark.django_db
def test_a_need_follows_its_load_from_the_shelf_to_the_signature(stage: Stage, signed_in: Any) -> None:
    row = opened(stage)
    shelved(stage, 30)
    with clock.standing_at(START):
        by = stage.officer
        with pytest.raises(Invalid, match="顶"):
            needs.raise_need(by, row.pk, kind="material", item="救灾帐篷", quantity=1, unit="箱")
        later = needs.raise_need(
            by, row.pk, kind="material", item="1020101", quantity=8, unit="", priority=3, place="北点"
        )
        urgent = needs.raise_need(
            by, row.pk, kind="material", item="救灾帐篷", quantity=10, unit="顶", priority=1, place="南点"
        )
        assert (urgent.item, later.unit) == ("救灾帐篷", "顶")
        made = supplying.allocate_needs(by, row.pk)
        assert sorted(demand["items"][0]["quantity"] for demand in made.demands) == ["10", "8"]
        resources.approve_allocation(by, made.pk)
        drain()
        assert states(urgent) == [("promised", Decimal(10))]
        assert states(later) == [("promised", Decimal(8))]
        with pytest.raises(Conflict, match="尚缺"):
            supplying.allocate_needs(by, row.pk)
        load = Consignment.everything.get(to_name="南点")
        with pytest.raises(Conflict, match=load.number):
            needs.move_supply(by, NeedSupply.everything.get(need=urgent).pk, "arrived")
        resources.depart(by, load.pk, "蒙C12345", "演示司机")
        drain()
        assert states(urgent) == [("on_way", Decimal(10))]
        resources.hand_over(by, load.pk, "王社区", INK, {load.lots.get().pk: 9}, note="一顶破损")
        drain()
        assert states(urgent) == [("arrived", Decimal(9))]
        for _again in range(2):
            assert supplying.follow_load(by, load.pk) == [], "told twice, done once"
        resources.withdraw(by, Consignment.everything.get(to_name="北点").pk, "改由邻区支援")
        drain()
        assert states(later) == [("failed", Decimal(8))]
        urgent.refresh_from_db()
        assert (urgent.arrived, urgent.missing, later.missing) == (9, 1, 8)
    text = signed_in().get(f"/command/incidents/{row.pk}/?tab=headquarters").content.decode()
    for step in ("需求对满足", "B-02-1", "蒙C12345", "王社区", load.number):
        assert step in text


@pytest.mark.django_db
def test_goods_go_where_they_are_wanted_not_where_the_incident_is(stage: Stage) -> None:
    row = opened(stage)
    shelved(stage, 90)
    by = stage.officer
    Shelter.everything.create(
        code="SH-1", name="滨河体育馆", lon=106.81, lat=39.61, area=stage.city.west, capacity=500, effective_area_m2=900
    )
    with clock.standing_at(START):
        area = {
            "type": "Polygon",
            "coordinates": [[[106.60, 39.40], [106.62, 39.40], [106.62, 39.42], [106.60, 39.40]]],
        }
        drawings.draw(by, row.pk, uuid4(), "area", area, "二号集结区")

        def wanted(place: str, **at: float) -> Need:
            return needs.raise_need(
                by, row.pk, kind="material", item="救灾帐篷", quantity=1, unit="", place=place, **at
            )

        where = {
            text: (need.lon, need.lat)
            for text in ("滨河体育馆", "二号集结区", "桥头 106.7123, 39.5012", "3 号楼 5 层", "某处")
            for need in [wanted(text)]
        }
        assert where["滨河体育馆"] == (106.81, 39.61)
        assert where["桥头 106.7123, 39.5012"] == (106.7123, 39.5012)
        assert where["3 号楼 5 层"] == where["某处"] == (None, None)
        lon, lat = where["二号集结区"]
        assert lon is not None
        assert lat is not None
        assert 106.60 < lon < 106.62
        assert 39.40 < lat < 39.42
        assert (wanted("东门", lon=106.5, lat=39.3).lon, wanted("").lon) == (106.5, None)
        with pytest.raises(Invalid, match="一并给出"):
            wanted("东门", lon=106.5)
        with pytest.raises(Invalid, match="-90~90"):
            wanted("东门", lon=106.5, lat=99)
        made = supplying.allocate_needs(by, row.pk)
    asked = {one["name"]: (one["lon"], one["lat"]) for one in made.demands}
    assert asked["滨河体育馆"] == (106.81, 39.61)
    assert asked["某处"] == (row.lon, row.lat), "what nobody can place is brought to the incident"


@pytest.mark.django_db
def test_a_load_counts_once_and_never_beyond_the_gap(stage: Stage) -> None:
    row = opened(stage)
    at = shelved(stage, 30)
    goal = Store.everything.create(code="LS-M", name="前置点", lon=106.8, lat=39.5, area=stage.city.west, kind="store")
    with clock.standing_at(START):
        by = stage.officer
        load = resources.send_to_store(by, at.pk, goal.pk, [(at.stock.get().pk, 12)], "前置")
        drain()
        first = needs.raise_need(by, row.pk, kind="material", item="救灾帐篷", quantity=10, unit="")
        other = needs.raise_need(by, row.pk, kind="material", item="救灾帐篷", quantity=5, unit="")
        assert supplying.link_load(by, first.pk, load.pk).quantity == 10
        assert supplying.link_load(by, other.pk, load.pk).quantity == 2
        with pytest.raises(Conflict, match="没有可计入"):
            supplying.link_load(by, other.pk, load.pk)
        stranger = actor(stage.city.east, name="外人")
        with pytest.raises(NotFound):
            supplying.link_load(stranger, first.pk, load.pk)
        resources.depart(by, load.pk, "蒙C12345", "演示司机")
        resources.hand_over(by, load.pk, "库管", INK, {load.lots.get().pk: 4}, note="翻车")
        drain()
    assert states(first) == [("arrived", Decimal(4))]
    assert states(other) == [("failed", Decimal(2))]
