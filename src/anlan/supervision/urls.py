"""Pages of the supervision room."""

from __future__ import annotations

from django.urls import path

from anlan.supervision import views

urlpatterns = [
    path("parks/", views.listing, name="parks"),
    path("parks/<int:pk>/", views.page, name="park"),
    path("parks/<int:pk>/assess", views.assess, name="park-assess"),
    path("parks/<int:pk>/room", views.room, name="park-room"),
    path("risks/<int:pk>/report.<str:kind>", views.report, name="park-report"),
]
