"""Addresses of the feed; its documents are the public face's."""

from __future__ import annotations

from django.urls import path

from anlan.mobilisation.face import views

urlpatterns = [
    path("cap", views.public, name="cap-feed"),
    path("cap.rss", views.public, name="rss-feed"),
    path("cap/<str:identifier>.xml", views.public, name="cap-alert"),
]
