"""Roles and demonstration accounts of a city package. Passwords of accounts that exist are left alone."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.hashers import make_password

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import record
from anlan.kernel.errors import Invalid
from anlan.kernel.models import Area, Grant, Person, Role, User


def ensure(by: Actor, data: dict[str, Any]) -> int:
    """Open what is missing; the number of accounts opened. Runs inside the loader's transaction."""
    roles = {entry["code"]: ensure_role(by, entry) for entry in data.get("role", [])}
    known = set(User.objects.values_list("username", flat=True))
    new = [entry for entry in data.get("account", []) if entry["username"] not in known]
    # Hashing is slow on purpose; passwords that the package publishes anyway are hashed once each.
    hashed = {password: make_password(password) for password in {entry["password"] for entry in new}}
    for entry in new:
        open_account(by, entry, hashed[entry["password"]], roles)
    return len(new)


def ensure_role(by: Actor, entry: dict[str, Any]) -> Role:
    """A role that exists keeps what the installation made of it."""
    wanted = {
        "name": entry["name"],
        "permissions": entry["permissions"],
        "data_class": entry["data_class"],
        "totp_required": entry.get("totp", False),
    }
    role, new = Role.objects.get_or_create(code=entry["code"], defaults=wanted)
    if new:
        record(by, "新增角色", role)
    return role


def open_account(by: Actor, entry: dict[str, Any], password: str, roles: dict[str, Role]) -> None:
    system, _, code = str(entry["area"]).partition(":")
    area = Area.objects.filter(code_system=system, code=code).first()
    if area is None:
        raise Invalid("account.area", entry["area"], "数据包中的区划", label=f"账号 {entry['username']}")
    person = Person.objects.unscoped("an account belongs to a person").filter(code=entry.get("person", "")).first()
    user = User.objects.create(
        username=entry["username"],
        display_name=entry["name"],
        password=password,
        person=person,
        password_changed_at=clock.real_now(),
    )
    Grant.objects.create(user=user, role=roles[entry["role"]], area=area)
    record(by, "开立演示账号", user)
