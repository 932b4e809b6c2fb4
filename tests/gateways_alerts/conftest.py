"""A running SMS gateway and people to tell."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from anlan.kernel.models import Organisation, Person, Post
from tests.conftest import City
from tests.gateways_alerts.smsgateway import SmsGateway
from tests.web.conftest import account


@pytest.fixture
def sms(monkeypatch: pytest.MonkeyPatch) -> Iterator[SmsGateway]:
    gateway = SmsGateway()
    monkeypatch.setenv("ANLAN_SMS_URL", gateway.url)
    monkeypatch.setenv("ANLAN_SMS_OK", "code=0")
    monkeypatch.setenv("ANLAN_SMS_REFERENCE", "data.msgid")
    yield gateway
    gateway.close()


@pytest.fixture
def people(city: City) -> dict[str, Person]:
    """One holder of a post in the city, one in the western district, two in the town of the east, one without post."""
    found = {}
    for name, area, phone, posted in (
        ("市局值班", city.city, "13900000001", True),
        ("乌达区应急局", city.west, "13900000002", True),
        ("新华街道甲", city.town, "13900000003", True),
        ("清泉社区网格员", city.community, "13900000004", True),
        ("退休人员", city.west, "13900000005", False),
    ):
        office = Organisation.everything.create(code=f"O-{phone}", name=name, kind="政府", area=area)
        post = Post.everything.create(code=f"P-{phone}", title=name, organisation=office, area=area) if posted else None
        found[name] = Person.everything.create(
            code=f"R-{phone}", name=name, phone=phone, organisation=office, post=post, area=area, data_class=4
        )
    return found


@pytest.fixture
def signed_in(city: City) -> Client:
    """A browser in which somebody with all permissions over the city signed in."""
    client = Client()
    client.force_login(account(city.city), "django.contrib.auth.backends.ModelBackend")
    return client
