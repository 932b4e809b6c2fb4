"""Django's handle of this room."""

from __future__ import annotations

from anlan.kernel.rooms import Room


class GatewaysConfig(Room):
    name = "anlan.gateways"
    label = "gateways"
    verbose_name = "互联接入"
