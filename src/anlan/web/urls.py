"""Addresses of the shell."""

from __future__ import annotations

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from anlan.web.api import api
from anlan.web.views import account, accounts, audit, auth, styleguide

urlpatterns: list[URLPattern | URLResolver] = [
    path("login", auth.sign_in, name="login"),
    path("logout", auth.sign_out, name="logout"),
    path("settings/look", auth.look, name="look"),
    path("account/", account.mine, name="account"),
    path("account/password", account.password, name="password"),
    path("account/totp", account.totp, name="totp"),
    path("account/tokens", account.issue, name="token-issue"),
    path("account/tokens/<int:pk>/revoke", account.revoke, name="token-revoke"),
    path("accounts/", accounts.listing, name="accounts"),
    path("accounts/new", accounts.new, name="account-new"),
    path("accounts/<int:pk>/", accounts.page, name="account-page"),
    path("accounts/<int:pk>/<slug:verb>", accounts.do, name="account-do"),
    path("accounts/grants/<int:pk>/take-back", accounts.take_back, name="grant-take-back"),
    path("accounts/roles/", accounts.roles, name="roles"),
    path("accounts/roles/new", accounts.role, name="role-new"),
    path("accounts/roles/<int:pk>/", accounts.role, name="role"),
    path("audit/", audit.page, name="audit"),
    path("audit/verify", audit.verify, name="audit-verify"),
    path("styleguide", styleguide.page, name="styleguide"),
]
if find_spec("anlan.web.console_urls"):
    urlpatterns.append(path("", include("anlan.web.console_urls")))
urlpatterns.append(path("api/", api.urls))
