"""The services: as many containers of each as the spec's least number, known in their networks by the service's name.

A caller finds its callee at `http://<name>:<port>`; Docker's DNS tells the addresses of all its copies. A new image makes
new copies, which must be well before the old ones go: containers are named by Pulumi, so both stand side by side.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi_docker as docker

from providers.contract.component import Scope
from providers.contract.results import Environment
from providers.docker.base.resources import DockerBaseResources
from providers.docker.compute.replicas import create_copies

__all__ = ["DockerCompute", "create_compute"]


@dataclass(frozen=True)
class DockerCompute:
    """The containers of each service, by its name."""

    copies: Mapping[str, tuple[docker.Container, ...]]


def create_compute(scope: Scope, base: DockerBaseResources, environments: Mapping[str, Environment]) -> DockerCompute:
    """The copies of every service."""
    return DockerCompute({name: create_copies(scope, base, name, environments[name]) for name in base.spec.services})
