"""Addresses of mobilisation, below /mobilisation/."""

from __future__ import annotations

from django.urls import path

from anlan.mobilisation import views

urlpatterns = [
    path("coverage/", views.coverage, name="coverage"),
    path("coverage/test", views.test, name="silent-test"),
    path("cascade/<str:subject>/", views.cascade, name="cascade"),
    path("calls/<int:pk>/confirm", views.confirm, name="call-confirm"),
    path("targets/<int:pk>/", views.targets, name="targets"),
]
