"""Verbs of monitoring: the only way to change anything here."""

from anlan.monitoring.actions.alarms import (
    acknowledge_alarm,
    expire_shelving,
    reset_alarm,
    return_to_service,
    shelve_alarm,
    suppress_alarm,
    take_out_of_service,
    unshelve_alarm,
    unsuppress_alarm,
)
from anlan.monitoring.actions.climate import roll_climate
from anlan.monitoring.actions.drafting import Words, draft_warning, draft_warnings
from anlan.monitoring.actions.escalation import escalate_overdue
from anlan.monitoring.actions.figures import Criterion, Figure, judge_figures
from anlan.monitoring.actions.fire_weather import weather_near
from anlan.monitoring.actions.fires import locate_fire, run_fire
from anlan.monitoring.actions.hazard_events import receive_event
from anlan.monitoring.actions.judgements import judge_readings
from anlan.monitoring.actions.nuisance import tidy_alarms
from anlan.monitoring.actions.park_risk import judge_park_risk
from anlan.monitoring.actions.parks import follow_parks
from anlan.monitoring.actions.stations import correct_clock
from anlan.monitoring.actions.warnings import (
    cancel_warning,
    confirm_warning,
    continue_warning,
    end_unmended,
    expire_warnings,
    issue_fast,
    issue_warning,
    issue_warnings,
    redraft_warning,
    review_warning,
    review_warnings,
    submit_warning,
)
from anlan.monitoring.actions.water import forecast_stages
from anlan.monitoring.actions.weather import Ahead, Flash, keep_forecasts, keep_strokes, untimely

__all__ = [
    "Ahead",
    "Criterion",
    "Figure",
    "Flash",
    "Words",
    "acknowledge_alarm",
    "cancel_warning",
    "confirm_warning",
    "continue_warning",
    "correct_clock",
    "draft_warning",
    "draft_warnings",
    "end_unmended",
    "escalate_overdue",
    "expire_shelving",
    "expire_warnings",
    "follow_parks",
    "forecast_stages",
    "issue_fast",
    "issue_warning",
    "issue_warnings",
    "judge_figures",
    "judge_park_risk",
    "judge_readings",
    "keep_forecasts",
    "keep_strokes",
    "locate_fire",
    "receive_event",
    "redraft_warning",
    "reset_alarm",
    "return_to_service",
    "review_warning",
    "review_warnings",
    "roll_climate",
    "run_fire",
    "shelve_alarm",
    "submit_warning",
    "suppress_alarm",
    "take_out_of_service",
    "tidy_alarms",
    "unshelve_alarm",
    "unsuppress_alarm",
    "untimely",
    "weather_near",
]
