from anlan.monitoring.models.station import Datastream, Station

__all__ = ["Datastream", "Station"]
