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


def create_app(room: Scope, ground: AzureBaseResources, name: str, environment: Environment) -> ContainerApp:
    """The app of the service `name`."""
    site = ground.site
    return ContainerApp(
        room.named(name),
        resource_group_name=site.group,
        # fixed, because callers know the address before the app stands
        container_app_name=app_name(site.stack, name),
        environment_id=ground.environment.id,
        workload_profile_name=PROFILE,
        identity=_identities(ground, name),
        configuration=_configuration(ground, name, environment),
        template=_template(ground, name, environment),
        tags=dict(room.tags),
        # what a first revision needs and no input tells: rights, secret values, names in the network
        opts=room.opts(depends_on=_prerequisites(ground, name, environment), delete_before_replace=True),
    )


def _prerequisites(ground: AzureBaseResources, name: str, environment: Environment) -> list[pulumi.Resource]:
    stored = [*environment.secrets.values(), *environment.files.values()]
    secrets = [right for secret in stored for right in secret.grants]
    models = ground.models.grants.get(name, ()) if ground.models else ()
    metrics = ground.prometheus.grants.get(name, ()) if ground.prometheus else ()
    return [*secrets, *ground.registry.grants.get(name, ()), *models, *metrics, *ground.network.ready]


def _identities(ground: AzureBaseResources, name: str) -> azure_native.app.ManagedServiceIdentityArgs:
    own = [ground.identity.services[name].id]
    pull = [ground.identity.pull.id] if name in ground.registry.servers else []
    return azure_native.app.ManagedServiceIdentityArgs(type="UserAssigned", user_assigned_identities=[*own, *pull])


def _configuration(
    ground: AzureBaseResources, name: str, environment: Environment
) -> azure_native.app.ConfigurationArgs:
    service = ground.spec.services[name]
    server, pull = ground.registry.servers.get(name), ground.identity.pull.id
    identity = ground.identity.services[name].id
    stored = {secret_name(ref.name): ref for ref in (*environment.secrets.values(), *environment.files.values())}
    registries = [azure_native.app.RegistryCredentialsArgs(server=server, identity=pull)] if server else []
    # no container of the app gets a token of the identity that pulls images
    hidden = [azure_native.app.IdentitySettingsArgs(identity=pull, lifecycle="None")] if server else []
    return azure_native.app.ConfigurationArgs(
        active_revisions_mode="Single",
        max_inactive_revisions=INACTIVE_REVISIONS,
        ingress=_ingress(service) if listens(ground.spec, name) else None,
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


def _template(ground: AzureBaseResources, name: str, environment: Environment) -> azure_native.app.TemplateArgs:
    spec, service = ground.spec, ground.spec.services[name]
    plain = {**environment.plain, **own_variables(ground, name), **secrets_version(environment)}
    containers = [service_container(service, ground.registry.images[name], plain, environment)]
    if ground.prometheus is not None and service.port is not None and has_collector(spec, service):
        client_id = ground.identity.services[name].client_id
        containers.append(collector_container(ground.prometheus, name, service, client_id))
    return azure_native.app.TemplateArgs(
        containers=containers,
        scale=scale(spec, service),
        volumes=volumes(environment.files) or None,
        termination_grace_period_seconds=GRACE_SECONDS,
    )
