"""The import page."""

from __future__ import annotations

from django.urls import path

from anlan.gateways.importing import views

urlpatterns = [
    path("", views.bring_in, name="import"),
    path("ground/", views.ground, name="ground"),
    path("ground/<int:pk>.png", views.ground_picture, name="ground-picture"),
]
