"""A service that listens: Cloud Run, reachable by the load balancer and along `calls`, and in no other way."""

import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.results import Environment
from providers.contract.spec import Service
from providers.gcp.base.resources import GcpBaseResources
from providers.gcp.compute.address import service_address
from providers.gcp.compute.containers import APP, service_container
from providers.gcp.compute.environment import prerequisites
from providers.gcp.compute.files import service_volumes
from providers.gcp.compute.limits import has_sidecar
from providers.gcp.compute.scaling import GcpScaling, scaling_of
from providers.gcp.compute.sidecar import Sidecar, create_sidecar
from providers.gcp.entry.admission import LONGEST_REQUEST_SECONDS
from providers.gcp.naming import run_name

LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"


def create_service(scope: Scope, base: GcpBaseResources, name: str, environment: Environment) -> gcp.cloudrunv2.Service:
    """The Cloud Run service of a service with a port."""
    context, service = base.context, base.spec.services[name]
    called = bool(base.spec.callers_of(name))
    sidecar = create_sidecar(scope, base, name, APP) if has_sidecar(base.spec, service) else None
    config = sidecar.config.grants if sidecar else ()
    return gcp.cloudrunv2.Service(
        scope.named(name),
        name=run_name(context.stack, name),
        project=context.project,
        location=context.region,
        ingress=_ingress(service),
        # callers inside need the service's own address; nobody else does, and it would lead around the load balancer
        default_uri_disabled=not called,
        custom_audiences=[service_address(base, name)] if called else None,
        # the load balancer carries no identity, so a routed service lets everyone in that the entry lets through
        invoker_iam_disabled=service.path is not None,
        deletion_protection=context.production,
        scaling=_service_scaling(scaling_of(base.spec, service)),
        template=_template(base, name, environment, sidecar),
        traffics=[gcp.cloudrunv2.ServiceTrafficArgs(type=LATEST, percent=100)],
        # what a first revision needs and no input tells: rights, secret values, the way through the network
        opts=scope.opts(depends_on=[*prerequisites(base, name, environment), *config]),
    )


def let_call(scope: Scope, base: GcpBaseResources, caller: str, callee: str, service: gcp.cloudrunv2.Service) -> None:
    """The right of `caller` to invoke `service`, which is `callee`."""
    gcp.cloudrunv2.ServiceIamMember(
        scope.named(f"{callee}-called-by-{caller}"),
        project=base.context.project,
        location=base.context.region,
        name=service.name,
        role="roles/run.invoker",
        member=base.identity.member(caller),
        opts=scope.opts(),
    )


def _ingress(service: Service) -> str:
    return "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER" if service.path is not None else "INGRESS_TRAFFIC_INTERNAL_ONLY"


def _service_scaling(scaling: GcpScaling) -> gcp.cloudrunv2.ServiceScalingArgs:
    if scaling.fixed:
        return gcp.cloudrunv2.ServiceScalingArgs(scaling_mode="MANUAL", manual_instance_count=scaling.least)
    return gcp.cloudrunv2.ServiceScalingArgs(
        scaling_mode="AUTOMATIC", min_instance_count=scaling.least, max_instance_count=scaling.most
    )


def _revision_scaling(scaling: GcpScaling) -> gcp.cloudrunv2.ServiceTemplateScalingArgs | None:
    """The targets. The upper bound stands here too: a revision's own default of 100 would undercut a higher one."""
    if scaling.fixed:
        return None
    return gcp.cloudrunv2.ServiceTemplateScalingArgs(
        max_instance_count=scaling.most,
        cpu_utilization=scaling.cpu_utilization,
        concurrency_utilization=scaling.concurrency_utilization,
    )


def _template(
    base: GcpBaseResources, name: str, environment: Environment, sidecar: Sidecar | None
) -> gcp.cloudrunv2.ServiceTemplateArgs:
    spec, service = base.spec, base.spec.services[name]
    scaling = scaling_of(spec, service)
    app = service_container(spec, service, base.registry.images[name], environment)
    return gcp.cloudrunv2.ServiceTemplateArgs(
        execution_environment="EXECUTION_ENVIRONMENT_GEN2",
        service_account=base.identity.accounts[name].email,
        encryption_key=base.keys.usable["run"],
        timeout=f"{LONGEST_REQUEST_SECONDS}s",
        max_instance_request_concurrency=scaling.concurrency,
        # Streamlit keeps a session in the memory of one copy, so a browser must come back to it
        session_affinity=service.app == "streamlit",
        scaling=_revision_scaling(scaling),
        containers=[app, sidecar.container] if sidecar else [app],
        volumes=[*service_volumes(environment.files), *([sidecar.volume] if sidecar else [])] or None,
        vpc_access=_network(base, name),
    )


def _network(base: GcpBaseResources, name: str) -> gcp.cloudrunv2.ServiceTemplateVpcAccessArgs:
    interface = gcp.cloudrunv2.ServiceTemplateVpcAccessNetworkInterfaceArgs(
        network=base.network.network_id, subnetwork=base.network.subnet_id, tags=[base.network.tags[name]]
    )
    # everything goes through the network, or its firewall, its fixed addresses and a closed egress would mean nothing
    return gcp.cloudrunv2.ServiceTemplateVpcAccessArgs(egress="ALL_TRAFFIC", network_interfaces=[interface])
