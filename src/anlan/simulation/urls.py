"""Pages of the simulation room."""

from __future__ import annotations

from django.urls import path

from anlan.simulation.views import chains, runs

urlpatterns = [
    path("", runs.listing, name="simulation"),
    path("new", runs.new, name="simulation-new"),
    path("<int:pk>/", runs.result, name="simulation-run"),
    path("<int:pk>/report.<str:kind>", runs.report, name="simulation-report"),
    path("leads/", chains.leads, name="simulation-leads"),
    path("leads/<int:pk>/", chains.lead, name="simulation-lead"),
    path("leads/<int:pk>/answer", chains.answer, name="simulation-lead-answer"),
    path("chains/", chains.declared, name="simulation-chains"),
    path("story/<uuid:correlation_id>/", chains.story, name="simulation-story"),
    path("ranking/", chains.ranking, name="simulation-ranking"),
]
