"""HAProxy as the entry: replicas behind a load balancer of the cluster, which keeps the addresses of clients.

Every file is in a ConfigMap or Secret that Pulumi names, so another configuration replaces the replicas one after the other.
"""

from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as kubernetes

from providers.contract.authentication import guarded_services, key_variable
from providers.contract.component import Scope
from providers.contract.haproxy.admission import ANY_ADDRESS, key_files, key_map, key_map_file
from providers.contract.haproxy.sections import MAP_FILE, READY_PATH, drain_seconds
from providers.contract.naming import CONFIG_FOLDER
from providers.contract.rollout import RolloutPosition
from providers.kubernetes.base.identity import create_account
from providers.kubernetes.base.platform_images import PROXY, image_of
from providers.kubernetes.base.pods import container_security, pod_security, resources, tmp_mount, tmp_volume
from providers.kubernetes.base.resources import KubernetesBaseResources
from providers.kubernetes.base.secrets import create_opaque, generated_name, metadata, pod_metadata, pods_of, selector
from providers.kubernetes.compute.health import MIN_READY_SECONDS, PRE_STOP_SECONDS
from providers.kubernetes.compute.pods import HOST, ZONE
from providers.kubernetes.compute.rollout_limits import split_services
from providers.kubernetes.entry.gateway import create_certificate
from providers.kubernetes.entry.haproxy import (
    CERTIFICATE_FILE,
    CERTIFICATE_FOLDER,
    CONFIGURATION_FILE,
    HTTP_PORT,
    HTTPS_PORT,
    METRICS_PORT,
    SCRIPT_FILE,
    START_SCRIPT,
    configuration,
    map_text,
)
from providers.kubernetes.entry.limits import entry_replicas
from providers.kubernetes.naming import ENTRY, HTTP, METRICS
from providers.kubernetes.network.flows import ANYWHERE
from providers.kubernetes.network.policies import (
    allow_from,
    allow_to,
    block_peer,
    component_peer,
    create_policy,
    namespace_peer,
)
from providers.kubernetes.pod_sizes import PROXY as PROXY_SIZE

TMP_MIB = 64
FILE_MODE = 0o440
HTTPS = "https"
EKS_BALANCER = {
    "service.beta.kubernetes.io/aws-load-balancer-type": "nlb",
    "service.beta.kubernetes.io/aws-load-balancer-scheme": "internet-facing",
}
"""On EKS the default is a balancer that replaces the addresses of clients by its own."""


def create_proxy(
    scope: Scope, base: KubernetesBaseResources, positions: Mapping[str, RolloutPosition]
) -> "kubernetes.core.v1.Service":
    """HAProxy and its Service, whose status has the public address."""
    secret, ready = create_certificate(scope, base)
    account = create_account(scope, base.context, ENTRY, base.registry, base.network.namespace)
    policy = _policy(scope, base)
    volumes = [_files(scope, base, positions), _certificate(secret), tmp_volume(TMP_MIB)]
    deployment = kubernetes.apps.v1.Deployment(
        scope.named(),
        metadata=metadata(scope, base.context, ENTRY, ENTRY),
        spec=kubernetes.apps.v1.DeploymentSpecArgs(
            replicas=entry_replicas(base.spec),
            min_ready_seconds=MIN_READY_SECONDS,
            selector=selector(base.context, ENTRY),
            strategy=kubernetes.apps.v1.DeploymentStrategyArgs(
                type="RollingUpdate",
                rolling_update=kubernetes.apps.v1.RollingUpdateDeploymentArgs(max_unavailable=0, max_surge=1),
            ),
            template=kubernetes.core.v1.PodTemplateSpecArgs(
                metadata=pod_metadata(scope, base.context, ENTRY), spec=_pod(base, volumes)
            ),
        ),
        # a pod without its policies could connect to anything; certificate and account are named, which no Output expresses
        opts=scope.opts(depends_on=[*base.ready(), policy, account, *ready]),
    )
    _disruption_budget(scope, base)
    return _service(scope, base, deployment)


