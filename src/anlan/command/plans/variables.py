"""研判要素: the names a plan's conditions may use, each with label, unit and kind. The table of docs/plan-format.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

GRADES = ("一般", "较大", "重大", "特别重大")
COLOURS = ("蓝", "黄", "橙", "红")


@dataclass(frozen=True)
class Variable:
    """One figure about an incident. `order` = allowed words from mild to severe; `entered` = typed in by people."""

    label: str
    unit: str = ""
    kind: str = "number"
    order: Sequence[str] = ()
    entered: bool = False


VARIABLES: dict[str, Variable] = {
    "deaths": Variable("死亡", "人"),
    "missing": Variable("失踪", "人"),
    "serious": Variable("重伤", "人"),
    "minor": Variable("轻伤", "人"),
    "trapped": Variable("被困", "人"),
    "evacuated": Variable("已疏散", "人"),
    "loss_cny": Variable("直接经济损失", "元"),
    "grade": Variable("事件等级", kind="rank", order=GRADES),
    "event_code": Variable("事件类型码", kind="text"),
    "hours_uncontrolled": Variable("未控制时长", "小时"),
    "alarm_priority": Variable("告警优先级", "级"),
    "open_tasks": Variable("未完成任务", "项"),
    "warning_level": Variable("生效预警级别", kind="rank", order=COLOURS),
    "people_in_zone": Variable("危险区内人口（模型推算）", "人", entered=True),
    "magnitude": Variable("震级", "M", entered=True),
    "intensity": Variable("最高烈度", "度", entered=True),
    "substance": Variable("泄漏物质", kind="text", entered=True),
    "released_kg": Variable("估计泄漏量", "kg", entered=True),
    "burned_ha": Variable("过火面积", "公顷", entered=True),
    "hotspots": Variable("卫星热点", "个", entered=True),
    "fire_danger": Variable("火险等级", "级", entered=True),
    "wind_class": Variable("平均风力", "级", entered=True),
    "stage_m": Variable("水位", "m", entered=True),
    "stage_over_alert_m": Variable("超警戒水位", "m", entered=True),
    "stage_rise_m_h": Variable("水位涨率", "m/h", entered=True),
    "ice_jam_km": Variable("冰塞冰坝长度", "km", entered=True),
    "near_homes": Variable("威胁居民区或重点场所", kind="flag", entered=True),
    "cross_boundary": Variable("跨行政区", kind="flag", entered=True),
}
