"""Verbs on accounts, roles and grants. Three administrators are kept apart 三员分立 (GB/T 22239-2019 8.1.5):

系统管理员 (`kernel.accounts`) opens and closes accounts, 安全管理员 (`kernel.grants`) says who may do what,
审计管理员 (`kernel.audit`) reads the journal. Nobody holds two of these, and nobody grants to themself. Each of them works
inside the areas of their own grant (`reach`).
"""

from __future__ import annotations

import secrets
import string
from datetime import timedelta

from axes.utils import reset
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django_otp.plugins.otp_totp.models import TOTPDevice

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor, GrantView
from anlan.kernel.accounts.models import ApiToken, DataClass, Grant, Role, User
from anlan.kernel.actions import action, record
from anlan.kernel.areas.models import Area
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from anlan.kernel.identity import reach

SEPARATED = {"kernel.accounts": "系统管理员", "kernel.grants": "安全管理员", "kernel.audit": "审计管理员"}
#: permission -> account and role of a new installation
FIRST_ADMINISTRATORS = {
    "kernel.accounts": ("sysadmin", "system_admin"),
    "kernel.grants": ("secadmin", "security_admin"),
    "kernel.audit": ("auditor", "audit_admin"),
}
TOKEN_DAYS = 365
PASSWORDS_KEPT = 5


def account(pk: int) -> User:
    """The account, locked for the change; or `NotFound`."""
    found = User.objects.select_for_update().filter(pk=pk).first()
    if found is None:
        raise NotFound(f"账号 {pk} 不存在")
    return found


def administered(by: Actor, pk: int) -> User:
    """The account, which the system administrator `by` answers for with every right it has."""
    user = account(pk)
    reach.require_over(by, "kernel.accounts", user)
    return user


def made_up_password() -> str:
    """A random first password that keeps the rules."""
    core = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(12))
    return f"{core[:6]}-{core[6:]}{secrets.choice(string.digits)}aZ"


@action("kernel.accounts")
def open_account(by: Actor, username: str, display_name: str) -> tuple[User, str]:
    """A new account and its first password, which must be changed at the first sign-in."""
    if (
        not username
        or not username.isascii()
        or not username.replace("-", "").replace("_", "").replace(".", "").isalnum()
    ):
        raise Invalid("username", username, "1~40 个字母、数字、点、横线或下划线", label="账号")
    if User.objects.filter(username__iexact=username).exists():
        raise Conflict(f"账号“{username}”已存在")
    password = made_up_password()
    user = User.objects.create_user(
        username, password, display_name=display_name, must_change_password=True, password_changed_at=clock.real_now(),
        home=reach.home(by, "kernel.accounts"),
    )  # fmt: skip
    record(by, "开立账号", user)
    return user, password


@action("kernel.accounts")
def found_administrators(by: Actor, area: Area) -> list[tuple[str, str, str]]:
    """Of a new installation: one account for each of the three, as (account, first password, title). Roles that exist stay."""
    made = []
    for permission, (username, code) in FIRST_ADMINISTRATORS.items():
        title = SEPARATED[permission]
        role, new = Role.objects.get_or_create(
            code=code,
            defaults={
                "name": title,
                "permissions": ["kernel.view", permission],
                "data_class": 4,
                "totp_required": True,
            },
        )
        if new:
            record(by, "新增角色", role)
        user, password = open_account(by, username, title)
        grant = Grant.objects.create(user=user, role=role, area=area)
        record(by, "授权", grant)
        made.append((username, password, title))
    return made


@action("kernel.accounts")
def change_account(by: Actor, pk: int, display_name: str, is_active: bool, reason: str = "") -> User:
    """Another name, or the account closed or opened again. Nobody closes their own."""
    user = administered(by, pk)
    if not is_active and user.pk == by.user_id:
        raise Conflict("不能停用自己的账号")
    before = snapshot(user)
    user.display_name, user.is_active = display_name, is_active
    user.save(update_fields=["display_name", "is_active"])
    verb = "修改账号" if before["is_active"] == is_active else "启用账号" if is_active else "停用账号"
    record(by, verb, user, before=before, reason=reason)
    return user


@action("kernel.accounts")
def reset_password(by: Actor, pk: int, reason: str) -> str:
    """A new first password; the old one no longer works and sessions of the account end."""
    user = administered(by, pk)
    before = snapshot(user)
    password = made_up_password()
    store_password(user, password, must_change=True)
    record(by, "重置口令", user, before=before, reason=reason)
    return password


@action("kernel.accounts")
def unlock(by: Actor, pk: int, reason: str = "") -> None:
    """End the lock-out after wrong passwords."""
    user = administered(by, pk)
    reset(username=user.username)
    record(by, "解锁账号", user, before=snapshot(user), reason=reason)


@action("kernel.accounts")
def remove_second_factor(by: Actor, pk: int, reason: str) -> None:
    """Somebody lost their device: they enrol a new one at the next sign-in."""
    user = administered(by, pk)
    TOTPDevice.objects.filter(user=user).delete()
    record(by, "解除双因子", user, before=snapshot(user), reason=reason)


def store_password(user: User, password: str, *, must_change: bool) -> None:
    user.past_passwords = [*user.past_passwords, user.password][-PASSWORDS_KEPT:]
    user.set_password(password)
    user.must_change_password = must_change
    user.password_changed_at = clock.real_now()
    user.save()


