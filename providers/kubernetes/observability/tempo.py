"""Grafana Tempo, which receives the spans of the services and keeps them in a volume.

Services send OTLP over HTTP; Grafana queries it from the monitoring namespace. The data source is a ConfigMap that the sidecar of
Grafana's Helm chart loads.
"""

import json
from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as kubernetes

from providers.contract.component import Scope
from providers.contract.spans import sent_over_http
from providers.contract.spec.operations import Tracing
from providers.kubernetes.base.identity import create_account
from providers.kubernetes.base.platform_images import TRACES, image_of
from providers.kubernetes.base.pods import container_security, pod_security, resources
from providers.kubernetes.base.resources import KubernetesBaseResources
from providers.kubernetes.base.secrets import SKIP_AWAIT, generated_name, metadata, pod_metadata, selector
from providers.kubernetes.context import KubernetesContext
from providers.kubernetes.naming import CONFIG_FOLDER, TEMPO
from providers.kubernetes.network.flows import SPAN_PORT
from providers.kubernetes.network.policies import allow_from, component_peer, create_policy, namespace_peer
from providers.kubernetes.pod_sizes import TEMPO as TEMPO_SIZE

QUERY_PORT, INTERNAL_PORT = 3200, 9095
VOLUME_GIB = 20
DATA_FOLDER, CONFIGURATION = "/var/tempo", "tempo.yaml"
MAX_UID = 40
SETTINGS, DATA = "settings", "data"
DATA_SOURCE_LABEL = {"grafana_datasource": "1"}


def span_variables(base: KubernetesBaseResources) -> Mapping[str, pulumi.Input[str]]:
    """Variables by which services find the receiver of spans."""
    return sent_over_http(f"http://{TEMPO}:{SPAN_PORT}")


def create_tempo(scope: Scope, base: KubernetesBaseResources) -> None:
    """Tempo with its volume; nothing without `monitoring.tracing`."""
    tracing = base.spec.monitoring.tracing
    if tracing is None:
        return
    context = base.context
    after_namespace = scope.opts(depends_on=[base.network.namespace])
    settings = kubernetes.core.v1.ConfigMap(
        scope.named("traces-settings"),
        metadata=metadata(scope, context, TEMPO),
        immutable=True,
        data={CONFIGURATION: tempo_document(tracing)},
        opts=after_namespace,
    )
    claim = kubernetes.core.v1.PersistentVolumeClaim(
        scope.named("traces-data"),
        metadata=metadata(scope, context, TEMPO, f"{TEMPO}-data", annotations={SKIP_AWAIT: "true"}),
        spec=kubernetes.core.v1.PersistentVolumeClaimSpecArgs(
            access_modes=["ReadWriteOnce"],
            storage_class_name=context.block.storage_class,
            resources=kubernetes.core.v1.VolumeResourceRequirementsArgs(requests={"storage": f"{VOLUME_GIB}Gi"}),
        ),
        opts=after_namespace,
    )
    ready = [*base.ready(), _policy(scope, base), _service(scope, base)]
    claim_name = claim.metadata.apply(lambda values: str(values.name))
    _server(scope, base, generated_name(settings), claim_name, ready)
    _data_source(scope, base)


def _server(
    scope: Scope,
    base: KubernetesBaseResources,
    settings: pulumi.Output[str],
    claim: pulumi.Output[str],
    ready: list[pulumi.Resource],
) -> None:
    context = base.context
    create_account(scope, context, TEMPO, base.registry, base.network.namespace)
    kubernetes.apps.v1.StatefulSet(
        scope.named("traces"),
        metadata=metadata(scope, context, TEMPO, TEMPO),
        spec=kubernetes.apps.v1.StatefulSetSpecArgs(
            replicas=1,
            service_name=TEMPO,
            selector=selector(context, TEMPO),
            template=kubernetes.core.v1.PodTemplateSpecArgs(
                metadata=pod_metadata(scope, context, TEMPO),
                spec=kubernetes.core.v1.PodSpecArgs(
                    service_account_name=TEMPO,
                    automount_service_account_token=False,
                    enable_service_links=False,
                    security_context=pod_security(),
                    containers=[_container(base)],
                    volumes=_volumes(settings, claim),
                ),
            ),
        ),
        # pods without policies have no connections; no Output says that these come first
        opts=scope.opts(depends_on=ready),
    )


