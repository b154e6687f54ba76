"""Secrets in clear text in the parts of a platform that take any text: refused by their key and kind, never repeated.

Every reader of the stack file can read these parts: the plan, the pull request's comment, the state and the console.
"""

import re
from collections.abc import Iterator

from components.validation.secret_patterns import kind_of_secret, kind_of_token, named_like_a_secret
from providers.contract.diagnostics import ConfigError
from providers.contract.spec.defaults import Raw, is_list, is_mapping

FREE_TEXT = ("tags.", "accept_risk.", "accept_checks.", "database.parameters.", "docker.images.", "overrides.")
"""Mappings of the platform whose values are any text."""
WITH_OWN_FIX = re.compile(r"services\.[^.]+\.(?:environment|command|health|secrets)\b|jobs\.[^.]+\.command\b")
"""Parts of a service or job that have a separate fix."""
ASSIGNMENT = re.compile(r"(?:^|[\s;&|(])(?:--?)?([A-Za-z][\w-]*)=(\"[^\"]*\"|'[^']*'|[^\s;&|]+)")
"""Assignment in a command: `--password=...` or `PASSWORD=... program`."""
OPTION = re.compile(r"--?([A-Za-z][\w-]*)")
"""Option of a command whose value is the next word."""


def plain_secret_errors(platform: Raw, stack: str) -> Iterator[ConfigError]:
    """Yield an error for each text that looks like a secret."""
    services = platform.get("services")
    for name, service in services.items() if is_mapping(services) else ():
        if is_mapping(service):
            yield from _service_errors(f"services.{name}", service, stack)
    jobs = platform.get("jobs")
    for name, job in jobs.items() if is_mapping(jobs) else ():
        if is_mapping(job):
            yield from _command_errors(
                f"jobs.{name}.command", job.get("command"), f"services.{job.get('service')}", stack
            )
    for path, text in _texts("", platform):
        if path.startswith(FREE_TEXT):
            kind = kind_of_secret(text) or named_like_a_secret(path.rpartition(".")[2], text)
        elif not WITH_OWN_FIX.match(path):
            kind = kind_of_token(text)
        else:
            continue
        if kind is not None:
            yield ConfigError(path, f"looks like {kind}", "remove it; everybody who reads the plan sees this value")


def _service_errors(key: str, service: Raw, stack: str) -> Iterator[ConfigError]:
    for path, text in _texts(f"{key}.environment", service.get("environment")):
        variable = path.removeprefix(f"{key}.environment.")
        kind = kind_of_secret(text) or named_like_a_secret(variable, text)
        if kind is not None:
            name = variable.upper()
            fix = f"list {name} under {key}.secrets, run `agent-platform secret set {stack} {name}`, and remove it here"
            yield ConfigError(path, f"looks like {kind}", fix)
    health = service.get("health")
    yield from _command_errors(f"{key}.command", service.get("command"), key, stack)
    yield from _command_errors(
        f"{key}.health.command", health.get("command") if is_mapping(health) else None, key, stack
    )
    for path, text in _texts(f"{key}.secrets", service.get("secrets")):
        kind = kind_of_secret(text)
        if kind is not None:
            fix = f"list a name and run `agent-platform secret set {stack} NAME`"
            yield ConfigError(path, f"looks like {kind}, not like the name of one", fix)


def _command_errors(key: str, command: object, service: str, stack: str) -> Iterator[ConfigError]:
    words = [word if isinstance(word, str) else "" for word in command] if is_list(command) else []
    for index, word in enumerate(words):
        kind = kind_of_secret(word) or _assigned(word) or _option_value(words[index - 1] if index else "", word)
        if kind is not None:
            fix = (
                f"read it from a variable: list a name under {service}.secrets and run "
                f"`agent-platform secret set {stack} NAME`"
            )
            yield ConfigError(f"{key}[{index}]", f"looks like {kind}", fix)


def _assigned(word: str) -> str | None:
    kinds = (named_like_a_secret(name, value.strip("'\"")) for name, value in ASSIGNMENT.findall(word))
    return next((kind for kind in kinds if kind is not None), None)


def _option_value(option: str, word: str) -> str | None:
    name = OPTION.fullmatch(option)
    return named_like_a_secret(name[1], word) if name and not word.startswith("-") else None


def _texts(path: str, value: object) -> Iterator[tuple[str, str]]:
    """Yield the dotted path and the text of every value inside."""
    if isinstance(value, str):
        yield path, value
    elif is_mapping(value):
        for key, part in value.items():
            yield from _texts(f"{path}.{key}".lstrip("."), part)
    elif is_list(value):
        for index, part in enumerate(value):
            yield from _texts(f"{path}[{index}]", part)
