from anlan.administration.models.shift import DutyRole, Shift

__all__ = ["DutyRole", "Shift"]
