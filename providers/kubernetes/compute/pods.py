"""Pods of a service, which its Deployment, its jobs and its release command share."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

from providers.contract.component import Scope
from providers.contract.results import Environment, SecretRef
from providers.contract.scrape_endpoints import scrape_endpoint
from providers.kubernetes.base.platform_images import service_image
from providers.kubernetes.base.pods import (
    TMP,
    TMP_MIB,
    container_security,
    pod_security,
    resources,
    tmp_mount,
    tmp_volume,
)
from providers.kubernetes.base.resources import KubernetesBaseResources
from providers.kubernetes.base.secrets import KEY, pod_metadata, selector
from providers.kubernetes.compute.health import (
    PRE_STOP_SECONDS,
    ReplicaProbe,
    grace_seconds,
    has_probe,
    liveness_probe,
    readiness_probe,
    startup_probe,
)
from providers.kubernetes.context import pod_labels
from providers.kubernetes.naming import HTTP, METRICS, TASK_LABEL
from providers.kubernetes.network.flows import has_metrics_port
from providers.kubernetes.storage.resources import KubernetesObjectStore

FILE_MODE = 0o440
ZONE, HOST = "topology.kubernetes.io/zone", "kubernetes.io/hostname"
ARCHITECTURE = "kubernetes.io/arch"


@dataclass(frozen=True)
class ServicePods:
    """Service whose containers run, with its variables and the bucket that it may use."""

    base: KubernetesBaseResources
    name: str
    environment: Environment
    storage: KubernetesObjectStore | None

    @property
    def uses_bucket(self) -> bool:
        """True for a service with `uses: [storage]`."""
        return "storage" in self.base.spec.services[self.name].uses

    @property
    def secrets(self) -> Mapping[str, SecretRef]:
        """Variables whose values are in Secrets."""
        bucket = self.storage.secrets if self.storage is not None and self.uses_bucket else {}
        return {**bucket, **self.environment.secrets}

    @property
    def plain(self) -> Mapping[str, pulumi.Input[str]]:
        """Variables with plain values; the only writable folder is the home."""
        bucket = self.storage.plain if self.storage is not None and self.uses_bucket else {}
        return {"HOME": TMP, **bucket, **self.environment.plain}

    @property
    def ready(self) -> list[pulumi.Resource]:
        """Resources that must exist before a pod starts: no pod is without its network policies, and none waits for a Secret."""
        stored = [each for ref in self.secrets.values() for each in ref.grants]
        return list(dict.fromkeys([*self.base.ready(self.name), *stored, *self.environment.prerequisites(self.name)]))


def replica_template(scope: Scope, pods: ServicePods, component: str) -> "kubernetes.core.v1.PodTemplateSpecArgs":
    """Pods of a Deployment; `component` is the service, or its new revision during a rollout."""
    spec = pods.base.spec
    service = spec.services[pods.name]
    container = _container(pods, service.command)
    container.ports = list(_ports(pods)) or None
    if has_probe(service):
        container.startup_probe = _probe(startup_probe(service))
        container.readiness_probe = _probe(readiness_probe(service))
        container.liveness_probe = _probe(liveness_probe(service))
    if service.port is not None:
        pause = kubernetes.core.v1.SleepActionArgs(seconds=PRE_STOP_SECONDS)
        container.lifecycle = kubernetes.core.v1.LifecycleArgs(
            pre_stop=kubernetes.core.v1.LifecycleHandlerArgs(sleep=pause)
        )
    pod = _pod(pods, container)
    pod.termination_grace_period_seconds = grace_seconds(spec)
    pod.topology_spread_constraints = _spread(pods, component)
    return _template(scope, pods, component, pod)


def task_template(
    scope: Scope, pods: ServicePods, component: str, command: Sequence[str], timeout_seconds: int, name: str
) -> "kubernetes.core.v1.PodTemplateSpecArgs":
    """Pod of the task `name`, which runs a command once with the image, variables, identity and network of the service.

    The deadline is that of the pod: that of a Job would count all of its attempts together.
    """
    pod = _pod(pods, _container(pods, command))
    pod.restart_policy = "Never"
    pod.active_deadline_seconds = timeout_seconds
    return _template(scope, pods, component, pod, {TASK_LABEL: name})


def _template(
    scope: Scope,
    pods: ServicePods,
    component: str,
    pod: "kubernetes.core.v1.PodSpecArgs",
    own_labels: Mapping[str, str] | None = None,
) -> "kubernetes.core.v1.PodTemplateSpecArgs":
    labels = {**pod_labels(pods.base.spec, pods.name), **(own_labels or {})}
    metadata = pod_metadata(scope, pods.base.context, component, labels)
    return kubernetes.core.v1.PodTemplateSpecArgs(metadata=metadata, spec=pod)


def _pod(pods: ServicePods, container: "kubernetes.core.v1.ContainerArgs") -> "kubernetes.core.v1.PodSpecArgs":
    service = pods.base.spec.services[pods.name]
    return kubernetes.core.v1.PodSpecArgs(
        service_account_name=pods.name,
        automount_service_account_token=False,
        # variables of every Service, such as WEB_PORT, would collide with those of the platform
        enable_service_links=False,
        security_context=pod_security(),
        node_selector={ARCHITECTURE: service.architecture},
        containers=[container],
        volumes=[tmp_volume(), *_file_volumes(pods)],
    )


def _container(pods: ServicePods, command: Sequence[str]) -> "kubernetes.core.v1.ContainerArgs":
    service = pods.base.spec.services[pods.name]
    return kubernetes.core.v1.ContainerArgs(
        name=pods.name,
        image=_image(pods),
        image_pull_policy="IfNotPresent",
        # `command` of the spec replaces the command of an image and keeps its entry point: `args` of Kubernetes
        args=list(command) or None,
        env=list(_variables(pods)),
        resources=resources(service.size.vcpu, service.size.memory_gib, ephemeral_mib=2 * TMP_MIB),
        security_context=container_security(),
        volume_mounts=[tmp_mount(), *_file_mounts(pods)],
    )


def _image(pods: ServicePods) -> pulumi.Input[str]:
    """Image of the service; one that a program computes names its registry itself."""
    image = pods.base.context.values.image(pods.base.spec, pods.name)
    return service_image(pods.base.spec, image) if isinstance(image, str) else image


def _variables(pods: ServicePods) -> Iterator["kubernetes.core.v1.EnvVarArgs"]:
    for name, value in pods.plain.items():
        if name not in pods.secrets:
            yield kubernetes.core.v1.EnvVarArgs(name=name, value=value)
    for name, secret in pods.secrets.items():
        source = kubernetes.core.v1.SecretKeySelectorArgs(name=secret.reference, key=KEY)
        yield kubernetes.core.v1.EnvVarArgs(
            name=name, value_from=kubernetes.core.v1.EnvVarSourceArgs(secret_key_ref=source)
        )


def _file_volumes(pods: ServicePods) -> Iterator["kubernetes.core.v1.VolumeArgs"]:
    for number, (path, secret) in enumerate(pods.environment.files.items()):
        item = kubernetes.core.v1.KeyToPathArgs(key=KEY, path=path.rpartition("/")[2])
        yield kubernetes.core.v1.VolumeArgs(
            name=f"file-{number}",
            secret=kubernetes.core.v1.SecretVolumeSourceArgs(
                secret_name=secret.reference, default_mode=FILE_MODE, items=[item]
            ),
        )


def _file_mounts(pods: ServicePods) -> Iterator["kubernetes.core.v1.VolumeMountArgs"]:
    for number, path in enumerate(pods.environment.files):
        yield kubernetes.core.v1.VolumeMountArgs(
            name=f"file-{number}", mount_path=path.rpartition("/")[0], read_only=True
        )


def _ports(pods: ServicePods) -> Iterator["kubernetes.core.v1.ContainerPortArgs"]:
    service = pods.base.spec.services[pods.name]
    if service.port is not None:
        yield kubernetes.core.v1.ContainerPortArgs(name=HTTP, container_port=service.port, protocol="TCP")
    endpoint = scrape_endpoint(service)
    if endpoint is not None and has_metrics_port(pods.base.spec, pods.name):
        yield kubernetes.core.v1.ContainerPortArgs(name=METRICS, container_port=endpoint.port, protocol="TCP")


def _probe(probe: ReplicaProbe) -> "kubernetes.core.v1.ProbeArgs":
    values = kubernetes.core.v1.ProbeArgs(
        period_seconds=probe.period_seconds,
        timeout_seconds=probe.timeout_seconds,
        success_threshold=probe.success_threshold,
        failure_threshold=probe.failure_threshold,
    )
    if probe.command:
        values.exec_ = kubernetes.core.v1.ExecActionArgs(command=list(probe.command))
    elif probe.path is not None:
        values.http_get = kubernetes.core.v1.HTTPGetActionArgs(path=probe.path, port=HTTP, scheme="HTTP")
    else:
        values.tcp_socket = kubernetes.core.v1.TCPSocketActionArgs(port=HTTP)
    return values


def _spread(pods: ServicePods, component: str) -> list["kubernetes.core.v1.TopologySpreadConstraintArgs"]:
    """Replicas of one revision over zones, which production requires, and over nodes, which is preferred."""
    context = pods.base.context
    required = context.production and pods.base.spec.services[pods.name].replicas.min >= context.spec.network.zones

    def constraint(key: str, *, must: bool) -> "kubernetes.core.v1.TopologySpreadConstraintArgs":
        return kubernetes.core.v1.TopologySpreadConstraintArgs(
            topology_key=key,
            max_skew=1,
            # the server accepts a minimum of domains for a required spread only
            min_domains=context.spec.network.zones if must else None,
            when_unsatisfiable="DoNotSchedule" if must else "ScheduleAnyway",
            label_selector=selector(context, component),
            # without it, old and new replicas would be counted together, and an update would be uneven
            match_label_keys=["pod-template-hash"],
            node_taints_policy="Honor",
        )

    return [constraint(ZONE, must=required), constraint(HOST, must=False)]
