"""Addresses of the peer's site."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("sensorthings/", include("sensorthings.versions.v1_1.urls"))]
