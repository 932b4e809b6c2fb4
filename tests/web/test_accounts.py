"""Accounts, roles, grants, second factors, tokens."""

from __future__ import annotations

import itertools
import time
from datetime import timedelta

import pytest
from django.test import Client
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from anlan.kernel import clock
from anlan.kernel.audit.models import JournalEntry
from anlan.kernel.errors import Forbidden
from anlan.kernel.identity import actions
from anlan.kernel.models import Grant, Role, User
from tests.conftest import City
from tests.web.conftest import PASSWORD, SignIn, account

NEW = "Another-Horse-10"


def change(client: Client, old: str, new: str, again: str = "") -> str:
    answer = client.post("/account/password", {"old": old, "new": new, "again": again or new})
    return answer.content.decode() if answer.status_code == 422 else ""


@pytest.mark.parametrize(
    ("new", "sentence"),
    [
        ("short1A", "至少"),
        ("alllowercase", "至少 3 类"),
        (PASSWORD, "最近 5 次"),
        ("Password-123", ""),
        (NEW, ""),
    ],
)
def test_a_new_password_keeps_the_rules(signed_in: SignIn, new: str, sentence: str) -> None:
    told = change(signed_in(), PASSWORD, new)
    assert sentence in told
    assert bool(told) == bool(sentence)


def test_none_of_the_last_five_passwords_comes_back(signed_in: SignIn) -> None:
    client = signed_in()
    used = [PASSWORD, *(f"Horse-Battery-{i}" for i in range(5))]
    for old, new in itertools.pairwise(used):
        assert change(client, old, new) == ""
    assert "最近 5 次" in change(client, used[-1], PASSWORD)
    assert "原口令" in change(client, "wrong", NEW)
    assert "不一致" in change(client, used[-1], NEW, "different")


def test_a_password_is_never_in_the_journal(signed_in: SignIn) -> None:
    change(signed_in(), PASSWORD, NEW)
    entry = JournalEntry.objects.get(verb="修改口令")
    assert entry.after is not None
    assert {"password", "past_passwords"}.isdisjoint(entry.after)


@pytest.mark.parametrize("days", [0, 91])
def test_a_password_older_than_ninety_days_must_be_changed_first(signed_in: SignIn, days: int) -> None:
    client = signed_in()
    User.objects.update(password_changed_at=clock.real_now() - timedelta(days=days))
    answer = client.get("/registers/areas/")
    assert (answer.status_code == 302) == (days > 90)
    if days:
        assert answer["Location"].startswith("/account/password")
        assert client.get("/api/registers/areas").status_code == 403
        change(client, PASSWORD, NEW)
        assert client.get("/registers/areas/").status_code == 200


def test_an_idle_session_ends(signed_in: SignIn) -> None:
    client = signed_in()
    assert client.get("/account/").status_code == 200
    session = client.session
    session["anlan_seen_at"] = time.time() - 31 * 60
    session.save()
    assert client.get("/account/")["Location"].startswith("/login")


def test_a_role_that_asks_for_it_is_held_only_with_a_second_factor(city: City, client: Client) -> None:
    user = account(city.city, totp_required=True)
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    assert client.get("/registers/areas/")["Location"].startswith("/account/totp")
    assert "<svg" in client.get("/account/totp").content.decode()
    device = TOTPDevice.objects.get(user=user)
    assert client.post("/account/totp", {"token": "000000"}).status_code == 422
    TOTPDevice.objects.update(throttling_failure_count=0)
    code = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift).token()
    assert (
        client.post("/account/totp", {"token": f"{code:06}", "next": "/registers/areas/"})["Location"]
        == "/registers/areas/"
    )
    assert client.get("/registers/areas/").status_code == 200
    again = Client()
    again.force_login(user, "django.contrib.auth.backends.ModelBackend")
    assert again.get("/registers/areas/")["Location"].startswith("/account/totp")
    for header in ("x", "Basic eDp4", "Bearer", "Bearer none", "Token "):
        # A header that is no good token does not lift what the session still owes, nor does it borrow the session's rights.
        assert again.get("/registers/areas/", headers={"Authorization": header}).status_code in {302, 401}
        assert again.get("/api/monitoring/alarms", headers={"Authorization": header}).status_code == 401


def test_the_password_alone_gives_no_token_where_a_second_factor_is_owed(city: City, client: Client) -> None:
    user = account(city.city, totp_required=True)
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    for path in ("/account/tokens", "/account/tokens/1/revoke", "/account/password"):
        assert client.post(path, {"name": "对接", "days": "30"})["Location"].startswith("/account/totp")
    assert client.get("/account/")["Location"].startswith("/account/totp")
    assert not user.tokens.exists()
    assert client.post("/logout")["Location"] == "/login"


