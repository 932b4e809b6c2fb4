"""Addresses of 补录, below /gateways/backfill/."""

from __future__ import annotations

from django.urls import path

from anlan.gateways.backfill import views

urlpatterns = [
    path("", views.backfills, name="backfills"),
    path("<int:pk>/cancel", views.cancel, name="backfill-cancel"),
    path("<int:pk>/refused.csv", views.refused, name="backfill-refused"),
]