def _pod(
    base: KubernetesBaseResources, volumes: list["kubernetes.core.v1.VolumeArgs"]
) -> "kubernetes.core.v1.PodSpecArgs":
    return kubernetes.core.v1.PodSpecArgs(
        service_account_name=ENTRY,
        automount_service_account_token=False,
        enable_service_links=False,
        security_context=pod_security(),
        # HAProxy ends by itself before that
        termination_grace_period_seconds=PRE_STOP_SECONDS + drain_seconds(base.spec, base.spec.public.values()) + 5,
        topology_spread_constraints=[_spread(base, key) for key in (ZONE, HOST)],
        containers=[_container(base)],
        volumes=volumes,
    )


def _container(base: KubernetesBaseResources) -> "kubernetes.core.v1.ContainerArgs":
    def port(name: str, number: int) -> "kubernetes.core.v1.ContainerPortArgs":
        return kubernetes.core.v1.ContainerPortArgs(name=name, container_port=number, protocol="TCP")

    pause = kubernetes.core.v1.SleepActionArgs(seconds=PRE_STOP_SECONDS)
    return kubernetes.core.v1.ContainerArgs(
        name=ENTRY,
        image=image_of(base.spec, PROXY),
        image_pull_policy="IfNotPresent",
        command=["/bin/sh", f"{CONFIG_FOLDER}/{SCRIPT_FILE}"],
        ports=[port(HTTPS, HTTPS_PORT), port(HTTP, HTTP_PORT), port(METRICS, METRICS_PORT)],
        resources=resources(PROXY_SIZE.vcpu, PROXY_SIZE.memory_gib, ephemeral_mib=2 * TMP_MIB),
        security_context=container_security(),
        readiness_probe=kubernetes.core.v1.ProbeArgs(
            http_get=kubernetes.core.v1.HTTPGetActionArgs(path=READY_PATH, port=METRICS, scheme="HTTP"),
            period_seconds=5,
            timeout_seconds=5,
            failure_threshold=2,
        ),
        liveness_probe=kubernetes.core.v1.ProbeArgs(
            tcp_socket=kubernetes.core.v1.TCPSocketActionArgs(port=METRICS),
            initial_delay_seconds=10,
            period_seconds=10,
            timeout_seconds=5,
            failure_threshold=6,
        ),
        lifecycle=kubernetes.core.v1.LifecycleArgs(pre_stop=kubernetes.core.v1.LifecycleHandlerArgs(sleep=pause)),
        volume_mounts=[
            kubernetes.core.v1.VolumeMountArgs(name="files", mount_path=CONFIG_FOLDER, read_only=True),
            kubernetes.core.v1.VolumeMountArgs(name="certificate", mount_path=CERTIFICATE_FOLDER, read_only=True),
            tmp_mount(),
        ],
    )


def _spread(base: KubernetesBaseResources, key: str) -> "kubernetes.core.v1.TopologySpreadConstraintArgs":
    return kubernetes.core.v1.TopologySpreadConstraintArgs(
        topology_key=key,
        max_skew=1,
        when_unsatisfiable="ScheduleAnyway",
        label_selector=selector(base.context, ENTRY),
        match_label_keys=["pod-template-hash"],
    )


def _files(
    scope: Scope, base: KubernetesBaseResources, positions: Mapping[str, RolloutPosition]
) -> "kubernetes.core.v1.VolumeArgs":
    """Configuration, start script, shares of rollouts, and what clients are compared with."""
    spec, auth = base.spec, base.spec.ingress.auth
    plain = {CONFIGURATION_FILE: configuration(spec), SCRIPT_FILE: START_SCRIPT}
    if split_services(spec):
        plain[_name(MAP_FILE)] = map_text(spec, positions)
    if auth is not None and auth.mode == "jwt" and guarded_services(spec):
        plain |= {_name(path): key for path, key in key_files(auth).items()}
    files = kubernetes.core.v1.ConfigMap(
        scope.named("files"),
        metadata=metadata(scope, base.context, ENTRY),
        immutable=True,
        data=plain,
        opts=scope.opts(depends_on=[base.network.namespace]),
    )
    config = kubernetes.core.v1.ConfigMapProjectionArgs(name=generated_name(files))
    sources = [kubernetes.core.v1.VolumeProjectionArgs(config_map=config)]
    digests = _digests(base)
    if digests:
        stored = create_opaque(scope, base.context, "client-keys", digests, base.network.namespace)
        secret = kubernetes.core.v1.SecretProjectionArgs(name=generated_name(stored))
        sources.append(kubernetes.core.v1.VolumeProjectionArgs(secret=secret))
    projected = kubernetes.core.v1.ProjectedVolumeSourceArgs(default_mode=FILE_MODE, sources=sources)
    return kubernetes.core.v1.VolumeArgs(name="files", projected=projected)