def test_an_old_password_gives_no_token(signed_in: SignIn) -> None:
    client = signed_in()
    User.objects.update(must_change_password=True)
    assert client.post("/account/tokens", {"name": "对接", "days": "30"})["Location"].startswith("/account/password")
    assert client.get("/account/totp").status_code == 200
    assert not User.objects.get().tokens.exists()


def test_a_system_administrator_opens_an_account_that_must_change_its_password(city: City, signed_in: SignIn) -> None:
    admin = signed_in(city.city, "kernel.accounts")
    opened = admin.post("/accounts/new", {"username": "li.na", "display_name": "李娜"})
    user = User.objects.get(username="li.na")
    assert opened["Location"] == f"/accounts/{user.pk}/"
    page = admin.get(opened["Location"]).content.decode()
    password = page.partition("<code>")[2].partition("</code>")[0]
    assert password not in admin.get(opened["Location"]).content.decode()
    browser = Client()
    browser.post("/login", {"username": "li.na", "password": password})
    assert browser.get("/registers/areas/")["Location"].startswith("/account/password")


def test_a_closed_account_cannot_sign_in_nor_use_its_token(city: City, signed_in: SignIn) -> None:
    admin = signed_in(city.city, "kernel.accounts", username="admin")
    user = account(city.city)
    admin.post(f"/accounts/{user.pk}/save", {"is_active": "0", "reason": "离职"})
    assert Client().post("/login", {"username": "wang", "password": PASSWORD}).status_code == 401
    entry = JournalEntry.objects.get(verb="停用账号")
    assert (entry.reason, entry.after) == ("离职", {"is_active": False})


def test_rights_are_given_by_the_security_administrator_and_to_others_only(city: City, signed_in: SignIn) -> None:
    security = signed_in(city.city, "kernel.grants", username="security")
    user = account(city.east, "li", ("monitoring.view",))
    officer = Role.objects.create(code="officer", name="值班员", permissions=["command.*"])
    given = {"role": officer.pk, "area": city.east.pk}
    assert security.post(f"/accounts/{user.pk}/give", given).status_code == 302
    assert user.actor().may("command.respond", city.town.path)
    me = User.objects.get(username="security")
    assert security.post(f"/accounts/{me.pk}/give", given).status_code == 409
    grant = Grant.objects.get(user=user, role=officer)
    security.post(f"/accounts/grants/{grant.pk}/take-back", {"reason": "调岗"})
    assert not user.actor().has("command.respond")


def test_the_three_administrators_stay_apart(city: City, signed_in: SignIn) -> None:
    security = signed_in(city.city, "kernel.grants", username="security")
    auditor = account(city.city, "auditor", ("kernel.audit",))
    system = Role.objects.create(code="system", name="系统管理员", permissions=["kernel.accounts"])
    refused = security.post(f"/accounts/{auditor.pk}/give", {"role": system.pk, "area": city.city.pk})
    assert refused.status_code == 409
    assert "三员分立：同一人不能兼任系统管理员、审计管理员" in refused.content.decode()
    both = {"code": "both", "name": "兼任", "permissions": ["kernel.audit", "kernel.accounts"], "data_class": "2"}
    assert security.post("/accounts/roles/new", both).status_code == 409


def test_a_district_cannot_give_rights_over_the_city(city: City, signed_in: SignIn) -> None:
    east = signed_in(city.east, "kernel.grants", username="east")
    user, role = account(city.east, "li"), Role.objects.create(code="r", name="角色", permissions=["command.*"])
    assert east.post(f"/accounts/{user.pk}/give", {"role": role.pk, "area": city.city.pk}).status_code == 403


@pytest.mark.parametrize("verb", ["reset-password", "unlock", "remove-second-factor", "save"])
def test_a_district_administrator_touches_no_account_with_rights_elsewhere(
    city: City, signed_in: SignIn, verb: str
) -> None:
    """One grant too high is enough: the password would give that one, too."""
    east = signed_in(city.east, "kernel.accounts", username="east")
    chief, own = account(city.city, "chief"), account(city.town, "own")
    both = account(city.east, "both", ("command.*",))
    Grant.objects.create(user=both, role=Role.objects.create(code="w", name="角色"), area=city.west)
    given = {"is_active": "0", "reason": "试"}
    assert [east.post(f"/accounts/{user.pk}/{verb}", given).status_code for user in (chief, both, own)] == [
        403,
        403,
        302,
    ]
    chief.refresh_from_db()
    assert chief.is_active
    assert chief.check_password(PASSWORD)


