"""How a room declares a registry. One declaration gives list, filter, form, import, export, map symbol, API, tests."""

from __future__ import annotations

from anlan.kernel.geo.layers import layer
from anlan.kernel.register.declaration import MapSymbol, Register, Section
from anlan.kernel.register.mapping import layer_of, shape_kind

__all__ = ["REGISTERS", "MapSymbol", "Register", "Section", "register"]

REGISTERS: dict[str, Register] = {}
#: Words of a list's address that mean something else than a filter.
RESERVED = {"q", "sort", "page", "size", "cols", "file", "limit", "offset", "token"}


def register(declaration: Register) -> Register:
    """Put a registry up; its slug is its address and its file name in a city package (`<slug>.csv`)."""
    if declaration.slug in REGISTERS:
        raise ValueError(f"register slug used twice: {declaration.slug}")
    if taken := RESERVED & set(declaration.filters):
        raise ValueError(f"{declaration.slug}: not usable as filters: {taken}")
    REGISTERS[declaration.slug] = declaration
    if declaration.symbol is not None:
        layer(layer_of(declaration, declaration.symbol, shape_kind(declaration.model)))
    return declaration
