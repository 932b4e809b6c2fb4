"""Addresses of the public face, below /public/."""

from __future__ import annotations

from django.urls import path

from anlan.mobilisation.face import subscribe, views

urlpatterns = [
    path("", views.public, name="public"),
    path("widget", views.public, name="public-widget"),
    path("warnings.json", views.public, name="public-json"),
    path("warnings.geojson", views.public, name="public-geojson"),
    path("push-worker.js", views.public, name="push-worker"),
    path("push", subscribe.push, name="subscribe-push"),
    path("cap-key.pem", views.public, name="public-key"),
    path("subscribe", subscribe.ask, name="subscribe"),
    path("s/<str:token>/", subscribe.confirm, name="subscription"),
    path("s/<str:token>/leave", subscribe.leave, name="unsubscribe"),
    path("w/<str:identifier>/", views.public, name="public-warning"),
]