def test_a_district_administrator_sees_the_accounts_of_the_district(city: City, signed_in: SignIn) -> None:
    east = signed_in(city.east, "kernel.accounts", username="east")
    chief, own = account(city.city, "chief"), account(city.town, "own")
    page = east.get("/accounts/").content.decode()
    assert ">own<" in page
    assert ">chief<" not in page
    assert east.get(f"/accounts/{own.pk}/").status_code == 200
    assert east.get(f"/accounts/{chief.pk}/").status_code == 404


def test_an_account_without_any_right_belongs_to_the_district_that_opened_it(city: City, signed_in: SignIn) -> None:
    east, west = (
        signed_in(area, "kernel.accounts", "kernel.grants", username=area.name) for area in (city.east, city.west)
    )
    whole = signed_in(city.city, "kernel.accounts", username="whole")
    east.post("/accounts/new", {"username": "new", "display_name": "新人"})
    new = User.objects.get(username="new")
    adrift = User.objects.create_user("adrift", PASSWORD, display_name="无主")
    role = Role.objects.create(code="officer", name="值班员", permissions=["command.*"])
    seen = {
        (user.username, name)
        for user in (new, adrift)
        for name, client in (("east", east), ("west", west), ("whole", whole))
        if client.get(f"/accounts/{user.pk}/").status_code == 200
        and f">{user.username}<" in client.get("/accounts/").content.decode()
    }
    assert seen == {("new", "east"), ("new", "whole"), ("adrift", "whole")}
    assert west.post(f"/accounts/{new.pk}/reset-password").status_code == 403
    assert east.post(f"/accounts/{adrift.pk}/reset-password").status_code == 403
    assert west.post(f"/accounts/{new.pk}/give", {"role": role.pk, "area": city.west.pk}).status_code == 404
    assert not new.grants.exists()
    # With a right it is who answers for the right who decides, and not any longer who opened it.
    Grant.objects.create(user=new, role=role, area=city.west)
    assert [client.get(f"/accounts/{new.pk}/").status_code for client in (east, west, whole)] == [404, 200, 200]


def test_a_role_is_changed_for_the_whole_city_and_by_nobody_who_holds_it(city: City, signed_in: SignIn) -> None:
    security = signed_in(city.city, "kernel.grants", username="security")
    east = signed_in(city.east, "kernel.grants", username="east")
    officer, mine = Role.objects.create(code="officer", name="值班员"), Role.objects.get(code="role-security")
    wider = {"name": "值班员", "permissions": ["command.*"], "data_class": "2"}
    assert east.post(f"/accounts/roles/{officer.pk}/", wider).status_code == 403
    assert security.post(f"/accounts/roles/{mine.pk}/", wider).status_code == 409
    assert security.post(f"/accounts/roles/{officer.pk}/", wider).status_code == 302
    officer.refresh_from_db()
    assert officer.permissions == ["command.*"]


def test_a_token_is_revoked_by_its_owner_or_who_answers_for_the_account(city: City) -> None:
    chief, own = account(city.city, "chief"), account(city.east, "own")
    for user in (chief, own):
        actions.issue_token(user.actor(), "对接")
    east = account(city.east, "east", ("kernel.accounts",)).actor()
    with pytest.raises(Forbidden):
        actions.revoke_token(east, chief.tokens.get().pk)
    actions.revoke_token(east, own.tokens.get().pk)
    actions.revoke_token(chief.actor(), chief.tokens.get().pk)


def test_an_officer_opens_no_administration_page(city: City, signed_in: SignIn) -> None:
    officer = signed_in(city.city, "command.*")
    assert officer.get("/accounts/").status_code == 403
    assert officer.get("/audit/").status_code == 403
    assert "账号与角色" not in officer.get("/account/").content.decode()


def test_a_token_is_shown_once_works_and_ends_when_revoked(city: City, signed_in: SignIn) -> None:
    client = signed_in()
    client.post("/account/tokens", {"name": "对接", "days": "30"})
    page = client.get("/account/").content.decode()
    token = page.partition("<code>")[2].partition("</code>")[0]
    header = {"authorization": f"Bearer {token}"}
    assert Client().get("/api/registers/areas", headers=header).status_code == 200
    assert token not in client.get("/account/").content.decode()
    client.post(f"/account/tokens/{User.objects.get().tokens.get().pk}/revoke")
    assert Client().get("/api/registers/areas", headers=header).status_code == 401
