"""The life of an alarm (ISA-18.2-2016, figure 3): one readable table of allowed transitions."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """ISA-18.2 states; RETURNED = returned to normal before anybody acknowledged."""

    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    LATCHED = "latched"
    NORMAL = "normal"
    SHELVED = "shelved"
    SUPPRESSED = "suppressed"
    OUT_OF_SERVICE = "out_of_service"


TITLES = {
    State.UNACKNOWLEDGED: "未确认",
    State.ACKNOWLEDGED: "已确认",
    State.RETURNED: "恢复未确认",
    State.LATCHED: "恢复待复位",
    State.NORMAL: "已恢复",
    State.SHELVED: "已搁置",
    State.SUPPRESSED: "已抑制",
    State.OUT_OF_SERVICE: "停用",
}
#: States in which an alarm still stands before the operator's eyes.
STANDING = frozenset({State.UNACKNOWLEDGED, State.ACKNOWLEDGED, State.RETURNED, State.LATCHED})
ASIDE = frozenset({State.SHELVED, State.SUPPRESSED, State.OUT_OF_SERVICE})
#: verb -> states from which it is allowed.
ALLOWED: dict[str, frozenset[State]] = {
    "acknowledge": frozenset({State.UNACKNOWLEDGED, State.RETURNED}),
    "reset": frozenset({State.LATCHED}),
    "shelve": STANDING,
    "suppress": STANDING,
    "take_out_of_service": STANDING | {State.SHELVED, State.SUPPRESSED},
    "unshelve": frozenset({State.SHELVED}),
    "unsuppress": frozenset({State.SUPPRESSED}),
    "return_to_service": frozenset({State.OUT_OF_SERVICE}),
}
VERB_TITLES = {
    "acknowledge": "确认",
    "reset": "复位",
    "shelve": "搁置",
    "suppress": "抑制",
    "take_out_of_service": "停用",
    "unshelve": "取消搁置",
    "unsuppress": "取消抑制",
    "return_to_service": "恢复使用",
}


def standing_state(active: bool, acknowledged: bool, latched: bool, was_reset: bool = False) -> State:
    """Where an alarm stands that is not set aside. A latched one (gas, fire) must be reset after it cleared."""
    if active:
        return State.ACKNOWLEDGED if acknowledged else State.UNACKNOWLEDGED
    if not acknowledged:
        return State.RETURNED
    return State.LATCHED if latched and not was_reset else State.NORMAL


def allowed(verb: str, state: State) -> bool:
    return state in ALLOWED[verb]
