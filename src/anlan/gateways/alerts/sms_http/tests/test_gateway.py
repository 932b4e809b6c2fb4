"""What the channel makes of its set-up and of what the gateway says."""

from __future__ import annotations

import httpx
import pytest

from anlan.gateways.alerts.contract import Outcome
from anlan.gateways.alerts.sms_http.gateway import Setup, filled, reaches, read_answer, setup

URL = {"ANLAN_SMS_URL": "https://sms.example.cn/send"}


def test_no_address_means_no_channel() -> None:
    assert setup({}) is None


@pytest.mark.parametrize(
    ("env", "name"),
    [
        ({"ANLAN_SMS_URL": "sms.example.cn"}, "ANLAN_SMS_URL"),
        ({**URL, "ANLAN_SMS_BODY": "{phone}"}, "ANLAN_SMS_BODY"),
        ({**URL, "ANLAN_SMS_HEADERS": "Bearer x"}, "ANLAN_SMS_HEADERS"),
    ],
)
def test_a_setting_that_cannot_be_read_is_named(env: dict[str, str], name: str) -> None:
    with pytest.raises(ValueError, match=name):
        setup(env)


def test_the_template_is_filled_in_depth_and_texts_cannot_break_it() -> None:
    template = {"to": ["{phone}"], "msg": {"text": "【乌海应急】{text}"}, "n": 1, "other": "{unknown}"}
    said = '请看"{phone}"，{"a":1}'
    assert filled(template, {"phone": "13900000000", "text": said}) == {
        "to": ["13900000000"], "msg": {"text": f"【乌海应急】{said}"}, "n": 1, "other": "{unknown}",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("number", "mobile"),
    [("13900000000", True), ("+8613900000000", True), ("139 0000 0000", True), ("0473-3998000", False), ("", False)],
)
def test_only_mobile_numbers_are_reached(number: str, mobile: bool) -> None:
    assert reaches(number) is mobile


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.DELIVERED),
        (503, Outcome.RETRY),
        (429, Outcome.RETRY),
        (401, Outcome.REFUSED),
        (302, Outcome.REFUSED),
    ],
)
def test_what_a_status_means(status: int, outcome: Outcome) -> None:
    assert read_answer(Setup("", {}), httpx.Response(status, json={"id": 9})).outcome == outcome


def test_retry_after_is_respected() -> None:
    assert read_answer(Setup("", {}), httpx.Response(429, headers={"Retry-After": "40"})).retry_after_s == 40
