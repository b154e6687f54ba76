"""Answers of a deployed entry, which `doctor` asks for every public path."""

import ssl
import urllib.request
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from urllib.error import HTTPError

from providers.contract.diagnostics import ConfigError, listed
from providers.contract.preflight import CheckResult, Environment
from providers.contract.spec import Platform
from providers.docker.context import REGION, DockerContext
from providers.docker.preflight.daemon import daemon_from

REQUEST_SECONDS = 5.0
NO_REPLICA = (HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT)
"""Answers of the entry itself, when no replica takes the request."""

Ask = Callable[[str, Path], int]
"""Status of the answer at a URL, with a certificate authority; 0 without one."""


def check_entry(
    spec: Platform, stack: str, environment: Environment, authority: Path, ask: Ask | None = None
) -> CheckResult:
    """Check that the entry answers for every public service; see `preflight.CheckEntry`."""
    url, ask = DockerContext(spec, stack, REGION).url, ask or entry_status
    if not spec.public:
        return CheckResult("entry", "the platform has no public service")
    if not daemon_from(environment).is_local:
        return CheckResult("entry", "Docker runs on another machine", fix=f"run `curl {url}` there")
    if not authority.is_file():
        fix = f"run `agent-platform up {stack}`, which writes it"
        problem = f"the entry was not asked: the file of its certificate authority, {authority.name}, does not exist"
        return CheckResult("entry", "", (ConfigError("ingress", problem, fix),))
    statuses = {name: ask(f"{url}{service.path or ''}", authority) for name, service in spec.public.items()}
    if not any(statuses.values()):
        fix = f"run `agent-platform up {stack}`, which starts what is stopped"
        return CheckResult("entry", "", (ConfigError("ingress", f"{url} does not answer", fix),))
    refusals = tuple(_no_replica(stack, url, name, status) for name, status in _unserved(statuses).items())
    return CheckResult("entry", f"{url} answers for {listed(statuses, 'and')}", refusals)


def _unserved(statuses: Mapping[str, int]) -> Mapping[str, int]:
    return {name: status for name, status in statuses.items() if status == 0 or status in NO_REPLICA}


def _no_replica(stack: str, url: str, name: str, status: int) -> ConfigError:
    problem = f"{url} answers with {status or 'nothing'} for {name}, of which no replica is ready"
    return ConfigError(f"services.{name}", problem, f"run `agent-platform logs {stack} {name}` to see why")


def entry_status(url: str, authority: Path) -> int:
    """Return the status of an answer, also of an error; 0 without one, or without a certificate of the authority."""
    try:
        context = ssl.create_default_context(cafile=str(authority))
        with urllib.request.urlopen(url, timeout=REQUEST_SECONDS, context=context) as response:  # noqa: S310  # always https
            return int(response.status)
    except HTTPError as error:
        return error.code
    except OSError:
        return 0
