"""Pages of the simulation room."""

from __future__ import annotations

from django.urls import path

from anlan.simulation import views

urlpatterns = [
    path("", views.listing, name="simulation"),
    path("new", views.new, name="simulation-new"),
    path("<int:pk>/", views.result, name="simulation-run"),
]
