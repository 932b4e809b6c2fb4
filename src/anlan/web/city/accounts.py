"""Who may sign in: the roles of the package in every installation, its demo accounts only where they are asked for.

The passwords of the demo accounts are published; an installation without them gets its three administrators
(三员分立, GB/T 22239-2019 8.1.5) with random first passwords, told in one file that only its owner can read.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from anlan import cities
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.models import Grant, Role, User
from anlan.kernel.audit import journal
from anlan.kernel.errors import Conflict
from anlan.kernel.identity import actions
from anlan.kernel.models import Area

FIRST_PASSWORD = "first-password"  # noqa: S105 - the name of a file


def spec_of(name: str) -> dict[str, Any]:
    return tomllib.loads((cities.folder(name) / "accounts.toml").read_text(encoding="utf-8"))


def area_named(key: str) -> Area:
    system_code, _, code = key.partition(":")
    return Area.objects.get(code_system=system_code, code=code)


def load_roles(by: Actor, name: str) -> tuple[int, list[str]]:
    """How many roles the package has, and a note on each that here is another one: what was changed here stays."""
    notes = []
    for given in spec_of(name)["role"]:
        role, new = Role.objects.get_or_create(code=given["code"], defaults=given)
        if new:
            journal.write(by, "新增角色", role)
        elif any(getattr(role, key) != value for key, value in given.items()):
            notes.append(f"角色“{role}”与城市包不同，保持现状")
    return len(spec_of(name)["role"]), notes


def load_demo(by: Actor, name: str) -> int:
    """The demo accounts; one that exists keeps its password. Refused where people work who are not of the demonstration."""
    users = spec_of(name)["user"]
    known = User.objects.filter(username__in=[given["username"] for given in users])
    if not known.exists() and User.objects.exclude(last_login=None).exists():
        raise Conflict("演示账号的口令是公开的，不能装入已在使用的库；请另设 ANLAN_VAR 运行演示")
    for given in users:
        user = known.filter(username=given["username"]).first() or opened(by, given)
        for role_code, area_key in given["grants"]:
            grant, new = Grant.objects.get_or_create(
                user=user, role=Role.objects.get(code=role_code), area=area_named(area_key)
            )
            if new:
                journal.write(by, "授权", grant, area_path=grant.area.path)
    return len(users)


def opened(by: Actor, given: dict[str, Any]) -> User:
    user = User.objects.create_user(
        given["username"], given["password"], display_name=given["name"], password_changed_at=clock.real_now()
    )
    journal.write(by, "开立账号", user, reason="演示账号")
    return user


def demo(name: str) -> list[tuple[str, str, str]]:
    """(account, password, who) for the demonstration's print-out."""
    return [(user["username"], user["password"], user["name"]) for user in spec_of(name)["user"]]


def first_password_file() -> Path:
    return Path(settings.VAR) / FIRST_PASSWORD


def found_administrators(by: Actor) -> bool:
    """Where nobody can sign in yet: the three administrators, and the file with their first passwords (mode 0600)."""
    top = Area.objects.filter(parent=None).order_by("level", "pk").first()
    if top is None or User.objects.exists():
        return False
    with transaction.atomic():
        made = actions.found_administrators(by, top)
        lines = [f"{name}\t{password}\t{title}\n" for name, password, title in made]
        first_password_file().unlink(missing_ok=True)
        kept = os.open(first_password_file(), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(kept, "w", encoding="utf-8") as file:
            file.write("".join(lines))
    return True


def forget_first_passwords() -> None:
    """The file goes when none of its passwords works any more."""
    file = first_password_file()
    if file.exists():
        names = [line.partition("\t")[0] for line in file.read_text(encoding="utf-8").splitlines()]
        if not User.objects.filter(username__in=names, must_change_password=True).exists():
            file.unlink()
