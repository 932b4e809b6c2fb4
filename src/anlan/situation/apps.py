"""Django's handle of this room."""

from __future__ import annotations

from anlan.kernel.rooms import Room


class SituationConfig(Room):
    name = "anlan.situation"
    label = "situation"
    verbose_name = "灾情管理"
