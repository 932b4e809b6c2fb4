"""Addresses: the shell's own, and those of every room that has any."""

from __future__ import annotations

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

#: Where the pages of a room live.
PREFIXES = {
    "web": "",
    "kernel.register": "registers/",
    "monitoring": "monitoring/",
    "command": "command/",
    "resources": "resources/",
    "administration": "administration/",
    "supervision": "supervision/",
    "simulation": "simulation/",
    "situation": "situation/",
    "mobilisation": "mobilisation/",
    "mobilisation.face": "public/",
    "mobilisation.officer": "c/",
    "gateways": "gateways/",
    "gateways.feeds": "api/feeds/",
    "gateways.alerts.cap_feed": "feeds/",
    "gateways.devices.sensorthings": "api/sta/v1.1/",
    "gateways.exchange.door": "exchange/",
}
urlpatterns: list[URLPattern | URLResolver] = [
    path(prefix, include(f"anlan.{room}.urls")) for room, prefix in PREFIXES.items() if find_spec(f"anlan.{room}.urls")
]
