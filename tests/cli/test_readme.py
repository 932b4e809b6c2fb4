"""What the README says to type works: make knows each target with its settings, and the commands answer."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from anlan import cities
from anlan.__main__ import main

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKES = sorted(set(re.findall(r"^(make [a-z]+)|`(make [^`]+)`", README, re.M)))
SAID = sorted(set(re.findall(r"`(anlan [^`]+)`", README)))


@pytest.mark.parametrize("line", [one or other for one, other in MAKES])
def test_make_knows_every_line_of_the_readme(line: str) -> None:
    done = subprocess.run([*line.split(), "-n"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name, value in re.findall(r"(\w+)=(\S+)", line):
        shown = {"SCENARIO": f"--scenario {value}", "ONCE": "--once", "DEMO": "--demo-accounts"}[name]
        assert shown in done.stdout, f"{name} does nothing"


def test_the_readme_names_make_lines_and_every_other_story() -> None:
    assert len(MAKES) >= 5
    named = set(re.findall(r"SCENARIO=([\w-]+)", README)) | set(re.findall(r"`([\w-]+)`", README))
    stories = {path.parent.name for path in cities.folder("wuhai").glob("scenarios/*/scenario.toml")}
    assert stories - {"chlorine-wuda"} <= named, "the default needs no name"


@pytest.mark.parametrize("line", SAID)
def test_every_command_of_the_readme_is_one(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = line.split()[1:]
    if words == ["--help"]:
        assert main(words) == 0
    else:
        with pytest.raises(SystemExit) as end:
            main([*words, "--help"])
        assert end.value.code == 0
    assert "anlan" in capsys.readouterr().out
