"""Why an image or a container of a stack could not be made, in the words of the stack file and of the container itself."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import unquote, urlsplit

from providers.contract.preflight import Diagnosis, Environment, FailedResource
from providers.contract.spec import Platform
from providers.docker.base.platform_images import image_keys
from providers.docker.preflight.daemon import Daemon, Fields, Silent, Unasked, daemon_of, fields, rows
from providers.docker.preflight.inspection import name_of, newest

IMAGE, CONTAINER = "docker:index/remoteImage:RemoteImage", "docker:index/container:Container"
NETWORK, OVERLAP = "docker:index/network:Network", "Pool overlaps"
UNREACHED = r"no such host|connection refused|i/o timeout|network is unreachable|TLS handshake|deadline exceeded|server misbehaving"
LOGIN = r"unauthorized|authentication required|no basic auth credentials|\b401\b"
UNHEALTHY = "failed to be in healthy state"
REFUSED = re.compile(r"Error response from daemon: (?P<why>[^\n]+?)(?:: provider=docker@\S+)?$", re.MULTILINE)
PORT = re.compile(r":(?P<port>\d+)(?: failed: port is already allocated|: bind: address already in use)")
PLAIN = ("HOME", "LANG", "PATH", "PORT", "PGDATA", "AWS_REGION", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
SENTENCE = re.compile(r"^(?P<key>[a-z_]+(?:\.[a-z_]+)+): [^;]+; .+$")
"""How a part of the platform says by itself what is wrong: a key of the stack file, a clause, what to do."""
TAIL = 30


@dataclass(frozen=True)
class ProviderMessage:
    """How a container stands, and what it and its health check said last; nothing secret."""

    container: str
    state: str
    lines: tuple[str, ...] = ()
    check: tuple[str, ...] = ()
    starved: bool = False


def explain(spec: Platform, stack: str, broken: FailedResource, environment: Environment) -> Diagnosis | None:
    """Why an image, a network or a container failed; None for any other resource."""
    part = broken.name.removeprefix(f"{stack}-")
    if broken.type == IMAGE:
        return image_why(spec, part, broken.text)
    if broken.type == NETWORK and OVERLAP in broken.text:
        taken = f"network.cidr: {spec.network.cidr} holds addresses that another network of this Docker has"
        return Diagnosis(taken, "give each stack of a machine a block of its own, or remove the other network")
    if broken.type != CONTAINER:
        return None
    taken = PORT.search(broken.text)
    if taken is not None:
        sentence = f"docker.entry_port: port {taken['port']} was taken when {part} should listen on it"
        return Diagnosis(sentence, f"run `agent-platform doctor {stack}`, which tells by whom")
    key = key_of(spec, part)
    refused = REFUSED.search(broken.text)
    if refused is not None:
        return Diagnosis(f"{key}: Docker cannot start {part}: {refused['why']}", f"correct {_started_by(key)}")
    said = _asked(spec, stack, broken, key, environment)
    return unhealthy_why(key, said) if said and UNHEALTHY in broken.text else _other(key, said)


def image_why(spec: Platform, part: str, text: str) -> Diagnosis | None:
    """Why an image could not be had, with the key that names it."""
    kind, _, name = part.removeprefix("registry-").partition("-")
    key = f"services.{name}.image" if kind == "service" else f"docker.images.{name}"
    image = image_keys(spec).get(key)
    if image is None:
        return None
    told = f'{key}: "{image}" is not on this machine, and '
    correct = f"correct {key}" if kind == "service" else f"name another image in {key}"
    if re.search(UNREACHED, text):
        return Diagnosis(
            f"{told}its registry cannot be reached", f"build or load it here under this name, or {correct}"
        )
    if re.search(LOGIN, text):
        return Diagnosis(f"{told}its registry gives it to nobody unknown", f"run `docker login` for it, or {correct}")
    if "denied" in text:
        advice = f"{correct}, or run `docker login` where it is private"
        return Diagnosis(f"{told}its registry does not have it, or shows it to its owners alone", advice)
    return Diagnosis(f"{told}its registry does not have it", correct)


def key_of(spec: Platform, part: str) -> str:
    """The key of the stack file that asks for the part `compute-web-1`."""
    scope, _, rest = part.partition("-")
    if scope == "compute":
        name = rest.rpartition("-")[0]
        return f"services.{name}" if name in spec.services else "services"
    return {"entry": "ingress", "backup": "database.backup"}.get(scope, scope)


def unhealthy_why(key: str, said: ProviderMessage) -> Diagnosis:
    """Why a container did not become healthy, told by itself where it is a part that knows."""
    own = next((line for line in reversed(said.lines) if SENTENCE.match(line)), None)
    if own is not None and not key.startswith("services"):
        sentence, _, advice = own.rstrip(".").partition("; ")
        return Diagnosis(sentence, advice)
    words = "; ".join(
        (said.state, *_quoted("its health check says", said.check), *_quoted("its log ends with", said.lines))
    )
    look = f"look at `docker logs {said.container}`"
    if said.starved:
        return Diagnosis(
            f"{key}: {said.container} had too little memory: {words}", f"raise its size.memory_gib, or {look}"
        )
    return Diagnosis(
        f"{key}: {said.container} did not become healthy: {words}", f"{look}, mend the cause and run `up` again"
    )


def _quoted(before: str, lines: tuple[str, ...]) -> tuple[str, ...]:
    told = " | ".join(line for line in lines if line)
    return (f'{before} "{told}"',) if told else ()


def _other(key: str, said: ProviderMessage | None) -> Diagnosis | None:
    """Of a container that does one thing and ends, and failed at it."""
    if said is None:
        return None
    words = "; ".join((said.state, *_quoted("its log ends with", said.lines)))
    return Diagnosis(f"{key}: {said.container} failed: {words}", "mend the cause and run `up` again")


def _started_by(key: str) -> str:
    return f"image and command of {key}, and run `up` again" if key.startswith("services") else "what it names"


def _asked(
    spec: Platform, stack: str, broken: FailedResource, key: str, environment: Environment
) -> ProviderMessage | None:
    """What the newest container of that name says; None where Docker does not tell."""
    try:
        daemon = daemon_of(environment)
        found = newest(daemon, stack, broken.name)
        return _said(spec, daemon, found, key) if found else None
    except (Silent, Unasked):
        return None


def _said(spec: Platform, daemon: Daemon, found: Fields, key: str) -> ProviderMessage:
    path, name = f"/containers/{found['Id']}", name_of(found)
    told = fields(daemon.data(f"{path}/json"))
    state, variables = fields(told.get("State")), _variables(fields(told.get("Config")))
    service = spec.services.get(key.removeprefix("services."))
    secrets = tuple(secret_values(variables, (*PLAIN, *(service.environment if service else ()))))
    log = daemon.content(f"{path}/logs?stdout=1&stderr=1&tail={TAIL}") or b""
    checked = (*rows(fields(state.get("Health")).get("Log")),)[-1:]
    checks = last_lines("\n".join(str(each.get("Output", "")) for each in checked if each.get("ExitCode")), secrets)
    starved = bool(state.get("OOMKilled"))
    return ProviderMessage(
        name, state_of(state, told.get("RestartCount", 0)), last_lines(text_of(log), secrets), checks, starved
    )


def _variables(config: Fields) -> Mapping[str, str]:
    pairs = (str(pair).partition("=") for pair in cast("list[object]", config.get("Env") or []))
    return {name: value for name, _, value in pairs}


def state_of(state: Fields, restarts: int) -> str:
    """How a container stands, as Docker tells it."""
    if state.get("Running") and not state.get("Restarting"):
        return f"it runs, after {restarts} restarts" if restarts else "it runs"
    again = f" and was started again {restarts} times" if restarts else ""
    return f"it ends with code {state.get('ExitCode')}{again}"


MASKED = "[secret]"
LEAST_LETTERS = 4
"""Shorter values are words of any text."""
LINES, LONGEST_LINE = 3, 200
HEADER_BYTES = 8
CREDENTIALS = re.compile(r"(?<=://)[^\s/@:]*:[^\s/@]+(?=@)")
CONTROLS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")


def text_of(stream: bytes) -> str:
    """The text of Docker's stream of a log: each piece has a header of its channel and its length."""
    pieces: list[bytes] = []
    while len(stream) >= HEADER_BYTES:
        end = HEADER_BYTES + int.from_bytes(stream[4:HEADER_BYTES], "big")
        pieces.append(stream[HEADER_BYTES:end])
        stream = stream[end:]
    return b"".join(pieces).decode(errors="replace")


def last_lines(text: str, secrets: Iterable[str]) -> tuple[str, ...]:
    """The last lines that say something, secrets masked before a line is cut."""
    clean = masked(CONTROLS.sub("", text), secrets)
    lines = [line.strip() for line in clean.splitlines() if line.strip()]
    return tuple(line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 3]}..." for line in lines[-LINES:])


def masked(text: str, secrets: Iterable[str]) -> str:
    """The text without these values, and without credentials of any URL."""
    # the longest first: a value may be a part of another one
    for secret in sorted(set(secrets), key=len, reverse=True):
        text = text.replace(secret, MASKED)
    return CREDENTIALS.sub(MASKED, text)


def secret_values(variables: Mapping[str, str], plain: Collection[str]) -> Iterator[str]:
    """Values of a container's variables but the plain ones, whole, by line, and their passwords where they are URLs."""
    for name, value in variables.items():
        if name in plain:
            continue
        password = _password(value)
        found = (value, *value.splitlines(), password, unquote(password))
        yield from (part for part in found if len(part) >= LEAST_LETTERS)


def _password(value: str) -> str:
    try:
        return urlsplit(value).password or ""
    except ValueError:
        return ""
