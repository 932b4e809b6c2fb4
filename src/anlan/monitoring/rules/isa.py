"""告警状态 after ANSI/ISA-18.2-2016 (IEC 62682) section 5: states, triggers and one readable transition table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """Alarm states of ISA-18.2 figure 3; LATCHED is an acknowledged, returned alarm that needs a reset."""

    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    LATCHED = "latched"
    NORMAL = "normal"
    SHELVED = "shelved"
    SUPPRESSED = "suppressed"
    OUT_OF_SERVICE = "out_of_service"

    @property
    def label(self) -> str:
        return LABELS[self.value]


LABELS = {
    "unacknowledged": "未确认",
    "acknowledged": "已确认",
    "returned": "恢复未确认",
    "latched": "待复位",
    "normal": "正常",
    "shelved": "搁置",
    "suppressed": "抑制",
    "out_of_service": "停用",
}


class Trigger(Enum):
    """What happens to an alarm: by the process (RAISE, RETURN), by a person, or by time (EXPIRE)."""

    RAISE = "raise"
    RETURN = "return"
    ACKNOWLEDGE = "acknowledge"
    RESET = "reset"
    SHELVE = "shelve"
    UNSHELVE = "unshelve"
    EXPIRE = "expire"
    SUPPRESS = "suppress"
    UNSUPPRESS = "unsuppress"
    REMOVE = "remove"
    RESTORE = "restore"


@dataclass(frozen=True)
class Point:
    """An alarm's state, whether its condition holds now, and whether it latches (gas, fire, SOS)."""

    state: State
    active: bool
    latched: bool = False


class NotAllowed(ValueError):
    """The table has no such move."""


#: state | trigger | condition now | kind -> next state. "*" = either.
TABLE_TEXT = """
unacknowledged  raise        *       *        unacknowledged
unacknowledged  acknowledge  active  *        acknowledged
unacknowledged  return       *       *        returned
acknowledged    raise        *       *        unacknowledged
acknowledged    return       *       plain    normal
acknowledged    return       *       latched  latched
returned        raise        *       *        unacknowledged
returned        acknowledge  *       plain    normal
returned        acknowledge  *       latched  latched
latched         raise        *       *        unacknowledged
latched         reset        gone    *        normal
normal          raise        *       *        unacknowledged
unacknowledged  shelve       *       *        shelved
acknowledged    shelve       *       *        shelved
returned        shelve       *       *        shelved
shelved         raise        *       *        shelved
shelved         return       *       *        shelved
shelved         unshelve     active  *        unacknowledged
shelved         unshelve     gone    plain    normal
shelved         unshelve     gone    latched  latched
shelved         expire       active  *        unacknowledged
shelved         expire       gone    plain    normal
shelved         expire       gone    latched  latched
unacknowledged  suppress     *       *        suppressed
acknowledged    suppress     *       *        suppressed
returned        suppress     *       *        suppressed
suppressed      raise        *       *        suppressed
suppressed      return       *       *        suppressed
suppressed      unsuppress   active  *        unacknowledged
suppressed      unsuppress   gone    plain    normal
suppressed      unsuppress   gone    latched  latched
unacknowledged  remove       *       *        out_of_service
acknowledged    remove       *       *        out_of_service
returned        remove       *       *        out_of_service
latched         remove       *       *        out_of_service
shelved         remove       *       *        out_of_service
suppressed      remove       *       *        out_of_service
out_of_service  raise        *       *        out_of_service
out_of_service  return       *       *        out_of_service
out_of_service  restore      active  *        unacknowledged
out_of_service  restore      gone    plain    normal
out_of_service  restore      gone    latched  latched
"""

TABLE: dict[tuple[State, Trigger, bool, bool], State] = {
    (State(state), Trigger(trigger), active, latched): State(after)
    for state, trigger, condition, kind, after in (line.split() for line in TABLE_TEXT.strip().splitlines())
    for active in (True, False)
    for latched in (True, False)
    if condition in ("*", "active" if active else "gone") and kind in ("*", "latched" if latched else "plain")
}


def move(point: Point, trigger: Trigger) -> Point:
    """The point after `trigger`; `NotAllowed` when the table has no such move."""
    after = TABLE.get((point.state, trigger, point.active, point.latched))
    if after is None:
        raise NotAllowed(f"“{point.state.label}”的告警不能执行“{trigger.value}”")
    active = {Trigger.RAISE: True, Trigger.RETURN: False}.get(trigger, point.active)
    return Point(after, active, point.latched)


def allowed(point: Point) -> list[Trigger]:
    """What a person may do with this alarm now."""
    return [trigger for trigger in Trigger if (point.state, trigger, point.active, point.latched) in TABLE]
