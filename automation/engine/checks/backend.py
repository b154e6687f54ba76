"""Checks of the backend that stores the state, and of the secrets provider that encrypts the stack's secrets."""

import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from automation.engine.checks.project import NO_CLI
from automation.engine.findings import CheckInput, Finding, failed, ok, unknown
from automation.engine.installation import INSTALL
from automation.engine.provider_errors import TIMEOUT, ProviderError, error_of_text

WHOAMI_TIMEOUT_SECONDS = 20.0
PASSPHRASE, PASSPHRASE_FILE = "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"
KEY_SERVICES = ("awskms", "azurekeyvault", "gcpkms", "hashivault")
CLOUD_SCHEMES = ("https", "http")
"""Backends with their own secrets provider: Pulumi Cloud, hosted or self-hosted."""


def check_backend(facts: CheckInput) -> Finding:
    """Check that the backend of `agent-platform login` or PULUMI_BACKEND_URL responds."""
    subject = "backend"
    if facts.engine is None:
        return unknown(subject, NO_CLI, INSTALL)
    completed = facts.run(["whoami", "--json"], WHOAMI_TIMEOUT_SECONDS)
    if completed.exit_code == 0:
        url, user = _field(completed.stdout, "url"), _field(completed.stdout, "user")
        return ok(subject, f"state is stored at {_without_secrets(url)} as {user}")
    error = TIMEOUT if completed.exit_code is None else error_of_text(completed.stderr)
    return _unreachable(subject, facts.environment.get("PULUMI_BACKEND_URL", ""), error)


def _unreachable(subject: str, url: str, error: ProviderError) -> Finding:
    if error.kind == "credentials" and not url:
        return failed(subject, "not logged in to a backend", "run `agent-platform login URL` or set PULUMI_BACKEND_URL")
    backend = f"the backend {_without_secrets(url)}" if url else "the backend"
    return failed(
        subject,
        f"cannot open {backend}: {error.cause}",
        f"{error.fix}, or log in to another with `agent-platform login URL`",
    )


def _field(text: str, key: str) -> str:
    try:
        return str(json.loads(text).get(key, ""))
    except (ValueError, AttributeError):
        return ""


def _without_secrets(url: str) -> str:
    """Return the URL without user, password and query: a query may contain a shared access signature."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}" if parts.scheme else url


def check_secrets_provider(facts: CheckInput) -> Finding:
    """Check that the stack's secrets can be decrypted: by a passphrase, a key service or the backend."""
    subject, provider = "secrets provider", str(facts.stack_file.get("secretsprovider", ""))
    scheme = urlsplit(provider).scheme
    if scheme in KEY_SERVICES:
        return ok(subject, f"the stack file names a key of {scheme}")
    if provider not in ("", "passphrase", "default"):
        problem = f"unknown scheme {scheme}" if scheme else "it is not a URL"
        return failed(
            subject,
            f"secretsprovider of the stack file: {problem}",
            f"use `passphrase` or a URL of {', '.join(KEY_SERVICES)}",
        )
    if provider == "passphrase" or facts.stack_file.get("encryptionsalt"):
        return _passphrase_finding(subject, facts.environment)
    return _new_stack_finding(subject, facts)


def _passphrase_finding(subject: str, environment: Mapping[str, str]) -> Finding:
    source = _passphrase_source(environment)
    if source:
        return ok(subject, f"the passphrase is set in {source}")
    if environment.get(PASSPHRASE_FILE):
        return failed(
            subject, f"{PASSPHRASE_FILE} does not name a readable file", f"correct the path or set {PASSPHRASE}"
        )
    if PASSPHRASE in environment:
        # A pipeline passes an empty variable for a secret that is not set, and the engine accepts that as a passphrase.
        return unknown(subject, f"{PASSPHRASE} is empty", "set it, unless the passphrase of the stack is empty")
    return failed(subject, "the secrets are encrypted with a passphrase", f"set {PASSPHRASE} or {PASSPHRASE_FILE}")


def _passphrase_source(environment: Mapping[str, str]) -> str:
    if environment.get(PASSPHRASE):
        return PASSPHRASE
    file = environment.get(PASSPHRASE_FILE)
    return PASSPHRASE_FILE if file and Path(file).is_file() else ""


def _new_stack_finding(subject: str, facts: CheckInput) -> Finding:
    """Return the finding for a stack that does not exist yet."""
    if urlsplit(state_url(facts)).scheme in CLOUD_SCHEMES:
        return ok(subject, "the backend encrypts the secrets")
    source = _passphrase_source(facts.environment)
    if source:
        return ok(subject, f"a new stack uses the passphrase in {source}")
    fix = f"set {PASSPHRASE}, or run `agent-platform up {facts.name} --create --secrets-provider awskms://alias/<key>`"
    return unknown(subject, "the stack file names no secrets provider", fix)


def state_url(facts: CheckInput) -> str:
    """Return the URL of the backend, from the environment or of the login; empty when neither is known."""
    if url := facts.environment.get("PULUMI_BACKEND_URL"):
        return url
    if facts.engine is None:
        return ""
    return _field(facts.run(["whoami", "--json"], WHOAMI_TIMEOUT_SECONDS).stdout, "url")
