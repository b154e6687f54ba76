"""The clouds, loaded by name: only the chosen one's SDK is ever imported."""

from importlib import import_module
from typing import TYPE_CHECKING, cast

from providers.contract.import_ids import ImportTable
from providers.contract.preflight import HostChecks
from providers.contract.resource_traits import ResourceTraits

if TYPE_CHECKING:
    from providers.contract.adapter import Cloud, Limits  # names the SDK's types, which a bad file must not wait for
    from providers.contract.spec import CloudName

AVAILABLE: "tuple[CloudName, ...]" = ("aws", "gcp", "azure", "docker")
"""Clouds with an adapter; a stack that names another is refused in words."""


def cloud(name: str) -> "Cloud":
    """The verbs of a cloud; imports its SDK."""
    return cast("Cloud", import_module(f"providers.{name}.adapter"))


def limits(name: str) -> "Limits":
    """What a cloud refuses or approximates; imports no SDK."""
    return cast("Limits", import_module(f"providers.{name}.limits"))


def resource_traits(name: str) -> ResourceTraits:
    """What whoever deploys must know of a cloud's resources; imports no SDK."""
    return cast("ResourceTraits", import_module(f"providers.{name}.resource_traits").RESOURCE_TRAITS)


def import_table(name: str) -> ImportTable:
    """How a cloud's search tells objects, and by which ids they are imported; imports no SDK."""
    return cast("ImportTable", import_module(f"providers.{name}.import_ids").IMPORT_TABLE)


def host_checks(name: str) -> HostChecks:
    """How the place that a cloud's platforms stand on is asked before an update and after a failure; imports no SDK."""
    if name != "docker":
        return HostChecks()
    return cast("HostChecks", import_module("providers.docker.preflight.checks").HOST_CHECKS)
