"""Verbs of the simulation room."""

from anlan.simulation.actions.chains import Trigger, answer_lead, carry_on, follow
from anlan.simulation.actions.ending import end_runs, end_story
from anlan.simulation.actions.ground import drop_raster, keep_raster
from anlan.simulation.actions.lines import draw_line, drop_line, redraw_fire, refresh_fire
from anlan.simulation.actions.runs import district_at, run

__all__ = [
    "Trigger", "answer_lead", "carry_on", "district_at", "draw_line", "drop_line", "drop_raster", "end_runs", "end_story", "follow",
    "keep_raster", "redraw_fire", "refresh_fire", "run",
]  # fmt: skip
