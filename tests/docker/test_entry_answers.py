"""Answers of a deployed entry in `doctor`."""

import ssl
import subprocess
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from providers.contract.preflight import CheckResult
from providers.docker.preflight.entry import check_entry, entry_status
from tests.docker.specs import spec_of

LOCAL = {"DOCKER_HOST": "unix:///var/run/docker.sock"}


def result(status: int, environment: Mapping[str, str] = LOCAL, authority: Path = Path(__file__)) -> CheckResult:
    """Result for an entry that answers with a status; any existing file is its certificate authority."""
    return check_entry(spec_of(), "prod", environment, authority, lambda _url, _authority: status)


@pytest.mark.parametrize("status", [200, 301, 401, 404])
def test_any_answer_of_a_service_is_an_answer(status: int) -> None:
    assert result(status).diagnostics == ()
    assert "answers for" in result(status).observed


def test_an_entry_that_does_not_answer_is_reported_with_the_command_that_starts_it() -> None:
    (error,) = result(0).diagnostics
    assert str(error) == (f"ingress: {error.problem}. Run `agent-platform up prod`, which starts what is stopped.")
    assert error.problem.endswith("does not answer")


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_service_without_a_ready_replica_is_named(status: int) -> None:
    errors = result(status).diagnostics
    names = list(spec_of().public)
    assert [error.key for error in errors] == [f"services.{name}" for name in names]
    assert f"answers with {status} for {names[0]}, of which no replica is ready" in errors[0].problem
    assert errors[0].fix == f"run `agent-platform logs prod {names[0]}` to see why"


def test_the_entry_of_another_machine_is_not_asked() -> None:
    found = result(200, {"DOCKER_HOST": "tcp://build.example.com:2376"})
    assert found.diagnostics == ()
    assert found.fix.startswith("run `curl https://")


def test_an_entry_whose_authority_is_unknown_is_not_asked_without_verification(tmp_path: Path) -> None:
    (error,) = result(200, authority=tmp_path / "prod-ca.pem").diagnostics
    assert str(error) == (
        "ingress: the entry was not asked: the file of its certificate authority, prod-ca.pem, does not exist. Run "
        "`agent-platform up prod`, which writes it."
    )


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two self-signed certificates for localhost, each with its key in one file."""
    folder = tmp_path_factory.mktemp("authorities")
    for name in ("own", "other"):
        command = [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-subj",
        ]
        options = [
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-out",
            f"{name}.pem",
            "-keyout",
            f"{name}.key",
        ]
        subprocess.run([*command, *options], cwd=folder, capture_output=True, check=True)
    return folder / "own.pem", folder / "other.pem"


class Refuser(BaseHTTPRequestHandler):
    """Server that answers every request with 503."""

    def do_GET(self) -> None:
        self.send_error(503)

    def log_message(self, format: str, *args: object) -> None:
        del format, args


def test_only_an_answer_with_a_certificate_of_the_authority_has_a_status(authorities: tuple[Path, Path]) -> None:
    own, other = authorities
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own, own.with_suffix(".key"))
    with ThreadingHTTPServer(("127.0.0.1", 0), Refuser) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"https://localhost:{server.server_port}/health"
        statuses = [entry_status(url, each) for each in (own, other, own.with_name("missing.pem"))]
        server.shutdown()
    assert statuses == [503, 0, 0]
