"""The stack configuration's text -> checked spec, before any SDK is imported: a bad file is answered at once."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from providers.contract.diagnostics import ConfigError, InvalidConfiguration
from providers.contract.json_data import is_mapping

if TYPE_CHECKING:
    from providers.contract.spec import Platform

PROJECT = "agent-platform"
PLATFORM_KEY = f"{PROJECT}:platform"


def spec_of(
    text: str | None, stack: str, *, sealed: str | None = None, source: Mapping[str, str] | None = None
) -> "Platform":
    """Return the checked spec of the platform's JSON text; raises InvalidConfiguration.

    `sealed` is the key of a secret inside the object; `source` has numbers as the file writes them, by dotted path.
    """
    # pydantic builds the spec's models at import, which `--help` does not need
    from components.validation.parse import parse

    if sealed is not None:
        # Decrypting an object passes its secret parts on as clear text, so nothing of it is printed or used.
        problem = "a secret inside the object would be passed on as clear text"
        fix = (
            f"list a name under a service's `secrets`, run `agent-platform secret set {stack} NAME`, and remove it here"
        )
        raise InvalidConfiguration([ConfigError(sealed, problem, fix)])
    if text is None:
        raise InvalidConfiguration([ConfigError(PLATFORM_KEY, "missing", "describe the platform under this key")])
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        raw = None
    if not is_mapping(raw):
        raise InvalidConfiguration([ConfigError(PLATFORM_KEY, "not a mapping", "write it as keys and values")])
    return parse(raw, stack, source)
