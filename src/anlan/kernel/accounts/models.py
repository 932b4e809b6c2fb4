"""账号、角色、授权: what a person may do = role x area scope x data class."""

from __future__ import annotations

import secrets
from datetime import datetime
from hashlib import sha256

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from anlan.kernel.accounts.actor import Actor, GrantView


class DataClass(models.IntegerChoices):
    """数据分级 (GB/T 43697-2024; the split of 一般 in four is this platform's default, RULES.md 12.3)."""

    PUBLIC = 1, "一般1·公开"
    INTERNAL = 2, "一般2·内部"
    SENSITIVE = 3, "一般3·敏感"
    PERSONAL = 4, "一般4·敏感个人信息"


class Role(models.Model):
    """A set of permissions such as `command.*`; `totp_required` asks holders for a second factor."""

    code = models.CharField("代码", max_length=40, unique=True)
    name = models.CharField("名称", max_length=60)
    permissions = models.JSONField("权限", default=list)
    data_class = models.PositiveSmallIntegerField("最高数据级", choices=DataClass.choices, default=DataClass.INTERNAL)
    totp_required = models.BooleanField("须双因子", default=False)

    class Meta:
        verbose_name = "角色"

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, password: str, **fields: object) -> User:
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save()
        return user


class User(AbstractBaseUser):
    """An account. Rights come from grants only; there is no superuser."""

    username = models.CharField("账号", max_length=40, unique=True)
    display_name = models.CharField("姓名", max_length=60)
    person = models.ForeignKey("kernel.Person", models.SET_NULL, null=True, blank=True, verbose_name="人员")
    #: Whose administrators answer for an account that has no right and no person yet; without one, those of the whole city.
    home = models.ForeignKey(
        "kernel.Area", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="开立区划"
    )
    is_active = models.BooleanField("启用", default=True)
    must_change_password = models.BooleanField("下次登录须改密", default=False)
    password_changed_at = models.DateTimeField("改密时间", null=True, blank=True)
    past_passwords = models.JSONField("历史口令摘要", default=list, blank=True, editable=False)

    JOURNAL_HIDES = ("password", "past_passwords", "last_login")
    objects = UserManager()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["display_name"]

    class Meta:
        verbose_name = "账号"

    def __str__(self) -> str:
        return self.display_name or self.username

    def actor(self, origin: str = "") -> Actor:
        """This account as one who acts, with its grants as they stand now."""
        grants = self.grants.select_related("role", "area")
        return Actor(
            name=str(self),
            user_id=self.pk,
            grants=tuple(GrantView(tuple(g.role.permissions), g.area.path, g.role.data_class) for g in grants),
            origin=origin,
        )


class Grant(models.Model):
    """授权: this user holds this role over this area and everything below it."""

    user = models.ForeignKey(User, models.CASCADE, related_name="grants", verbose_name="账号")
    role = models.ForeignKey(Role, models.PROTECT, verbose_name="角色")
    area = models.ForeignKey("kernel.Area", models.PROTECT, verbose_name="区划")

    class Meta:
        verbose_name = "授权"
        constraints = [models.UniqueConstraint("user", "role", "area", name="grant_once")]

    def __str__(self) -> str:
        return f"{self.user}·{self.role}·{self.area}"


class ApiToken(models.Model):
    """接口令牌: acts as its user; only the digest is kept, the token is shown once."""

    user = models.ForeignKey(User, models.CASCADE, related_name="tokens", verbose_name="账号")
    name = models.CharField("用途", max_length=60)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField("签发时间")
    expires_at = models.DateTimeField("到期时间", null=True, blank=True)

    JOURNAL_HIDES = ("digest",)

    class Meta:
        verbose_name = "接口令牌"

    def __str__(self) -> str:
        return self.name

    @classmethod
    def issue(cls, user: User, name: str, now: datetime, expires_at: datetime | None = None) -> str:
        token = secrets.token_urlsafe(32)
        cls.objects.create(user=user, name=name, digest=digest(token), created_at=now, expires_at=expires_at)
        return token


def digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
