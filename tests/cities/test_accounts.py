"""Who can sign in to a new installation: never with a password that everybody can read."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.test import RequestFactory

from anlan.cli import up
from anlan.kernel import clock
from anlan.kernel.accounts.actor import system
from anlan.kernel.audit.models import JournalEntry
from anlan.kernel.errors import Conflict
from anlan.kernel.models import Area, Level, Role, User
from anlan.web.city import accounts, loader
from tests.conftest import City

SMALL = str(Path(__file__).parent / "data" / "small_city")
BY = system("试验")


@pytest.fixture
def installation(city: City, settings: Any, tmp_path: Path) -> Path:
    """A city that is there already, with an empty folder for data."""
    settings.CITY, settings.VAR = "wuhai", tmp_path
    return tmp_path / "first-password"


def test_a_new_installation_has_three_administrators_apart_and_no_published_password(
    installation: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loader.load_once()
    assert set(User.objects.values_list("username", flat=True)) == {"sysadmin", "secadmin", "auditor"}
    assert stat.S_IMODE(installation.stat().st_mode) == 0o600
    up.tell_first_passwords(installation)
    said = capsys.readouterr().out
    assert str(installation) in said
    for line in installation.read_text(encoding="utf-8").splitlines():
        name, password, title = line.split("\t")
        assert password not in said
        user = authenticate(RequestFactory().post("/login"), username=name, password=password)
        assert user is not None
        assert user.must_change_password
        assert user.grants.get().role.totp_required
        held = [code for code in ("kernel.accounts", "kernel.grants", "kernel.audit") if user.actor().has(code)]
        assert len(held) == 1, title
    assert JournalEntry.objects.filter(verb="开立账号").count() == 3


def test_the_file_goes_when_every_password_was_changed_and_nothing_is_made_twice(installation: Path) -> None:
    loader.load_once()
    first = installation.read_text(encoding="utf-8")
    loader.load_once()
    assert installation.read_text(encoding="utf-8") == first
    User.objects.update(must_change_password=False)
    loader.load_once()
    assert not installation.exists()
    assert User.objects.count() == 3


def test_demo_accounts_come_only_when_asked_for(installation: Path, settings: Any) -> None:
    """Their areas are those of the package: the small city, made by hand."""
    settings.CITY, settings.DEMO_ACCOUNTS = SMALL, True
    Area.objects.create(code_system="mca", code="990100", name="试验市", level=Level.CITY)
    accounts.load_roles(BY, SMALL)
    loader.load_once()
    user = User.objects.get()
    assert (user.username, user.grants.get().area.code) == ("shiyan", "990100")
    assert set(JournalEntry.objects.values_list("verb", flat=True)) >= {"新增角色", "开立账号", "授权"}
    assert not installation.exists()


def test_demo_accounts_never_join_people_who_work_there(city: City) -> None:
    User.objects.create_user("li.na", "Correct-Horse-9", display_name="李娜", last_login=clock.real_now())
    accounts.load_roles(BY, SMALL)
    with pytest.raises(Conflict, match="公开"):
        accounts.load_demo(BY, SMALL)


def test_a_role_that_was_changed_here_stays_and_a_reload_says_so(db: None) -> None:
    count, notes = accounts.load_roles(BY, "wuhai")
    assert (count, notes) == (Role.objects.count(), [])
    assert JournalEntry.objects.filter(verb="新增角色").count() == count
    Role.objects.filter(code="duty").update(permissions=["monitoring.view"])
    count, notes = accounts.load_roles(BY, "wuhai")
    assert notes == ["角色“值班员”与城市包不同，保持现状"]
    assert Role.objects.get(code="duty").permissions == ["monitoring.view"]
    assert JournalEntry.objects.count() == count
