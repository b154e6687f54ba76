"""The services: as many containers of each as the spec's least number, known in their networks by the service's name.

A caller finds its callee at `http://<name>:<port>`; Docker's DNS tells the addresses of all its copies. A new image makes
new copies, which must be well before the old ones go: containers are named by Pulumi, so both stand side by side.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from providers.contract.component import Scope
from providers.contract.results import Environment, SecretRef
from providers.docker.base.containers import ContainerSpec, create_container
from providers.docker.base.resources import DockerBaseResources
from providers.docker.compute.health import probe_of
from providers.docker.compute.sizes import memory_mib
from providers.docker.network.plan import service_nets
from providers.docker.storage.resources import REGION, URL


@dataclass(frozen=True)
class DockerCompute:
    """The containers of each service, by its name."""

    copies: Mapping[str, tuple[docker.Container, ...]]


def create_compute(scope: Scope, base: DockerBaseResources, environments: Mapping[str, Environment]) -> DockerCompute:
    """The copies of every service."""
    return DockerCompute({name: create_copies(scope, base, name, environments[name]) for name in base.spec.services})


HOME = "/tmp"  # noqa: S108  # a file system in memory, of the container's own


def create_copies(
    scope: Scope, base: DockerBaseResources, name: str, environment: Environment
) -> tuple[docker.Container, ...]:
    """As many containers of the service as its least number, all alike."""
    service = base.spec.services[name]
    box = ContainerSpec(
        image=base.registry.images[name],
        memory_mib=memory_mib(service.size.memory_gib),
        vcpu=service.size.vcpu,
        seats=[base.seat(part, name) for part in service_nets(base.spec, name)],
        command=service.command,
        environment={"HOME": HOME, **_storage(base, name), **_secrets(environment.secrets), **environment.plain},
        files={path: stored.reference for path, stored in environment.files.items()},
        probe=probe_of(service),
    )
    waits_for = _prerequisites(environment)
    parts = [f"{name}-{number}" for number in range(1, service.replicas.min + 1)]
    return tuple(create_container(scope, base.context, part, box, waits_for) for part in parts)


def _secrets(secrets: Mapping[str, SecretRef]) -> Mapping[str, pulumi.Input[str]]:
    """The values themselves: a reference is one here, marked secret."""
    return {name: secret.reference for name, secret in secrets.items()}


def _storage(base: DockerBaseResources, name: str) -> Mapping[str, pulumi.Input[str]]:
    """The service's own key to the object store, in the variables that every S3 client reads."""
    key = base.identity.services.get(name)
    if key is None:
        return {}
    return {
        "AWS_ACCESS_KEY_ID": key.access_key,
        "AWS_ENDPOINT_URL_S3": URL,
        "AWS_REGION": REGION,
        "AWS_SECRET_ACCESS_KEY": key.secret_key,
    }


def _prerequisites(environment: Environment) -> list[pulumi.Resource]:
    """What a copy needs in its first second and no input tells: the role by which it signs in to the database."""
    stored = [*environment.secrets.values(), *environment.files.values()]
    return [grant for secret in stored for grant in secret.grants]
