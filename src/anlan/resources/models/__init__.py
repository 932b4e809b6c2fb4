from anlan.resources.models.convoy import Convoy
from anlan.resources.models.dispatch import Allocation, Consignment, Requisition
from anlan.resources.models.ledger import Account, Line, Movement
from anlan.resources.models.places import Hospital, KeyPlace, Shelter
from anlan.resources.models.presence import Presence
from anlan.resources.models.roads import Closure, RoadEdge, RoadNode
from anlan.resources.models.stores import Material, Stock, Store
from anlan.resources.models.teams import Expert, Readiness, Team, Vehicle, Volunteer

__all__ = [
    "Account",
    "Allocation",
    "Closure",
    "Consignment",
    "Convoy",
    "Expert",
    "Hospital",
    "KeyPlace",
    "Line",
    "Material",
    "Movement",
    "Presence",
    "Readiness",
    "Requisition",
    "RoadEdge",
    "RoadNode",
    "Shelter",
    "Stock",
    "Store",
    "Team",
    "Vehicle",
    "Volunteer",
]
