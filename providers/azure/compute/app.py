"""One service: a Container App with its identity, secrets by reference, way in and bounds."""

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.resources import AzureBaseResources
from providers.azure.compute.collector import collector_container
from providers.azure.compute.containers import service_container, volumes
from providers.azure.compute.environment import PROFILE
from providers.azure.compute.limits import listens
from providers.azure.compute.scale_rules import scale
from providers.azure.compute.sizes import has_collector
from providers.azure.compute.variables import own_variables, secrets_version
from providers.azure.naming import app_name, secret_name
from providers.contract.component import Scope
from providers.contract.results import Environment, SecretRef
from providers.contract.spec import Service

INACTIVE_REVISIONS = 10
"""Older revisions that stay, to roll back to."""
GRACE_SECONDS = 60
"""What a copy has to finish its work before it is ended; Azure's own default is half of that."""

ContainerApp = azure_native.app.ContainerApp


def create_app(scope: Scope, base: AzureBaseResources, name: str, environment: Environment) -> ContainerApp:
    """The app of the service `name`."""
    context = base.context
    return ContainerApp(
        scope.named(name),
        resource_group_name=context.group,
        # fixed, because callers know the address before the app stands
        container_app_name=app_name(context.stack, name),
        environment_id=base.environment.id,
        workload_profile_name=PROFILE,
        identity=_identities(base, name),
        configuration=_configuration(base, name, environment),
        template=_template(base, name, environment),
        tags=dict(scope.tags),
        # what a first revision needs and no input tells: rights, secret values, names in the network
        opts=scope.opts(depends_on=_prerequisites(base, name, environment), delete_before_replace=True),
    )


def _prerequisites(base: AzureBaseResources, name: str, environment: Environment) -> list[pulumi.Resource]:
    stored = [*environment.secrets.values(), *environment.files.values()]
    secrets = [right for secret in stored for right in secret.grants]
    models = base.models.grants.get(name, ()) if base.models else ()
    metrics = base.prometheus.grants.get(name, ()) if base.prometheus else ()
    return [*secrets, *base.registry.grants.get(name, ()), *models, *metrics, *base.network.ready]


def _identities(base: AzureBaseResources, name: str) -> azure_native.app.ManagedServiceIdentityArgs:
    own = [base.identity.services[name].id]
    pull = [base.identity.pull.id] if name in base.registry.servers else []
    return azure_native.app.ManagedServiceIdentityArgs(type="UserAssigned", user_assigned_identities=[*own, *pull])


def _configuration(base: AzureBaseResources, name: str, environment: Environment) -> azure_native.app.ConfigurationArgs:
    service = base.spec.services[name]
    server, pull = base.registry.servers.get(name), base.identity.pull.id
    identity = base.identity.services[name].id
    stored = {secret_name(ref.name): ref for ref in (*environment.secrets.values(), *environment.files.values())}
    registries = [azure_native.app.RegistryCredentialsArgs(server=server, identity=pull)] if server else []
    # no container of the app gets a token of the identity that pulls images
    hidden = [azure_native.app.IdentitySettingsArgs(identity=pull, lifecycle="None")] if server else []
    return azure_native.app.ConfigurationArgs(
        active_revisions_mode="Single",
        max_inactive_revisions=INACTIVE_REVISIONS,
        ingress=_ingress(service) if listens(base.spec, name) else None,
        secrets=[_secret(key, ref, identity) for key, ref in stored.items()],
        registries=registries,
        identity_settings=hidden,
    )


def _secret(name: str, stored: SecretRef, identity: pulumi.Input[str]) -> azure_native.app.SecretArgs:
    """By its address with the version: a revision starts with the value it was deployed with, never with one kept back."""
    return azure_native.app.SecretArgs(name=name, key_vault_url=stored.version, identity=identity)


def _ingress(service: Service) -> azure_native.app.IngressArgs:
    """`external` means the network, for the environment is internal; without it, the environment alone."""
    # Streamlit keeps a session in the memory of one copy, so a browser must come back to it
    sticky = azure_native.app.IngressStickySessionsArgs(affinity="sticky") if service.app == "streamlit" else None
    return azure_native.app.IngressArgs(
        external=service.path is not None,
        target_port=service.port,
        transport="auto",
        allow_insecure=False,
        client_certificate_mode="ignore",
        sticky_sessions=sticky,
        traffic=[azure_native.app.TrafficWeightArgs(latest_revision=True, weight=100)],
    )


def _template(base: AzureBaseResources, name: str, environment: Environment) -> azure_native.app.TemplateArgs:
    spec, service = base.spec, base.spec.services[name]
    plain = {**environment.plain, **own_variables(base, name), **secrets_version(environment)}
    containers = [service_container(service, base.registry.images[name], plain, environment)]
    if base.prometheus is not None and service.port is not None and has_collector(spec, service):
        client_id = base.identity.services[name].client_id
        containers.append(collector_container(base.prometheus, name, service, client_id))
    return azure_native.app.TemplateArgs(
        containers=containers,
        scale=scale(spec, service),
        volumes=volumes(environment.files) or None,
        termination_grace_period_seconds=GRACE_SECONDS,
    )
