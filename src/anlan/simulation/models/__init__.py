from anlan.simulation.models.building import BuildingStock
from anlan.simulation.models.chain import Firing, Lead
from anlan.simulation.models.ground import GroundGrid, Structure
from anlan.simulation.models.run import Run

__all__ = ["BuildingStock", "Firing", "GroundGrid", "Lead", "Run", "Structure"]
