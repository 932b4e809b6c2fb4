"""The inbox of the feeds."""

from __future__ import annotations

from django.urls import path

from anlan.gateways.feeds import views

urlpatterns = [path("", views.listing), path("<str:name>", views.receive, name="feed-inbox")]
