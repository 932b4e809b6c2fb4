"""Pages of the gateways."""

from __future__ import annotations

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from anlan.gateways import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("backfill/", include("anlan.gateways.backfill.urls")),
    path("command/<int:pk>/", views.command, name="station-command"),
    path("console/", views.live_frames, name="protocol-console"),
    path("quarantine/", views.quarantine, name="quarantine"),
    path("quarantine/replay", views.replay_all, name="quarantine-replay-all"),
    path("quarantine/<int:pk>/", views.quarantined, name="quarantined"),
    path("quarantine/<int:pk>/replay", views.replay, name="quarantine-replay"),
    path("quarantine/<int:pk>/discard", views.discard, name="quarantine-discard"),
    path("warnings/", views.bring_warnings, name="bring-warnings"),
]
if find_spec("anlan.gateways.alerts.urls"):
    urlpatterns.append(path("", include("anlan.gateways.alerts.urls")))
if find_spec("anlan.gateways.exchange.urls"):
    urlpatterns.append(path("exchange/", include("anlan.gateways.exchange.urls")))
if find_spec("anlan.gateways.importing.urls"):
    urlpatterns.append(path("import/", include("anlan.gateways.importing.urls")))
