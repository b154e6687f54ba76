"""Typed outputs of a platform for the program that declares it: addresses, and identifiers of what belongs to it.

No output is a password. The generated key of clients is the only secret, and is marked so. The schema of the package for other
languages is generated from these classes and their docstrings.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.region import RunningRegion
from providers.contract.resource_traits import API_KEY_OUTPUT
from providers.contract.results import Database, Entry, Monitoring, RegionIdentifiers
from providers.contract.spec import Platform

Text = pulumi.Output[str]


@dataclass(frozen=True)
class RunningService:
    """Addresses of one service, and identifiers by which other resources refer to it."""

    url: Text | None
    """Public URL; absent for a service without a path."""
    address: Text | None
    """URL inside the network, which services that call this one use; absent for a worker."""
    identity: Text | None
    """Principal of permissions: role ARN (aws), IAM member (gcp), principal ID (azure), service account (kubernetes)."""
    identity_name: Text | None
    """Name of the identity: role (aws), e-mail address (gcp), managed identity (azure), service account (kubernetes)."""
    security_group: Text | None
    """Security group (aws), network tag (gcp), internal network (docker) or network policy (kubernetes) of this service alone."""
    log_group: Text | None
    """CloudWatch log group (aws) or resource ID of the Log Analytics workspace (azure); absent elsewhere."""


@dataclass(frozen=True)
class DatabaseEndpoint:
    """Address of the PostgreSQL server; the password is in the environment of the services that use it alone."""

    host: Text
    """Host name."""
    port: int
    """TCP port."""
    name: str
    """Name of the database; empty for an external server."""
    username: str
    """User of the services; empty for an external server."""


@dataclass(frozen=True)
class CacheEndpoint:
    """Address of the Redis-compatible cache."""

    host: Text
    """Host name."""
    port: int
    """TCP port."""
    tls: bool
    """True when clients connect with TLS."""


@dataclass(frozen=True)
class Bucket:
    """Object storage of the services."""

    name: Text
    """Name of the bucket or container."""
    endpoint_url: Text
    """URL that clients connect to."""


@dataclass(frozen=True)
class PlatformDetails:
    """Outputs of a platform; those of the region that serves, with a standby region."""

    url: Text
    """Public URL; empty when no service has a path."""
    cloud: str
    """Cloud that the platform runs on."""
    region: str
    """Region or location that serves; empty on Docker and Kubernetes."""
    services: Mapping[str, RunningService]
    """Services by name."""
    dashboard_url: Text
    """URL of the dashboard; empty without one."""
    network_id: Text | None
    """ID of the VPC (aws), network (gcp) or virtual network (azure), or the namespace (kubernetes)."""
    subnet_ids: tuple[Text, ...]
    """IDs of the subnets in which the services run."""
    cluster: Text | None
    """ECS cluster (aws), resource ID of the Container Apps environment (azure) or context of the cluster (kubernetes)."""
    registry: Text
    """Address of images that name no registry, without their names; empty when every image names one."""
    database_endpoint: DatabaseEndpoint | None
    """Database; absent without `database`."""
    cache_endpoint: CacheEndpoint | None
    """Cache; absent without `cache`."""
    cache_endpoints: Mapping[str, CacheEndpoint]
    """Caches under `caches` by name."""
    bucket: Bucket | None
    """Bucket; absent without `storage`."""
    api_key: Text | None
    """Generated key of clients, a secret; absent when the platform generates none."""


SECRET_DETAILS = frozenset({"api_key"})
"""Outputs that are secret."""


def details_of(
    spec: Platform,
    name: str,
    region: RunningRegion,
    entry: Entry,
    monitoring: Monitoring,
    generated: Mapping[str, Text],
) -> PlatformDetails:
    """Return the outputs of a platform whose region `name` serves; `generated` has the generated key of clients, if any."""
    identifiers, stores = region.workloads.identifiers, region.stores
    database, storage = stores.database, stores.storage
    endpoints = {
        each.name: CacheEndpoint(found.host, found.port, found.tls)
        for each in spec.all_caches
        for found in (stores.caches[each.key],)
    }
    return PlatformDetails(
        url=entry.url,
        cloud=spec.cloud,
        region=name,
        services={each: _service(spec, each, region, entry, identifiers) for each in spec.services},
        dashboard_url=monitoring.dashboard_url,
        network_id=identifiers.network,
        subnet_ids=identifiers.subnets,
        cluster=identifiers.cluster,
        registry=identifiers.registry if identifiers.registry is not None else pulumi.Output.from_input(""),
        database_endpoint=_database(database) if database else None,
        cache_endpoint=endpoints.pop("", None),
        cache_endpoints=endpoints,
        bucket=Bucket(storage.bucket, storage.endpoint_url) if storage else None,
        api_key=generated.get(API_KEY_OUTPUT),
    )


def _database(database: Database) -> DatabaseEndpoint:
    return DatabaseEndpoint(database.host, database.port, database.name, database.username)


def _service(
    spec: Platform, name: str, region: RunningRegion, entry: Entry, identifiers: RegionIdentifiers
) -> RunningService:
    service, own = spec.services[name], identifiers.services[name]
    return RunningService(
        url=public_url(entry, service.path) if service.path is not None else None,
        address=region.workloads.services[name] if service.port is not None else None,
        identity=own.identity,
        identity_name=own.identity_name,
        security_group=own.security_group,
        log_group=own.log_group,
    )


def public_url(entry: Entry, path: str) -> Text:
    """Return the URL of a routed service."""
    return pulumi.Output.concat(entry.url, path)
