"""Diagnosis of images, networks and containers that could not be created: the configuration key, the cause and a fix.

The cause comes from the provider's error, the container's state and the end of its log, with secrets masked.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from providers.contract.preflight import Diagnosis, Environment, FailedResource, HostUnreachable
from providers.contract.spec import Platform, Service
from providers.contract.variables import PLAIN, call_variable
from providers.docker.base.platform_images import images_by_key
from providers.docker.ownership import owner_of_state
from providers.docker.preflight.daemon import (
    Daemon,
    Fields,
    daemon_from,
    fields,
    rows,
    values,
    whole_number,
)
from providers.docker.preflight.inspection import container_name, newest_container
from providers.docker.resource_traits import CONTAINER, IMAGE, NETWORK, VOLUME

OVERLAP = "Pool overlaps"
REGISTRY_UNREACHABLE = r"no such host|connection refused|i/o timeout|network is unreachable|TLS handshake|deadline exceeded|server misbehaving"
LOGIN_REQUIRED = r"unauthorized|authentication required|no basic auth credentials|\b401\b"
UNHEALTHY = "failed to be in healthy state"
DAEMON_ERROR = re.compile(r"Error response from daemon: (?P<reason>[^\n]+?)(?:: provider=docker@\S+)?$", re.MULTILINE)
DISK_FULL, OF_STATE = "no space left on device", "failed to save snapshot"
"""Text of a full disk, and of the engine's error when that is the one of the state."""
DAEMON_ENDED = re.compile(
    r"Cannot connect to the Docker daemon|error during connect|failed to connect to any docker daemon|pinging Docker server"
)
"""Errors of the connection to the daemon, which are no errors of the resource."""
DELETED = re.compile(r"No such container|network \S+ not found")
PORT_IN_USE = re.compile(r":(?P<port>\d+)(?: failed: port is already allocated|: bind: address already in use)")
PUBLIC_VARIABLES = (
    "HOME",
    "LANG",
    "PATH",
    "PORT",
    "PGDATA",
    "PYTHONPATH",
    "AWS_REGION",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL",
)
OWN_DIAGNOSIS = re.compile(r"^(?P<key>[a-z_]+(?:\.[a-z_]+)+): [^;]+; .+$")
"""Line in which a container of the platform reports its own error: a configuration key, a clause and a fix."""
LOG_TAIL_LINES = 30
MASK = "[secret]"
MIN_SECRET_LENGTH = 4
"""Shorter values also occur in ordinary text."""
QUOTED_LINES, MAX_LINE_LENGTH = 3, 200
STREAM_HEADER_BYTES = 8
URL_CREDENTIALS = re.compile(r"(?<=://)[^\s/@:]*:[^\s/@]+(?=@)")
CONTROL_CHARACTERS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class ContainerReport:
    """State of a container, and the last lines of its log and its health check, with secrets masked."""

    container: str
    state: str
    log_lines: tuple[str, ...] = ()
    check_lines: tuple[str, ...] = ()
    out_of_memory: bool = False
    restarts: int = 0


def explain(spec: Platform, stack: str, failed: FailedResource, environment: Environment) -> Diagnosis | None:
    """Diagnosis of an image, a network, a volume or a container; None for any other resource."""
    part = failed.name.removeprefix(f"{stack}-")
    if DAEMON_ENDED.search(failed.text):
        return None
    if failed.type in (IMAGE, NETWORK, VOLUME, CONTAINER) and _is_disk_full(failed.text):
        action = "pulled" if failed.type == IMAGE else "created"
        fix = f"free space there, such as with `docker image prune`, and run `agent-platform up {stack}` again, which continues"
        return Diagnosis(f"the disk of the Docker host is full, so {part} could not be {action}", fix)
    if failed.type == IMAGE:
        return image_diagnosis(spec, part, failed.text)
    if failed.type == NETWORK and OVERLAP in failed.text:
        sentence = f"network.cidr: {spec.network.cidr} overlaps with another network of this Docker host"
        return Diagnosis(sentence, "give each stack on a host a separate block, or remove the other network")
    if failed.type == CONTAINER:
        return _container_diagnosis(spec, stack, failed, part, environment)
    return None


def _container_diagnosis(
    spec: Platform, stack: str, failed: FailedResource, part: str, environment: Environment
) -> Diagnosis | None:
    port = PORT_IN_USE.search(failed.text)
    if port is not None:
        sentence = f"docker.entry_port: port {port['port']} was in use when {part} was started"
        return Diagnosis(sentence, f"run `agent-platform doctor {stack}` to see which process uses it")
    key = key_of(spec, part)
    error = DAEMON_ERROR.search(failed.text)
    if error is not None and DELETED.search(error["reason"]):
        fix = f"run `agent-platform up {stack}` again, which creates what no longer exists"
        return Diagnosis(f"{part} needs an object that was deleted during the update: {error['reason']}", fix)
    if error is not None:
        fix = (
            f"correct image and command of {key}, and run `up` again"
            if key.startswith("services")
            else f"correct {key}"
        )
        return Diagnosis(f"{key}: Docker cannot start {part}: {error['reason']}", fix)
    report = _report(spec, stack, failed, key, environment)
    if report is None:
        return None
    return unhealthy_diagnosis(key, report) if UNHEALTHY in failed.text else _failed_run_diagnosis(key, report)


