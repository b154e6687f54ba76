"""Replay of requests against the OWASP core rule set in libmodsecurity, which stands for the managed rules of the clouds.

AWS' managed rules are closed source; Cloud Armor's are core rule set 4.22, and Azure's derive from 3.2. The rules come from
Debian's package modsecurity-crs, or from the folder in MODSECURITY_CRS that has the unpacked package.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

BLOCKING_TAG, BLOCKING_RULES = "OWASP_CRS", range(911_000, 949_000)
"""Rules that detect; those before prepare the transaction, and those after sum up its score."""
NOT_LOADED = ("RESPONSE-", "REQUEST-903.", "REQUEST-910-", "REQUEST-912-")
HOST = "agents.example.com"
BOUNDARY = "----boundary5f3a"
JSON_BODIES = """
SecRequestBodyAccess On
SecRuleEngine DetectionOnly
SecRule REQUEST_HEADERS:Content-Type "@rx application/json" "id:200001,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON"
"""


def rules_folder() -> Path:
    """Root of the file system that has the rules: that of this machine unless MODSECURITY_CRS names another."""
    return Path(os.environ.get("MODSECURITY_CRS", "/"))


def missing() -> str | None:
    """Reason why requests cannot be replayed, or None."""
    if find_spec("libmodsecurity") is None:
        return "libmodsecurity is not installed (PyPI: libmodsecurity)"
    if not (rules_folder() / "usr/share/modsecurity-crs/rules").is_dir():
        return "the OWASP core rule set is not installed (Debian: modsecurity-crs)"
    return None


@dataclass(frozen=True)
class HttpRequest:
    """Request with its target (path and query), headers and body."""

    target: str
    method: str = "POST"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def path(self) -> str:
        """Path without the query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> str:
        """Query without the question mark."""
        return urlsplit(self.target).query

    def header(self, name: str) -> str:
        """Value of a header; empty without it."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


def message_forms(path: str, text: str) -> Iterator[HttpRequest]:
    """Requests that carry a text as agents read it: JSON, the messages of OpenAI's API, and multipart, which Agno reads."""
    as_json = (("Content-Type", "application/json"),)
    for document in ({"message": text, "stream": True}, {"messages": [{"role": "user", "content": text}]}):
        yield request(path, as_json, json.dumps(document, ensure_ascii=False).encode())
    field = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="message"\r\n\r\n{text}\r\n--{BOUNDARY}--\r\n'
    yield request(path, (("Content-Type", f"multipart/form-data; boundary={BOUNDARY}"),), field.encode())


def request(
    target: str, headers: tuple[tuple[str, str], ...] = (), body: bytes = b"", method: str = "POST"
) -> HttpRequest:
    """Request of an ordinary client; `headers` replace its own."""
    own = {"Host": HOST, "User-Agent": "python-httpx/0.28", "Accept": "*/*", "Content-Length": str(len(body))}
    named = {name.lower(): (name, value) for name, value in (*own.items(), *headers)}
    return HttpRequest(target, method, tuple(named.values()), body)


@dataclass(frozen=True)
class Detection:
    """Ids of the rules that matched in path, query and headers, and of those that matched in the body alone."""

    outside: frozenset[int]
    body: frozenset[int] = field(default_factory=frozenset[int])


@cache
def detect(sent: HttpRequest) -> Detection:
    """Return what the rule set detects in a request."""
    outside = _matched(sent, b"")
    return Detection(outside, _matched(sent, sent.body) - outside if sent.body else frozenset())


def _matched(sent: HttpRequest, body: bytes) -> frozenset[int]:
    engine, rules, transactions = _engine()
    transaction = transactions(engine, rules)
    transaction.process_connection("203.0.113.7", 40_000, "198.51.100.1", 443)
    transaction.process_uri(sent.target, sent.method, "1.1")
    for name, value in sent.headers:
        if body or name != "Content-Type":
            transaction.add_request_header(name, value if body or name != "Content-Length" else "0")
    transaction.process_request_headers()
    if body:
        transaction.append_request_body(body)
    transaction.process_request_body()
    found = transaction.get_rule_messages()
    return frozenset(each.rule_id for each in found if each.rule_id in BLOCKING_RULES and BLOCKING_TAG in each.tags)


@cache
def _engine() -> tuple[Any, Any, Any]:
    """Engine, rules and the class of transactions, loaded once."""
    # the bindings have no types, and are missing on most machines
    bindings: Any = import_module("libmodsecurity")
    root, rules = rules_folder(), bindings.RulesSet()
    rules.load(JSON_BODIES)
    files = [
        root / "etc/modsecurity/crs/crs-setup.conf",
        *sorted((root / "usr/share/modsecurity-crs/rules").glob("*.conf")),
    ]
    for file in files:
        # rules of responses, of other applications, and of addresses, which need a database that the bindings lack
        if not file.name.startswith(NOT_LOADED) and rules.load_from_uri(str(file)) < 0:
            raise ValueError(f"{file.name}: {rules.get_parser_error()}")
    engine = bindings.ModSecurity()
    engine.set_log_callback(len)
    return engine, rules, bindings.Transaction