def _digests(base: KubernetesBaseResources) -> dict[str, pulumi.Output[str]]:
    """Files with the digests of the clients' keys; the keys themselves are in the services only."""
    auth = base.spec.ingress.auth
    if auth is None or auth.mode != "api_key":
        return {}
    variables = dict.fromkeys(key_variable(service) for service in guarded_services(base.spec).values())
    return {_name(key_map_file(name)): _digest(name, base.client_keys[name]) for name in variables}


def _digest(variable: str, key: pulumi.Output[str]) -> pulumi.Output[str]:
    return pulumi.Output.secret(key.apply(lambda text: key_map(variable, text)))


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _certificate(secret: str) -> "kubernetes.core.v1.VolumeArgs":
    name = _name(CERTIFICATE_FILE)
    items = [
        kubernetes.core.v1.KeyToPathArgs(key="tls.crt", path=name),
        kubernetes.core.v1.KeyToPathArgs(key="tls.key", path=f"{name}.key"),
    ]
    source = kubernetes.core.v1.SecretVolumeSourceArgs(secret_name=secret, default_mode=FILE_MODE, items=items)
    return kubernetes.core.v1.VolumeArgs(name="certificate", secret=source)


def _policy(scope: Scope, base: KubernetesBaseResources) -> pulumi.Resource:
    """Connections of clients, of Prometheus, and to the public services alone."""
    context = base.context
    return create_policy(
        scope,
        context,
        ENTRY,
        pods_of(context, ENTRY),
        component=ENTRY,
        ingress=[
            allow_from([block_peer(ANYWHERE)], HTTPS_PORT, HTTP_PORT),
            allow_from([namespace_peer(context.block.monitoring_namespace)], METRICS_PORT),
        ],
        egress=[
            allow_to([component_peer(context, name)], service.port or 0) for name, service in base.spec.public.items()
        ],
        depends_on=[base.network.namespace],
    )


def _disruption_budget(scope: Scope, base: KubernetesBaseResources) -> None:
    kubernetes.policy.v1.PodDisruptionBudget(
        scope.named("disruption-budget"),
        metadata=metadata(scope, base.context, ENTRY, ENTRY),
        spec=kubernetes.policy.v1.PodDisruptionBudgetSpecArgs(
            max_unavailable=1, unhealthy_pod_eviction_policy="AlwaysAllow", selector=selector(base.context, ENTRY)
        ),
        opts=scope.opts(depends_on=[base.network.namespace]),
    )


def _service(scope: Scope, base: KubernetesBaseResources, deployment: pulumi.Resource) -> "kubernetes.core.v1.Service":
    """Load balancer; with the policy `Local` it keeps the addresses of clients, which rate limits count."""
    allowed = base.spec.ingress.allowed_cidrs
    annotations = EKS_BALANCER if base.context.block.flavour == "eks" else {}
    return kubernetes.core.v1.Service(
        scope.named("service"),
        metadata=metadata(scope, base.context, ENTRY, ENTRY, annotations=annotations),
        spec=kubernetes.core.v1.ServiceSpecArgs(
            type="LoadBalancer",
            external_traffic_policy="Local",
            load_balancer_source_ranges=None if ANY_ADDRESS in allowed else list(allowed),
            selector=dict(base.context.selector(ENTRY)),
            ports=[
                kubernetes.core.v1.ServicePortArgs(name=HTTPS, port=443, target_port=HTTPS, protocol="TCP"),
                kubernetes.core.v1.ServicePortArgs(name=HTTP, port=80, target_port=HTTP, protocol="TCP"),
            ],
        ),
        opts=scope.opts(depends_on=[deployment]),
    )
