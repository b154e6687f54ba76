"""Services as Container Apps, with their identity, secrets by reference, ingress and scaling rules.

A routed app has ingress from the network, where Front Door's private link ends; an app that is only called has ingress
from the environment; an app without callers has none. Every app has the identity of its service, which reads its
secrets and authenticates to the resources that it uses.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.resources import AzureBaseResources
from providers.azure.base.roles import CONTAINER_APPS_CONTRIBUTOR, grant_role
from providers.azure.compute.authentication import authenticate_clients, sign_in_secrets_of
from providers.azure.compute.containers import (
    collector_container,
    platform_values,
    secret_volumes,
    secrets_version,
    service_container,
)
from providers.azure.compute.environment import WORKLOAD_PROFILE
from providers.azure.compute.health import grace_seconds
from providers.azure.compute.image_pull import ImagePull, create_image_pull
from providers.azure.compute.limits import listens
from providers.azure.compute.rollout import active_revisions_mode, traffic_of
from providers.azure.compute.scaling import POLLING_SECONDS, app_scaling
from providers.azure.compute.sizes import has_collector
from providers.azure.naming import app_name, secret_name
from providers.azure.observability.logs import send_to_logs
from providers.contract.component import Scope
from providers.contract.results import Environment, SecretRef
from providers.contract.rollout import RolloutPosition
from providers.contract.spec import Platform, Service

MAX_INACTIVE_REVISIONS = 10
"""Previous revisions that are kept for a rollback."""

ContainerApp = azure_native.app.ContainerApp
ScaleRule = azure_native.app.ScaleRuleArgs


@dataclass(frozen=True)
class AzureCompute:
    """Container App and registry settings by service name."""

    apps: Mapping[str, ContainerApp]
    pulls: Mapping[str, ImagePull]


def create_compute(
    scope: Scope,
    base: AzureBaseResources,
    environments: Mapping[str, Environment],
    positions: Mapping[str, RolloutPosition],
) -> AzureCompute:
    """Declare one app for each service, its diagnostic setting, and the deployer's role on it."""
    apps: dict[str, ContainerApp] = {}
    pulls: dict[str, ImagePull] = {}
    for name in base.spec.services:
        pulls[name] = create_image_pull(scope, base, name)
        apps[name] = _app(scope, base, name, environments[name], pulls[name], positions.get(name))
    deployer = base.identity.deployer
    for name, app in apps.items():
        authenticate_clients(scope, base, name, app)
        send_to_logs(scope, base.logs, f"{name}-diagnostics", app.id, log_group=None)
        if deployer is not None:
            part = f"{name}-deployer"
            grant_role(scope, base.context, part, CONTAINER_APPS_CONTRIBUTOR, deployer.principal_id, app.id)
    return AzureCompute(apps, pulls)


def service_host(base: AzureBaseResources, service: str) -> pulumi.Output[str]:
    """Return the host name of the app; with `internal` when only the environment reaches it."""
    suffix = "" if base.spec.services[service].path is not None else ".internal"
    return pulumi.Output.concat(app_name(base.context.stack, service), suffix, ".", base.environment.default_domain)


def service_address(base: AzureBaseResources, service: str) -> pulumi.Input[str]:
    """Return the URL of the app inside the environment; empty for a service without ingress."""
    return pulumi.Output.concat("https://", service_host(base, service)) if listens(base.spec, service) else ""


def _app(
    scope: Scope,
    base: AzureBaseResources,
    name: str,
    environment: Environment,
    pull: ImagePull,
    position: RolloutPosition | None,
) -> ContainerApp:
    context = base.context
    return ContainerApp(
        scope.named(name),
        resource_group_name=context.group,
        # fixed, because callers know the address in advance
        container_app_name=app_name(context.stack, name),
        environment_id=base.environment.id,
        workload_profile_name=WORKLOAD_PROFILE,
        identity=identities(base, name, pull),
        configuration=_configuration(base, name, environment, pull, position),
        template=_template(base, name, environment),
        tags=dict(scope.tags),
        # the first revision needs roles, secret values and DNS records that no input refers to
        opts=scope.opts(depends_on=prerequisites(base, name, environment, pull), delete_before_replace=True),
    )


def prerequisites(
    base: AzureBaseResources, name: str, environment: Environment, pull: ImagePull
) -> list[pulumi.Resource]:
    """Return what a replica needs when it starts and that no input of its app or job refers to."""
    models = base.models.grants.get(name, ()) if base.models else ()
    metrics = base.prometheus.grants.get(name, ()) if base.prometheus else ()
    return [*environment.prerequisites(name), *pull.grants, *models, *metrics, *base.network.ready]


