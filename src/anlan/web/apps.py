"""Django's handle of this room."""

from __future__ import annotations

from anlan.kernel.rooms import Room


class WebConfig(Room):
    name = "anlan.web"
    label = "web"
    verbose_name = "一张图"
