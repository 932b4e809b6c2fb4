"""Pages of the administration room."""

from __future__ import annotations

from django.urls import path

from anlan.administration import views

urlpatterns = [path("duty/", views.duty, name="duty"), path("duty/do/<slug:verb>", views.do, name="duty-do")]
