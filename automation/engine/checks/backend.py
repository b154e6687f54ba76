"""Where the state lives and what seals its secrets: the backend answers, and the sealing key is at hand."""

import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from automation.engine.case import Case
from automation.engine.error_text import LATE, Trouble, trouble_of
from automation.engine.findings import Finding, allowed, refused, unknown
from automation.engine.run import Ran

LONGEST_SECONDS = 20.0
"""For a backend to say who is logged in."""
PASSPHRASE, PASSPHRASE_FILE = "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"
KEY_SERVICES = ("awskms", "azurekeyvault", "gcpkms", "hashivault")
CLOUD_SCHEMES = ("https", "http")
"""Backends that seal secrets themselves: Pulumi Cloud, or one's own copy of it."""


def reachable(case: Case) -> Finding:
    """The backend that `pulumi login` or PULUMI_BACKEND_URL names answers."""
    subject = "backend"
    if case.engine is None:
        return unknown(subject, "the CLI, which asks it, is missing", "install the CLI first")
    ran = case.run(["whoami", "--json"], LONGEST_SECONDS)
    if ran.code == 0:
        return allowed(
            subject, f"state is kept at {_without_secrets(_field(ran.out, 'url'))} as {_field(ran.out, 'user')}"
        )
    trouble = LATE if ran.code is None else trouble_of(ran.err)
    return _unreachable(subject, case.environment.get("PULUMI_BACKEND_URL", ""), trouble)


def _unreachable(subject: str, url: str, trouble: Trouble) -> Finding:
    where = f"the backend {_without_secrets(url)}" if url else "the backend"
    if trouble.kind == "credentials" and not url:
        return refused(
            subject, "nobody is logged in to a backend", "run `pulumi login <url>` or set PULUMI_BACKEND_URL"
        )
    return refused(subject, f"{where} does not open: {trouble.told}", f"{trouble.advice}, or `pulumi login` elsewhere")


def _field(text: str, key: str) -> str:
    try:
        return str(json.loads(text).get(key, ""))
    except (ValueError, AttributeError):
        return ""


def _without_secrets(url: str) -> str:
    """The URL without user, password and query: a query may hold a shared access signature."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}" if parts.scheme else url


def secrets_provider(case: Case) -> Finding:
    """What seals the stack's secrets is at hand: a passphrase, a key service, or the backend itself."""
    subject, named = "secrets provider", str(case.stack_file.get("secretsprovider", ""))
    scheme = urlsplit(named).scheme
    if scheme in KEY_SERVICES:
        return allowed(subject, f"the stack file names a key of {scheme}")
    if named not in ("", "passphrase", "default"):
        what = f"the stack file's secretsprovider has the scheme {scheme or 'of no URL'}"
        return refused(subject, what, f"name passphrase, or a URL of {', '.join(KEY_SERVICES)}")
    if named == "passphrase" or case.stack_file.get("encryptionsalt"):
        return _passphrase(subject, case.environment)
    return _not_yet(subject, case)


def _passphrase(subject: str, environment: Mapping[str, str]) -> Finding:
    told = _passphrase_at_hand(environment)
    if told:
        return allowed(subject, f"the passphrase comes from {told}")
    file = environment.get(PASSPHRASE_FILE)
    if file:
        return refused(
            subject, f"{PASSPHRASE_FILE} names no file that can be read", "correct it, or set the passphrase itself"
        )
    if PASSPHRASE in environment:
        # what a pipeline hands over for a secret that nobody set; the engine takes it for a passphrase
        return unknown(subject, f"{PASSPHRASE} is empty", "set it, unless the stack was sealed by an empty one")
    what = f"secrets are sealed by a passphrase, and neither {PASSPHRASE} nor {PASSPHRASE_FILE} is set"
    return refused(subject, what, "set one of them")


def _passphrase_at_hand(environment: Mapping[str, str]) -> str:
    if environment.get(PASSPHRASE):
        return PASSPHRASE
    file = environment.get(PASSPHRASE_FILE)
    return PASSPHRASE_FILE if file and Path(file).is_file() else ""


def _not_yet(subject: str, case: Case) -> Finding:
    """A stack that has not been made: what it would be sealed by."""
    url = case.environment.get("PULUMI_BACKEND_URL") or _logged_in(case)
    if urlsplit(url).scheme in CLOUD_SCHEMES:
        return allowed(subject, "the backend seals secrets itself")
    if told := _passphrase_at_hand(case.environment):
        return allowed(subject, f"a new stack is sealed by the passphrase from {told}")
    advice = f"set {PASSPHRASE}, or run `pulumi stack init {case.name} --secrets-provider awskms://alias/<key>`"
    return unknown(subject, "the stack file names none yet", advice)


def _logged_in(case: Case) -> str:
    ran = case.run(["whoami", "--json"], LONGEST_SECONDS) if case.engine else Ran(None, "", "")
    return _field(ran.out, "url")
