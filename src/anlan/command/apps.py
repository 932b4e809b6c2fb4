"""Django's handle of this room."""

from __future__ import annotations

from anlan.kernel.rooms import Room


class CommandConfig(Room):
    name = "anlan.command"
    label = "command"
    verbose_name = "指挥救援"
