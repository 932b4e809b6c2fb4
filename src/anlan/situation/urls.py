"""Pages of the situation room."""

from __future__ import annotations

from django.urls import path

from anlan.situation import views

urlpatterns = [
    path("releases/", views.releases, name="releases"),
    path("releases/<int:pk>/", views.release, name="release"),
    path("releases/<int:pk>/report.<str:kind>", views.report, name="release-report"),
]
