from anlan.resources.models.places import Hospital, KeyPlace, Shelter, Stock, Store
from anlan.resources.models.roads import RoadEdge, RoadNode
from anlan.resources.models.teams import Expert, Readiness, Team, Vehicle

__all__ = [
    "Expert",
    "Hospital",
    "KeyPlace",
    "Readiness",
    "RoadEdge",
    "RoadNode",
    "Shelter",
    "Stock",
    "Store",
    "Team",
    "Vehicle",
]
