"""Names on a Docker host: stack names, DNS aliases, buckets and reserved variables. Pure.

Pulumi names containers, networks and volumes (logical name, hyphen, seven hexadecimal digits), so that a replacement
exists beside the old container. A name that other containers need is a DNS alias in a network.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from providers.contract.diagnostics import ConfigError, Diagnostic, displayed
from providers.contract.naming import CONFIG_FOLDER as CONFIG_FOLDER
from providers.contract.naming import STACK_PATTERN
from providers.contract.spec import Platform

PROJECT = "agent-platform"
"""Pulumi project of every stack, and the label of its objects."""
DEV_LABEL = "agent-platform-dev"
"""Label of a replica that runs from its source folder."""
STATE_FOLDER = ".local"
"""Folder of the state and the passphrase of Docker stacks, beside their stack files."""
STATE_FILES = f"{STATE_FOLDER}/state/.pulumi/stacks/{PROJECT}"
"""Folder in which the engine keeps the states of Docker stacks, one file `<stack>.json` for each."""
BACKEND_VARIABLE = "PULUMI_BACKEND_URL"
CHECKOUT_LABEL = "checkout"
"""Label with the folder of the project whose state has a container, network or volume."""
REPLICA = "{stack}-compute-{service}-{number}"
"""Logical name of a replica's container."""
CONTAINER_SUFFIX = "[0-9a-f]{7}"
"""Suffix that Pulumi adds to the logical name of a container."""
DATABASE = "database"
CACHE = "cache"
STORAGE = "storage"
BUCKET = "agents"
"""Bucket of the services that use storage."""
BACKUPS = "backups"
"""Bucket of the nightly dumps, which no service can read."""
STORAGE_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_SECRET_ACCESS_KEY")
"""Variables with which S3 clients reach the object store; on the clouds a service has an identity instead."""


def checkout_of(environment: Mapping[str, str]) -> str:
    """Return the project folder that has the state of a stack in its folder `.local`; empty for another backend.

    Stacks of two checkouts of one project have the same name. The folder distinguishes them, and no other backend is of one
    folder.
    """
    url, suffix = environment.get(BACKEND_VARIABLE, ""), f"/{STATE_FOLDER}/state"
    is_local = url.startswith("file:///") and url.endswith(suffix)
    return url.removeprefix("file://").removesuffix(suffix) if is_local else ""


def state_file(folder: Path, stack: str) -> Path:
    """Return the file in which the project folder has the state of a stack."""
    return folder / STATE_FILES / f"{stack}.json"


def replica_pattern(stack: str, *services: str) -> str:
    """Return the regular expression of the container names of these services' replicas."""
    # stacks and services have names of letters, digits and hyphens
    replica = REPLICA.format(stack=stack, service=f"({'|'.join(services)})", number="[0-9]+")
    return f"{replica}-{CONTAINER_SUFFIX}"


def logical_name(container: str) -> str:
    """Return the name of a container without the suffix that Pulumi adds."""
    return container.rpartition("-")[0]


def replica_of(stack: str, name: str) -> tuple[str, int] | None:
    """Return service and number of the replica with this logical name; None for any other container.

    The replicas of a new revision have the service `next_part`.
    """
    match = re.fullmatch(REPLICA.format(stack=stack, service="(.+)", number="([0-9]+)"), name)
    return (match[1], int(match[2])) if match else None


def both_revisions(service: str) -> str:
    """`gateway-revisions`: DNS alias of every replica of a service with steps, which resolves while any of them exists."""
    return f"{service}-revisions"


def redis_exporter(part: str) -> str:
    """`redis-exporter`, or `redis-exporter-answers` for `cache-answers`: container and DNS alias of the exporter of a cache."""
    return f"redis-exporter{part.removeprefix(CACHE)}"


def access_key(stack: str, user: str) -> str:
    """`prod-service-gateway`: access key of a user of the object store."""
    return f"{stack}-{user}"


def naming_refusals(spec: Platform, stack: str) -> list[Diagnostic]:
    """Stack names that Docker rejects, and variables that this adapter sets."""
    return [*_stack_name(stack), *_reserved_variables(spec)]


def _stack_name(stack: str) -> Iterator[Diagnostic]:
    if not STACK_PATTERN.fullmatch(stack):
        yield ConfigError(
            "stack",
            problem=f"{displayed(stack)} is no valid prefix of container names",
            fix="use lower-case letters, digits and single hyphens, beginning with a letter and not ending with a hyphen",
        )


def _reserved_variables(spec: Platform) -> Iterator[Diagnostic]:
    for name, service in spec.services.items():
        if "storage" not in service.uses:
            continue
        keys = {variable: f"environment.{variable}" for variable in service.environment}
        keys |= dict.fromkeys(service.secrets, "secrets")
        for variable, key in keys.items():
            if variable in STORAGE_VARIABLES:
                yield ConfigError(
                    f"services.{name}.{key}",
                    problem=f"{variable} is set by the platform for its object store on docker",
                    fix="use another name",
                )
