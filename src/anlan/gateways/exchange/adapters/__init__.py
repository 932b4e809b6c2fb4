"""外系统适配: what platforms of other makers write and read, by file. One folder each, found by discovery.

contract   what an adapter is: items out of a document, a document out of items
carrying   the verbs: bring a document of a registered platform in, write one for it
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from anlan.gateways.exchange.adapters.contract import Adapter


@cache
def discover() -> dict[str, Adapter]:
    """Every folder beside this file that declares an `ADAPTER`."""
    found = [import_module(f"{__name__}.{one.name}") for one in pkgutil.iter_modules(__path__) if one.ispkg]
    adapters: list[Adapter] = [module.ADAPTER for module in found if hasattr(module, "ADAPTER")]
    return {adapter.name: adapter for adapter in sorted(adapters, key=lambda one: one.name)}
