"""What is refused before the engine is started, though the stack's file itself is well."""

import os
from collections.abc import Mapping

from automation.stack.document import Stack
from components.configuration import PROJECT
from providers import host_checks
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, legacy_error


def refuse_missing_secrets(stack: Stack) -> None:
    """Raise InvalidConfiguration for secrets that are listed and have no value: the program could not go on either."""
    if stack.missing_secrets:
        raise InvalidConfiguration(_missing(stack, name) for name in stack.missing_secrets)


def refuse_unready(stack: Stack, environment: Mapping[str, str]) -> None:
    """Raise InvalidConfiguration where the machine that a platform stands on cannot take it; `environment` as of the engine."""
    seen = host_checks(stack.spec.cloud).preflight(stack.spec, stack.name, {**os.environ, **environment})
    refusals = [refusal for each in seen for refusal in each.diagnostics]
    if refusals:
        raise InvalidConfiguration(refusals)


def _missing(stack: Stack, name: str) -> ConfigError:
    readers = stack.spec.readers_of(name)
    path = f"services.{readers[0]}.secrets" if readers else "cloud"
    advice = f"has no value; run `pulumi config set --stack {stack.name} --secret {PROJECT}:{name}`"
    return legacy_error(path, name, advice)
