"""Containers of the services, reached in their networks by the service's name.

A caller reaches a service at `http://<name>:<port>`; Docker's DNS returns the addresses of all replicas. A new image
creates new replicas, which must become healthy before the old ones are deleted: Pulumi names containers, so both can
exist at the same time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pulumi
import pulumi_docker as docker

from providers.contract.component import Scope
from providers.contract.haproxy.sections import drain_seconds
from providers.contract.naming import next_part
from providers.contract.results import Environment
from providers.contract.rollout import RolloutPosition
from providers.docker.base.containers import ContainerSpec, NetworkAttachment, create_container
from providers.docker.base.resources import DockerBaseResources
from providers.docker.compute.health import dev_probe, service_probe
from providers.docker.compute.rollout import StableReplicas
from providers.docker.compute.sizes import memory_mib
from providers.docker.naming import DEV_LABEL, both_revisions
from providers.docker.network.flows import hosts_of_service, service_networks
from providers.docker.network.host_proxies import create_host_proxies
from providers.docker.observability.log_delivery import SERVICES
from providers.docker.storage.resources import REGION, URL

HOME = "/tmp"  # noqa: S108  # in memory, private to the container


@dataclass(frozen=True)
class DockerCompute:
    """Containers of each service, by its name."""

    replicas: Mapping[str, tuple[docker.Container, ...]]


def create_compute(
    scope: Scope,
    base: DockerBaseResources,
    environments: Mapping[str, Environment],
    positions: Mapping[str, RolloutPosition],
) -> DockerCompute:
    """Replicas of every service; those of a rollout in steps at its position."""
    proxies = create_host_proxies(scope, base)
    replicas: dict[str, tuple[docker.Container, ...]] = {}
    for name, environment in ((name, environments[name]) for name in base.spec.services):
        # a program that calls a listed host at its start would fail without the proxy
        ways_out = [proxies[host] for host in hosts_of_service(base.spec, name)]
        ready = (*environment.prerequisites(name), *ways_out)
        replicas[name] = _replicas(scope, base, name, environment, positions.get(name), ready)
    return DockerCompute(replicas)


def _replicas(
    scope: Scope,
    base: DockerBaseResources,
    name: str,
    environment: Environment,
    position: RolloutPosition | None,
    ready: Sequence[pulumi.Resource],
) -> tuple[docker.Container, ...]:
    """Containers of a service, `replicas.min` of them; during a rollout those of the stable revision and of the new one."""
    container = _container(base, name, environment)

    def create(prefix: str, count: int, spec: ContainerSpec, *, keep: bool = False) -> tuple[docker.Container, ...]:
        parts = [f"{prefix}-{number}" for number in range(1, count + 1)]
        return tuple(create_container(scope, base.context, part, spec, ready, keep=keep) for part in parts)

    count = base.spec.services[name].replicas.min
    if position is None or name in base.context.block.dev:
        return create(name, count, container)
    added: tuple[docker.Container, ...] = ()
    if position.phase != "held":
        added = create(next_part(name), count, replace(container, networks=_networks(base, name, next_part(name))))
    if position.phase == "replacing":
        return (*create(name, count, container), *added)
    stable = StableReplicas.parse(position.stable)
    return (*create(name, stable.count, replace(container, image=stable.image), keep=True), *added)


def _networks(base: DockerBaseResources, name: str, alias: str) -> list[NetworkAttachment]:
    aliases = (alias, both_revisions(name)) if base.spec.services[name].rollout.in_steps else (alias,)
    return [base.attachment(network, *aliases) for network in service_networks(base.spec, name)]


def _container(base: DockerBaseResources, name: str, environment: Environment) -> ContainerSpec:
    """Settings of each replica of a service."""
    service, dev = base.spec.services[name], base.context.block.dev.get(name)
    common = replace(service_container(base, name, environment), networks=_networks(base, name, name))
    if dev is None:
        return replace(common, command=service.command, probe=service_probe(service))
    return replace(
        common,
        vcpu=dev.vcpu or service.size.vcpu,
        entrypoint=dev.command[:1],
        command=dev.command[1:],
        environment={**common.environment, **dev.environment},
        host_paths=dev.folders,
        probe=dev_probe(),
        labels={DEV_LABEL: "true"},
    )


def service_container(base: DockerBaseResources, name: str, environment: Environment) -> ContainerSpec:
    """Settings of every container of a service: image, size, networks without an alias, variables and files."""
    service = base.spec.services[name]
    secrets = {variable: secret.reference for variable, secret in environment.secrets.items()}
    return ContainerSpec(
        image=base.registry.images[name],
        memory_mib=memory_mib(service.size.memory_gib),
        vcpu=service.size.vcpu,
        networks=[base.attachment(network) for network in service_networks(base.spec, name)],
        hosts=hosts_of_service(base.spec, name),
        environment={"HOME": HOME, **_storage_variables(base, name), **secrets, **environment.plain},
        files={path: stored.reference for path, stored in environment.files.items()},
        stop_seconds=drain_seconds(base.spec, [service]),
        log_name=f"{SERVICES}/{name}",
    )


def _storage_variables(base: DockerBaseResources, name: str) -> Mapping[str, pulumi.Input[str]]:
    """Key of the service to the object store, in the variables that S3 clients read."""
    key = base.identity.services.get(name)
    if key is None:
        return {}
    return {
        "AWS_ACCESS_KEY_ID": key.access_key,
        "AWS_ENDPOINT_URL_S3": URL,
        "AWS_REGION": REGION,
        "AWS_SECRET_ACCESS_KEY": key.secret_key,
    }
