"""The stack configuration's text -> checked spec, before any SDK is imported: a bad file is answered at once."""

import json
from typing import cast

from components.validation.parse import parse
from providers.contract.diagnostics import InvalidConfiguration, legacy_error
from providers.contract.spec import Platform
from providers.contract.spec.defaults import Raw

PROJECT = "agent-platform"
PLATFORM_KEY = f"{PROJECT}:platform"
SEALED = (
    "stands inside the object and would be handed on as clear text; set it as a key of its own "
    f"(`pulumi config set --secret {PROJECT}:NAME`) and list NAME under a service's `secrets`"
)


def spec_of(text: str | None, stack: str, *, sealed: bool = False) -> Platform:
    """The checked spec of the configuration's JSON text; `sealed` says that a secret stands inside the object."""
    if sealed:
        # Decrypting an object hands its secret parts over as clear text, so nothing of it is shown or used.
        raise InvalidConfiguration([legacy_error("platform", "[secret]", SEALED)])
    if text is None:
        raise InvalidConfiguration(
            [legacy_error(PLATFORM_KEY, None, "is set; describe the platform in the stack file")]
        )
    try:
        raw = json.loads(text)
    except json.JSONDecodeError:
        raw = text
    if not isinstance(raw, dict):
        raise InvalidConfiguration([legacy_error(PLATFORM_KEY, raw, "must be an object of keys and values")])
    return parse(cast("Raw", raw), stack)
