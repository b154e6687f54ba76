"""Redis-compatible caches: Valkey in one pod with TLS, a password and a volume; `cache` can be an external server.

The append-only file is synced to the volume every second, so that a queue survives a restart. The volume is an object beside
the StatefulSet: a template of claims cannot be changed, so a larger cache would replace the StatefulSet.
"""

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

from providers.contract.component import Scope
from providers.contract.credentials import generated_password, redis_url
from providers.contract.results import Cache, SecretRef
from providers.contract.spec import CacheInstance, CacheSettings
from providers.contract.variables import REDIS_URL, cache_ca_file
from providers.kubernetes.base.identity import create_account
from providers.kubernetes.base.pods import memory_quantity, pod_security
from providers.kubernetes.base.resources import KubernetesBaseResources
from providers.kubernetes.base.secrets import (
    SKIP_AWAIT,
    create_opaque,
    generated_name,
    metadata,
    pod_metadata,
    selector,
)
from providers.kubernetes.cache.certificates import CacheCertificate, create_certificate
from providers.kubernetes.cache.external import is_external
from providers.kubernetes.cache.limits import (
    AUTHORITY,
    CERTIFICATE,
    CONFIGURATION,
    KEY,
    PASSWORD,
    configuration,
    volume_gib,
)
from providers.kubernetes.cache.pod import EXPORTER_PORT, containers, volumes
from providers.kubernetes.naming import METRICS
from providers.kubernetes.network.flows import CACHE_PORT
from providers.kubernetes.network.policies import allow_from, component_peer, create_policy, namespace_peer

PORT_NAME = "redis"
GRACE_SECONDS = 30
"""Time in which the server writes what it has not synced."""


@dataclass(frozen=True)
class KubernetesCache(Cache):
    """Cache; `server` is None for an external one."""

    server: pulumi.Resource | None


def create_cache(scope: Scope, base: KubernetesBaseResources, cache: CacheInstance) -> KubernetesCache:
    """Cache for the services that use it."""
    if is_external(base.spec, cache):
        return _external(scope, base)
    password, part = generated_password(scope), cache.part
    owner = f"{base.context.stack} {part.replace('-', ' ', 1)}"
    certificate = create_certificate(scope, owner, [part, base.context.host(part)])
    server = _server(scope, base, cache, password, certificate)
    url = redis_url(password, part, CACHE_PORT, tls=True, ca_file=cache_ca_file(cache.key))
    reference = base.secret(scope, "url", url)
    return KubernetesCache(
        host=pulumi.Output.from_input(part),
        port=CACHE_PORT,
        tls=True,
        # a service that starts before the server is ready could not connect
        url=SecretRef(reference.name, reference.reference, reference.version, (*reference.grants, server)),
        ca_certificate=base.secret(scope, "ca", certificate.authority),
        server=server,
    )


def _external(scope: Scope, base: KubernetesBaseResources) -> KubernetesCache:
    """Server of the stack secret REDIS_URL."""
    url = base.context.values.secret(REDIS_URL)
    return KubernetesCache(
        host=pulumi.Output.from_input(""),
        port=base.context.block.cache.port,
        tls=True,
        url=base.secret(scope, "url", url),
        server=None,
    )


