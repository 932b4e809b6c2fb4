"""定级 of hazards that have their own tables: geological, environmental; and 较大涉险事故. Pure, each with its clause."""

from __future__ import annotations

from anlan.command.rules.grades import GRADES, Graded, worst

#: 国家突发地质灾害应急预案: people to move, potential loss in yuan. 待核对 below 特大型.
DANGER_PEOPLE, DANGER_LOSS = (100, 500, 1000), (5e6, 5e7, 1e8)
#: 总局令第21号: any one makes a 较大涉险事故.
AT_RISK, TRAPPED_OR_MISSING, EVACUATED = 10, 3, 500


def geological_disaster_grade(deaths: int | None, loss_cny: float | None) -> Graded:
    """地质灾害灾情 (地质灾害防治条例 art 4): 特大型、大型、中型、小型 in the words of the four grades."""
    index = worst((deaths, (3, 10, 30)), (loss_cny, (1e6, 5e6, 1e7)))
    return Graded(GRADES[index], "地质灾害防治条例第四条")


def geological_danger_grade(people_to_move: int | None, potential_loss_cny: float | None) -> Graded:
    """地质灾害险情 by people who must move and by potential loss."""
    index = worst((people_to_move, DANGER_PEOPLE), (potential_loss_cny, DANGER_LOSS))
    return Graded(GRADES[index], "国家突发地质灾害应急预案（待核对）")


def environmental_grade(
    deaths: int | None, poisoned: int | None, evacuated: int | None, loss_cny: float | None
) -> Graded:
    """突发环境事件 (国办函〔2014〕119号 附件1) by figures; criteria of water sources and ecology need a person's judgement."""
    index = worst(
        (deaths, (3, 10, 30)), (poisoned, (10, 50, 100)), (evacuated, (5_000, 10_000, 50_000)),
        (loss_cny, (5e6, 2e7, 1e8)),
    )  # fmt: skip
    return Graded(GRADES[index], "国家突发环境事件应急预案附件1（数量指标）")


def near_miss_reasons(
    at_risk: int | None = None,
    trapped: int | None = None,
    missing: int | None = None,
    evacuated: int | None = None,
    serious_pollution: bool = False,
    vital_site: bool = False,
) -> list[str]:
    """Why this is a 较大涉险事故 (总局令第21号); empty when it is none."""
    caught = (trapped or 0) + (missing or 0)
    tests = (
        ((at_risk or 0) >= AT_RISK, f"涉险 {at_risk} 人，达到 {AT_RISK} 人"),
        (caught >= TRAPPED_OR_MISSING, f"被困或下落不明 {caught} 人，达到 {TRAPPED_OR_MISSING} 人"),
        ((evacuated or 0) >= EVACUATED, f"紧急疏散 {evacuated} 人，达到 {EVACUATED} 人"),
        (serious_pollution, "对环境造成严重污染"),
        (vital_site, "危及重要场所和设施安全"),
    )
    return [reason for met, reason in tests if met]
