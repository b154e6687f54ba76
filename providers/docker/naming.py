"""Names on this machine: the stack's letters, and the names by which containers find each other. Pure.

Containers, networks and volumes are named by Pulumi (logical name, hyphen, seven hexadecimal digits), so that a new
copy stands beside the old one before that goes. A name that others must know is an alias in one network.
"""

from collections.abc import Iterator

from providers.contract.diagnostics import Diagnostic, legacy_error
from providers.contract.naming import STACK_PATTERN
from providers.contract.spec import Platform

DATABASE = "database"
CACHE = "cache"
STORAGE = "storage"
BUCKET = "agents"
"""Bucket of the services that use storage."""
BACKUPS = "backups"
"""Bucket of the nightly dumps, which no service may read."""
VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_SECRET_ACCESS_KEY")
"""What opens the object store beside STORAGE_BUCKET: the clouds give their services an identity instead."""


def access_key(stack: str, holder: str) -> str:
    """`prod-gateway`: the open half of a holder's key to the object store."""
    return f"{stack}-{holder}"


def naming_refusals(spec: Platform, stack: str) -> list[Diagnostic]:
    """A stack name that Docker would not take, and variables that this adapter sets itself."""
    return [*_letters(stack), *_variables(spec)]


def _letters(stack: str) -> Iterator[Diagnostic]:
    if not STACK_PATTERN.fullmatch(stack):
        advice = (
            "names every container; use lower-case letters, digits and single hyphens, beginning with a letter and not "
            "ending with a hyphen"
        )
        yield legacy_error("stack", stack, advice)


def _variables(spec: Platform) -> Iterator[Diagnostic]:
    for name, service in spec.services.items():
        if "storage" not in service.uses:
            continue
        places = {key: f"environment.{key}" for key in service.environment} | dict.fromkeys(service.secrets, "secrets")
        for variable, place in places.items():
            if variable in VARIABLES:
                advice = "is a variable that opens the platform's object store on docker; choose another name"
                yield legacy_error(f"services.{name}.{place}", variable, advice)
