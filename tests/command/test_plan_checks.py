"""Plans as data: what the check-up finds, what the stress test says, editing and drafting."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.command import actions
from anlan.command.models import PlanVersion, StressRun
from anlan.command.planning import runner
from anlan.command.plans import lint, load, loader, text, word
from anlan.command.plans.document import Card, Need, PlanDocument
from anlan.command.plans.means import Means, OtherPlan, PostState, Site, StockState, TeamState
from anlan.command.plans.stress import Assumptions, helps, stress
from anlan.hazards.contract import InputError
from anlan.kernel.errors import Conflict, Invalid
from tests.command.conftest import DATA, Stage
from tests.web.conftest import signed_in

__all__ = ["signed_in"]

TODAY = date(2026, 11, 28)
CITIES = Path(__file__).resolve().parents[2] / "src" / "anlan" / "cities"
#: Nobody is late by luck: answers at once, fair weather, work that fits.
CALM = Assumptions(
    answer_sigma=1e-6, unanswered_on_duty=0, unanswered_off_duty=0, bad_weather_share=0, road_shut_share=0, night_share=0,
    work_sigma=1e-6, incidents_per_day=1e-3, loading_min=0.0,
)  # fmt: skip


def plan(**changes: Any) -> PlanDocument:
    return replace(load(DATA / "leak.toml"), **changes)


def means(document: PlanDocument, away_min: float = 10.0, **changes: Any) -> Means:
    """Everything a plan asks for: posts on duty with deputies, teams for every card, stocks, two places."""
    posts = {c: PostState(c, f"岗位{c}", 1, 1, "DEPUTY") for role in document.roles for c in role.posts}
    wanted = [card.capability for card in document.tasks if card.capability for _ in range(card.count)]
    teams = tuple(TeamState(f"T{i}", f"队{i}", (cap,), 106.7, 39.5, 1.0) for i, cap in enumerate(wanted))
    needs = [need for card in document.tasks for need in card.needs]
    stock = tuple(StockState(n.code or n.item, "一号库", 10 * n.quantity, 106.7, 39.5) for n in needs)
    sites = (Site("甲地", 106.7, 39.5), Site("乙地", 106.8, 39.6))

    def way(rows: int) -> np.ndarray:
        return np.full((rows, 2), away_min)

    return replace(
        Means(posts, teams, stock, sites, way(len(teams)), way(len(stock)), np.array([[0.0, 12.0], [12.0, 0.0]]),
              last_drill=date(2026, 6, 1)),
        **changes,
    )  # fmt: skip


def found(document: PlanDocument, given: Means, today: date = TODAY) -> str:
    return "\n".join(f"{one.grade} {one.where}：{one.what}" for one in lint.lint(document, given, today))


def with_card(document: PlanDocument, **changes: Any) -> PlanDocument:
    """The first team card of the plan, changed."""
    at = next(i for i, card in enumerate(document.tasks) if card.capability)
    cards = list(document.tasks)
    cards[at] = replace(cards[at], **changes)
    return replace(document, tasks=tuple(cards))


def team_card(document: PlanDocument) -> Card:
    return next(card for card in document.tasks if card.capability)


def test_a_plan_whose_means_keep_what_it_promises_has_no_error() -> None:
    document = plan()
    assert not [one for one in lint.lint(document, means(document), TODAY) if one.grade == lint.ERROR]


def test_each_broken_promise_is_named_where_it_stands() -> None:
    document = plan()
    good, card, role = means(document), team_card(document), document.roles[0]
    nobody = {code: replace(post, holders=0, on_duty=0) for code, post in good.posts.items()}
    lonely = {code: replace(post, deputy="") for code, post in good.posts.items()}
    need = with_card(document, needs=(Need("堵漏器材", 5, "套", ""),))
    other = OtherPlan("WD", "区预案", 2, "市局", role.posts, None, None)
    above = OtherPlan("NM", "自治区预案", 0, "", (), 10, None)
    same_rule = replace(document.levels[1], when=document.levels[0].when)
    cases = [
        (document, replace(good, posts={}), f"错误 组织 {role.title}：岗位"),
        (document, replace(good, posts=nobody), "无人任职"),
        (document, replace(good, posts=lonely), "没有副岗" if any(len(r.posts) == 1 for r in document.roles) else ""),
        (document, replace(good, teams=(), team_min=np.zeros((0, 2))), f"错误 任务卡 {card.title}：需要"),
        (with_card(document, arrive_min=5), means(document, 60.0), "0% 的可能地点做得到"),
        (need, means(need, stock=(), stock_min=np.zeros((0, 2))), "需要 堵漏器材 5 套，全市库存 0 套"),
        (need, means(need, 9999.0), "堵漏器材运到"),
        (with_card(document, acknowledge_min=500), good, "确认时限 500 分钟不短于"),
        (with_card(document, arrive_min=5000.0, deadline_min=90), good, "到场目标 5000 分钟不短于"),
        (replace(document, levels=(document.levels[0], same_rule, *document.levels[2:])), good, "永远轮不到"),
        (replace(document, tasks=()), good, "没有任务卡，启动后无事可做"),
        (replace(document, tasks=tuple(replace(c, phase="先期处置") for c in document.tasks)), good, "没有后期处置的任务"),
        (document, replace(good, others=(other,)), "在《区预案》中同时承担任务"),
        (replace(document, targets=replace(document.targets, first_report_min=60)), replace(good, others=(above,)),
         "首报时限 60 分钟，比上位预案《自治区预案》的 10 分钟宽"),
        (replace(document, issued_on="2023-01-01"), good, "错误 修订：发布于 2023-01-01，应在 2026-01-01 前评估修订"),
        (document, replace(good, last_drill=None), "没有演练记录"),
        (document, replace(good, last_drill=date(2020, 1, 1)), "前应再次演练"),
    ]  # fmt: skip
    for number, (one, given_means, words) in enumerate(cases):
        assert words in found(one, given_means), (number, words, found(one, given_means))


def test_in_calm_and_with_everything_near_nothing_is_late() -> None:
    document = plan()
    calm = stress(document, means(document, 1.0), CALM, 200)
    assert (calm.kept_share, calm.late_min) == (1.0, 0.0)
    assert sum(calm.levels.values()) == 200


def test_a_way_longer_than_the_target_is_late_by_just_the_difference() -> None:
    document = with_card(plan(), arrive_min=20.0, deadline_min=90.0, count=1)
    run = stress(document, means(document, 50.0), CALM, 100)
    card = next(one for one in run.cards if one.key == team_card(document).key)
    # 1.5 minutes to acknowledge, 1 to turn out, 50 on the road, 20 allowed.
    assert card.arrive_late_share == 1.0
    assert card.arrive_late_p90_min == pytest.approx(32.5, abs=0.01)


def test_without_the_team_help_from_outside_is_waited_for_and_blamed() -> None:
    document = plan()
    card = team_card(document)
    bare = means(document, 1.0, teams=(), team_min=np.zeros((0, 2)))
    run = stress(document, bare, CALM, 50)
    row = next(one for one in run.cards if one.key == card.key)
    assert row.short_share == 1.0
    assert next(iter(row.causes), "等队伍") == "等队伍"


@settings(max_examples=8, deadline=None)
@given(near=st.floats(1, 30), farther=st.floats(1, 120), seed=st.integers(1, 50))
def test_longer_ways_never_make_a_plan_better(near: float, farther: float, seed: int) -> None:
    document = plan()
    given_ = replace(CALM, work_sigma=0.2)
    good = stress(document, means(document, near), given_, 60, seed)
    worse = stress(document, means(document, near + farther), given_, 60, seed)
    assert worse.late_min >= good.late_min - 1e-9


def test_the_same_seed_gives_the_same_run_and_another_one_another() -> None:
    document = plan()
    runs = [stress(document, means(document, 20.0), None, 100, seed) for seed in (3, 3, 4)]
    assert runs[0] == runs[1] != runs[2]


def test_the_change_that_helps_is_the_one_that_was_missing() -> None:
    document = with_card(plan(), arrive_min=10.0, count=1)
    far = means(document, 60.0)
    base = stress(document, far, CALM, 100)
    best = helps(document, far, base, CALM, 100)[0]
    assert "增设 1 支" in best.title
    assert best.saved_min > 10


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"night_share": 2}, "night_share"),
        ({"incidents_per_day": 0}, "incidents_per_day"),
        ({"work_share": -1}, "work_share"),
    ],
)
def test_an_assumption_out_of_range_is_refused_before_any_work(change: dict[str, float], field: str) -> None:
    document = plan()
    with pytest.raises(InputError) as error:
        stress(document, means(document), replace(Assumptions(), **change))  # type: ignore[arg-type]
    assert error.value.field == field
    with pytest.raises(InputError):
        stress(document, means(document), None, 0)


@pytest.mark.parametrize("path", sorted(CITIES.glob("*/plans/*.toml")), ids=lambda path: path.stem)
def test_a_plan_written_out_and_read_again_is_the_same_plan(path: Path) -> None:
    document = load(path)
    assert loader.loads("again", text.as_toml(document)) == document


@pytest.fixture
def seats(stage: Stage) -> None:
    """Where people live, so that something may happen somewhere."""
    for number, area in enumerate((stage.city.town, stage.city.community)):
        area.seat_lon, area.seat_lat, area.population = 106.8 + number / 20, 39.6, 5000
        area.save()


@pytest.mark.usefixtures("seats")
def test_the_worker_computes_what_was_ordered_and_keeps_it(stage: Stage) -> None:
    row = actions.order_stress(stage.officer, stage.plan.plan_id, 40)
    with pytest.raises(Conflict, match="还在计算"):
        actions.order_stress(stage.officer, stage.plan.plan_id, 40)
    assert runner.work_off() == 1
    row.refresh_from_db()
    assert row.state == StressRun.State.DONE, row.error
    assert sum(row.result["levels"].values()) == 40
    assert row.cards_shown[0]["late_percent"] >= row.cards_shown[-1]["late_percent"]


@pytest.mark.usefixtures("seats")
def test_a_run_that_cannot_be_made_is_kept_as_failed_and_not_taken_up_again(stage: Stage) -> None:
    row = actions.order_stress(stage.officer, stage.plan.plan_id, 40)
    StressRun.everything.update(assumptions={**row.assumptions, "unknown": 1})
    assert (runner.work_off(), runner.work_off()) == (1, 0)
    row.refresh_from_db()
    assert (row.state, "unknown" in row.error) == (StressRun.State.FAILED, True)


@pytest.mark.usefixtures("seats")
def test_a_run_under_way_keeps_its_claim(stage: Stage) -> None:
    row = actions.order_stress(stage.officer, stage.plan.plan_id, 300)
    StressRun.everything.update(claimed_at=row.ordered_at - 2 * runner.LEASE)
    row.refresh_from_db()
    before = row.claimed_at
    runner.compute(row)
    row.refresh_from_db()
    assert row.claimed_at > before + runner.LEASE


@pytest.mark.usefixtures("seats")
def test_the_pages_show_findings_the_run_and_its_report(stage: Stage, signed_in: Any) -> None:
    client, pk = signed_in(), stage.plan.plan_id
    page = client.get(f"/command/plans/{pk}/check").content.decode()
    assert "还没有做过压力试验" in page
    assert client.post(f"/command/plans/{pk}/stress", {"incidents": "30"}).status_code == 302
    assert "progressbar" in client.get(f"/command/plans/{pk}/stress/part").content.decode()
    runner.work_off()
    assert "哪张任务卡先垮" in client.get(f"/command/plans/{pk}/check").content.decode()
    report = client.get(f"/command/plans/{pk}/stress.docx")
    assert "压力试验报告" in Document(BytesIO(report.content)).paragraphs[0].text
    assert client.post(f"/command/plans/{pk}/stress", {"incidents": "-3"}).status_code == 422


def test_a_plan_is_edited_looked_over_and_published_under_a_new_version(stage: Stage, signed_in: Any) -> None:
    client, pk = signed_in(), stage.plan.plan_id
    before = text.as_toml(stage.plan.document())
    changed = before.replace(f'version = "{stage.plan.version}"', 'version = "2027.9"')
    looked = client.post(f"/command/plans/{pk}/edit", {"text": changed, "do": "check"}).content.decode()
    assert "2027.9" in looked
    assert PlanVersion.everything.filter(plan_id=pk).count() == 1
    same_number = before.replace('title = "', 'title = "新', 1)
    kept = client.post(f"/command/plans/{pk}/edit", {"text": same_number, "do": "publish"}).content.decode()
    assert "请使用新的版本号" in kept
    assert "title = &quot;新" in kept
    assert client.post(f"/command/plans/{pk}/edit", {"text": changed, "do": "publish"}).status_code == 302
    assert PlanVersion.everything.filter(plan_id=pk).count() == 2
    assert "2027.9" in client.get(f"/command/plans/{pk}/versions").content.decode()
    assert "TOML" in client.post(f"/command/plans/{pk}/edit", {"text": "[[", "do": "publish"}).content.decode()


def paper() -> bytes:
    document = Document()
    for line in (
        "乌海市粉尘爆炸事故应急预案", "2 组织指挥体系", "（1）抢险救援组：由消防救援支队牵头，负责灭火和搜救。",
        "3.1 Ⅰ级响应启动条件：死亡30人以上", "（1）请求自治区支援并成立现场指挥部", "3.2 Ⅲ级响应", "1、封控现场并疏散周边人员",
    ):  # fmt: skip
        document.add_paragraph(line)
    table = document.add_table(rows=2, cols=2)
    for cell, words in zip(
        [*table.rows[0].cells, *table.rows[1].cells], ("单位", "职责", "市公安局", "警戒"), strict=True
    ):
        cell.text = words
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def test_a_word_plan_is_recognised_and_what_is_missing_is_said() -> None:
    made = word.read(paper())
    assert made.title == "乌海市粉尘爆炸事故应急预案"
    assert made.roles == [("抢险救援组", "由消防救援支队牵头，负责灭火和搜救。"), ("市公安局", "警戒")]
    assert made.levels == {"一级": ["请求自治区支援并成立现场指挥部"], "三级": ["封控现场并疏散周边人员"]}
    assert "一级响应启动条件原文：3.1 Ⅰ级响应启动条件：死亡30人以上（请改写为表达式）" in made.notes
    assert "未识别到二级响应" in made.notes
    assert loader.loads("draft", word.as_toml(made, "mca:150300", TODAY)).levels[0].level == "一级"
    with pytest.raises(Invalid, match="Word 文件"):
        word.read(b"not a word file")


def test_a_small_file_that_unpacks_into_a_large_one_is_refused(signed_in: Any, stage: Stage) -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as parts, parts.open("word/document.xml", "w") as part:
        for _ in range(101):
            part.write(bytes(1024 * 1024))
    with pytest.raises(Invalid, match="不超过 100 MB"):
        word.read(out.getvalue())
    reader = signed_in(stage.city.city, "command.view", username="reader")
    assert reader.get("/command/plans/draft").status_code == 403
