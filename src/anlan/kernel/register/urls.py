"""Addresses of the registries."""

from __future__ import annotations

from django.urls import path

from anlan.kernel.register import exchange, views

urlpatterns = [
    path("", views.overview, name="registers"),
    path("<slug:slug>/", views.rows, name="register"),
    path("<slug:slug>/new", views.new, name="register-new"),
    path("<slug:slug>/export", exchange.export, name="register-export"),
    path("<slug:slug>/template", exchange.template, name="register-template"),
    path("<slug:slug>/import", exchange.bring_in, name="register-import"),
    path("<slug:slug>/import/refused", exchange.refused_file, name="register-refused"),
    path("<slug:slug>/refused", exchange.refused_rows, name="register-refused-rows"),
    path("<slug:slug>/<int:pk>/", views.row, name="register-row"),
    path("<slug:slug>/<int:pk>/edit", views.edit, name="register-edit"),
    path("<slug:slug>/<int:pk>/delete", views.remove, name="register-delete"),
    path("<slug:slug>/<int:pk>/word", views.word, name="register-word"),
    path("<slug:slug>/lookup/<slug:name>", views.lookup, name="register-lookup"),
]
