"""`anlan simulate` from a shell: a station that is answered, and what it says when nobody listens."""

from __future__ import annotations

import json
import socket
import threading

import pytest

from anlan.__main__ import main
from anlan.cli.simulate import addresses_of
from anlan.gateways.devices.sl651.session import Sl651Session
from anlan.kernel import clock
from tests.conftest import free_port


def answer_one(door: socket.socket, heard: list[float | None]) -> None:
    line, _ = door.accept()
    session = Sl651Session()
    with line:
        while data := line.recv(4096):
            for step in session.receive(data, clock.now()):
                heard += [reading.value for reading in step.readings]
                line.sendall(step.ack)


def test_a_station_reports_and_is_answered(capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[float | None] = []
    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=answer_one, args=(door, heard), daemon=True)
        thread.start()
        port = str(door.getsockname()[1])
        arguments = [
            "--address",
            "0012345678",
            "--values",
            "39=1063.25",
            "--every",
            "0.1",
            "--count",
            "2",
            "--port",
            port,
        ]
        assert main(["simulate", "sl651", *arguments]) == 0
        thread.join(5)
    told = json.loads(capsys.readouterr().out)
    assert heard == [1063.25, 1063.25]
    assert (told["devices"], told["sent"]) == (1, 3)


def test_nobody_listening_and_values_that_are_none_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["simulate", "jt808", "--address", "013912345678", "--port", str(free_port()), "--values"]
    assert main([*arguments, "lon=106.7"]) == 1
    assert "连接" in json.loads(capsys.readouterr().err)["error"]
    assert main([*arguments, "lon=east"]) == 2
    assert json.loads(capsys.readouterr().err)["field"] == "values"


def test_many_devices_count_their_addresses_on() -> None:
    assert addresses_of("0012345699", 2) == ["0012345699", "0012345700"]
    with pytest.raises(ValueError, match="没有可以加一的数字"):
        addresses_of("WH", 2)
