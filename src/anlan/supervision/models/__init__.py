from anlan.supervision.models.enterprise import Enterprise, HazardUnit, Park
from anlan.supervision.models.risk import (
    Basis,
    FailureFrequency,
    OnSite,
    ParkCondition,
    ParkRisk,
    Period,
    ProtectionTarget,
    UnitStock,
    WeatherFrequency,
)

__all__ = [
    "Basis", "Enterprise", "FailureFrequency", "HazardUnit", "OnSite", "Park", "ParkCondition", "ParkRisk", "Period",
    "ProtectionTarget", "UnitStock", "WeatherFrequency",
]  # fmt: skip
