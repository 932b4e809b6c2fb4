from anlan.simulation.models.chain import Firing, Lead
from anlan.simulation.models.run import Run

__all__ = ["Firing", "Lead", "Run"]
