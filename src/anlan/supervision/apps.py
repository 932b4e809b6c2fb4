"""Django's handle of this room."""

from __future__ import annotations

from anlan.kernel.rooms import Room


class SupervisionConfig(Room):
    name = "anlan.supervision"
    label = "supervision"
    verbose_name = "监督管理"
