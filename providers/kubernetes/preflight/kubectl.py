"""Answers of the API server through kubectl, which knows every way of a kubeconfig to authenticate.

The Python client of Kubernetes would be another dependency for plain GETs, and the commands of day 2 need kubectl anyway. Every
call names the context, so that the current one of the kubeconfig is never used.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from providers.contract.diagnostics import ConfigError
from providers.contract.json_data import is_list, is_mapping
from providers.contract.preflight import CheckResult, Environment
from providers.contract.spec import Platform
from providers.kubernetes.context import block_of

REQUEST_SECONDS = 15
PARALLEL_CALLS = 6
PROCESS_SECONDS = 45
"""Time for a call with its login, such as one of a cloud's command line."""
NOT_FOUND = re.compile(r"\(NotFound\)|the server could not find the requested resource")
FORBIDDEN = re.compile(r"\(Forbidden\)|is forbidden:")
ERROR_PREFIX = re.compile(r"^(error: |Error from server( \(\w+\))?: |Unable to connect to the server: )+")
REVIEW = "authorization.k8s.io/v1"

Fields = Mapping[str, object]


class ClusterUnreachable(Exception):
    """The API server cannot be asked; the text is a clause with the reason."""


class QueryForbidden(Exception):
    """The user of the context may not read a path."""


@dataclass(frozen=True)
class Kubectl:
    """Calls with one context; `environment` has PATH and KUBECONFIG."""

    context: str
    environment: Environment

    def get(self, path: str) -> Fields | None:
        """Return the JSON object at a path of the API; None when the server has none.

        Raises ClusterUnreachable, or QueryForbidden.
        """
        code, out, err = self._run(("get", "--raw", path))
        return _object(out) if code == 0 else _failure(err)

    def items(self, path: str) -> tuple[Fields, ...]:
        """Return the items of a list; none when the server does not serve the path."""
        return tuple(rows((self.get(path) or {}).get("items")))

    def exists(self, kind: str, name: str, namespace: str) -> bool:
        """True when an object exists; only its columns are read, never the values of a Secret."""
        code, out, err = self._run(
            ("get", kind, name, f"--namespace={namespace}", "--ignore-not-found", "--no-headers")
        )
        if code != 0:
            _failure(err)
        return bool(out.strip())

    def names(self, kind: str, namespace: str, selector: str) -> list[str]:
        """Return the names of objects with labels; only their columns are read, never the values of a Secret."""
        options = (f"--namespace={namespace}", f"--selector={selector}", "--no-headers", "--ignore-not-found")
        code, out, err = self._run(("get", kind, *options))
        if code != 0:
            _failure(err)
        return [line.split()[0] for line in out.splitlines() if line.strip()]

    def review(self, kind: str, spec: Fields) -> Fields:
        """Return the status of a review of the own rights; it stores nothing."""
        plural = f"{kind.lower()}s"
        body = json.dumps({"apiVersion": REVIEW, "kind": kind, "spec": spec})
        code, out, err = self._run(("create", "--raw", f"/apis/{REVIEW}/{plural}", "-f", "-"), body)
        return fields((_object(out) if code == 0 else _failure(err) or {}).get("status"))

    def dry_run(self, documents: str) -> str:
        """Send documents to the server, which checks them strictly and stores nothing; returns its errors and warnings.

        The fields of an existing object belong to the provider, which is another manager than this check.
        """
        manager = ("--field-manager=agent-platform-check", "--force-conflicts")
        options = ("--server-side", "--dry-run=server", "--validate=strict", *manager)
        return self._run(("apply", *options, "-f", "-"), documents)[2]

    def _run(self, arguments: tuple[str, ...], stdin: str | None = None) -> tuple[int, str, str]:
        program = shutil.which("kubectl", path=self.environment.get("PATH"))
        if program is None:
            raise ClusterUnreachable("kubectl is not installed")
        command = (program, f"--context={self.context}", f"--request-timeout={REQUEST_SECONDS}s", *arguments)
        try:
            done = subprocess.run(  # noqa: S603  # fixed program, arguments without a shell
                command,
                input=stdin,
                env=dict(self.environment),
                capture_output=True,
                text=True,
                timeout=PROCESS_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise ClusterUnreachable(f"no answer in {PROCESS_SECONDS} seconds") from None
        return done.returncode, done.stdout, done.stderr


def _failure(errors: str) -> None:
    if NOT_FOUND.search(errors):
        return
    reason = reason_of(errors)
    if FORBIDDEN.search(errors):
        raise QueryForbidden(reason)
    raise ClusterUnreachable(reason)


def reason_of(errors: str) -> str:
    """Return the last line of an error of kubectl as a clause: klog lines come before it."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    return ERROR_PREFIX.sub("", lines[-1]).rstrip(".") if lines else "kubectl failed without a message"


def _object(text: str) -> Fields:
    try:
        document: object = json.loads(text)
    except ValueError:
        raise ClusterUnreachable("the answer is no JSON, so this is no API server") from None
    return fields(document)


def fields(value: object) -> Fields:
    """Return a JSON object; empty for anything else."""
    return value if is_mapping(value) else {}


def rows(value: object) -> Iterator[Fields]:
    """Yield the objects of a JSON list."""
    return (item for item in (value if is_list(value) else ()) if is_mapping(item))


def text(value: Fields, *path: str) -> str:
    """Return the text at a path of keys; empty when there is none."""
    for key in path[:-1]:
        value = fields(value.get(key))
    found = value.get(path[-1])
    return found if isinstance(found, str) else ""


def whole_number(value: object) -> int:
    """Return a whole number; 0 for anything else."""
    return int(value) if isinstance(value, int | float) else 0


def condition(item: Fields, kind: str) -> str:
    """Return the status of a condition of an object, `True`, `False` or `Unknown`; empty without it."""
    conditions = rows(fields(item.get("status")).get("conditions"))
    return next((text(each, "status") for each in conditions if each.get("type") == kind), "")


def labels_of(namespace: Fields | None) -> Mapping[str, str] | None:
    """Return the labels of an object; None for one that does not exist."""
    if namespace is None:
        return None
    labels = fields(fields(namespace.get("metadata")).get("labels"))
    return {key: str(value) for key, value in labels.items()}


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
