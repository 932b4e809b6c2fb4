"""Verbs of the simulation room."""

from anlan.simulation.actions.chains import Trigger, answer_lead, follow
from anlan.simulation.actions.runs import district_at, run

__all__ = ["Trigger", "answer_lead", "district_at", "follow", "run"]
