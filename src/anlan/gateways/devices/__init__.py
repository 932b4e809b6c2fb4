"""Readings in: one folder per field protocol, found by discovery."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from anlan.gateways.devices.contract import DeviceProtocol


def discover() -> dict[str, DeviceProtocol]:
    """Every folder beside this file that declares a `PROTOCOL`."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        if module.ispkg:
            protocol = getattr(import_module(f"{__name__}.{module.name}"), "PROTOCOL", None)
            if protocol is not None:
                found[protocol.name] = protocol
    return found
