from anlan.monitoring.models.station import Datastream, RegistryVersion, Station

__all__ = ["Datastream", "RegistryVersion", "Station"]
