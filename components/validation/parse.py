"""Raw configuration -> spec, with every error of the file in one run.

pydantic stops at the shape: a file with a wrong type never reaches the rules over several keys. So the values that it
refuses are removed (or replaced by a stand-in where one is required), and the rest is read once more for the rules. The
stand-ins never leave this module: it raises whenever there was an error.
"""

import copy
import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic import ValidationError

from components.validation.drill_rules import is_consistent_drill
from components.validation.job_rules import is_consistent
from components.validation.messages import is_about_another_form, keys_concerned, message_of, without_forms
from components.validation.rules import overlap, rule_errors
from components.validation.schema import Location, with_empty_blocks
from components.validation.secret_detection import plain_secret_errors
from components.validation.service_rules import plain_path
from providers import AVAILABLE, limits
from providers.contract.authentication import with_generated_keys
from providers.contract.diagnostics import ConfigError, Diagnostic, InvalidConfiguration
from providers.contract.existing_registry import with_existing_registry
from providers.contract.existing_stores import dependent_key_errors, with_existing_stores
from providers.contract.spec import Platform, Service
from providers.contract.spec.defaults import Raw, complete, is_mapping

STAND_INS: dict[str, object] = {
    "account_id": "000000000000",
    "address": "stand.in",
    "build": {},
    "channel": "C000000",
    "cloud": "aws",
    "command": ["stand-in"],
    "context": "stand-in",
    "endpoint_url": "https://stand.in",
    "environment": "none",
    "github": "none/none",
    "image": f"stand.in/image@sha256:{'0' * 64}",
    "input": 1,
    "location": "nowhere",
    "monthly_usd": 1,
    "name": "stand-in",
    "namespace": "stand-in",
    "output": 1,
    "project": "stand-in",
    "region": "xx-nowhere-1",
    "registry_id": (
        "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/none/providers/Microsoft.ContainerRegistry/registries/none"
    ),
    "repositories": {"stand-in": "stand-in"},
    "repository": "projects/stand-in/locations/nowhere/repositories/stand-in",
    "schedule": "0 0 * * *",
    "service": "stand-in",
    "services": {"stand-in": {"app": "fastapi", "path": "/", "image": f"stand.in/image@sha256:{'0' * 64}"}},
    "subscription_id": "00000000-0000-0000-0000-000000000000",
    "tenant_id": "00000000-0000-0000-0000-000000000000",
    "workspace": "T000000",
}
"""Well-formed values for required keys, so that the rest of a faulty file can still be read."""

MAX_ROUNDS = 8
"""Removing a value can uncover another error inside it; no file nests deeper than this."""
READ_BY_LIMITS = (
    "cloud",
    "profile",
    "services",
    "jobs",
    "aws.region",
    "gcp.region",
    "azure.location",
    "docker",
    "kubernetes",
)
"""Keys without which a cloud's limits would judge a stand-in."""


def parse(raw: Raw, stack: str, source: Mapping[str, str] | None = None) -> Platform:
    """Return the spec of a raw platform: complete, consistent, possible on its cloud.

    `source` has numbers as the file writes them, by dotted path. Raises InvalidConfiguration with every error at once.
    """
    reading = _read(raw, source or {})
    errors: list[Diagnostic] = [*reading.errors, *dependent_key_errors(with_empty_blocks(raw))]
    secrets = [
        error
        for error in plain_secret_errors(raw, stack)
        if not any(overlap(error.key, known.key) for known in reading.errors)
    ]
    errors += secrets
    # no other message about such a value, which might repeat it
    unclear = [*reading.unclear, *(error.key for error in secrets)]
    if reading.spec is not None:
        derived = [*rule_errors(reading.spec, reading.unclear), *_limit_errors(reading.spec, stack, reading.unclear)]
        errors += [error for error in derived if not any(overlap(error.key, key) for key in unclear)]
    if errors or reading.spec is None:
        raise InvalidConfiguration(errors)
    return reading.spec


def _limit_errors(spec: Platform, stack: str, refused: Sequence[str]) -> list[Diagnostic]:
    """Return what the chosen cloud does not support; nothing where its adapter or its block is missing."""
    unclear = any(key == read or read.startswith(f"{key}.") for key in refused for read in READ_BY_LIMITS)
    if unclear or spec.cloud not in AVAILABLE or spec.block is None:
        return []
    return limits(spec.cloud).refusals(_without_contradictions(spec), stack)


def _without_contradictions(spec: Platform) -> Platform:
    """Return the spec without invalid calls, repeated paths and invalid jobs, which rules report already."""
    services: dict[str, Service] = {}
    taken: set[str] = set()
    for name, service in spec.services.items():
        calls = tuple(c for c in service.calls if c != name and c in spec.services and spec.services[c].port)
        path = service.path if plain_path(service) not in taken else None
        taken |= {plain_path(service)} if path else set()
        services[name] = service.model_copy(update={"calls": tuple(dict.fromkeys(calls)), "path": path})
    jobs = {name: job for name, job in spec.jobs.items() if is_consistent(spec, job)}
    recovery = spec.recovery if is_consistent_drill(spec) else spec.recovery.model_copy(update={"drill": None})
    return spec.model_copy(update={"services": services, "jobs": jobs, "recovery": recovery})


class SpecReading(NamedTuple):
    """The readable part of a spec, and the errors of its shape."""

    spec: Platform | None
    """None when too little is left."""
    errors: list[ConfigError]
    unclear: list[str]
    """Keys of which the spec has defaults and stand-ins, because of the errors."""


def read(raw: Raw) -> tuple[Platform | None, list[ConfigError]]:
    """Return the readable part of the spec, and the errors of its shape; rules are not applied."""
    reading = _read(raw, {})
    return reading.spec, reading.errors


def _read(raw: Raw, source: Mapping[str, str]) -> SpecReading:
    rest = with_empty_blocks(copy.deepcopy(raw))
    errors: dict[str, ConfigError] = {}
    unclear: list[str] = []
    for _ in range(MAX_ROUNDS):
        try:
            spec = Platform.model_validate_json(json.dumps(complete(rest)))
        except ValidationError as error:
            details = [each for each in error.errors() if not is_about_another_form(each, rest)]
            for detail in details:
                message = message_of(detail, rest, source)
                errors.setdefault(message.key, message)
                unclear += keys_concerned(detail, rest)
            for detail in details:
                _remove(rest, without_forms(detail["loc"]))
        else:
            spec = _with_existing_registry(with_existing_stores(with_generated_keys(spec)))
            return SpecReading(spec, list(errors.values()), unclear)
    return SpecReading(None, list(errors.values()), unclear)


def _with_existing_registry(spec: Platform) -> Platform:
    """Return the spec with the addresses of images in an existing registry; of a cloud without its block as it is."""
    readable = spec.cloud in AVAILABLE and spec.block is not None
    return with_existing_registry(spec, limits(spec.cloud).existing_image) if readable else spec


def _remove(raw: Raw, location: Location) -> None:
    """Remove the refused value, or put a stand-in where its key is required; a list goes as a whole."""
    parent = raw
    for depth, part in enumerate(location):
        key = str(part)
        child = parent.get(key)
        if is_mapping(child) and depth < len(location) - 1 and location[depth + 1] != "[key]":
            parent = child
            continue
        if key in STAND_INS and (key != "services" or depth == 0):  # `cost.services` is optional
            parent[key] = copy.deepcopy(STAND_INS[key])
        else:
            parent.pop(key, None)
        return
