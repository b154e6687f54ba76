"""Options of `agent-platform dev`: services, source folders, debug ports and the model of the example. Pure but for folders."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from providers.contract.diagnostics import ConfigError, InvalidConfiguration, did_you_mean, listed
from providers.contract.spec import Platform

DEFAULT_DEBUG_PORT, MAX_PORT = 5678, 65535
SOURCE = re.compile(r"(?P<service>[a-z][a-z0-9-]*)=(?P<folder>.+):(?P<target>/[^:]+)")
DEBUG = re.compile(r"(?P<service>[a-z][a-z0-9-]*)(?::(?P<port>[1-9]\d{0,4}))?")
MODEL = re.compile(r"local|openai(?::(?P<name>[\w.:/-]+))?")
OPENAI_KEY, OPENAI_MODEL = "OPENAI_API_KEY", "OPENAI_MODEL"


@dataclass(frozen=True)
class NamedSource:
    """Folder of this machine with the content of a folder in the container, from `--source`."""

    folder: Path
    target: str


def chosen_services(spec: Platform, names: Sequence[str], sources: Mapping[str, NamedSource]) -> tuple[str, ...]:
    """Return the services that run from source: those of `names`, or all with `build`; raises InvalidConfiguration."""
    errors: list[ConfigError] = []
    for name in (*names, *sources):
        if name not in spec.services:
            problem = f"no service {name}{did_you_mean(name, spec.services)}"
            errors.append(ConfigError("service", problem, f"use {listed(spec.services)}"))
        elif spec.services[name].build is None and name not in sources:
            problem = "the service has no `build` key, so its source is unknown"
            fix = f"add one, or name a folder and its path in the container: --source {name}=./folder:/path"
            errors.append(ConfigError(f"services.{name}", problem, fix))
    if errors:
        raise InvalidConfiguration(errors)
    built = [name for name, service in spec.services.items() if service.build is not None]
    chosen = tuple(dict.fromkeys((*(names or built), *sources)))
    if not chosen:
        problem = "no service has a `build` key, so the source of none is known"
        fix = "add one, or name a folder and its path in the container: --source SERVICE=./folder:/path"
        raise InvalidConfiguration([ConfigError("services", problem, fix)])
    return chosen


def parse_sources(texts: Sequence[str], folder: Path) -> Mapping[str, NamedSource]:
    """Return the values of `--source` by service; raises InvalidConfiguration."""
    sources: dict[str, NamedSource] = {}
    for text in texts:
        match = SOURCE.fullmatch(text)
        if match is None:
            fix = "write it as SERVICE=FOLDER:/PATH, such as gateway=./gateway:/app"
            raise InvalidConfiguration([ConfigError("--source", f"{text} names no folder and path", fix)])
        path = (folder / match["folder"]).resolve()
        if not path.is_dir():
            problem = f"no folder {match['folder']}"
            raise InvalidConfiguration(
                [ConfigError("--source", problem, "correct it; it is relative to the stack file")]
            )
        sources[match["service"]] = NamedSource(path, match["target"].rstrip("/") or "/")
    return sources


def parse_debug(texts: Sequence[str], chosen: Sequence[str]) -> Mapping[str, int]:
    """Return the ports of `--debug` by service, each its own; raises InvalidConfiguration."""
    ports: dict[str, int] = {}
    for text in texts:
        match = DEBUG.fullmatch(text)
        if match is None or int(match["port"] or 1) > MAX_PORT:
            fix = f"write it as SERVICE or SERVICE:PORT, such as {chosen[0]}:{DEFAULT_DEBUG_PORT}"
            raise InvalidConfiguration([ConfigError("--debug", f"{text} names no service and port", fix)])
        name = match["service"]
        if name not in chosen:
            problem = f"{name} does not run from its source"
            raise InvalidConfiguration([ConfigError("--debug", problem, f"use {listed(chosen)}")])
        following = next(port for port in range(DEFAULT_DEBUG_PORT, MAX_PORT) if port not in ports.values())
        port = int(match["port"]) if match["port"] else following
        if port in ports.values():
            problem = f"port {port} is named twice"
            raise InvalidConfiguration([ConfigError("--debug", problem, "use another port for each service")])
        ports[name] = port
    if ports and find_spec("debugpy") is None:
        fix = "install it: pip install debugpy"
        raise InvalidConfiguration([ConfigError("--debug", "debugpy is not installed", fix)])
    return ports


def model_values(spec: Platform, model: str | None, chosen: Sequence[str]) -> Mapping[str, object]:
    """Return the settings of `--model` by dotted path; raises InvalidConfiguration.

    The gateway of examples/agent_os calls OpenAI with OPENAI_API_KEY, and answers by rule without.
    """
    if model is None:
        return {}
    match = MODEL.fullmatch(model)
    if match is None:
        fix = "use local, openai, or openai:NAME such as openai:gpt-4.1-mini"
        raise InvalidConfiguration([ConfigError("--model", f"no model {model}", fix)])
    readers = [name for name in spec.services if OPENAI_KEY in spec.services[name].secrets]
    if model == "local":
        return {
            f"services.{name}.secrets": [each for each in spec.services[name].secrets if each != OPENAI_KEY]
            for name in readers
        }
    users = readers or [name for name in chosen if spec.services[name].app == "agentos"]
    if not users:
        problem = "no service has `app: agentos`"
        fix = f"list {OPENAI_KEY} under the `secrets` of the service that calls the model"
        raise InvalidConfiguration([ConfigError("--model", problem, fix)])
    values: dict[str, object] = {}
    for name in users:
        values[f"services.{name}.secrets"] = list(dict.fromkeys((*spec.services[name].secrets, OPENAI_KEY)))
        if match["name"]:
            values[f"services.{name}.environment.{OPENAI_MODEL}"] = match["name"]
    return values
