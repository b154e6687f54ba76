"""Raw configuration -> spec, with every mistake of the file told at once.

pydantic stops at the shape: a file with a wrong type never reaches the rules that look at two keys together. So the
values it refuses are taken out (or replaced by a stand-in where one is required), and the rest is read once more for
the rules in `components.checks`. The stand-ins live only inside this function: it raises whenever there was a mistake.
"""

import copy
import json
from collections.abc import Sequence
from typing import cast

from pydantic import ValidationError

from components.validation.entry import plain_path
from components.validation.messages import mistake_of
from components.validation.rules import contradictions
from providers import AVAILABLE, limits
from providers.contract.diagnostics import ConfigError, Diagnostic, InvalidConfiguration
from providers.contract.spec import Platform, Service
from providers.contract.spec.defaults import Raw, complete

STAND_INS: dict[str, object] = {
    "account_id": "000000000000",
    "channel": "C000000",
    "cloud": "aws",
    "environment": "none",
    "github": "none/none",
    "image": f"stand.in/image@sha256:{'0' * 64}",
    "location": "nowhere",
    "monthly_usd": 1,
    "project": "stand-in",
    "region": "xx-nowhere-1",
    "services": {"stand-in": {"app": "fastapi", "path": "/", "image": f"stand.in/image@sha256:{'0' * 64}"}},
    "subscription_id": "00000000-0000-0000-0000-000000000000",
    "tenant_id": "00000000-0000-0000-0000-000000000000",
    "workspace": "T000000",
}
"""Well-formed values for required keys, so that the rest of a broken file can still be read."""

ROUNDS = 8
"""Taking a value out can uncover another mistake beneath it; no file nests deeper than this."""


def parse(raw: Raw, stack: str) -> Platform:
    """The spec of a raw configuration object: complete, without contradiction, possible on its cloud.

    Raises InvalidConfiguration with every mistake at once.
    """
    spec, mistakes = read(raw)
    refusals: list[Diagnostic] = list(mistakes)
    if spec is not None:
        told = [mistake.key for mistake in mistakes]
        found = [*contradictions(spec), *_refused_by_cloud(spec, stack)]
        refusals += [refusal for refusal in found if not _follows_from(refusal.key, told)]
    if refusals or spec is None:
        raise InvalidConfiguration(refusals)
    return spec


def _refused_by_cloud(spec: Platform, stack: str) -> list[Diagnostic]:
    """What the chosen cloud cannot do; nothing where its adapter or its block is missing, which is told already."""
    if spec.cloud not in AVAILABLE or spec.block is None:
        return []
    return limits(spec.cloud).refusals(without_contradictions(spec), stack)


def without_contradictions(spec: Platform) -> Platform:
    """The spec with calls that lead nowhere and paths given twice taken out: told already, and limits need not mind."""
    services: dict[str, Service] = {}
    taken: set[str] = set()
    for name, service in spec.services.items():
        calls = tuple(c for c in service.calls if c != name and c in spec.services and spec.services[c].port)
        path = service.path if plain_path(service) not in taken else None
        taken |= {plain_path(service)} if path else set()
        services[name] = service.model_copy(update={"calls": tuple(dict.fromkeys(calls)), "path": path})
    return spec.model_copy(update={"services": services})


def read(raw: Raw) -> tuple[Platform | None, list[ConfigError]]:
    """The spec as far as it can be read, and the mistakes of shape; None when too little is left to go on."""
    rest = copy.deepcopy(raw)
    mistakes: dict[str, ConfigError] = {}
    for _ in range(ROUNDS):
        try:
            return Platform.model_validate_json(json.dumps(complete(rest))), list(mistakes.values())
        except ValidationError as error:
            details = error.errors()
            for found in [mistake_of(detail, rest) for detail in details]:
                mistakes.setdefault(found.key, found)
            for detail in details:
                _take_out(rest, detail["loc"])
    return None, list(mistakes.values())


def _take_out(raw: Raw, loc: Sequence[int | str]) -> None:
    """Remove the refused value, or put a stand-in where its key is required; a list goes as a whole."""
    place = raw
    for depth, part in enumerate(loc):
        key = str(part)
        deeper = place.get(key)
        if isinstance(deeper, dict) and depth < len(loc) - 1 and loc[depth + 1] != "[key]":
            place = cast("Raw", deeper)
            continue
        if key in STAND_INS:
            place[key] = copy.deepcopy(STAND_INS[key])
        else:
            place.pop(key, None)
        return


def _follows_from(path: str, told: Sequence[str]) -> bool:
    """A contradiction about a value that was already refused would be told twice."""
    return any(path == earlier or path.startswith((f"{earlier}.", f"{earlier}[")) for earlier in told)
