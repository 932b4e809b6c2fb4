"""The entity sets of SensorThings as this platform has them, and how each is shown.

A station is a Thing, its Location, its Sensor and its FeatureOfInterest; a datastream is a Datastream; the quantities
are ObservedProperties; readings are Observations, identified by `<datastream>-<milliseconds>`. All datastreams of a
station that has several are a MultiDatastream, too: what they said at one instant is one Observation of it,
`m<station>-<milliseconds>`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from anlan.monitoring import log as layout

#: What quality numbers of readings are called.
QUALITY = {
    layout.GOOD: "good",
    layout.NO_DATA: "no data",
    layout.OUT_OF_RANGE: "out of range",
    layout.SUSPECT: "suspect",
    layout.MAINTENANCE: "maintenance",
    layout.FAULT: "fault",
}
MEASUREMENT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
COMPLEX = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_ComplexObservation"


@dataclass(frozen=True)
class Reading:
    """One stored reading. value None: the device said no data."""

    stream: int
    at: datetime
    value: float | None
    quality: int
    received: datetime

    @property
    def pk(self) -> str:
        return f"{self.stream}-{round(self.at.timestamp() * 1000)}"


@dataclass(frozen=True)
class Together:
    """What the datastreams of one station said at one instant, in the order of their numbers. None: nothing, or no data."""

    station: int
    at: datetime
    values: tuple[float | None, ...]
    qualities: tuple[int | None, ...]
    received: datetime

    @property
    def pk(self) -> str:
        return f"m{self.station}-{round(self.at.timestamp() * 1000)}"


@dataclass(frozen=True)
class Quantity:
    """物理量: an ObservedProperty."""

    pk: str


@dataclass(frozen=True)
class EntitySet:
    """name: of the collection. single: as a navigation to one. fields: property -> column, for filter and order.

    links: navigation -> (entity set, many?).
    """

    name: str
    single: str
    show: Callable[[Any], dict[str, Any]]
    fields: dict[str, str]
    links: dict[str, tuple[str, bool]]


def instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def show_thing(station: Any) -> dict[str, Any]:
    return {
        "name": station.name,
        "description": f"{station.kind}测站 {station.code}",
        "properties": {
            "code": station.code,
            "kind": station.kind,
            "protocol": station.protocol,
            "address": station.address,
            "owner": station.owner,
            "area": f"{station.area.code_system}:{station.area.code}",
            "areaName": station.area.name,
            "intervalSeconds": station.interval_s,
            "inService": station.in_service,
            "representative": station.representative,
        },
    }


def point(station: Any) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [station.lon, station.lat]}


def show_location(station: Any) -> dict[str, Any]:
    return {
        "name": station.name,
        "description": f"{station.area.name}，WGS84",
        "encodingType": "application/geo+json",
        "location": point(station),
    }


def show_sensor(station: Any) -> dict[str, Any]:
    return {
        "name": f"{station.name}设备",
        "description": f"{station.kind}，协议 {station.protocol}",
        "encodingType": "text/plain",
        "metadata": f"{station.protocol}:{station.address}",
    }


def show_foi(station: Any) -> dict[str, Any]:
    return {
        "name": station.name,
        "description": f"{station.name}所在位置",
        "encodingType": "application/geo+json",
        "feature": point(station),
    }


def show_datastream(row: Any) -> dict[str, Any]:
    return {
        "name": row.name,
        "description": f"{row.station.name} {row.name}",
        "observationType": MEASUREMENT,
        "unitOfMeasurement": show_unit(row.unit),
        "observedArea": point(row.station),
        "properties": {
            "code": row.code,
            "sourceCode": row.source_code,
            "quantity": row.quantity,
            "validMin": row.valid_min,
            "validMax": row.valid_max,
        },
    }


def show_unit(unit: str) -> dict[str, str]:
    return {"name": unit, "symbol": unit, "definition": f"urn:anlan:unit:{unit}"}


def show_multi(station: Any) -> dict[str, Any]:
    """18-088 table 17. station.parts: its datastreams in the order of their numbers."""
    return {
        "name": station.name,
        "description": f"{station.name}：{'、'.join(part.name for part in station.parts)}",
        "observationType": COMPLEX,
        "multiObservationDataTypes": [MEASUREMENT] * len(station.parts),
        "unitOfMeasurements": [show_unit(part.unit) for part in station.parts],
        "observedArea": point(station),
        "properties": {
            "code": station.code,
            "datastreams": [part.pk for part in station.parts],
            "sourceCodes": [part.source_code for part in station.parts],
        },
    }


def show_property(quantity: Quantity) -> dict[str, Any]:
    return {
        "name": quantity.pk,
        "definition": f"urn:anlan:quantity:{quantity.pk}",
        "description": f"物理量 {quantity.pk}",
    }


def show_observation(reading: Reading) -> dict[str, Any]:
    return {
        "phenomenonTime": instant(reading.at),
        "resultTime": instant(reading.received),
        "result": reading.value,
        "resultQuality": QUALITY.get(reading.quality, str(reading.quality)),
    }


def show_together(reading: Together) -> dict[str, Any]:
    return {
        "phenomenonTime": instant(reading.at),
        "resultTime": instant(reading.received),
        "result": list(reading.values),
        "resultQuality": [None if one is None else QUALITY.get(one, str(one)) for one in reading.qualities],
    }


def show_nothing(row: Any) -> dict[str, Any]:
    return {"time": str(row)}


THING_FIELDS = {
    "id": "pk",
    "@iot.id": "pk",
    "name": "name",
    "description": "kind",
    "properties/code": "code",
    "properties/kind": "kind",
    "properties/protocol": "protocol",
    "properties/address": "address",
    "properties/owner": "owner",
    "properties/area": "area__code",
    "properties/inService": "in_service",
    "properties/representative": "representative",
}
DATASTREAM_FIELDS = {
    "id": "pk",
    "@iot.id": "pk",
    "name": "name",
    "description": "name",
    "unitOfMeasurement/symbol": "unit",
    "unitOfMeasurement/name": "unit",
    "properties/code": "code",
    "properties/sourceCode": "source_code",
    "properties/quantity": "quantity",
    "ObservedProperty/name": "quantity",
    "ObservedProperty/id": "quantity",
    "ObservedProperty/@iot.id": "quantity",
    **{f"Thing/{name}": f"station__{column}" for name, column in THING_FIELDS.items()},
    "Thing/Locations/location": "station__location",
    "Sensor/id": "station__pk",
}
PLACE = {"id": "pk", "@iot.id": "pk", "name": "name", "location": "location", "feature": "location"}
SETS = {
    found.name: found
    for found in (
        EntitySet(
            "Things", "Thing", show_thing,
            {**THING_FIELDS, "Locations/location": "location",
             **{f"Datastreams/{name}": f"datastreams__{column}" for name, column in DATASTREAM_FIELDS.items()
                if not name.startswith("Thing/")}},
            {"Datastreams": ("Datastreams", True), "MultiDatastreams": ("MultiDatastreams", True),
             "Locations": ("Locations", True),
             "HistoricalLocations": ("HistoricalLocations", True)},
        ),
        EntitySet("Locations", "Location", show_location, PLACE,
                  {"Things": ("Things", True), "HistoricalLocations": ("HistoricalLocations", True)}),
        EntitySet("HistoricalLocations", "HistoricalLocation", show_nothing, {"id": "pk", "time": "pk"},
                  {"Thing": ("Things", False), "Locations": ("Locations", True)}),
        EntitySet(
            "Datastreams", "Datastream", show_datastream, DATASTREAM_FIELDS,
            {"Thing": ("Things", False), "Sensor": ("Sensors", False),
             "ObservedProperty": ("ObservedProperties", False), "Observations": ("Observations", True)},
        ),
        EntitySet(
            "MultiDatastreams", "MultiDatastream", show_multi,
            {**THING_FIELDS, **{f"Thing/{name}": column for name, column in THING_FIELDS.items()},
             "Thing/Locations/location": "location"},
            {"Thing": ("Things", False), "Sensor": ("Sensors", False),
             "ObservedProperties": ("ObservedProperties", True), "Observations": ("Observations", True)},
        ),
        EntitySet("Sensors", "Sensor", show_sensor, PLACE,
                  {"Datastreams": ("Datastreams", True), "MultiDatastreams": ("MultiDatastreams", True)}),
        EntitySet("ObservedProperties", "ObservedProperty", show_property,
                  {"id": "quantity", "@iot.id": "quantity", "name": "quantity"},
                  {"Datastreams": ("Datastreams", True), "MultiDatastreams": ("MultiDatastreams", True)}),
        EntitySet(
            "Observations", "Observation", show_observation,
            {"phenomenonTime": "at", "resultTime": "received", "result": "value", "resultQuality": "quality",
             "Datastream/id": "stream", "Datastream/@iot.id": "stream", "id": "at"},
            {"Datastream": ("Datastreams", False), "FeatureOfInterest": ("FeaturesOfInterest", False)},
        ),
        EntitySet("FeaturesOfInterest", "FeatureOfInterest", show_foi, PLACE, {"Observations": ("Observations", True)}),
    )
}  # fmt: skip
#: Observations as a MultiDatastream has them; only their time is asked for.
JOINT = EntitySet(
    "Observations", "Observation", show_together, {"phenomenonTime": "at", "id": "at"},
    {"MultiDatastream": ("MultiDatastreams", False), "FeatureOfInterest": ("FeaturesOfInterest", False)},
)  # fmt: skip
