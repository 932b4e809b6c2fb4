"""Two platforms on two hosts (network namespaces), TLS of both sides, the cable pulled again and again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.db import connection

from anlan.gateways.exchange import sealing
from anlan.kernel import clock
from conftest import Required, missing

pytestmark = pytest.mark.acceptance
HOSTS = {"city": "10.83.71.1", "district": "10.83.71.2"}
#: How long a slow machine may take for one step, seconds.
PATIENCE_S = 120.0
PORT = 8443
ROOT = Path(__file__).resolve().parents[2]


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def clear() -> None:
    for name in HOSTS:
        subprocess.run(["ip", "netns", "del", f"anlan-{name}"], check=False, capture_output=True)


@pytest.fixture
def cable() -> Iterator[None]:
    """Two hosts with one cable between them."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        missing("network namespaces need root and iproute2", Required.TOOLS)
    clear()
    for name in HOSTS:
        ip("netns", "add", f"anlan-{name}")
    ip("link", "add", "eth0", "netns", "anlan-city", "type", "veth", "peer", "name", "eth0", "netns", "anlan-district")
    for name, address in HOSTS.items():
        ip("-n", f"anlan-{name}", "addr", "add", f"{address}/24", "dev", "eth0")
        ip("-n", f"anlan-{name}", "link", "set", "eth0", "up")
    yield
    clear()


def pull(down: bool) -> None:
    ip("-n", "anlan-district", "link", "set", "eth0", "down" if down else "up")


def certificate(folder: Path, name: str, host: str, issuer: Any) -> tuple[Any, Any]:
    """A certificate for one host, signed by `issuer` (key, certificate), or the authority's own when there is none."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = clock.real_now()
    by_key, by_name = (issuer[0], issuer[1].subject) if issuer else (key, who)
    builder = (
        x509.CertificateBuilder().subject_name(who).issuer_name(by_name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by_key.public_key()), critical=False)
    )  # fmt: skip
    if host:
        address = x509.IPAddress(ip_address(host))
        builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    made = builder.sign(by_key, hashes.SHA256())
    (folder / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )  # fmt: skip
    return key, made


@dataclass
class Node:
    """One running platform."""

    name: str
    command: list[str]
    env: dict[str, str]
    process: subprocess.Popen[str]

    def ask(self, do: str, **more: Any) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"do": do, **more}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"{self.name} died"
        return json.loads(line)

    def end(self) -> None:
        self.process.kill()
        self.process.wait(10)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):
                pipe.close()

    def kill(self) -> None:
        """kill -9, and start again."""
        self.end()
        self.process = start(self.command, self.env)

    def wait(self, seconds: float, **wanted: Any) -> Any:
        deadline = time.monotonic() + seconds
        while True:
            now = self.ask("status")
            if all(now[name] == value for name, value in wanted.items()):
                return now
            assert time.monotonic() < deadline, f"{self.name}: {now}, wanted {wanted}"
            time.sleep(0.2)


def start(command: list[str], env: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, env=env, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def databases(names: list[str]) -> dict[str, str]:
    """Empty databases with all tables, copied from the one of the tests, which is emptied of nothing: it holds no rows."""
    known = connection.settings_dict
    template = known["NAME"]
    connection.close()
    base = f"postgresql://{known['USER']}@/{{}}?host={known['HOST']}&port={known['PORT'] or 5432}"
    with psycopg.connect(base.format("postgres"), autocommit=True) as admin:
        admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [template])
        for name in names:
            admin.execute(f'drop database if exists "{template}_{name}" with (force)')
            admin.execute(f'create database "{template}_{name}" template "{template}"')
    return {name: base.format(f"{template}_{name}") for name in names}


@pytest.fixture
def nodes(cable: None, transactional_db: None, city: Any, tmp_path: Path) -> Iterator[dict[str, Node]]:
    authority = certificate(tmp_path, "ca", "", None)
    urls = databases(list(HOSTS))
    running = {}
    for name, host in HOSTS.items():
        certificate(tmp_path, name, host, authority)
        env = dict(
            os.environ, ANLAN_DATABASE_URL=urls[name], ANLAN_VAR=str(tmp_path / name), ANLAN_PLATFORM=name,
            ANLAN_HOSTS=host, ANLAN_EXCHANGE_CERT=str(tmp_path / f"{name}.pem"), DJANGO_SETTINGS_MODULE="anlan.settings",
            ANLAN_EXCHANGE_KEY=str(tmp_path / f"{name}.key"), ANLAN_EXCHANGE_CA=str(tmp_path / "ca.pem"),
        )  # fmt: skip
        command = ["ip", "netns", "exec", f"anlan-{name}", sys.executable, "-m", "tests.exchange.node", str(PORT)]
        running[name] = Node(name, command, env, start(command, env))
    introduce(running["city"], running["district"])
    yield running
    for node in running.values():
        node.end()


def introduce(city: Node, district: Node) -> None:
    """Public keys handed over: the city signs with SM2, the district with Ed25519."""
    lines = {"city": city.ask("key", algorithm=sealing.SM2), "district": district.ask("key", algorithm=sealing.ED25519)}
    common = {"top_class": 3, "data_class": 1}
    city.ask("peer", code="district", name="乌达区平台", relation="lower", area="150304", algorithm=sealing.SM2,
        url=f"https://{HOSTS['district']}:{PORT}", public_keys=lines["district"], **common)  # fmt: skip
    district.ask("peer", code="city", name="市平台", relation="upper", area="150300",
        url=f"https://{HOSTS['city']}:{PORT}", public_keys=lines["city"], **common)  # fmt: skip


def stranger_is_let_in() -> bool:
    """Somebody on the same cable without a certificate."""
    knock = f"import httpx;httpx.get('https://{HOSTS['city']}:{PORT}/exchange/hello', verify=False, trust_env=False)"
    command = ["ip", "netns", "exec", "anlan-district", sys.executable, "-c", knock]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def test_a_cut_and_flapping_cable_and_killed_platforms_lose_nothing_and_double_nothing(nodes: dict[str, Node]) -> None:
    city, district = nodes["city"], nodes["district"]
    district.ask("open", first=1, count=5, area="150304")
    city.wait(PATIENCE_S, records=5, clues=5)
    assert not stranger_is_let_in()
    pull(down=True)
    district.ask("open", first=11, count=10, area="150304")
    district.wait(PATIENCE_S, next_in=True, waiting=10)
    for number in range(3):
        pull(down=False)
        district.ask("open", first=31 + 10 * number, count=4, area="150304")
        time.sleep(0.3)
        pull(down=True)
    city.kill()
    district.kill()
    pull(down=False)
    city.wait(PATIENCE_S, records=27)
    assert district.wait(PATIENCE_S, waiting=0, trouble="")["sent"] == 27
    assert city.wait(PATIENCE_S, clues=27)["taken"] == 27
