"""Addresses of the resources room."""

from __future__ import annotations

from django.urls import path

from anlan.resources import views

urlpatterns = [
    path("teams/<int:pk>/readiness", views.readiness, name="team-readiness"),
    path("stores/<int:pk>/", views.readiness, name="store"),
    path("stock/<int:pk>/", views.readiness, name="stock"),
]
