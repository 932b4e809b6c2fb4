"""Addresses of the officer's page, below /c/."""

from __future__ import annotations

from django.urls import path

from anlan.mobilisation.officer import views

urlpatterns = [
    path("<str:token>", views.page, name="officer"),
    path("<str:token>/yes", views.confirm, name="officer-confirm"),
    path("<str:token>/door/<int:household>", views.door, name="officer-door"),
]
