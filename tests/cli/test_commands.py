"""Every command says what it is for, with an example that can be typed."""

from __future__ import annotations

import argparse
import importlib
import shlex

import pytest

from anlan.__main__ import commands, main
from anlan.cli import doctor


@pytest.mark.parametrize("name", commands())
def test_a_command_has_a_purpose_and_its_example_is_understood(name: str) -> None:
    module = importlib.import_module(f"anlan.cli.{name}")
    assert module.HELP
    words = shlex.split(module.EXAMPLE.split("|")[-1] if "| anlan" in module.EXAMPLE else module.EXAMPLE)
    assert words[:2] == ["anlan", name.rstrip("_").replace("_", "-")]
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    parser.parse_args([word for word in words[2:] if word not in {"<", ">"}])


def test_the_overview_lists_every_command_with_its_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    for name in commands():
        assert importlib.import_module(f"anlan.cli.{name}").EXAMPLE in shown


def test_the_doctor_names_what_is_missing_and_the_remedy_and_goes_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> str:
        raise doctor.Missing("frontend/vendor 不完整")

    checks = [doctor.Check("浏览器库", gone, "make setup"), doctor.Check("Python", doctor.python, "")]
    monkeypatch.setattr(doctor, "CHECKS", checks)
    assert main(["doctor"]) == 1
    shown = capsys.readouterr().out
    assert "✘ 浏览器库: frontend/vendor 不完整" in shown
    assert "补救: make setup" in shown
    assert "✔ Python" in shown
    monkeypatch.setattr(doctor, "CHECKS", [doctor.Check("Chromium", gone, "apt-get", must=False)])
    assert main(["doctor"]) == 0
