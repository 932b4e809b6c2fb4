"""Rules of enforcement and of reports by the public as pure functions, each with its clause. Money in CNY (yuan)."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

Money = Decimal | int

#: 行政处罚法 (2021) art 72: 加处罚款 of 3 % of the fine for each day late, in total not more than the fine.
LATE_SHARE: Final = Decimal("0.03")
#: 安监总财〔2018〕19号: 15 % of the fine for a grave hidden danger or an illegal act that was reported; least and most.
TIPOFF_SHARE, TIPOFF_LEAST, TIPOFF_MOST = Decimal("0.15"), Decimal(3_000), Decimal(300_000)
#: The same: for each death that is proven to have been concealed (瞒报、谎报), by the accident's grade.
CONCEALED_EACH: Final = {"一般": 30_000, "较大": 40_000, "重大": 50_000, "特别重大": 60_000}


def positive(name: str, value: Money) -> Decimal:
    if value < 0:
        raise ValueError(f"{name} 为 {value}，应不小于 0")
    return Decimal(value)


def late_fee(fine: Money, days: int) -> Decimal:
    """加处罚款 after so many days past the day of payment (行政处罚法 art 72)."""
    return min(positive("罚款", fine), fine * LATE_SHARE * positive("逾期天数", days))


def tipoff_reward(fine: Money) -> Decimal:
    """举报奖励 for a grave hidden danger or an illegal act, by the fine imposed (安监总财〔2018〕19号)."""
    return min(max(positive("罚款", fine) * TIPOFF_SHARE, TIPOFF_LEAST), TIPOFF_MOST)


def concealment_reward(grade: str, deaths: int) -> Decimal:
    """举报奖励 for concealed deaths, capped (安监总财〔2018〕19号). grade: of the accident as it was in truth."""
    if grade not in CONCEALED_EACH:
        raise ValueError(f"事故等级“{grade}”，应为 {'、'.join(CONCEALED_EACH)}")
    return min(CONCEALED_EACH[grade] * positive("瞒报死亡人数", deaths), TIPOFF_MOST)
