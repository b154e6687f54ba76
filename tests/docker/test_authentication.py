"""Authentication at the entry of a Docker host: the lines of HAProxy's file, and its answers to requests."""

import hmac
import json
import os
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
from providers.contract.haproxy.admission import authentication, key_files, key_map
from providers.contract.spec import Auth
from tests.docker.plans import container, files, secret_file, variables
from tests.docker.specs import context_of
from tests.docker.test_entry import answered
from tests.docker.tokens import AUDIENCE, CLAIMS, ISSUER, NOW, Issuer, encoded
from tests.planning import ROOT, plan, production, revealed

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
    """Requests to a HAProxy that answers 200 to what authentication admits."""

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
    ("the key in upper case", 401, "/agents", (BEARER.upper(),), "GET"),
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


@pytest.fixture(scope="module")
def issuers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Issuer, Issuer, Issuer]:
    """Issuer with an RSA key, one with a P-256 key, and one that is not configured."""
    folder, rsa = tmp_path_factory.mktemp("issuers"), ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
    curve = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    return Issuer(folder, "rsa", *rsa), Issuer(folder, "curve", *curve), Issuer(folder, "other", *rsa)


def tokens_of(issuer: Issuer, curve: Issuer, other: Issuer) -> dict[str, tuple[int, str]]:
    """Tokens with the status of a request that has one."""
    good = issuer.token(CLAIMS)
    head, body, signature = good.split(".")
    changed = encoded({**CLAIMS, "sub": "admin"})
    none = f"{encoded({'alg': 'none', 'typ': 'JWT'})}.{body}."
    secret = hmac.new(issuer.public.encode(), f"{encoded({'alg': 'HS256'})}.{body}".encode(), sha256).digest()
    without = {key: {name: value for name, value in CLAIMS.items() if name != key} for key in CLAIMS}

    def claims(**changes: object) -> str:
        return issuer.token({**CLAIMS, **changes})

    return {
        "a valid token": (200, good),
        "a valid token of the other key": (200, curve.token(CLAIMS, "ES256")),
        "without an optional claim": (200, issuer.token(without["sub"])),
        "an audience in a list": (200, claims(aud=[AUDIENCE])),
        "an audience first in a list": (200, claims(aud=[AUDIENCE, "other"])),
        "an audience last in a list": (200, claims(aud=["other", AUDIENCE])),
        "the last of eight audiences": (200, claims(aud=["other"] * 7 + [AUDIENCE])),
        "a ninth audience": (401, claims(aud=["other"] * 8 + [AUDIENCE])),
        "an audience whose text is a list": (401, claims(aud=json.dumps([AUDIENCE]))),
        "valid since a moment": (200, claims(nbf=NOW - 5)),
        "expired": (401, claims(exp=NOW - 5)),
        "without an expiry": (401, issuer.token(without["exp"])),
        "an expiry that is text": (401, claims(exp="never")),
        "not yet valid": (401, claims(nbf=NOW + 3000)),
        "another audience": (401, claims(aud="other")),
        "an audience that begins with ours": (401, claims(aud=f"{AUDIENCE}.evil.com")),
        "an audience that ours is a pattern of": (401, claims(aud=AUDIENCE.replace(".", "x"))),
        "other audiences in a list": (401, claims(aud=["other", f"{AUDIENCE}2"])),
        "an audience inside of another one's text": (401, claims(aud=[f'x{AUDIENCE}y'])),
        "without an audience": (401, issuer.token(without["aud"])),
        "another issuer": (401, claims(iss="https://login.example.com/other")),
        "an issuer with a slash": (401, claims(iss=f"{ISSUER}/")),
        "without an issuer": (401, issuer.token(without["iss"])),
        "tampered": (401, f"{head}.{changed}.{signature}"),
        "another signature": (401, f"{head}.{body}.{encoded(b'0' * 256)}"),
        "without a signature": (401, f"{head}.{body}."),
        "algorithm none": (401, none),
        "the public key as a shared secret": (401, f"{encoded({'alg': 'HS256'})}.{body}.{encoded(secret)}"),
        "the algorithm of another key": (401, issuer.token(CLAIMS, "RS512")),
        "a key that is not listed": (401, other.token(CLAIMS)),
        "no token at all": (401, "agno_pat_0123456789abcdef"),
        "two parts": (401, f"{head}.{body}"),
    }  # fmt: skip


def with_tokens(issuers: tuple[Issuer, Issuer, Issuer], folder: Path) -> Mapping[str, object]:
    """Specification with tokens of two issuers' keys, whose files are written to a folder."""
    auth = {"mode": "jwt", "issuer": ISSUER, "audience": AUDIENCE, "public_keys": [each.public for each in issuers[:2]]}
    for path, key in key_files(Auth.model_validate_json(json.dumps(auth))).items():
        (folder / Path(path).name).write_text(key, encoding="utf-8")
    return {**GUARDED, "ingress.auth": auth}


@NEEDS_HAPROXY
@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not on PATH")
def test_each_token_is_answered_as_the_matrix_states(tmp_path: Path, issuers: tuple[Issuer, Issuer, Issuer]) -> None:
    expected = tokens_of(*issuers)
    with guarding(tmp_path, with_tokens(issuers, tmp_path), {}) as requests:
        found = {name: requests.status("/agents", f"Bearer {token}") for name, (_, token) in expected.items()}
        assert found == {name: status for name, (status, _) in expected.items()}
        assert [requests.status(path, method=method) for path, method in (("/agents", "OPTIONS"), ("/health", "GET"),
                ("/agents", "GET"), ("/chat/x", "GET"))] == [200, 200, 401, 401]  # fmt: skip


QUOTED = re.compile(r"^\$ (curl .*)\n(\d{3})$", re.MULTILINE)
HOST = "https://agents.example.com"


def quoted_requests() -> list[tuple[str, int]]:
    """Requests of the document and the status that it quotes for each."""
    section = (
        (ROOT / "docs/edge.md").read_text(encoding="utf-8").partition("<!-- requests -->")[2].partition("<!-- end -->")
    )
    return [(command, int(status)) for command, status in QUOTED.findall(section[0])]


@NEEDS_HAPROXY
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not on PATH")
@pytest.mark.parametrize("mode", ["api_key", "jwt"])
def test_the_requests_of_the_document_have_the_status_that_it_quotes(
    tmp_path: Path, issuers: tuple[Issuer, Issuer, Issuer], mode: str
) -> None:
    changes, other = (GUARDED, "$TOKEN") if mode == "api_key" else (with_tokens(issuers, tmp_path), "$KEY")
    requests = [(command, status) for command, status in quoted_requests() if other not in command]
    assert len(requests) == 4
    credentials = {"KEY": KEY, "TOKEN": issuers[0].token(CLAIMS)}
    with guarding(tmp_path, changes, {"OS_SECURITY_KEY": KEY, "API_KEY": OTHER}) as proxy:
        proxy.status("/")  # it listens
        for command, status in requests:
            assert HOST in command
            local = command.replace(HOST, f"http://127.0.0.1:{proxy.port}")
            answer = subprocess.run(
                ["/bin/sh", "-c", local], capture_output=True, text=True, check=True, env={**os.environ, **credentials}
            )
            assert answer.stdout == f"{status}\n", command
