"""Check of every object by the API server before an update, with strict fields, and without storing anything."""

import re
from collections.abc import Iterator, Sequence

from providers.contract.diagnostics import ConfigError
from providers.contract.preflight import CheckResult, Environment
from providers.contract.spec import Platform
from providers.kubernetes.context import block_of
from providers.kubernetes.preflight.kubectl import ERROR_PREFIX, ClusterUnreachable, Kubectl

SUBJECT = "objects"
NO_NAMESPACE = re.compile(r"namespaces \"[\w.-]+\" not found")
REJECTED = re.compile(r"^(Error from server|error:|Warning: would violate PodSecurity|The \w+ \"[\w.-]+\" is invalid)")
UNREACHABLE = re.compile(r"Unable to connect to the server|connection refused|no such host|i/o timeout")
MAX_SHOWN = 10


def check_objects(spec: Platform, documents: str, environment: Environment) -> Sequence[CheckResult]:
    """See `preflight.CheckObjects`; in a namespace that does not exist yet, the server checks kinds and fields alone."""
    try:
        errors = Kubectl(block_of(spec).context, environment).dry_run(documents)
    except ClusterUnreachable as error:
        return (CheckResult(SUBJECT, f"not checked ({error})", fix="see the check of the cluster"),)
    if UNREACHABLE.search(errors):
        return (
            CheckResult(SUBJECT, "not checked: the API server does not answer", fix="see the check of the cluster"),
        )
    return (CheckResult(SUBJECT, _observed(errors), tuple(_refusals(errors))),)


def _observed(errors: str) -> str:
    if NO_NAMESPACE.search(errors):
        return "the API server knows every kind and field; it checks the rest when the namespace exists"
    return "the API server accepts every object"


def _refusals(errors: str) -> Iterator[ConfigError]:
    lines = [line for line in rejected_lines(errors) if not NO_NAMESPACE.search(line)]
    fix = "correct the key that it comes from, or report it as an error of agent-platform"
    for line in lines[:MAX_SHOWN]:
        yield ConfigError("kubernetes", f"the API server would refuse an object: {line}", fix)


def rejected_lines(errors: str) -> list[str]:
    """Return the lines of kubectl's errors that say why an object is refused, each once."""
    lines = (line.strip() for line in errors.splitlines())
    return list(dict.fromkeys(ERROR_PREFIX.sub("", line).rstrip(".") for line in lines if REJECTED.match(line)))
