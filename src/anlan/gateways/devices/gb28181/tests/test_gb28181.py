"""GB/T 28181 signalling: registration with digest, keep-alive, catalogue, alarms; hostile bodies."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from anlan.gateways.devices.contract import FrameError
from anlan.gateways.devices.gb28181 import codec
from anlan.gateways.devices.gb28181.session import FIELD, NUMBER, Gb28181Session, digest

CAMERA = "15030200001320000001"
NOW = datetime(2026, 11, 23, 8, tzinfo=codec.BEIJING)


def message(xml: str, number: int = 2) -> bytes:
    return codec.request("MESSAGE", CAMERA, NUMBER, "10.0.0.9:5060", number, xml)


ALARM = (
    '<?xml version="1.0" encoding="GB2312"?><Notify><CmdType>Alarm</CmdType><SN>1</SN>'
    f"<DeviceID>{CAMERA}</DeviceID><AlarmPriority>1</AlarmPriority><AlarmMethod>5</AlarmMethod>"
    "<AlarmTime>2026-11-23T08:00:00</AlarmTime><AlarmDescription>烟火识别</AlarmDescription></Notify>"
)


def test_rfc_2617s_own_digest_comes_out() -> None:
    # RFC 2069 2.4 (the scheme without qop), as corrected by its erratum.
    found = digest(
        "Mufasa", "testrealm@host.com", "CircleOfLife", "dcd98b7102dd2f0e8b11d0f600bfb0c093", "/dir/index.html", "GET"
    )
    assert found == "1949323746fe6a43ef61f9606e7febea"


def test_a_camera_registers_with_a_password_and_is_asked_what_it_has() -> None:
    session = Gb28181Session("secret")
    first = session.receive(codec.request("REGISTER", CAMERA, NUMBER, "h", 1), NOW)[0]
    assert first.ack.startswith(b"SIP/2.0 401")
    given = dict(FIELD.findall(re.search(r"Digest .*", first.ack.decode())[0]))  # type: ignore[index]
    answer = digest(CAMERA, given["realm"], "secret", given["nonce"], "sip:x")
    proof = f'Digest username="{CAMERA}", realm="{given["realm"]}", nonce="{given["nonce"]}", uri="sip:x", response="{answer}"'
    second = session.receive(codec.request("REGISTER", CAMERA, NUMBER, "h", 2, "", ("Authorization", proof)), NOW)[0]
    assert second.ack.startswith(b"SIP/2.0 200 OK")
    assert b"Date: 2026-11-23T08:00:00.000" in second.ack
    assert b"<CmdType>Catalog</CmdType>" in second.ack
    assert session.receive(message(ALARM), NOW)[0].readings


def test_who_did_not_register_is_turned_away() -> None:
    step = Gb28181Session("secret").receive(message(ALARM), NOW)[0]
    assert step.nak.startswith(b"SIP/2.0 403")
    assert not step.readings


def test_an_alarm_becomes_a_reading_and_is_answered() -> None:
    step = Gb28181Session("").receive(message(ALARM), NOW)[0]
    assert [(one.address, one.code, one.value, one.at, one.name) for one in step.readings] == [
        (CAMERA, "alarm.5", 1.0, NOW, "视频报警：烟火识别")
    ]
    assert step.ack.startswith(b"SIP/2.0 200 OK")


def test_the_catalogue_says_who_is_on_line() -> None:
    xml = (
        '<?xml version="1.0" encoding="GB2312"?><Response><CmdType>Catalog</CmdType><SN>1</SN><DeviceID>1</DeviceID>'
        '<SumNum>2</SumNum><DeviceList Num="2"><Item><DeviceID>A</DeviceID><Name>罐区东</Name><Status>ON</Status></Item>'
        "<Item><DeviceID>B</DeviceID><Name>罐区西</Name><Status>OFF</Status></Item></DeviceList></Response>"
    )
    step = Gb28181Session("").receive(message(xml), NOW)[0]
    assert [(one.address, one.value, one.name) for one in step.readings] == [("A", 1.0, "罐区东"), ("B", 0.0, "罐区西")]


def test_messages_in_pieces_and_after_garbage_are_found() -> None:
    session = Gb28181Session("")
    data = b"\x00garbage" * 50 + message(ALARM) + message(ALARM, 3)
    steps = [step for n in range(0, len(data), 7) for step in session.receive(data[n : n + 7], NOW)]
    assert sum(len(step.readings) for step in steps) == 2


def test_a_body_with_entities_is_refused() -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bb">]><Notify><CmdType>&b;</CmdType></Notify>'
    with pytest.raises(FrameError, match="XML"):
        codec.decode(message(bomb))


def test_a_message_whose_body_cannot_be_read_is_answered_400_and_kept() -> None:
    (step,) = Gb28181Session("").receive(message("<Notify>"), NOW)
    assert "XML" in step.reason
    assert step.nak.startswith(b"SIP/2.0 400 Bad Request")
