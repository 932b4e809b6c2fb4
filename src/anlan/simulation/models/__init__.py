from anlan.simulation.models.chain import Firing, Lead
from anlan.simulation.models.ground import GroundRaster
from anlan.simulation.models.line import ControlLine
from anlan.simulation.models.run import Run

__all__ = ["ControlLine", "Firing", "GroundRaster", "Lead", "Run"]
