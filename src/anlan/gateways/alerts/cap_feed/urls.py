"""Addresses of the feed."""

from __future__ import annotations

from django.urls import path

from anlan.gateways.alerts.cap_feed import views

urlpatterns = [
    path("cap", views.feed, name="cap-feed"),
    path("cap/<str:identifier>.xml", views.one, name="cap-alert"),
]