@transaction.atomic
def change_own_password(by: Actor, old: str, new: str) -> User:
    """Everybody may change their own password; the old one must be given."""
    user = account(by.user_id or 0)
    if not user.check_password(old):
        raise Invalid("old", "", "您现在的口令", label="原口令")
    try:
        validate_password(new, user)
    except ValidationError as error:
        refused = Invalid("new", "", "；".join(error.messages), label="新口令")
        refused.message = "；".join(error.messages)
        raise refused from error
    before = snapshot(user)
    store_password(user, new, must_change=False)
    record(by, "修改口令", user, before=before)
    return user


@action("kernel.grants")
def save_role(
    by: Actor, pk: int | None, code: str, name: str, permissions: list[str], data_class: int, totp_required: bool
) -> Role:
    """A role made or changed, which holds in every area: so by the city's administrator only, and never one's own role.

    The three administrators stay apart for everybody who holds it.
    """
    if not reach.whole_city(by, "kernel.grants"):
        raise Forbidden("角色在全市通用，须由全市的安全管理员维护", permission="kernel.grants")
    if pk and Grant.objects.filter(role_id=pk, user_id=by.user_id or 0).exists():
        raise Conflict("不能修改自己持有的角色，须由另一名安全管理员办理")
    role = Role.objects.select_for_update().get(pk=pk) if pk else Role(code=code)
    if not pk and Role.objects.filter(code=code).exists():
        raise Conflict(f"角色代码“{code}”已存在")
    if data_class not in DataClass.values:
        raise Invalid("data_class", data_class, "1~4", label="最高数据级")
    before = snapshot(role) if pk else None
    role.name, role.permissions = name, sorted(set(permissions))
    role.data_class, role.totp_required = data_class, totp_required
    keep_apart([role])
    role.save()
    for grant in Grant.objects.filter(role=role).select_related("user"):
        keep_apart([held.role for held in grant.user.grants.select_related("role")])
    record(by, "修改角色" if pk else "新增角色", role, before=before)
    return role


@action("kernel.grants")
def give(by: Actor, user_pk: int, role_pk: int, area: Area) -> Grant:
    """授权: this account holds this role over this area."""
    user = account(user_pk)
    if not reach.accounts(by).filter(pk=user_pk).exists():
        raise NotFound(f"账号 {user_pk} 不存在，或不在您的管辖范围内")
    role = Role.objects.filter(pk=role_pk).first()
    if role is None:
        raise NotFound(f"角色 {role_pk} 不存在")
    if user.pk == by.user_id:
        raise Conflict("不能给自己授权，须由另一名安全管理员办理")
    by.require("kernel.grants", area)
    keep_apart([role, *(held.role for held in user.grants.select_related("role"))])
    grant, new = Grant.objects.get_or_create(user=user, role=role, area=area)
    if not new:
        raise Conflict(f"{user}在{area}已有角色“{role}”")
    record(by, "授权", grant)
    return grant


@action("kernel.grants")
def take_back(by: Actor, pk: int, reason: str = "") -> User:
    """收回授权."""
    grant = Grant.objects.select_related("user", "role", "area").filter(pk=pk).first()
    if grant is None:
        raise NotFound(f"授权 {pk} 不存在")
    by.require("kernel.grants", grant.area)
    last = snapshot(grant)
    grant.delete()
    grant.pk = pk
    record(by, "收回授权", grant, before={**last, "deleted": False}, reason=reason)
    return grant.user


def keep_apart(roles: list[Role]) -> None:
    """Refuse what would make one person two of the three administrators."""
    view = GrantView(tuple(p for role in roles for p in role.permissions), "/", 1)
    held = [title for permission, title in SEPARATED.items() if view.allows(permission)]
    if len(held) > 1:
        raise Conflict(f"三员分立：同一人不能兼任{'、'.join(held)}")


@transaction.atomic
def issue_token(by: Actor, name: str, days: int = TOKEN_DAYS) -> str:
    """An API token that acts as its owner; shown once, kept as a digest."""
    if not 1 <= days <= TOKEN_DAYS:
        raise Invalid("days", days, f"1~{TOKEN_DAYS}", label="有效期", unit="天")
    if not name.strip():
        raise Invalid("name", name, "1~60 个字", label="用途")
    user = account(by.user_id or 0)
    now = clock.real_now()
    token = ApiToken.issue(user, name.strip()[:60], now, now + timedelta(days=days))
    record(by, "签发接口令牌", ApiToken.objects.latest("pk"))
    return token


@transaction.atomic
def revoke_token(by: Actor, pk: int) -> None:
    """The owner, or a system administrator who answers for the owner's account, ends a token at once."""
    token = ApiToken.objects.select_for_update().filter(pk=pk).first()
    if token is None:
        raise NotFound(f"接口令牌 {pk} 不存在")
    if token.user_id != by.user_id and not reach.may_over(by, "kernel.accounts", token.user):
        raise Forbidden("只能吊销自己的接口令牌")
    last = snapshot(token)
    token.delete()
    token.pk = pk
    record(by, "吊销接口令牌", token, before={**last, "deleted": False})


def password_is_old(user: User) -> bool:
    """Whether the account owes a new password: told to, never set by its owner, or older than the rule allows."""
    limit = timedelta(days=settings.PASSWORD_MAX_AGE_DAYS)
    since = user.password_changed_at
    return user.must_change_password or since is None or clock.real_now() - since > limit
