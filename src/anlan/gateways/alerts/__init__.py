"""Messages and warnings out: one folder per channel, found by discovery."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from anlan import sandbox
from anlan.gateways.alerts.contract import Audience, Channel


@cache
def discover() -> dict[str, Channel]:
    """Every folder beside this file that declares a `CHANNEL`, the preferred first; in a sandbox those for exercises only."""
    found = []
    for module in pkgutil.iter_modules(__path__):
        if module.ispkg:
            channel = getattr(import_module(f"{__name__}.{module.name}"), "CHANNEL", None)
            if channel is not None and (channel.carries_exercises or not sandbox.name()):
                found.append(channel)
    return {channel.name: channel for channel in sorted(found, key=lambda channel: channel.rank)}


def channel_for(address: str, exercise: bool = False) -> Channel:
    """The preferred channel that is set up and reaches this address. The outbox reaches everybody; what belongs to a drill
    goes nowhere else."""
    people = [c for c in discover().values() if c.audience == Audience.PERSON and (c.carries_exercises or not exercise)]
    return next(c for c in people if c.ready() and c.reaches(address))


def public_channels(exercise: bool = False) -> list[Channel]:
    public = [c for c in discover().values() if c.audience == Audience.PUBLIC and c.ready()]
    return [c for c in public if c.carries_exercises or not exercise]
