"""Redis-compatible cache: Valkey in one pod with TLS, a password and a volume, or an external server.

The append-only file is synced to the volume every second, so that a queue survives a restart. The volume is an object beside
the StatefulSet: a template of claims cannot be changed, so a larger cache would replace the StatefulSet.
"""

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

from providers.contract.component import Scope
from providers.contract.credentials import generated_password, redis_url
from providers.contract.results import Cache, SecretRef
from providers.contract.spec import CacheSpec
from providers.contract.variables import REDIS_CA_FILE, REDIS_URL
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
from providers.kubernetes.naming import CACHE, METRICS
from providers.kubernetes.network.flows import CACHE_PORT
from providers.kubernetes.network.policies import allow_from, component_peer, create_policy, namespace_peer

PORT_NAME = "redis"
GRACE_SECONDS = 30
"""Time in which the server writes what it has not synced."""


@dataclass(frozen=True)
class KubernetesCache(Cache):
    """Cache; `server` is None for an external one."""

    server: pulumi.Resource | None


def create_cache(scope: Scope, base: KubernetesBaseResources) -> KubernetesCache:
    """Cache for the services that use it."""
    spec = base.spec.cache
    if spec is None:
        raise ValueError("the platform has no cache")
    if base.context.block.cache.external:
        return _external(scope, base)
    password = generated_password(scope)
    certificate = create_certificate(scope, base.context.stack, [CACHE, base.context.host(CACHE)])
    server = _server(scope, base, spec, password, certificate)
    url = redis_url(password, CACHE, CACHE_PORT, tls=True, ca_file=REDIS_CA_FILE)
    reference = base.secret(scope, "url", url)
    return KubernetesCache(
        host=pulumi.Output.from_input(CACHE),
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
    spec: CacheSpec,
    password: pulumi.Output[str],
    certificate: CacheCertificate,
) -> pulumi.Resource:
    """StatefulSet with one replica: it never runs two, which would corrupt the volume."""
    context = base.context
    files = create_opaque(scope, context, "files", _files(spec, password, certificate), base.network.namespace)
    claim = _claim(scope, base, spec)
    policy = _policy(scope, base)
    account = create_account(scope, context, CACHE, base.registry, base.network.namespace)
    service = _service(scope, base)
    return kubernetes.apps.v1.StatefulSet(
        scope.named("server"),
        metadata=metadata(scope, context, CACHE, CACHE),
        spec=kubernetes.apps.v1.StatefulSetSpecArgs(
            replicas=1,
            service_name=CACHE,
            selector=selector(context, CACHE),
            template=kubernetes.core.v1.PodTemplateSpecArgs(
                metadata=pod_metadata(scope, context, CACHE),
                spec=kubernetes.core.v1.PodSpecArgs(
                    service_account_name=account.metadata.apply(lambda values: str(values.name)),
                    automount_service_account_token=False,
                    enable_service_links=False,
                    security_context=pod_security(),
                    termination_grace_period_seconds=GRACE_SECONDS,
                    containers=containers(context, spec, generated_name(files)),
                    volumes=volumes(generated_name(files), claim.metadata.apply(lambda values: str(values.name))),
                ),
            ),
        ),
        # pods without policies have no connections; no Output says that these come first
        opts=scope.opts(depends_on=[*base.ready(), policy, service]),
    )


def _files(
    spec: CacheSpec, password: pulumi.Output[str], certificate: CacheCertificate
) -> dict[str, pulumi.Output[str]]:
    settings = pulumi.Output.concat(configuration(spec), "requirepass ", password, "\n")
    return {
        CONFIGURATION: pulumi.Output.secret(settings),
        PASSWORD: password,
        CERTIFICATE: certificate.certificate,
        KEY: certificate.key,
        AUTHORITY: certificate.authority,
    }


def _claim(scope: Scope, base: KubernetesBaseResources, spec: CacheSpec) -> "kubernetes.core.v1.PersistentVolumeClaim":
    """Volume of the entries; it is bound when the pod starts, so an update does not wait for it before."""
    size = memory_quantity(volume_gib(spec))
    return kubernetes.core.v1.PersistentVolumeClaim(
        scope.named("data"),
        metadata=metadata(scope, base.context, CACHE, f"{CACHE}-data", annotations={SKIP_AWAIT: "true"}),
        spec=kubernetes.core.v1.PersistentVolumeClaimSpecArgs(
            access_modes=["ReadWriteOnce"],
            storage_class_name=base.context.block.storage_class,
            resources=kubernetes.core.v1.VolumeResourceRequirementsArgs(requests={"storage": size}),
        ),
        # an object of a namespace cannot be created before it; no Output says so
        opts=scope.opts(depends_on=[base.network.namespace]),
    )


def _service(scope: Scope, base: KubernetesBaseResources) -> pulumi.Resource:
    """Address `cache`; its only pod may not be ready yet, so an update does not wait for endpoints."""
    context = base.context
    return kubernetes.core.v1.Service(
        scope.named("service"),
        metadata=metadata(scope, context, CACHE, CACHE, annotations={SKIP_AWAIT: "true"}),
        spec=kubernetes.core.v1.ServiceSpecArgs(
            selector=dict(context.selector(CACHE)),
            ports=[
                kubernetes.core.v1.ServicePortArgs(name=PORT_NAME, port=CACHE_PORT, target_port=CACHE_PORT),
                kubernetes.core.v1.ServicePortArgs(name=METRICS, port=EXPORTER_PORT, target_port=EXPORTER_PORT),
            ],
        ),
        # an object of a namespace cannot be created before it; no Output says so
        opts=scope.opts(depends_on=[base.network.namespace]),
    )


def _policy(scope: Scope, base: KubernetesBaseResources) -> pulumi.Resource:
    """Connections of the services that use the cache, and of Prometheus to the exporter; the server opens none."""
    context = base.context
    users = [component_peer(context, user) for user in base.spec.users_of("cache")]
    return create_policy(
        scope,
        context,
        CACHE,
        selector(context, CACHE),
        component=CACHE,
        ingress=[
            *([allow_from(users, CACHE_PORT)] if users else []),
            allow_from([namespace_peer(context.block.monitoring_namespace)], EXPORTER_PORT),
        ],
        depends_on=[base.network.namespace],
    )
