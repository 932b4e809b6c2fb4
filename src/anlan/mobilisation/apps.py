"""Django's handle of this room."""

from __future__ import annotations

from anlan.kernel.rooms import Room


class MobilisationConfig(Room):
    name = "anlan.mobilisation"
    label = "mobilisation"
    verbose_name = "社会动员"