def _container(base: KubernetesBaseResources) -> "kubernetes.core.v1.ContainerArgs":
    return kubernetes.core.v1.ContainerArgs(
        name=TEMPO,
        image=image_of(base.spec, TRACES),
        image_pull_policy="IfNotPresent",
        args=[f"-config.file={CONFIG_FOLDER}/{CONFIGURATION}"],
        ports=[
            kubernetes.core.v1.ContainerPortArgs(name="otlp", container_port=SPAN_PORT),
            kubernetes.core.v1.ContainerPortArgs(name="query", container_port=QUERY_PORT),
        ],
        resources=resources(TEMPO_SIZE.vcpu, TEMPO_SIZE.memory_gib),
        security_context=container_security(),
        readiness_probe=kubernetes.core.v1.ProbeArgs(
            http_get=kubernetes.core.v1.HTTPGetActionArgs(path="/ready", port="query"), period_seconds=10
        ),
        volume_mounts=[
            kubernetes.core.v1.VolumeMountArgs(name=SETTINGS, mount_path=CONFIG_FOLDER, read_only=True),
            kubernetes.core.v1.VolumeMountArgs(name=DATA, mount_path=DATA_FOLDER),
        ],
    )


def _volumes(settings: pulumi.Output[str], claim: pulumi.Output[str]) -> list["kubernetes.core.v1.VolumeArgs"]:
    return [
        kubernetes.core.v1.VolumeArgs(
            name=SETTINGS, config_map=kubernetes.core.v1.ConfigMapVolumeSourceArgs(name=settings)
        ),
        kubernetes.core.v1.VolumeArgs(
            name=DATA,
            persistent_volume_claim=kubernetes.core.v1.PersistentVolumeClaimVolumeSourceArgs(claim_name=claim),
        ),
    ]


def _policy(scope: Scope, base: KubernetesBaseResources) -> pulumi.Resource:
    context = base.context
    services = [component_peer(context, name) for name in base.spec.services]
    return create_policy(
        scope,
        context,
        TEMPO,
        selector(context, TEMPO),
        component=TEMPO,
        ingress=[
            allow_from(services, SPAN_PORT),
            allow_from([namespace_peer(context.block.monitoring_namespace)], QUERY_PORT),
        ],
        depends_on=[base.network.namespace],
    )


def _service(scope: Scope, base: KubernetesBaseResources) -> pulumi.Resource:
    context = base.context
    return kubernetes.core.v1.Service(
        scope.named("traces-service"),
        metadata=metadata(scope, context, TEMPO, TEMPO, annotations={SKIP_AWAIT: "true"}),
        spec=kubernetes.core.v1.ServiceSpecArgs(
            selector=dict(context.selector(TEMPO)),
            ports=[
                kubernetes.core.v1.ServicePortArgs(name="otlp", port=SPAN_PORT, target_port="otlp"),
                kubernetes.core.v1.ServicePortArgs(name="query", port=QUERY_PORT, target_port="query"),
            ],
        ),
        # an object of a namespace cannot be created before it; no Output says so
        opts=scope.opts(depends_on=[base.network.namespace]),
    )


def _data_source(scope: Scope, base: KubernetesBaseResources) -> None:
    context = base.context
    source = {
        "name": f"Tempo {context.namespace}",
        "type": "tempo",
        "uid": data_source_uid(context),
        "access": "proxy",
        "url": f"http://{context.host(TEMPO)}:{QUERY_PORT}",
        "editable": False,
    }
    kubernetes.core.v1.ConfigMap(
        scope.named("traces-data-source"),
        metadata=metadata(scope, context, TEMPO, f"{TEMPO}-data-source", labels=DATA_SOURCE_LABEL),
        data={f"{context.namespace}-traces.yaml": json.dumps({"apiVersion": 1, "datasources": [source]})},
        # an object of a namespace cannot be created before it; no Output says so
        opts=scope.opts(depends_on=[base.network.namespace]),
    )


def data_source_uid(context: KubernetesContext) -> str:
    """Unique ID of the data source in the Grafana that platforms share."""
    return f"traces-{context.namespace}"[:MAX_UID]


def tempo_document(tracing: Tracing) -> str:
    """Configuration of Tempo in JSON, which is YAML."""
    document = {
        "server": {
            "http_listen_port": QUERY_PORT,
            # between the parts of this one process
            "grpc_listen_address": "127.0.0.1",
            "grpc_listen_port": INTERNAL_PORT,
        },
        "distributor": {"receivers": {"otlp": {"protocols": {"http": {"endpoint": f"0.0.0.0:{SPAN_PORT}"}}}}},
        "ingester": {"lifecycler": {"address": "127.0.0.1"}},
        "compactor": {"compaction": {"block_retention": f"{tracing.retention_days * 24}h"}},
        "storage": {
            "trace": {
                "backend": "local",
                "local": {"path": f"{DATA_FOLDER}/blocks"},
                "wal": {"path": f"{DATA_FOLDER}/wal"},
            }
        },
        "usage_report": {"reporting_enabled": False},
    }
    return json.dumps(document, indent=2)
