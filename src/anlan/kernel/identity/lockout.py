"""登录失败处理 and 登录审计 (GB/T 22239-2019 8.1.4.1, 8.1.4.3): who came, who went, who was kept out; all in the journal.

Five wrong passwords lock the account. A whole office sits behind one address, so an address is locked only by many more:
enough to stop somebody who tries one password on every account, too many for colleagues who mistype.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.http import HttpRequest

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.models import User
from anlan.kernel.actions import record
from anlan.kernel.audit import journal


def origin(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def recent() -> Any:
    """Attempts that still count."""
    since = clock.real_now() - timedelta(hours=settings.AXES_COOLOFF_TIME)
    return AccessAttempt.objects.filter(attempt_time__gt=since)


def locked_names() -> set[str]:
    """Accounts that are locked now."""
    sums = recent().values("username").annotate(failures=Sum("failures_since_start"))
    return {str(row["username"]) for row in sums if row["failures"] >= settings.AXES_FAILURE_LIMIT}


def failures_from(address: str) -> int:
    return int(recent().filter(ip_address=address).aggregate(failures=Sum("failures_since_start"))["failures"] or 0)


def masked(name: str) -> str:
    """What was typed as an unknown account; it may be a password in the wrong field, and the journal forgets nothing."""
    return f"未知账号 {name[:1]}***（{len(name)} 字）" if name else "未填账号"


def note(request: HttpRequest, verb: str, user: User | None, typed: str = "", reason: str = "") -> None:
    """One entry by the account itself; nothing of it changes."""
    subject = user or User(display_name=masked(typed)[:60])
    by = Actor(str(subject), subject.pk, (), origin(request))
    with transaction.atomic(), journal.deferred():
        record(by, verb, subject, before=journal.snapshot(subject), reason=reason)


class Handler(AxesDatabaseHandler):  # type: ignore[misc]  # untyped package
    """Axes' counting by account (`AXES_LOCKOUT_PARAMETERS`), with a limit of its own for the address."""

    def get_failures(self, request: Any, credentials: dict[str, Any] | None = None) -> int:
        """Failures of the account; or of the address, scaled so that the address' limit reads like the account's."""
        own = int(super().get_failures(request, credentials))
        scale = settings.AXES_FAILURE_LIMIT / settings.ADDRESS_FAILURE_LIMIT
        return max(own, int(failures_from(request.axes_ip_address) * scale))

    def user_login_failed(self, sender: Any, credentials: dict[str, Any], request: Any = None, **kwargs: Any) -> None:
        """A try while locked is refused without a word in the journal: it would let anybody fill it."""
        refused = request is None or request.axes_locked_out
        super().user_login_failed(sender, credentials, request, **kwargs)
        if refused:
            return
        typed = str(credentials.get("username") or "")
        user = User.objects.filter(username=typed).first()
        note(request, "登录失败", user, typed)
        if request.axes_locked_out:
            note(request, "锁定登录", user, typed, f"连续输错，锁定 {settings.AXES_COOLOFF_TIME * 60:.0f} 分钟")

    def user_logged_in(self, sender: Any, request: Any, user: User, **kwargs: Any) -> None:
        super().user_logged_in(sender, request, user, **kwargs)
        note(request, "登录", user)

    def user_logged_out(self, sender: Any, request: Any, user: User | None, **kwargs: Any) -> None:
        super().user_logged_out(sender, request, user, **kwargs)
        if user is not None:
            note(request, "退出登录", user)