def identities(base: AzureBaseResources, name: str, pull: ImagePull) -> azure_native.app.ManagedServiceIdentityArgs:
    """Return the identity of a service, and that which pulls its image."""
    assigned = [base.identity.services[name].id, *pull.identities]
    return azure_native.app.ManagedServiceIdentityArgs(type="UserAssigned", user_assigned_identities=assigned)


def stored_secrets(
    base: AzureBaseResources, name: str, environment: Environment, pull: ImagePull
) -> list[azure_native.app.SecretArgs]:
    """Return the references to every secret that a service's variables, files and registry login use."""
    references = [
        *environment.secrets.values(),
        *environment.files.values(),
        *([pull.password] if pull.password else []),
    ]
    identity = base.identity.services[name].id
    stored = {secret_name(reference.name): reference for reference in references}
    return [_secret(key, reference, identity) for key, reference in stored.items()]


def hidden_identities(pull: ImagePull) -> list[azure_native.app.IdentitySettingsArgs]:
    """Return the settings by which containers get no token of the identity that pulls images."""
    return [azure_native.app.IdentitySettingsArgs(identity=each, lifecycle="None") for each in pull.identities]


def _configuration(
    base: AzureBaseResources, name: str, environment: Environment, pull: ImagePull, position: RolloutPosition | None
) -> azure_native.app.ConfigurationArgs:
    service = base.spec.services[name]
    return azure_native.app.ConfigurationArgs(
        active_revisions_mode=active_revisions_mode(position),
        max_inactive_revisions=MAX_INACTIVE_REVISIONS,
        ingress=_ingress(service, position) if listens(base.spec, name) else None,
        secrets=[*stored_secrets(base, name, environment, pull), *sign_in_secrets_of(base, service)],
        registries=list(pull.registries),
        identity_settings=hidden_identities(pull),
    )


def _secret(name: str, stored: SecretRef, identity: pulumi.Input[str]) -> azure_native.app.SecretArgs:
    """Reference with the version, so that a revision starts with the value it was deployed with, not a cached one."""
    return azure_native.app.SecretArgs(name=name, key_vault_url=stored.version, identity=identity)


def _ingress(service: Service, position: RolloutPosition | None) -> azure_native.app.IngressArgs:
    """Ingress; in an internal environment, `external` means from the network and otherwise from the environment."""
    # Streamlit keeps a session in the memory of one replica
    sticky = azure_native.app.IngressStickySessionsArgs(affinity="sticky") if service.app == "streamlit" else None
    return azure_native.app.IngressArgs(
        external=service.path is not None,
        target_port=service.port,
        transport="auto",
        allow_insecure=False,
        client_certificate_mode="ignore",
        sticky_sessions=sticky,
        traffic=[
            azure_native.app.TrafficWeightArgs(
                latest_revision=True if target.revision is None else None,
                revision_name=target.revision,
                weight=target.weight,
                label=target.label,
            )
            for target in traffic_of(position)
        ],
    )


def _template(base: AzureBaseResources, name: str, environment: Environment) -> azure_native.app.TemplateArgs:
    spec, service = base.spec, base.spec.services[name]
    plain = {**environment.plain, **platform_values(base, name), **secrets_version(environment)}
    containers = [service_container(service, base.registry.images[name], plain, environment)]
    if base.prometheus is not None and has_collector(spec, service):
        client_id = base.identity.services[name].client_id
        containers.append(collector_container(base.prometheus, name, service, client_id))
    return azure_native.app.TemplateArgs(
        containers=containers,
        scale=_scale(spec, service),
        volumes=secret_volumes(environment.files) or None,
        termination_grace_period_seconds=grace_seconds(spec, service),
    )


def _scale(spec: Platform, service: Service) -> azure_native.app.ScaleArgs:
    scaling = app_scaling(spec, service)
    targets = {"cpu": scaling.cpu_percent, "memory": scaling.memory_percent}
    rules = [_utilization_rule(kind, percent) for kind, percent in targets.items() if percent is not None]
    if scaling.concurrent_requests is not None:
        metadata = {"concurrentRequests": str(scaling.concurrent_requests)}
        rules.append(ScaleRule(name="requests", http=azure_native.app.HttpScaleRuleArgs(metadata=metadata)))
    return azure_native.app.ScaleArgs(
        min_replicas=scaling.min_replicas,
        max_replicas=scaling.max_replicas,
        polling_interval=POLLING_SECONDS,
        cooldown_period=service.autoscaling.scale_in_cooldown_seconds,
        rules=rules,
    )


def _utilization_rule(kind: str, percent: int) -> ScaleRule:
    metadata = {"type": "Utilization", "value": str(percent)}
    return ScaleRule(name=kind, custom=azure_native.app.CustomScaleRuleArgs(type=kind, metadata=metadata))
