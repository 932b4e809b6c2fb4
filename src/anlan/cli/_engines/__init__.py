"""Engines of `anlan calc`: each a name, its input fields, a working example and a pure function. Loaded only when called."""

from __future__ import annotations

from importlib import import_module

from anlan.cli._engines.contract import Engine

#: engine -> module that holds it, so that one call imports one family.
WHERE = {
    "major-hazard": "chemical",
    "release": "release",
    "plume": "chemical",
    "puff": "chemical",
    "stability": "chemical",
    "probit": "chemical",
    "indoor": "clouds",
    "puff-train": "clouds",
    "flash-fire": "clouds",
    "heavy-puff": "clouds",
    "qra": "qra",
    "bleve": "consequence",
    "pool-fire": "consequence",
    "jet-fire": "consequence",
    "blast": "consequence",
    "fire-behavior": "fire",
    "wildfire-ellipse": "fire",
    "wildfire": "wildfire",
    "quake": "quake",
    "aftershocks": "quake",
    "quake-loss": "quake",
    "instrument-intensity": "natural",
    "flood": "flood",
    "dam-break": "river",
    "breach": "river",
    "ice-warning": "river",
    "ice-phase": "river",
    "ice-backwater": "river",
    "river-forecast": "river",
    "flash-flood": "river",
    "design-storm": "river",
    "fwi": "weather",
    "fire-danger": "weather",
    "rain-level": "weather",
    "warning-level": "weather",
    "drought": "climate",
    "drought-mci": "climate",
    "heat-cold": "climate",
    "dust": "climate",
    "lightning": "climate",
    "geological-risk": "climate",
    "accident-grade": "law",
    "report-deadlines": "law",
    "footprint": "natural",
}


def load(name: str) -> Engine:
    """The engine, importing its family."""
    module = import_module(f"anlan.cli._engines.{WHERE[name]}")
    found: Engine = next(engine for engine in module.ENGINES if engine.name == name)
    return found
