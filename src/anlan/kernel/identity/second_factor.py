"""双因子: one-time passwords (TOTP, RFC 6238) beside the password, where a role asks for them."""

from __future__ import annotations

from io import BytesIO
from typing import Any, cast

import qrcode
from django.db import transaction
from django.http import HttpRequest
from django_otp import login
from django_otp.plugins.otp_totp.models import TOTPDevice
from qrcode.image.svg import SvgPathImage

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.models import User
from anlan.kernel.actions import record
from anlan.kernel.errors import Conflict, Invalid


def required(user: User) -> bool:
    return bool(user.grants.filter(role__totp_required=True).exists())


def device_of(user: User) -> TOTPDevice | None:
    """The confirmed device."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).first()


def draft_of(user: User) -> TOTPDevice:
    """The device being enrolled; its secret is shown until it is confirmed."""
    found, _new = TOTPDevice.objects.get_or_create(user=user, confirmed=False, defaults={"name": "TOTP"})
    return found


def picture(device: TOTPDevice) -> str:
    """The QR code an authenticator app reads, as inline SVG."""
    out = BytesIO()
    qrcode.make(device.config_url, image_factory=SvgPathImage, box_size=9, border=2).save(out)
    return out.getvalue().decode().partition("?>")[2] or out.getvalue().decode()


def secret(device: TOTPDevice) -> str:
    """The secret in base 32, for typing."""
    return str(device.config_url.partition("secret=")[2].partition("&")[0])


@transaction.atomic
def confirm(by: Actor, request: HttpRequest, token: str) -> None:
    """The first good code makes the device valid, and this session verified."""
    user = cast(User, request.user)
    device = draft_of(user)
    check(device, token)
    TOTPDevice.objects.filter(user=user, confirmed=True).delete()
    device.confirmed = True
    device.save()
    record(by, "启用双因子", user, before={})
    login(cast(Any, request), device)


def verify(request: HttpRequest, token: str) -> None:
    """A good code makes this session verified; wrong ones slow the next attempt down."""
    device = device_of(cast(User, request.user))
    if device is None:
        raise Conflict("尚未启用双因子")
    check(device, token)
    login(cast(Any, request), device)


def check(device: TOTPDevice, token: str) -> None:
    may_try, _why = device.verify_is_allowed()
    if not may_try:
        raise Conflict("连续输错，请稍候再试")
    if not device.verify_token(token.strip()):
        raise Invalid("token", token, "验证器当前显示的 6 位数字", label="验证码")
