"""预警: colours, life cycle, what article 64 demands, and the words that go out. Pure.

Sources: 突发事件应对法 (2024) arts 63, 64, 66, 67; 气象灾害防御条例 art 30.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")
#: art 63: first level red is the highest.
COLOURS = ("红", "橙", "黄", "蓝")
LEVEL_OF = {"红": "一级", "橙": "二级", "黄": "三级", "蓝": "四级"}
HEX_OF = {"红": "#d6342c", "橙": "#e8833a", "黄": "#e6c229", "蓝": "#2f6fde"}
#: CAP severity as public Chinese feeds map it.
SEVERITY_OF = {"红": "Extreme", "橙": "Severe", "黄": "Moderate", "蓝": "Minor"}
#: 11B codes that other bodies than the weather service issue (林草、生态环境、自然资源): 待核对 for the region.
NOT_WEATHER_SERVICE = frozenset({"11B25", "11B26", "11B29", "11B37", "11B41"})
INTERNAL_MARK = "【内部研判】"
INTERNAL_NOTE = "本内容为内部研判提示，不是气象灾害预警信号；预警信号以气象台站发布为准（气象灾害防御条例第三十条）。"
#: Names of the event types most needed here (国家应急平台体系信息资源分类与编码规范, 5 characters).
EVENT_NAMES = {
    "11A01": "洪水",
    "11A02": "内涝",
    "11A03": "水库重大险情",
    "11A04": "堤防重大险情",
    "11A05": "凌汛",
    "11A51": "山洪灾害",
    "11B03": "暴雨",
    "11B04": "暴雪",
    "11B05": "寒潮",
    "11B06": "大风",
    "11B07": "沙尘暴",
    "11B09": "高温",
    "11B14": "雷电",
    "11B15": "冰雹",
    "11B16": "霜冻",
    "11B17": "大雾",
    "11B19": "霾",
    "11B21": "道路结冰",
    "11B22": "干旱",
    "11B25": "森林火险",
    "11B26": "草原火险",
    "11B29": "重污染天气",
    "11B37": "地质灾害气象风险",
    "11B41": "森林（草原）火险",
    "11C02": "地震",
    "11D01": "滑坡",
    "11D02": "泥石流",
    "11D03": "崩塌",
    "11D04": "地面塌陷",
    "11G01": "森林火灾",
    "11G05": "草原火灾",
    "12A00": "煤矿事故",
    "12D01": "危险化学品爆炸",
    "12D02": "危险化学品泄漏",
    "12D03": "危险化学品火灾",
    "12D04": "危险化学品中毒和窒息",
    "12Q01": "水域污染",
    "12Q02": "空气污染",
    "00000": "测试",
}


class State(Enum):
    """Where a warning is on its way."""

    EDITING = "editing"
    DRAFT = "draft"
    REVIEWED = "reviewed"
    REJECTED = "rejected"
    ISSUED = "issued"
    REPLACED = "replaced"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def label(self) -> str:
        return STATE_LABELS[self.value]


STATE_LABELS = {
    "editing": "草稿",
    "draft": "待审核",
    "reviewed": "待签发",
    "rejected": "已退回",
    "issued": "已发布",
    "replaced": "已被续发",
    "cancelled": "已解除",
    "expired": "已到期",
}
DRAFT, REVIEW, ISSUE = "monitoring.warn_draft", "monitoring.warn_review", "monitoring.warn_issue"
#: What a person has been to a warning, as the law below names those who may not take the step.
AUTHOR, REVIEWER, SIGNER = "拟稿人", "审核人", "签发人"
#: The emergency fast path is for what cannot wait (红, 橙); its review follows within this time (a parameter of ours, 待核对).
FAST_LEVELS, REVIEW_WITHIN_H = ("红", "橙"), 24
#: What the review afterwards found wrong is corrected (续发) or ended within this time, or ended by the system (待核对).
MEND_WITHIN_MIN = 60
MANUAL_EXERCISE = "手动演练"
EXERCISE_MARK = "【演练】"


@dataclass(frozen=True)
class Step:
    """One allowed transition. never: those who may not take it, whatever they are permitted. reason: it must be given."""

    verb: str
    label: str
    before: State
    after: State
    permission: str
    never: tuple[str, ...] = ()
    reason: bool = False


E, D, R, J, P, X = State.EDITING, State.DRAFT, State.REVIEWED, State.REJECTED, State.ISSUED, State.EXPIRED
#: The law of the workflow: what is not in this table is not possible.
LAW: tuple[Step, ...] = (
    # verb          label        from  to               permission  never                    reason
    Step("edit",    "修改",       E,    E,               DRAFT),
    Step("submit",  "提交审核",    E,    D,               DRAFT),
    Step("redraft", "修改",       D,    D,               DRAFT,      (),                      True),
    Step("redraft", "修改",       J,    D,               DRAFT,      (),                      True),
    Step("redraft", "修改",       R,    D,               DRAFT,      (),                      True),
    Step("approve", "审核通过",    D,    R,               REVIEW,     (AUTHOR,)),
    Step("reject",  "退回",       D,    J,               REVIEW,     (AUTHOR,),               True),
    Step("reject",  "退回",       R,    J,               REVIEW,     (AUTHOR,),               True),
    Step("issue",   "签发",       R,    P,               ISSUE,      (AUTHOR, REVIEWER)),
    Step("fast",    "应急快速签发", D,    P,               ISSUE,      (AUTHOR,),               True),
    Step("confirm", "事后审核",    P,    P,               REVIEW,     (AUTHOR, SIGNER),        True),
    Step("replace", "续发",       P,    State.REPLACED,  ISSUE),
    Step("cancel",  "解除",       P,    State.CANCELLED, ISSUE,      (),                      True),
    Step("expire",  "到期",       P,    X,               ISSUE),
    Step("expire",  "到期",       R,    X,               ISSUE),
    Step("expire",  "到期",       D,    X,               ISSUE),
    Step("expire",  "到期",       J,    X,               ISSUE),
    Step("expire",  "到期",       E,    X,               ISSUE),
)  # fmt: skip
BY_STEP = {(step.before, step.verb): step for step in LAW}


class NotAllowed(ValueError):
    """The life cycle has no such step."""


def step(state: State, verb: str) -> Step:
    """The transition, or `NotAllowed` in words."""
    found = BY_STEP.get((state, verb))
    if found is None:
        label = next((known.label for known in LAW if known.verb == verb), verb)
        raise NotAllowed(f"“{state.label}”的预警不能{label}")
    return found


def barred(taken: Step, roles: Collection[str]) -> str:
    """Why somebody who was `roles` to this warning may not take the step; "" when nothing stands against it."""
    role = next((role for role in taken.never if role in roles), "")
    return f"{role}不能{taken.label}同一条预警（职责分离）" if role else ""


def marked(headline: str, exercise: bool) -> str:
    """A headline of a drill says so first, wherever it goes."""
    return headline if not exercise or headline.startswith(EXERCISE_MARK) else f"{EXERCISE_MARK}{headline}"


@dataclass(frozen=True)
class Content:
    """What article 64 demands of a warning."""

    event_code: str
    level: str
    headline: str
    description: str
    instruction: str
    areas: Sequence[str]
    onset: datetime
    expires: datetime
    sender: str
    issued_at: datetime | None = None
    #: Said by the weather service itself, and passed on unchanged: no judgement of ours.
    relayed: bool = False

    @property
    def internal(self) -> bool:
        return is_internal(self.event_code) and not self.relayed


def event_name(code: str) -> str:
    return EVENT_NAMES.get(code, code)


def is_code(code: str) -> bool:
    """A national event type code: five characters, `1`, class digit, group letter, two digits; `00000` = test."""
    return bool(re.fullmatch(r"1[12349][A-Z]\d\d|00000", code))


def is_internal(code: str) -> bool:
    """Signals of the weather service may be issued only by it (气象灾害防御条例 art 30): ours stay inside the house."""
    return code.startswith("11B") and code not in NOT_WEATHER_SERVICE


def missing(content: Content) -> list[str]:
    """Which of the eight things article 64 names are absent (发布时间 is set by issuing)."""
    needs = {
        "类别": is_code(content.event_code),
        "级别": content.level in COLOURS,
        "起始时间": content.onset is not None,
        "可能影响范围": bool(content.areas),
        "警示事项": bool(content.description.strip()),
        "应采取的措施": bool(content.instruction.strip()),
        "发布单位": bool(content.sender.strip()),
    }
    return [name for name, there in needs.items() if not there]


def clock_text(moment: datetime) -> str:
    """Beijing time as announcements write it."""
    local = moment.astimezone(BEIJING)
    return f"{local.year}年{local.month}月{local.day}日{local.hour}时{local.minute:02d}分"


def ended(sentence: str) -> str:
    """With its full stop: what follows is another sentence."""
    words = sentence.strip()
    return words if not words or words[-1] in "。！？；…!?.;" else f"{words}。"


def text(content: Content) -> str:
    """The announcement in full: every item of article 64."""
    mark, note = (INTERNAL_MARK, INTERNAL_NOTE) if content.internal else ("", "")
    colour = f"{content.level}色" if content.level in COLOURS else content.level
    issued = clock_text(content.issued_at) if content.issued_at else "（待发布）"
    return (
        f"{mark}{content.headline}\n"
        f"类别：{event_name(content.event_code)}（{content.event_code}）　"
        f"级别：{LEVEL_OF.get(content.level, '')}（{colour}）\n"
        f"起始时间：{clock_text(content.onset)}　截止：{clock_text(content.expires)}\n"
        f"可能影响范围：{'、'.join(content.areas)}\n"
        f"警示事项：{content.description.strip()}\n"
        f"应采取的措施：{content.instruction.strip()}\n"
        f"发布单位：{content.sender}　发布时间：{issued}" + (f"\n{note}" if note else "")
    )


def sms(content: Content, limit: int = 300) -> str:
    """A short message: sender in brackets first, as carriers demand; cut at `limit` characters."""
    mark = INTERNAL_MARK if content.internal else ""
    body = (
        f"【{content.sender}】{mark}{content.headline}：{ended(content.description)}"
        f"影响{'、'.join(content.areas)}。{ended(content.instruction)}"
    )
    return body if len(body) <= limit else f"{body[: limit - 1]}…"


def spoken(content: Content) -> str:
    """For loudspeakers: said twice, no brackets, no codes."""
    please = f"请{ended(content.instruction).removeprefix('请')}"
    once = f"{content.sender}发布{content.headline}。{ended(content.description)}{please}"
    return f"{once}　重复一遍。{once}"


#: What one part of a channel's message holds: SMS in UCS-2 (GSM 03.38: 70, joined 67), cell broadcast page (3GPP TS 23.041: 41).
SMS_ONE, SMS_JOINED, CELL_PAGE, CELL_PAGES, SIGN = 70, 67, 41, 15, 60


def cell(content: Content) -> str:
    """小区广播: what to do comes first; at most fifteen pages."""
    body = f"{content.sender}：{content.headline}。{ended(content.instruction)}{ended(content.description)}"
    return body[: CELL_PAGE * CELL_PAGES]


def sign(content: Content) -> str:
    """显示屏: one line that scrolls by."""
    body = f"【{content.level}色预警】{content.headline}　{content.instruction.strip()}"
    return body if len(body) <= SIGN else f"{body[: SIGN - 1]}…"


def chat(content: Content) -> str:
    """企业微信、钉钉、飞书: a card in Markdown."""
    return (
        f"**{content.headline}**\n> {content.description.strip()}\n\n**请：**{content.instruction.strip()}\n"
        f"范围：{'、'.join(content.areas)}\n有效至 {clock_text(content.expires)}\n{content.sender}"
    )


def telephone(content: Content) -> str:
    """电话叫应: what is read out, with a question at its end."""
    return f"您好，这里是{content.sender}。{content.headline}。{ended(content.description)}{ended(content.instruction)}请回答：是否收到？"


def parts(text: str) -> int:
    """How many short messages a text costs."""
    return 1 if len(text) <= SMS_ONE else -(-len(text) // SMS_JOINED)


#: What a warning is sent for; subscribers' mail and push begin with it.
PURPOSE = "预警发布"


def subject(purpose: str, text: str) -> str:
    """A mail's subject: what it is for, and how its text begins."""
    return f"【{purpose}】{text.strip().splitlines()[0][:60]}"


def previews(content: Content) -> dict[str, str]:
    """The text of each channel as its receiver gets it, by the channel's Chinese name."""
    return {
        "全文": text(content), "短信": sms(content), "大喇叭": spoken(content), "小区广播": cell(content), "显示屏": sign(content),
        "工作群": chat(content), "电话叫应": telephone(content), "邮件": f"{subject(PURPOSE, sms(content))}\n\n{sms(content)}",
        "网页推送": f"【{PURPOSE}】\n{sms(content)}",
    }  # fmt: skip


def sizes(content: Content) -> dict[str, str]:
    """What each preview costs or holds, beside its name."""
    short, said, page = sms(content), spoken(content), cell(content)
    return {
        "短信": f"{len(short)} 字，{parts(short)} 条", "大喇叭": f"约 {round(len(said) / 4)} 秒", "小区广播": f"{-(-len(page) // CELL_PAGE)} 页",
        "显示屏": f"{len(sign(content))} 字",
    }  # fmt: skip
