"""Addresses for peers."""

from __future__ import annotations

from django.urls import path

from anlan.gateways.exchange import views

urlpatterns = [path("hello", views.hello), path("parcels", views.parcels)]
