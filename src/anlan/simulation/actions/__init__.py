"""Verbs of the simulation room."""

from anlan.simulation.actions.chains import Trigger, answer_lead, carry_on, follow
from anlan.simulation.actions.runs import district_at, run

__all__ = ["Trigger", "answer_lead", "carry_on", "district_at", "follow", "run"]
