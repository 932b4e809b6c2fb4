"""数字化预案: what a plan file says, as frozen dataclasses."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import Any, get_args, get_origin, get_type_hints

LEVELS = ("一级", "二级", "三级", "四级")
KINDS = ("总体", "专项", "部门", "联合", "乡镇街道", "村社区", "单位")
PHASES = ("先期处置", "应急响应", "救援处置", "后期处置")
NOTIFY = "【{level}响应】{incident}：{task}，{due}前完成"


@dataclass(frozen=True)
class Role:
    key: str
    title: str
    organisation: str
    posts: tuple[str, ...]
    duty: str = ""


@dataclass(frozen=True)
class LevelRule:
    """One response level with its activation condition; what 突发事件应对法 art 72 wants stated comes from here."""

    level: str
    when: str
    lead: str
    expected_hours: float
    measures: tuple[str, ...]
    approved_by: str = ""
    basis: str = ""


@dataclass(frozen=True)
class Need:
    item: str
    quantity: float
    unit: str
    code: str = ""


@dataclass(frozen=True)
class Card:
    """任务卡. Times in minutes from issue."""

    key: str
    title: str
    owner: str
    levels: tuple[str, ...]
    phase: str
    deadline_min: float
    text: str
    acknowledge_min: float = 5
    arrive_min: float | None = None
    notify: str = NOTIFY
    count: int = 1
    needs: tuple[Need, ...] = ()
    depends_on: tuple[str, ...] = ()

    @property
    def capability(self) -> str:
        return self.owner.removeprefix("capability:") if self.owner.startswith("capability:") else ""

    @property
    def role(self) -> str:
        return self.owner.removeprefix("role:") if self.owner.startswith("role:") else ""


@dataclass(frozen=True)
class Targets:
    """Minutes from 接报; None = the plan sets no such target."""

    first_acknowledge_min: float | None = None
    first_dispatch_min: float | None = None
    first_arrival_min: float | None = None
    warning_min: float | None = None
    first_report_min: float | None = None


@dataclass(frozen=True)
class ReportTemplate:
    superior: str
    next_steps: tuple[str, ...]
    copies: tuple[str, ...] = ()
    title: str = "关于{place}{event}的报告"


@dataclass(frozen=True)
class Termination:
    conditions: tuple[str, ...]
    when: str = ""


@dataclass(frozen=True)
class PlanDocument:
    code: str
    title: str
    kind: str
    version: str
    area: str
    event_codes: tuple[str, ...]
    issued_by: str
    issued_on: str
    roles: tuple[Role, ...]
    levels: tuple[LevelRule, ...]
    tasks: tuple[Card, ...]
    report: ReportTemplate
    termination: Termination
    targets: Targets = Targets()
    basis: tuple[str, ...] = ()
    representative: bool = False
    note: str = ""

    def as_data(self) -> dict[str, Any]:
        """JSON-able; `document_of` reads it back."""
        return dict(json.loads(json.dumps(asdict(self), ensure_ascii=False)))

    def content_hash(self) -> str:
        text = json.dumps(self.as_data(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def role(self, key: str) -> Role:
        return next(role for role in self.roles if role.key == key)

    def level(self, level: str) -> LevelRule | None:
        return next((rule for rule in self.levels if rule.level == level), None)

    def cards(self, level: str) -> list[Card]:
        return [card for card in self.tasks if level in card.levels]

    def covers(self, event_code: str) -> bool:
        return any(
            event_code.startswith(pattern[:-1]) if pattern.endswith("*") else event_code == pattern
            for pattern in self.event_codes
        )


def build(kind: Any, value: Any) -> Any:
    """A value of JSON as the annotated type: dataclasses and tuples of them are rebuilt, the rest is kept."""
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        return kind(**{f.name: build(hints[f.name], value[f.name]) for f in fields(kind) if f.name in value})
    if get_origin(kind) is tuple:
        return tuple(build(get_args(kind)[0], item) for item in value)
    return value


def document_of(data: dict[str, Any]) -> PlanDocument:
    """The plan as it was when this version was published."""
    plan: PlanDocument = build(PlanDocument, data)
    return plan
