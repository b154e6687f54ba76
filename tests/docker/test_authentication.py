"""Authentication at the entry of a Docker host: the lines of HAProxy's file, and its answers to requests."""

import re
import shutil
import socket
import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest

from automation.plan.inventory import Secret
from providers.docker.entry.admission import authentication, key_map
from tests.docker.plans import container, files, secret_file, variables
from tests.docker.specs import context_of
from tests.docker.test_entry import answered
from tests.planning import plan, production, revealed

KEY, OTHER = "6f" * 24, "5e" * 24
IMAGE = "chat@sha256:" + "2a" * 32
GUARDED: Mapping[str, object] = {
    "ingress.auth": {"mode": "api_key"},
    "services.gateway.secrets": ["OPENAI_API_KEY"],
    "services.gateway.public_paths": ["/health", "/public/*"],
    "services.chat.path": "/chat",
    "services.chat.public_paths": ["/chat/ready"],
}


def test_without_the_setting_the_entry_checks_nothing() -> None:
    assert not list(authentication(context_of().spec))
    assert not list(authentication(context_of({"services.gateway.secrets": []}).spec))


def test_the_router_has_the_digest_of_the_key_and_the_services_have_the_key() -> None:
    inventory = plan(production(GUARDED, cloud="docker"), secret=KEY)
    for name in ("os-security-key", "api-key"):
        held = secret_file(inventory, "entry-router", f"{name}.map")
        assert isinstance(held, Secret)
        assert str(revealed(held)).split()[0] == sha256(KEY.encode()).hexdigest()
    assert KEY not in " ".join(map(str, files(inventory, "entry-router").values()))
    readers = {name for name in ("gateway", "chat", "worker") for key in ("OS_SECURITY_KEY", "API_KEY")
               if key in variables(container(inventory, f"compute-{name}-1"))}  # fmt: skip
    assert readers == {"gateway", "chat"}


class Requests:
    """Requests to a HAProxy that answers 200 to what authentication lets through."""

    def __init__(self, port: int) -> None:
        self.port = port

    def status(self, path: str, *authorization: str, method: str = "GET") -> int:
        """Status of a request; a refused one names the scheme."""
        connection = answered(self.port)
        connection.putrequest(method, path)
        for value in authorization:
            connection.putheader("Authorization", value)
        connection.endheaders()
        answer = connection.getresponse()
        assert answer.headers["www-authenticate"] == ("Bearer" if answer.status == 401 else None)
        connection.close()
        return answer.status


@contextmanager
def guarding(folder: Path, changes: Mapping[str, object], keys: Mapping[str, str]) -> Generator[Requests]:
    """HAProxy with the rules of authentication of a specification, and the files of its keys."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for variable, key in keys.items():
        (folder / f"{variable.lower().replace('_', '-')}.map").write_text(key_map(variable, key), encoding="utf-8")
    rules = [*authentication(context_of(changes).spec), "http-request return status 200"]
    lines = ["defaults", "mode http", "timeout client 5s", "timeout server 5s", "timeout connect 1s"]
    text = "\n".join([*lines, "frontend of", f"bind 127.0.0.1:{port}", *rules, ""])
    file = folder / "haproxy.cfg"
    file.write_text(text.replace("/etc/agent-platform", str(folder)), encoding="utf-8")
    checked = subprocess.run(["haproxy", "-c", "-f", file], capture_output=True, text=True, check=False)
    assert checked.returncode == 0 and not re.search("warning", checked.stderr, re.IGNORECASE), checked.stderr
    with subprocess.Popen(["haproxy", "-db", "-f", file], stderr=subprocess.DEVNULL) as process:
        try:
            yield Requests(port)
        finally:
            process.terminate()


NEEDS_HAPROXY = pytest.mark.skipif(shutil.which("haproxy") is None, reason="haproxy is not on PATH")
BEARER, WRONG = f"Bearer {KEY}", f"Bearer {OTHER}"
MATRIX: tuple[tuple[str, int, str, tuple[str, ...], str], ...] = (
    ("the key", 200, "/agents", (BEARER,), "GET"),
    ("the key with another case of the scheme", 200, "/agents", (f"bearer {KEY}",), "GET"),
    ("no key", 401, "/agents", (), "GET"),
    ("a wrong key", 401, "/agents", (WRONG,), "GET"),
    ("an empty key", 401, "/agents", ("Bearer ",), "GET"),
    ("the key in capitals", 401, "/agents", (BEARER.upper(),), "GET"),
    ("the digest instead of the key", 401, "/agents", (f"Bearer {sha256(KEY.encode()).hexdigest()}",), "GET"),
    ("the key without a scheme", 401, "/agents", (KEY,), "GET"),
    ("another scheme", 401, "/agents", (f"Basic {KEY}",), "GET"),
    ("two headers, the first with the key", 401, "/agents", (BEARER, WRONG), "GET"),
    ("two headers, the last with the key", 401, "/agents", (WRONG, BEARER), "GET"),
    ("a message without a key", 401, "/agents/a/runs", (), "POST"),
    ("a preflight request", 200, "/agents/a/runs", (), "OPTIONS"),
    ("a public path", 200, "/health", (), "GET"),
    ("a public path with a query", 200, "/health?full=1", (), "GET"),
    ("a public path with a wrong key", 200, "/health", (WRONG,), "GET"),
    ("below a single public path", 401, "/health/all", (), "GET"),
    ("below a public prefix", 200, "/public/logo.png", (), "GET"),
    ("a longer word than a public prefix", 401, "/publications", (), "GET"),
    ("up from a public prefix", 401, "/public/../agents", (), "GET"),
    ("up from a public prefix, encoded", 401, "/public/%2e%2e/agents", (), "GET"),
    ("a public path in another spelling", 401, "/%68ealth", (), "GET"),
    ("the key with another spelling", 200, "/public/%2e%2e/agents", (BEARER,), "GET"),
    ("another service with its key", 200, "/chat/messages", (WRONG,), "GET"),
    ("another service with the key of the first", 401, "/chat/messages", (BEARER,), "GET"),
    ("another service without a key", 401, "/chat", (), "GET"),
    ("a public path of another service", 200, "/chat/ready", (), "GET"),
    ("a public path below another service", 401, "/chat/health", (), "GET"),
    ("a longer word than another service", 401, "/chatter", (WRONG,), "GET"),
)  # fmt: skip


@NEEDS_HAPROXY
def test_each_request_is_answered_as_the_matrix_states(tmp_path: Path) -> None:
    with guarding(tmp_path, GUARDED, {"OS_SECURITY_KEY": KEY, "API_KEY": OTHER}) as requests:
        found = {name: requests.status(path, *keys, method=method) for name, _, path, keys, method in MATRIX}
    assert found == {name: status for name, status, *_ in MATRIX}


@NEEDS_HAPROXY
def test_services_that_check_themselves_or_nothing_are_let_through(tmp_path: Path) -> None:
    changes = {
        "ingress.auth": {"mode": "api_key"},
        "services.gateway.auth": "app",
        "services.chat.path": "/chat",
        "services.page": {
            "app": "streamlit", "image": IMAGE, "path": "/page", "auth": "none", "replicas": {"min": 2, "max": 2}
        },
    }  # fmt: skip
    with guarding(tmp_path, changes, {"API_KEY": OTHER}) as requests:
        assert [requests.status(path) for path in ("/agents", "/page", "/chat", "/page/x")] == [200, 200, 401, 200]