def _server(
    scope: Scope,
    base: KubernetesBaseResources,
    cache: CacheInstance,
    password: pulumi.Output[str],
    certificate: CacheCertificate,
) -> pulumi.Resource:
    """StatefulSet with one replica: it never runs two, which would corrupt the volume."""
    context, part = base.context, cache.part
    contents = _files(cache.settings, password, certificate)
    files = create_opaque(scope, context, "files", contents, base.network.namespace)
    claim = _claim(scope, base, cache)
    policy = _policy(scope, base, cache)
    account = create_account(scope, context, part, base.registry, base.network.namespace)
    service = _service(scope, base, part)
    return kubernetes.apps.v1.StatefulSet(
        scope.named("server"),
        metadata=metadata(scope, context, part, part),
        spec=kubernetes.apps.v1.StatefulSetSpecArgs(
            replicas=1,
            service_name=part,
            selector=selector(context, part),
            template=kubernetes.core.v1.PodTemplateSpecArgs(
                metadata=pod_metadata(scope, context, part),
                spec=kubernetes.core.v1.PodSpecArgs(
                    service_account_name=account.metadata.apply(lambda values: str(values.name)),
                    automount_service_account_token=False,
                    enable_service_links=False,
                    security_context=pod_security(),
                    termination_grace_period_seconds=GRACE_SECONDS,
                    containers=containers(context, cache.settings, generated_name(files)),
                    volumes=volumes(generated_name(files), claim.metadata.apply(lambda values: str(values.name))),
                ),
            ),
        ),
        # pods without policies have no connections; no Output says that these come first
        opts=scope.opts(depends_on=[*base.ready(), policy, service]),
    )


def _files(
    settings: CacheSettings, password: pulumi.Output[str], certificate: CacheCertificate
) -> dict[str, pulumi.Output[str]]:
    lines = pulumi.Output.concat(configuration(settings), "requirepass ", password, "\n")
    return {
        CONFIGURATION: pulumi.Output.secret(lines),
        PASSWORD: password,
        CERTIFICATE: certificate.certificate,
        KEY: certificate.key,
        AUTHORITY: certificate.authority,
    }


def _claim(
    scope: Scope, base: KubernetesBaseResources, cache: CacheInstance
) -> "kubernetes.core.v1.PersistentVolumeClaim":
    """Volume of the entries; it is bound when the pod starts, so an update does not wait for it before."""
    size, name = memory_quantity(volume_gib(cache.settings)), f"{cache.part}-data"
    return kubernetes.core.v1.PersistentVolumeClaim(
        scope.named("data"),
        metadata=metadata(scope, base.context, cache.part, name, annotations={SKIP_AWAIT: "true"}),
        spec=kubernetes.core.v1.PersistentVolumeClaimSpecArgs(
            access_modes=["ReadWriteOnce"],
            storage_class_name=base.context.block.storage_class,
            resources=kubernetes.core.v1.VolumeResourceRequirementsArgs(requests={"storage": size}),
        ),
        # an object of a namespace cannot be created before it; no Output says so
        opts=scope.opts(depends_on=[base.network.namespace]),
    )


def _service(scope: Scope, base: KubernetesBaseResources, part: str) -> pulumi.Resource:
    """Address `cache` or `cache-NAME`; its only pod may not be ready yet, so an update does not wait for endpoints."""
    context = base.context
    return kubernetes.core.v1.Service(
        scope.named("service"),
        metadata=metadata(scope, context, part, part, annotations={SKIP_AWAIT: "true"}),
        spec=kubernetes.core.v1.ServiceSpecArgs(
            selector=dict(context.selector(part)),
            ports=[
                kubernetes.core.v1.ServicePortArgs(name=PORT_NAME, port=CACHE_PORT, target_port=CACHE_PORT),
                kubernetes.core.v1.ServicePortArgs(name=METRICS, port=EXPORTER_PORT, target_port=EXPORTER_PORT),
            ],
        ),
        # an object of a namespace cannot be created before it; no Output says so
        opts=scope.opts(depends_on=[base.network.namespace]),
    )


def _policy(scope: Scope, base: KubernetesBaseResources, cache: CacheInstance) -> pulumi.Resource:
    """Connections of the services that use the cache, and of Prometheus to the exporter; the server opens none."""
    context, part = base.context, cache.part
    users = [component_peer(context, user) for user in cache.users]
    return create_policy(
        scope,
        context,
        part,
        selector(context, part),
        component=part,
        ingress=[
            *([allow_from(users, CACHE_PORT)] if users else []),
            allow_from([namespace_peer(context.block.monitoring_namespace)], EXPORTER_PORT),
        ],
        depends_on=[base.network.namespace],
    )
