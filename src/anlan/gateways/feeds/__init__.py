"""Readings of others: one folder per feed, found by discovery."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from anlan.gateways.feeds.contract import Feed


def discover() -> dict[str, Feed]:
    """Every folder beside this file that declares a `FEED`."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        if module.ispkg:
            feed = getattr(import_module(f"{__name__}.{module.name}"), "FEED", None)
            if feed is not None:
                found[feed.name] = feed
    return found
