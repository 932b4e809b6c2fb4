"""事件定级: from the incident's figures through `rules` to suggestions with their clause."""

from __future__ import annotations

from dataclasses import dataclass

from anlan.command import rules
from anlan.command.models import Incident
from anlan.kernel.areas.models import Area, Level
from anlan.kernel.geo import area_km2, parse

#: 人口密集地区, residents per km² of the epicentral district.
DENSE_PER_KM2 = 200


@dataclass(frozen=True)
class Suggestion:
    """A grade as the rules give it, its clause, and the grade if all missing are counted as dead."""

    grade: str = ""
    clause: str = ""
    if_missing_dead: str = ""


def suggest(incident: Incident) -> None:
    """Set the suggested grade and its clause; empty while too little is known."""
    found = by_type(incident)
    incident.suggested_grade = found.grade
    incident.grade_clause = found.clause
    incident.grade_if_missing_dead = found.if_missing_dead


def by_type(incident: Incident) -> Suggestion:
    """Each kind of event by its own rule; kinds without one are graded by people."""
    burned, magnitude = factor(incident, "burned_ha"), factor(incident, "magnitude")
    match incident.event_code[:3], incident.event_code:
        case _, "11G01":
            found: rules.Graded | None = rules.forest_fire_grade(incident.deaths, incident.serious, burned)
        case _, "11G05":
            found = rules.grassland_fire_grade(incident.deaths, incident.serious, burned, incident.loss_cny)
        case "11C", _ if magnitude is not None:
            found = rules.earthquake_grade(magnitude, dense_at(incident))
        case group, _ if group.startswith("12"):
            return accident(incident)
        case _:
            found = None
    return Suggestion(found.grade, found.clause, found.if_missing_dead) if found else Suggestion()


def dense_at(incident: Incident) -> bool:
    """Whether the epicentral district has over 200 people per km²; an epicentre outside the city is not counted so."""
    area: Area | None = incident.area
    while area is not None and area.level > Level.DISTRICT:
        area = area.parent
    if area is None or area.level != Level.DISTRICT or not area.population or not area.geometry:
        return False
    return area.population / area_km2(parse(area.geometry)) > DENSE_PER_KM2


def factor(incident: Incident, name: str) -> float | None:
    value = incident.factors.get(name, {}).get("value")
    return float(value) if isinstance(value, int | float) else None


def accident(incident: Incident) -> Suggestion:
    known = (incident.deaths, incident.serious, incident.loss_cny, incident.missing)
    if all(figure is None for figure in known):
        return Suggestion()
    result = rules.accident_grade(incident.deaths, incident.serious, incident.loss_cny, missing=incident.missing)
    return Suggestion(result.grade, result.clause, result.if_missing_dead)
