from anlan.administration.models.roster import Decision, Handover, Leave, Swap
from anlan.administration.models.shift import DutyRole, Shift

__all__ = ["Decision", "DutyRole", "Handover", "Leave", "Shift", "Swap"]
