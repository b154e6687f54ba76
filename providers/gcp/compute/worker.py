"""A service that does not listen: a worker pool, which pulls its work and scales on CPU alone."""

from collections.abc import Mapping

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.results import Environment, SecretRef
from providers.contract.spec import Service
from providers.gcp.base.resources import GcpBaseResources
from providers.gcp.compute.containers import APP
from providers.gcp.compute.environment import plain_variables, prerequisites
from providers.gcp.compute.files import worker_mounts, worker_volumes
from providers.gcp.compute.scaling import GcpScaling, scaling_of
from providers.gcp.compute.sizes import run_size
from providers.gcp.naming import run_name


def create_worker(
    scope: Scope, base: GcpBaseResources, name: str, environment: Environment
) -> gcp.cloudrunv2.WorkerPool:
    """The worker pool of a service without a port."""
    context, service = base.context, base.spec.services[name]
    return gcp.cloudrunv2.WorkerPool(
        scope.named(name),
        name=run_name(context.stack, name),
        project=context.project,
        location=context.region,
        deletion_protection=context.production,
        scaling=_scaling(scaling_of(base.spec, service)),
        template=gcp.cloudrunv2.WorkerPoolTemplateArgs(
            service_account=base.identity.accounts[name].email,
            encryption_key=base.keys.usable["run"],
            containers=[_container(service, base.registry.images[name], environment)],
            volumes=worker_volumes(environment.files) or None,
            vpc_access=_network(base, name),
        ),
        # what a first revision needs and no input tells: rights, secret values, the way through the network
        opts=scope.opts(depends_on=prerequisites(base, name, environment)),
    )


def _scaling(scaling: GcpScaling) -> gcp.cloudrunv2.WorkerPoolScalingArgs:
    if scaling.fixed:
        return gcp.cloudrunv2.WorkerPoolScalingArgs(scaling_mode="MANUAL", manual_instance_count=scaling.least)
    return gcp.cloudrunv2.WorkerPoolScalingArgs(
        scaling_mode="AUTOMATIC", min_instance_count=scaling.least, max_instance_count=scaling.most
    )


def _container(
    service: Service, image: pulumi.Input[str], environment: Environment
) -> gcp.cloudrunv2.WorkerPoolTemplateContainerArgs:
    return gcp.cloudrunv2.WorkerPoolTemplateContainerArgs(
        name=APP,
        image=image,
        args=list(service.command) or None,
        envs=[*_plain(plain_variables(environment)), *_secrets(environment.secrets)],
        resources=gcp.cloudrunv2.WorkerPoolTemplateContainerResourcesArgs(limits=run_size(service.size).limits),
        volume_mounts=worker_mounts(environment.files) or None,
    )


def _plain(variables: Mapping[str, pulumi.Input[str]]) -> list[gcp.cloudrunv2.WorkerPoolTemplateContainerEnvArgs]:
    return [
        gcp.cloudrunv2.WorkerPoolTemplateContainerEnvArgs(name=name, value=value) for name, value in variables.items()
    ]


def _secrets(secrets: Mapping[str, SecretRef]) -> list[gcp.cloudrunv2.WorkerPoolTemplateContainerEnvArgs]:
    return [
        gcp.cloudrunv2.WorkerPoolTemplateContainerEnvArgs(
            name=name,
            value_source=gcp.cloudrunv2.WorkerPoolTemplateContainerEnvValueSourceArgs(
                secret_key_ref=gcp.cloudrunv2.WorkerPoolTemplateContainerEnvValueSourceSecretKeyRefArgs(
                    secret=secret.reference, version=secret.version
                )
            ),
        )
        for name, secret in secrets.items()
    ]


def _network(base: GcpBaseResources, name: str) -> gcp.cloudrunv2.WorkerPoolTemplateVpcAccessArgs:
    interface = gcp.cloudrunv2.WorkerPoolTemplateVpcAccessNetworkInterfaceArgs(
        network=base.network.network_id, subnetwork=base.network.subnet_id, tags=[base.network.tags[name]]
    )
    # as for a service: what does not go through the network is seen by no firewall
    return gcp.cloudrunv2.WorkerPoolTemplateVpcAccessArgs(egress="ALL_TRAFFIC", network_interfaces=[interface])
