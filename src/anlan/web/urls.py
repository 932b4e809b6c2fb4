"""Addresses of the shell."""

from __future__ import annotations

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from anlan.web.api import api
from anlan.web.views import auth, styleguide

urlpatterns: list[URLPattern | URLResolver] = [
    path("login", auth.sign_in, name="login"),
    path("logout", auth.sign_out, name="logout"),
    path("settings/look", auth.look, name="look"),
    path("styleguide", styleguide.page, name="styleguide"),
]
if find_spec("anlan.web.console_urls"):
    urlpatterns.append(path("", include("anlan.web.console_urls")))
urlpatterns.append(path("api/", api.urls))
