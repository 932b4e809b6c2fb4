"""Django's handle of this room."""

from __future__ import annotations

from anlan.kernel.rooms import Room


class KernelConfig(Room):
    name = "anlan.kernel"
    label = "kernel"
    verbose_name = "系统底座"
