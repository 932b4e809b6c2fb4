from anlan.supervision.models.enterprise import Enterprise, HazardUnit, Park
from anlan.supervision.models.risk import Basis, ParkCondition, ParkRisk, ProtectionTarget, UnitStock, WeatherFrequency

__all__ = [
    "Basis", "Enterprise", "HazardUnit", "Park", "ParkCondition", "ParkRisk", "ProtectionTarget", "UnitStock", "WeatherFrequency",
]  # fmt: skip
