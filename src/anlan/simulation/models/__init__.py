from anlan.simulation.models.building import BuildingStock
from anlan.simulation.models.chain import Firing, Lead
from anlan.simulation.models.ground import GroundRaster
from anlan.simulation.models.line import ControlLine
from anlan.simulation.models.run import Run
from anlan.simulation.models.structure import Structure

__all__ = ["BuildingStock", "ControlLine", "Firing", "GroundRaster", "Lead", "Run", "Structure"]
