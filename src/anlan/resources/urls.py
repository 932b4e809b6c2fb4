"""Addresses of the resources room."""

from __future__ import annotations

from django.urls import path

from anlan.resources import views

urlpatterns = [path("teams/<int:pk>/readiness", views.readiness, name="team-readiness")]
