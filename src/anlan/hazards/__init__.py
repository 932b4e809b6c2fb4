"""Hazard families: pure functions, numbers in and out. They do not know each other. Found by discovery."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from anlan.hazards.contract import Hazard


def discover() -> dict[str, Hazard]:
    """Every folder beside this file that declares a `HAZARD`."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        if module.ispkg:
            hazard = getattr(import_module(f"{__name__}.{module.name}"), "HAZARD", None)
            if hazard is not None:
                found[hazard.kind] = hazard
    return found
