"""Django's handle of this room."""

from __future__ import annotations

from anlan.kernel.rooms import Room


class AdministrationConfig(Room):
    name = "anlan.administration"
    label = "administration"
    verbose_name = "政务管理"
