"""数字化预案: the plan format, its loader and its conditions. Format: docs/plan-format.md."""

from anlan.command.plans.document import LEVELS, Card, PlanDocument, document_of
from anlan.command.plans.expressions import Expression, Judgement
from anlan.command.plans.loader import load

__all__ = ["LEVELS", "Card", "Expression", "Judgement", "PlanDocument", "document_of", "load"]
