"""The law as pure functions: grades and report deadlines."""

from anlan.command.rules.grades import (
    Graded,
    accident_grade,
    earthquake_grade,
    forest_fire_grade,
    grassland_fire_grade,
)
from anlan.command.rules.reporting import Deadline, follow_up, lateness_min, report_deadlines

__all__ = [
    "Deadline",
    "Graded",
    "accident_grade",
    "earthquake_grade",
    "follow_up",
    "forest_fire_grade",
    "grassland_fire_grade",
    "lateness_min",
    "report_deadlines",
]
