"""Django's handle of this room."""

from __future__ import annotations

from anlan.kernel.rooms import Room


class ResourcesConfig(Room):
    name = "anlan.resources"
    label = "resources"
    verbose_name = "应急保障"
