"""The plan format: what loads, what is refused and how it says so, and how conditions are judged."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan import cities
from anlan.command import actions
from anlan.command.models import PlanVersion
from anlan.command.plans import Expression, document_of, load, words
from anlan.command.plans.expressions import BadExpression
from anlan.command.plans.loader import read
from anlan.command.plans.variables import VARIABLES
from anlan.kernel.accounts.actor import system
from anlan.kernel.errors import Conflict, Invalid
from tests.command.conftest import DATA, Stage

DOC = Path(__file__).parents[2] / "docs" / "plan-format.md"


def source() -> dict[str, Any]:
    return tomllib.loads((DATA / "leak.toml").read_text(encoding="utf-8"))


def test_the_example_plan_loads_and_survives_being_stored() -> None:
    plan = load(DATA / "leak.toml")
    assert document_of(plan.as_data()) == plan
    assert plan.covers("12D02")
    assert not plan.covers("11C02")
    assert [card.key for card in plan.cards("三级")] == ["cordon", "plug", "decontaminate"]


def change(path: str, value: Any) -> dict[str, Any]:
    """The example with one value changed; `path` like task.0.owner."""
    data: Any = source()
    *way, last = path.split(".")
    here = data
    for step in way:
        here = here[int(step)] if step.isdigit() else here[step]
    if value is KeyError:
        del here[last]
    else:
        here[last] = value
    return dict(data)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("plan.code", "wh chem", "x.toml · plan.code的值“wh chem”不正确，允许：大写字母"),
        ("plan.kind", "应急", "plan.kind的值“应急”不正确，允许：总体 / 专项"),
        ("plan.issued_on", "2026年", "plan.issued_on的值“2026年”不正确，允许：日期"),
        ("plan.event_codes", ["12D"], "plan.event_codes的值“12D”不正确"),
        ("plan.title", KeyError, "plan.title的值空不正确，允许：必填"),
        ("plan.colour", "red", "plan.colour的值“colour”不正确，允许：键名"),
        ("role.0.posts", [], r"role\[1\].posts"),
        ("level.0.when", "deaths >", r"level\[1\].when.*无法解析"),
        ("level.0.when", "dead >= 3", r"level\[1\].when.*未知要素 dead"),
        ("level.0.when", 'grade >= "大"', r"level\[1\].when.*“大”不是事件等级"),
        ("level.0.lead", "boss", r"level\[1\].lead的值“boss”不正确，允许：commander police"),
        ("level.1.level", "二级", r"level.level的值“二级”不正确，允许：不重复的值"),
        ("task.0.owner", "police", r"task\[1\].owner的值“police”不正确，允许：role:<角色> 或 capability:<能力>"),
        ("task.0.owner", "role:army", r"task\[1\].owner.*允许：role: commander police"),
        ("task.0.deadline_min", 0, r"task\[1\].deadline_min的值“0”不正确，允许：大于 0"),
        ("task.0.deadline_min", True, r"task\[1\].deadline_min"),
        ("task.0.levels", ["一级"], r"task\[1\].levels.*本预案有的级别"),
        ("task.0.notify", "{who}请到场", r"task\[1\].notify.*只用"),
        ("task.0.count", 2, r"task\[1\].count.*岗位任务只能是 1"),
        ("task.1.depends_on", ["decontaminate"], r"task\[2\].depends_on.*不成环"),
        ("task.2.depends_on", ["nothing"], r"task\[3\].depends_on的值“nothing”不正确"),
        ("task.2.depends_on", ["evacuate"], r"task\[3\].depends_on.*相同级别"),
        ("termination.when", "open_tasks", r"termination.when.*不是是非型要素"),
        ("report", KeyError, r"report的值空不正确"),
    ],
)
def test_what_is_wrong_is_named_with_file_key_value_and_what_is_allowed(path: str, value: Any, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        read("x.toml", change(path, value))


def test_a_file_that_is_not_toml_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("[plan\n", encoding="utf-8")
    with pytest.raises(Invalid, match=r"broken\.toml"):
        load(tmp_path / "broken.toml")


def test_every_name_a_condition_may_use_is_in_the_document() -> None:
    text = DOC.read_text(encoding="utf-8")
    assert [name for name in VARIABLES if f"`{name}`" not in text] == []


@pytest.mark.parametrize(
    ("condition", "figures", "result"),
    [
        ("deaths >= 3", {"deaths": 3}, True),
        ("deaths >= 3", {"deaths": 2}, False),
        ("deaths >= 3", {}, None),
        ("deaths >= 3 or magnitude >= 5.0", {"magnitude": 5.8}, True),
        ("deaths >= 3 and magnitude >= 5.0", {"magnitude": 4.8}, False),
        ("deaths >= 3 or magnitude >= 5.0", {"magnitude": 4.8}, None),
        ("not near_homes", {"near_homes": False}, True),
        ('grade >= "较大"', {"grade": "重大"}, True),
        ('grade >= "较大"', {"grade": "一般"}, False),
        ('"橙" <= warning_level', {"warning_level": "红"}, True),
        ('event_code in ["12D01", "12D02"]', {"event_code": "12D02"}, True),
        ("deaths + missing >= 3", {"deaths": 1, "missing": 2}, True),
        ("deaths + missing >= 3", {"deaths": 1}, None),
        ("1 <= alarm_priority <= 2", {"alarm_priority": 2}, True),
        ("loss_cny / deaths > 5", {"loss_cny": 10, "deaths": 0}, None),
        ("true", {}, True),
    ],
)
def test_unknown_is_neither_true_nor_false(condition: str, figures: dict[str, Any], result: bool | None) -> None:
    assert Expression(condition).judge(figures).result is result


def test_the_explanation_has_every_term_and_names_what_is_missing() -> None:
    judged = Expression('deaths >= 3 or (magnitude >= 5.0 and near_homes) or grade >= "重大"').judge(
        {"deaths": 1, "magnitude": 5.8, "grade": "一般"}
    )
    assert [(term.text, term.mark) for term in judged.terms] == [
        ("死亡 1人 ≥ 3", "不成立"),
        ("震级 5.8M ≥ 5.0", "成立"),
        ("威胁居民区或重点场所：未知", "无法判断"),
        ("事件等级 一般 ≥ 重大", "不成立"),
    ]
    assert judged.missing == ["near_homes"]


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('id')",
        "deaths.real >= 1",
        "[x for x in deaths]",
        "deaths",
        "deaths >= 'a' * 10**9",
        "substance > '氯'",
        "near_homes >= 1",
        "deaths is 3",
        "lambda: 1",
        "deaths ** 9 > 1",
    ],
)
def test_only_the_small_language_is_accepted(text: str) -> None:
    with pytest.raises(BadExpression):
        Expression(text)


NUMBERS = sorted(name for name, variable in VARIABLES.items() if variable.kind == "number")
TERMS = st.builds(
    "{} {} {}".format, st.sampled_from(NUMBERS), st.sampled_from(["<", "<=", ">", ">=", "=="]), st.integers(0, 9)
)


@given(
    st.lists(TERMS, min_size=1, max_size=4),
    st.sampled_from(["and", "or"]),
    st.dictionaries(st.sampled_from(NUMBERS), st.integers(0, 9)),
)
def test_learning_a_figure_never_overturns_a_judgement(terms: list[str], word: str, known: dict[str, int]) -> None:
    """What was true or false on part of the figures stays so whatever the unknown ones turn out to be."""
    expression = Expression(f" {word} ".join(terms))
    before = expression.judge(known).result
    after = expression.judge(dict.fromkeys(NUMBERS, 5) | known).result
    assert after is not None
    assert before in {None, after}


def test_a_published_version_is_kept_and_a_changed_one_needs_a_new_number(stage: Stage) -> None:
    again = actions.publish_plan(system("加载"), load(DATA / "leak.toml"))
    assert again == stage.plan
    with pytest.raises(Conflict, match="请使用新的版本号"):
        actions.publish_plan(system("加载"), read("x.toml", change("plan.note", "改了")))
    data = change("plan.note", "改了")
    data["plan"]["version"] = "2026.2"
    actions.publish_plan(system("加载"), read("x.toml", data))
    assert PlanVersion.everything.filter(plan=stage.plan.plan).count() == 2


def test_a_plan_reads_in_words_that_keep_its_meaning() -> None:
    said = words.condition('deaths >= 30 or (grade == "重大" and not near_homes) or people_in_zone >= 5000')
    assert said == (
        "死亡（人） ≥ 30 或 (事件等级 ＝ 重大 且 非 威胁居民区或重点场所) 或 危险区内人口（模型推算） ≥ 5000"
    )
    document = load(cities.folder("wuhai") / "plans" / "chemical-leak.toml")
    shown = words.readable(document, {"hazmat": "危化处置"}, {"P-POLICE": "治安警戒组长"})
    owners = {card.title: owner for card, owner, _after in shown["cards"]}
    assert owners["侦检与堵漏"] == "危化处置队伍 2 支"
    assert "role:" not in "".join(owners.values())
