"""Addresses of SensorThings, below /api/sta/v1.1/."""

from __future__ import annotations

from django.urls import path, re_path

from anlan.gateways.devices.sensorthings import views

urlpatterns = [path("", views.serve, name="sensorthings"), re_path(r"^(?P<path>.+)$", views.serve)]