def _is_disk_full(text: str) -> bool:
    return any(DISK_FULL in line and OF_STATE not in line for line in text.splitlines())


def image_diagnosis(spec: Platform, part: str, text: str) -> Diagnosis | None:
    """Diagnosis of a failed pull, with the key that names the image."""
    kind, _, name = part.removeprefix("registry-").partition("-")
    key = f"services.{name}.image" if kind == "service" else f"docker.images.{name}"
    image = images_by_key(spec).get(key)
    if image is None:
        return None
    problem = f'{key}: "{image}" is not on this host, and '
    correct = f"correct {key}" if kind == "service" else f"name another image in {key}"
    if re.search(REGISTRY_UNREACHABLE, text):
        fix = f"build or load the image on this host under this name, or {correct}"
        return Diagnosis(f"{problem}its registry cannot be reached", fix)
    if re.search(LOGIN_REQUIRED, text):
        return Diagnosis(f"{problem}its registry requires a login", f"run `docker login` for it, or {correct}")
    if "denied" in text:
        fix = f"{correct}, or run `docker login` if it is private"
        return Diagnosis(f"{problem}its registry does not have it, or denies access to it", fix)
    return Diagnosis(f"{problem}its registry does not have it", correct)


def key_of(spec: Platform, part: str) -> str:
    """Configuration key of a part of the platform: `services.web` for `compute-web-1`."""
    component, _, rest = part.partition("-")
    if component == "compute":
        name = rest.rpartition("-")[0]
        name = name if name in spec.services else name.removesuffix("-next")
        return f"services.{name}" if name in spec.services else "services"
    return {"entry": "ingress", "backup": "database.backup"}.get(component, component)


def unhealthy_diagnosis(key: str, report: ContainerReport) -> Diagnosis:
    """Diagnosis of a container that did not become healthy; a container of the platform may report its own."""
    own = _own_diagnosis(key, report)
    if own is not None:
        return own
    details = "; ".join(
        (
            report.state,
            *_quoted("its health check reports", report.check_lines),
            *_quoted("its log ends with", report.log_lines),
        )
    )
    look = f"look at `docker logs {report.container}`"
    if report.out_of_memory:
        return Diagnosis(
            f"{key}: {report.container} had too little memory: {details}", f"raise its size.memory_gib, or {look}"
        )
    return Diagnosis(
        f"{key}: {report.container} did not become healthy: {details}", f"{look}, fix the cause and run `up` again"
    )


def start_diagnosis(key: str, report: ContainerReport, stack: str) -> Diagnosis:
    """Diagnosis of a container that ends at its start; a container of the platform may report its own."""
    own = _own_diagnosis(key, report)
    if own is not None:
        return own
    quoted = _quoted("its log ends with", report.log_lines[-QUOTED_LINES:])
    ended = f"it ended again after {report.restarts} restarts" if report.restarts else report.state
    details = "; ".join((ended, *quoted))
    problem = "had too little memory" if report.out_of_memory else "does not start"
    fix = f"raise {key}.size.memory_gib" if report.out_of_memory else "correct this"
    again = f"{fix} and run `agent-platform up {stack}` again"
    return Diagnosis(f"{key}: {report.container} {problem}: {details}", again, report.log_lines)


def _own_diagnosis(key: str, report: ContainerReport) -> Diagnosis | None:
    """Return the error that a container of the platform reports about itself, if it does."""
    own = next((line for line in reversed(report.log_lines) if OWN_DIAGNOSIS.match(line)), None)
    if own is None or key.startswith("services"):
        return None
    sentence, _, fix = own.rstrip(".").partition("; ")
    return Diagnosis(sentence, fix)


def down_diagnosis(key: str, report: ContainerReport, stack: str) -> Diagnosis:
    """Diagnosis of a container that was healthy and is down now."""
    details = "; ".join((report.state, *_quoted("its log ends with", report.log_lines)))
    look = (
        f"look at `docker logs {report.container}`, and run `agent-platform up {stack}`, which starts what was stopped"
    )
    return Diagnosis(f"{key}: {report.container} is down: {details}", look)


def _failed_run_diagnosis(key: str, report: ContainerReport) -> Diagnosis:
    """Diagnosis of a container that runs once and failed."""
    details = "; ".join((report.state, *_quoted("its log ends with", report.log_lines)))
    return Diagnosis(f"{key}: {report.container} failed: {details}", "fix the cause and run `up` again")


