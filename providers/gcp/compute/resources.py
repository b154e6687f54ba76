"""Cloud Run services for services with a port, and worker pools for those without.

A service is reachable through the load balancer if it has a path, and from its callers in the network if another service
lists it under `calls`. A caller uses the callee's address, which Cloud Run derives from name, project number and region,
and authenticates with an ID token whose audience is that address. In Python the token comes from the metadata server,
without a key or a file (package `google-auth[requests]`):

    import os, google.auth.transport.requests, google.oauth2.id_token
    audience = os.environ["CHAT_URL"]
    token = google.oauth2.id_token.fetch_id_token(google.auth.transport.requests.Request(), audience)
    httpx.get(f"{audience}/threads", headers={"Authorization": f"Bearer {token}"})

A token is valid for one hour. A service that is not a caller gets status 403; from outside the network the address
returns 404. Routed services need no token: the load balancer sends none, and the entry admits requests.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.results import Environment
from providers.contract.rollout import RolloutPosition
from providers.contract.spans import without_spans
from providers.contract.spec import Service
from providers.gcp.base.resources import GcpBaseResources
from providers.gcp.compute.containers import (
    service_container,
    service_volumes,
    worker_container,
    worker_volumes,
)
from providers.gcp.compute.limits import has_sidecar
from providers.gcp.compute.metrics_sidecar import MetricsSidecar, create_metrics_sidecar
from providers.gcp.compute.rollout import traffic_of
from providers.gcp.compute.scaling import GcpScaling, service_scaling
from providers.gcp.compute.smoke import opens_default_url
from providers.gcp.compute.spans_sidecar import spans_container
from providers.gcp.entry.limits import MAX_REQUEST_SECONDS
from providers.gcp.naming import APP_CONTAINER, run_name

DEPLOYER_ROLE = "roles/run.developer"
INVOKER_ROLE = "roles/run.invoker"

RunResource = gcp.cloudrunv2.Service | gcp.cloudrunv2.WorkerPool


@dataclass(frozen=True)
class GcpCompute:
    """Cloud Run services and worker pools by service name."""

    services: Mapping[str, gcp.cloudrunv2.Service]
    workers: Mapping[str, gcp.cloudrunv2.WorkerPool]


def create_compute(
    scope: Scope,
    base: GcpBaseResources,
    environments: Mapping[str, Environment],
    positions: Mapping[str, RolloutPosition],
) -> GcpCompute:
    """Create a Cloud Run service or worker pool for each service, and the grants of its callers and the deployer."""
    spec = base.spec
    services: dict[str, gcp.cloudrunv2.Service] = {}
    workers: dict[str, gcp.cloudrunv2.WorkerPool] = {}
    for name, service in spec.services.items():
        scaling = service_scaling(spec, service)
        if service.port is None:
            # no sidecar receives spans in a worker pool
            workers[name] = _create_worker_pool(scope, base, name, without_spans(environments[name]), scaling)
        else:
            services[name] = _create_service(scope, base, name, environments[name], scaling, positions.get(name))
    for callee, resource in services.items():
        for caller in spec.callers_of(callee):
            _grant_invoker(scope, base, caller, callee, resource)
    run_resources: dict[str, RunResource] = {**services, **workers}
    for name, resource in run_resources.items():
        _grant_deployer(scope, base, name, resource)
    return GcpCompute(services, workers)


def service_address(base: GcpBaseResources, service: str) -> pulumi.Input[str]:
    """`https://<name>-<project number>.<region>.run.app`; empty for a worker, which accepts no connections."""
    if base.spec.services[service].port is None:
        return ""
    name = run_name(base.context.stack, service)
    return pulumi.Output.concat("https://", name, "-", base.project_number, f".{base.context.region}.run.app")


def _create_service(
    scope: Scope,
    base: GcpBaseResources,
    name: str,
    environment: Environment,
    scaling: GcpScaling,
    position: RolloutPosition | None,
) -> gcp.cloudrunv2.Service:
    context, service = base.context, base.spec.services[name]
    is_called = bool(base.spec.callers_of(name))
    sidecar = create_metrics_sidecar(scope, base, name, APP_CONTAINER) if base.spec.monitoring.prometheus else None
    if not has_sidecar(base.spec, service):
        # the configuration of a service without metrics stays: production refuses to delete a secret
        sidecar = None
    config = sidecar.config.prerequisites(name) if sidecar else ()
    return gcp.cloudrunv2.Service(
        scope.named(name),
        name=run_name(context.stack, name),
        project=context.project,
        location=context.region,
        ingress=_ingress(service),
        # only callers inside the network, and smoke tests, use the service's own address; it would bypass the load balancer
        default_uri_disabled=not is_called and not opens_default_url(service, position),
        custom_audiences=[service_address(base, name)] if is_called else None,
        # the load balancer sends no identity, so the entry alone admits requests to a routed service
        invoker_iam_disabled=service.path is not None,
        deletion_protection=context.production,
        scaling=_service_bounds(scaling),
        template=_service_template(base, name, environment, scaling, sidecar),
        traffics=[
            gcp.cloudrunv2.ServiceTrafficArgs(
                type=target.type, percent=target.percent, revision=target.revision, tag=target.tag
            )
            for target in traffic_of(position)
        ],
        # no input refers to what the first revision needs: grants, secret values, routes
        opts=scope.opts(depends_on=[*prerequisites(base, name, environment), *config]),
    )


def _create_worker_pool(
    scope: Scope, base: GcpBaseResources, name: str, environment: Environment, scaling: GcpScaling
) -> gcp.cloudrunv2.WorkerPool:
    context, service = base.context, base.spec.services[name]
    return gcp.cloudrunv2.WorkerPool(
        scope.named(name),
        name=run_name(context.stack, name),
        project=context.project,
        location=context.region,
        deletion_protection=context.production,
        scaling=_worker_bounds(scaling),
        template=gcp.cloudrunv2.WorkerPoolTemplateArgs(
            service_account=base.identity.accounts[name].email,
            encryption_key=base.keys.usable["run"],
            containers=[worker_container(service, base.registry.images[name], environment)],
            volumes=worker_volumes(environment.files) or None,
            vpc_access=_worker_network(base, name),
        ),
        # no input refers to what the first revision needs: grants, secret values, routes
        opts=scope.opts(depends_on=prerequisites(base, name, environment)),
    )


def prerequisites(base: GcpBaseResources, name: str, environment: Environment) -> list[pulumi.Resource]:
    """Return the grants, secret values, images, routes and rules that a replica needs at startup.

    Without them the first revision fails its startup probe, and Cloud Run keeps the service in a failed state.
    """
    grants = [*base.identity.grants[name], *base.registry.grants[name]]
    return [*grants, *environment.prerequisites(name), *base.network.ready]


def _ingress(service: Service) -> str:
    return "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER" if service.path is not None else "INGRESS_TRAFFIC_INTERNAL_ONLY"


def _service_bounds(scaling: GcpScaling) -> gcp.cloudrunv2.ServiceScalingArgs:
    if scaling.is_fixed:
        return gcp.cloudrunv2.ServiceScalingArgs(scaling_mode="MANUAL", manual_instance_count=scaling.min_replicas)
    return gcp.cloudrunv2.ServiceScalingArgs(
        scaling_mode="AUTOMATIC", min_instance_count=scaling.min_replicas, max_instance_count=scaling.max_replicas
    )


def _worker_bounds(scaling: GcpScaling) -> gcp.cloudrunv2.WorkerPoolScalingArgs:
    """Fixed number: the API has no other setting of a worker pool (`GoogleCloudRunV2WorkerPoolScaling`)."""
    return gcp.cloudrunv2.WorkerPoolScalingArgs(manual_instance_count=scaling.min_replicas)


def _revision_targets(scaling: GcpScaling) -> gcp.cloudrunv2.ServiceTemplateScalingArgs | None:
    """Scaling targets, with the maximum again: the default maximum of a revision is 100."""
    if scaling.is_fixed:
        return None
    return gcp.cloudrunv2.ServiceTemplateScalingArgs(
        max_instance_count=scaling.max_replicas,
        cpu_utilization=scaling.cpu_utilization,
        concurrency_utilization=scaling.concurrency_utilization,
    )


def _service_template(
    base: GcpBaseResources,
    name: str,
    environment: Environment,
    scaling: GcpScaling,
    sidecar: MetricsSidecar | None,
) -> gcp.cloudrunv2.ServiceTemplateArgs:
    spec, service = base.spec, base.spec.services[name]
    app = service_container(spec, service, base.registry.images[name], environment)
    tracing = spec.monitoring.tracing
    spans = [spans_container(base.context, tracing, APP_CONTAINER)] if tracing else []
    return gcp.cloudrunv2.ServiceTemplateArgs(
        execution_environment="EXECUTION_ENVIRONMENT_GEN2",
        service_account=base.identity.accounts[name].email,
        encryption_key=base.keys.usable["run"],
        timeout=f"{MAX_REQUEST_SECONDS}s",
        max_instance_request_concurrency=scaling.concurrency,
        # Streamlit keeps a session in the memory of one replica, so a browser must return to it
        session_affinity=service.app == "streamlit",
        scaling=_revision_targets(scaling),
        containers=[app, *([sidecar.container] if sidecar else []), *spans],
        volumes=[*service_volumes(environment.files), *([sidecar.volume] if sidecar else [])] or None,
        vpc_access=_service_network(base, name),
    )


def _service_network(base: GcpBaseResources, name: str) -> gcp.cloudrunv2.ServiceTemplateVpcAccessArgs:
    interface = gcp.cloudrunv2.ServiceTemplateVpcAccessNetworkInterfaceArgs(
        network=base.network.network_id, subnetwork=base.network.subnet_id, tags=[base.network.tags[name]]
    )
    # all traffic uses the network: firewall rules, fixed addresses and closed egress apply to nothing else
    return gcp.cloudrunv2.ServiceTemplateVpcAccessArgs(egress="ALL_TRAFFIC", network_interfaces=[interface])


def _worker_network(base: GcpBaseResources, name: str) -> gcp.cloudrunv2.WorkerPoolTemplateVpcAccessArgs:
    interface = gcp.cloudrunv2.WorkerPoolTemplateVpcAccessNetworkInterfaceArgs(
        network=base.network.network_id, subnetwork=base.network.subnet_id, tags=[base.network.tags[name]]
    )
    return gcp.cloudrunv2.WorkerPoolTemplateVpcAccessArgs(egress="ALL_TRAFFIC", network_interfaces=[interface])


def _grant_invoker(
    scope: Scope, base: GcpBaseResources, caller: str, callee: str, service: gcp.cloudrunv2.Service
) -> None:
    gcp.cloudrunv2.ServiceIamMember(
        scope.named(f"{callee}-called-by-{caller}"),
        project=base.context.project,
        location=base.context.region,
        name=service.name,
        role=INVOKER_ROLE,
        member=base.identity.member(caller),
        opts=scope.opts(),
    )


def _grant_deployer(scope: Scope, base: GcpBaseResources, name: str, resource: RunResource) -> None:
    """Allow the deployer to roll out revisions of this service or worker pool; nothing without a deployer."""
    context, deployer = base.context, base.identity.deployer
    if deployer is None:
        return
    member_type = (
        gcp.cloudrunv2.ServiceIamMember
        if isinstance(resource, gcp.cloudrunv2.Service)
        else gcp.cloudrunv2.WorkerPoolIamMember
    )
    member_type(
        scope.named(f"{name}-deployer"),
        project=context.project,
        location=context.region,
        name=resource.name,
        role=DEPLOYER_ROLE,
        member=deployer,
        opts=scope.opts(),
    )
