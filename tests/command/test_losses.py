"""灾情统计: added up level by level; what does not fit is refused or explained; the clock asks and chases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.command import actions as desk
from anlan.command import documents, jobs
from anlan.command.actions import losses as verbs
from anlan.command.models import LossProcess, LossReturn, LossRound
from anlan.command.rules import losses
from anlan.kernel import clock
from anlan.kernel.areas.models import Area
from anlan.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from anlan.kernel.events.models import Event
from tests.command.conftest import START, Stage, opened
from tests.conftest import actor
from tests.web.conftest import signed_in

__all__ = ["signed_in"]

FLOOD = {"affected_population": "120", "relocated": "30", "relocated_collective": "20", "relocated_dispersed": "10"}


def begun(stage: Stage) -> LossProcess:
    return verbs.begin_losses(
        stage.officer,
        title="七月暴雨洪涝",
        hazard="洪涝",
        area_id=stage.city.city.pk,
        occurred_at=START - timedelta(minutes=10),
    )


def of(area: Area, process: LossProcess) -> LossReturn:
    last = LossRound.everything.filter(process=process).latest("id")
    return LossReturn.everything.select_related("round", "area").get(round=last, area=area)


def submitted(
    stage: Stage, area: Area, process: LossProcess, figures: dict[str, Any] | None = None, **words: str
) -> LossReturn:
    row = of(area, process)
    if figures:
        verbs.fill_losses(stage.officer, row.pk, figures)
    return verbs.submit_losses(stage.officer, row.pk, **words)


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        (
            {"relocated": 30, "relocated_collective": 20, "relocated_dispersed": 9, "affected_population": 99},
            "不等于其分项合计 29",
        ),
        ({"relocated_collective": 20, "affected_population": 99}, "小于其分项合计 20"),
        ({"affected_population": 4, "deaths": 5}, "大于受灾人口"),
        ({"deaths": 1}, "大于受灾人口（人）不详"),
        ({"crop_affected": 10.0, "crop_damaged": 10.01}, "大于农作物受灾面积"),
        ({"houses_collapsed_rooms": 2, "houses_collapsed_households": 3}, "大于倒塌房屋（间）"),
        ({"loss_total": 10.0, "loss_public": 6.1, "loss_household": 4.0}, "小于其分项合计 10.1"),
    ],
)
def test_a_report_that_contradicts_itself_says_where(figures: dict[str, float], said: str) -> None:
    assert any(said in text for text in losses.flaws(figures))


def test_unknown_is_not_zero_and_parts_of_a_loss_may_fall_short_of_it() -> None:
    assert losses.flaws({"loss_total": 10.0, "loss_public": 6.0, "affected_population": 3, "deaths": 0}) == []
    assert losses.rolled_up([{"deaths": 2}, {}])["deaths"] == 2
    assert losses.rolled_up([{}, {}])["deaths"] is None
    assert losses.added([0.1, 0.2]) == 0.3
    assert losses.falls({"deaths": 2, "missing": 4}, {"deaths": 1, "missing": 0}) == ["因灾死亡人口（人）由 2 减为 1"]


FIGURES = st.fixed_dictionaries(
    {}, optional={"deaths": st.integers(0, 99), "crop_affected": st.decimals(0, 999, places=2).map(float)}
)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(FIGURES, max_size=4), max_size=4))
def test_adding_towns_and_then_districts_is_adding_all(towns: list[list[dict[str, float]]]) -> None:
    districts = [losses.rolled_up(some) for some in towns]
    assert losses.rolled_up(districts) == losses.rolled_up([one for some in towns for one in some])


def test_the_limits_of_each_level() -> None:
    shaken = datetime(2026, 7, 12, 3, 0, tzinfo=UTC)
    midnight = losses.midnight(shaken)
    assert midnight == datetime(2026, 7, 11, 16, 0, tzinfo=UTC)
    hours = [losses.due("初报", level, shaken) for level in (3, 2, 1)]
    assert [(at - shaken).total_seconds() / 3600 for at, _ in filter(None, hours)] == [1, 2, 4]
    daily = [losses.due("续报", level, midnight) for level in (3, 2, 1)]
    assert [at.astimezone(losses.BEIJING).hour for at, _ in filter(None, daily)] == [8, 9, 10]
    assert losses.due("续报", 4, midnight) is None
    assert losses.next_data_to(shaken, shaken + timedelta(hours=12), "洪涝") is None
    assert losses.next_data_to(shaken, shaken + timedelta(hours=13), "洪涝") == midnight + timedelta(days=1)
    assert losses.next_data_to(shaken, shaken + timedelta(days=9), "干旱") is None
    assert losses.next_data_to(shaken, shaken + timedelta(days=10), "干旱") is not None


def test_from_the_village_to_the_city(stage: Stage) -> None:
    city = stage.city
    with clock.standing_at(START):
        process = begun(stage)
        with pytest.raises(Conflict, match="已建立"):
            begun(stage)
        village, town, east, top = (of(area, process) for area in (city.community, city.town, city.east, city.city))
        assert (village.due_at, east.due_at) == (None, START + timedelta(minutes=110))
        clerk = actor(city.town, "command.losses", "command.view", name="镇信息员", data_class=2)
        with pytest.raises(NotFound):
            verbs.fill_losses(clerk, east.pk, FLOOD)
        with pytest.raises(Invalid, match="整数"):
            verbs.fill_losses(clerk, village.pk, {"deaths": "1.5"})
        verbs.fill_losses(clerk, village.pk, FLOOD)
        verbs.submit_losses(clerk, village.pk)
        with pytest.raises(Conflict, match="退回后"):
            verbs.fill_losses(clerk, village.pk, {"deaths": "1"})
        verbs.decide_losses(clerk, village.pk, True)
        verbs.adopt_sum(clerk, town.pk)
        verbs.submit_losses(clerk, town.pk)
        with pytest.raises(Forbidden):
            verbs.decide_losses(clerk, town.pk, True)
        # the district knows of five more and has to say so
        verbs.adopt_sum(stage.officer, east.pk)
        verbs.fill_losses(stage.officer, east.pk, {"affected_population": "125"})
        with pytest.raises(Conflict, match="本级 125，下级合计 120"):
            verbs.submit_losses(stage.officer, east.pk)
        verbs.submit_losses(stage.officer, east.pk, explanation="区直单位 5 人")
        top.refresh_from_db()
        assert top.due_at == START + timedelta(hours=2)
        verbs.adopt_sum(stage.officer, top.pk)
        with pytest.raises(Conflict, match="未报：乌达区"):
            verbs.submit_losses(stage.officer, top.pk)
        submitted(stage, city.west, process, {"affected_population": "0"})
        done = submitted(stage, city.city, process)
        assert (done.figures["affected_population"], done.figures["relocated_collective"], done.absent) == (125, 20, [])
        sent = Event.objects.filter(name="command.LossesReturned").latest("id")
        assert (sent.payload["level"], sent.payload["on_time"]) == (1, True)
        paper = Document(BytesIO(documents.losses_docx(of(city.east, process))))
        cells = {cell.text for table in paper.tables for row in table.rows for cell in row.cells}
        assert {"125", "120", "新华街道"} <= cells


def test_the_clock_asks_every_day_and_chases_until_it_is_stable(stage: Stage) -> None:
    city = stage.city
    with clock.standing_at(START):  # 20:00 in Beijing
        process = begun(stage)
        submitted(stage, city.west, process, {"affected_population": "40", "deaths": "2"})
        assert jobs.losses_by_the_clock() == 0
    with clock.standing_at(START + timedelta(hours=4, seconds=1)):
        assert jobs.losses_by_the_clock() >= 3  # 续报1, and those who were late with the 初报
        assert jobs.losses_by_the_clock() == 0
        row = of(city.west, process)
        assert (str(row.round), row.figures["deaths"], row.counts) == ("续报1", 2, False)
        assert Event.objects.filter(name="kernel.NoticeRequested", payload__purpose="灾情报送").exists()
        verbs.fill_losses(stage.officer, row.pk, {"deaths": "1"})
        with pytest.raises(Conflict, match="由 2 减为 1，须填写核减理由"):
            verbs.submit_losses(stage.officer, row.pk)
        verbs.submit_losses(stage.officer, row.pk, correction="一人经查非因灾死亡")
        verbs.declare_stable(stage.officer, process.pk)
        final = of(city.west, process)
        assert final.round.kind == "核报"
        with pytest.raises(Conflict, match="填报 1，台账 0 条"):
            verbs.submit_losses(stage.officer, final.pk)
        low = actor(city.west, "command.losses", data_class=2)
        with pytest.raises(Forbidden):
            verbs.enter_ledger(low, process.pk, kind="dead", area_id=city.west.pk, name="某甲", detail="男 51")
        entry = verbs.enter_ledger(
            stage.officer, process.pk, kind="dead", area_id=city.west.pk, name="某甲", detail="男 51"
        )
        verbs.submit_losses(stage.officer, final.pk)
        verbs.strike_entry(stage.officer, entry.pk, "登记重复")
    with clock.standing_at(START + timedelta(days=2)):
        jobs.losses_by_the_clock()
    assert LossRound.everything.filter(process=process).count() == 3


def test_the_pages_and_the_api_of_losses(stage: Stage, signed_in: Any) -> None:
    client, city = signed_in(), stage.city
    with clock.standing_at(START):
        form = {"title": "暴雨", "hazard": "洪涝", "area": city.city.pk, "occurred_at": "2026-11-23T19:50"}
        client.post("/command/losses/", {**form, "incident": opened(stage).pk})
        process = LossProcess.everything.get()
        row = of(city.community, process)
        client.post(f"/command/losses/returns/{row.pk}/", {**FLOOD, "version": row.version})
        client.post(f"/command/losses/returns/{row.pk}/do/submit")
        text = client.get(f"/command/losses/{process.pk}/").content.decode()
        assert all(word in text for word in ("清泉社区", "新华街道", "120", "待报", "已报"))
        client.post(f"/command/losses/returns/{of(city.town, process).pk}/do/sum")
        text = client.get(f"/command/losses/returns/{of(city.town, process).pk}/").content.decode()
        assert 'value="120"' in text
        assert "校核通过" in text
        assert "待我报送" in client.get("/command/losses/").content.decode()
        said = client.get(f"/api/command/losses/{process.pk}").json()
        assert {one["area"]: one["figures"].get("relocated") for one in said["returns"]}["清泉社区"] == 30
        bad = client.post(
            f"/api/command/losses/returns/{of(city.east, process).pk}/fill",
            {"figures": {"deaths": -1}}, content_type="application/json",
        )  # fmt: skip
        assert (bad.status_code, bad.json()["unit"]) == (422, "人")


def test_a_special_report_has_its_map_of_the_same_hour(stage: Stage) -> None:
    with clock.standing_at(START):
        row = opened(stage)
        flash = desk.draft_bulletin(stage.officer, "flash", row.pk)
        special = desk.draft_bulletin(stage.officer, "special", row.pk)
        assert flash.picture is None
        assert bytes(special.picture or b"").startswith(b"\x89PNG")
        paper = Document(BytesIO(documents.bulletin_docx(special)))
        assert len(paper.inline_shapes) == 1
        assert any("附图" in one.text for one in paper.paragraphs)