def _quoted(label: str, lines: tuple[str, ...]) -> tuple[str, ...]:
    text = " | ".join(line for line in lines if line)
    return (f'{label} "{text}"',) if text else ()


def _report(
    spec: Platform, stack: str, failed: FailedResource, key: str, environment: Environment
) -> ContainerReport | None:
    """Report on the newest container with the failed resource's name; None when the daemon does not answer."""
    try:
        daemon = daemon_from(environment)
        container = newest_container(daemon, owner_of_state(stack, environment), failed.name)
        return read_report(spec, daemon, container, key) if container else None
    except HostUnreachable:
        return None


def read_report(
    spec: Platform, daemon: Daemon, container: Fields, key: str, log_lines: int = QUOTED_LINES
) -> ContainerReport:
    """Read state, log and last health check of a container of Docker's list, without what may be a secret."""
    path = f"/containers/{container['Id']}"
    details = fields(daemon.get_json(f"{path}/json"))
    state, variables = fields(details.get("State")), _variables(fields(details.get("Config")))
    of_image = _variables(fields(fields(daemon.get_json(f"/images/{details.get('Image')}/json")).get("Config")))
    # what an image sets is in its history for everyone who has it
    public = (name for name, value in variables.items() if of_image.get(name) == value)
    known = public_variables(spec.services.get(key.removeprefix("services.")))
    secrets = tuple(secret_values(variables, (*known, *public)))
    log = daemon.get(f"{path}/logs?stdout=1&stderr=1&tail={LOG_TAIL_LINES}") or b""
    last_checks = (*rows(fields(state.get("Health")).get("Log")),)[-1:]
    check_output = "\n".join(str(check.get("Output", "")) for check in last_checks if check.get("ExitCode"))
    return ContainerReport(
        container=container_name(container),
        state=state_of(state, whole_number(details.get("RestartCount"))),
        log_lines=last_lines(text_of(log), secrets, log_lines),
        check_lines=last_lines(check_output, secrets),
        out_of_memory=bool(state.get("OOMKilled")),
        restarts=whole_number(details.get("RestartCount")),
    )


def public_variables(service: Service | None) -> frozenset[str]:
    """Variables that are no secret: what the stack file writes, and addresses and settings that the platform adds."""
    if service is None:
        return frozenset(PUBLIC_VARIABLES)
    addresses = map(call_variable, service.calls)
    presets = (name for name, _ in service.preset.environment)
    names = (*PUBLIC_VARIABLES, *PLAIN, *addresses, *presets, *service.environment)
    return frozenset(names) - frozenset(service.secrets)


def _variables(config: Fields) -> Mapping[str, str]:
    pairs = (str(pair).partition("=") for pair in values(config.get("Env")))
    return {name: value for name, _, value in pairs}


def state_of(state: Fields, restarts: int) -> str:
    """Clause with the state of a container and its number of restarts."""
    if state.get("Running") and not state.get("Restarting"):
        return f"it runs, after {restarts} restarts" if restarts else "it runs"
    suffix = f" and was restarted {restarts} times" if restarts else ""
    return f"it ends with code {state.get('ExitCode')}{suffix}"


def text_of(stream: bytes) -> str:
    """Text of a log in Docker's stream format, in which each frame has a header with its channel and length."""
    frames: list[bytes] = []
    while len(stream) >= STREAM_HEADER_BYTES:
        end = STREAM_HEADER_BYTES + int.from_bytes(stream[4:STREAM_HEADER_BYTES], "big")
        frames.append(stream[STREAM_HEADER_BYTES:end])
        stream = stream[end:]
    return b"".join(frames).decode(errors="replace")


def last_lines(text: str, secrets: Iterable[str], count: int = QUOTED_LINES) -> tuple[str, ...]:
    """Last `count` lines that are not empty; secrets are masked before a line is cut."""
    clean = masked(CONTROL_CHARACTERS.sub("", text), secrets)
    lines = [line.strip() for line in clean.splitlines() if line.strip()]
    return tuple(
        line if len(line) <= MAX_LINE_LENGTH else f"{line[: MAX_LINE_LENGTH - 3]}..." for line in lines[-count:]
    )


def masked(text: str, secrets: Iterable[str]) -> str:
    """Text without these values and without credentials in URLs."""
    # longest first: a value may be part of another one
    for secret in sorted(set(secrets), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return URL_CREDENTIALS.sub(MASK, text)


def secret_values(variables: Mapping[str, str], public: Collection[str]) -> Iterator[str]:
    """Values of a container's variables except the public ones: complete, by line, and passwords in URLs."""
    for name, value in variables.items():
        if name in public:
            continue
        password = _password(value)
        parts = (value, *value.splitlines(), password, unquote(password))
        yield from (part for part in parts if len(part) >= MIN_SECRET_LENGTH)


def _password(value: str) -> str:
    try:
        return urlsplit(value).password or ""
    except ValueError:
        return ""
