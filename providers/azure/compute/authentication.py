"""Authentication of the apps whose clients are checked before a request reaches the container."""

import pulumi_azure_native as azure_native

from providers.azure.base.resources import AzureBaseResources
from providers.azure.entry.limits import has_gateway
from providers.azure.entry.sign_in import SIGN_IN_SECRET, open_paths
from providers.contract.authentication import answers_with_a_redirect, is_checked_at_entry
from providers.contract.component import Scope
from providers.contract.spec import Auth, Platform, Service

AUTH_CONFIG = "current"
"""Only name that the API accepts."""


def sign_in_secrets_of(base: AzureBaseResources, service: Service) -> list[azure_native.app.SecretArgs]:
    """Return the secret with the client's password, for an app that signs users in."""
    auth = base.spec.ingress.auth
    if auth is None or auth.client_secret is None or not is_checked_at_entry(base.spec, service):
        return []
    value = base.context.values.secret(auth.client_secret)
    return [azure_native.app.SecretArgs(name=SIGN_IN_SECRET, value=value)]


def authenticate_clients(
    scope: Scope, base: AzureBaseResources, name: str, app: azure_native.app.ContainerApp
) -> "azure_native.app.ContainerAppsAuthConfig | None":
    """Declare the authentication of an app; None for one whose clients nothing checks before it."""
    auth, service = base.spec.ingress.auth, base.spec.services[name]
    if auth is None or not is_checked_at_entry(base.spec, service):
        return None
    native = azure_native.app
    return native.ContainerAppsAuthConfig(
        scope.named(f"{name}-authentication"),
        resource_group_name=base.context.group,
        container_app_name=app.name,
        auth_config_name=AUTH_CONFIG,
        platform=native.AuthPlatformArgs(enabled=True),
        global_validation=_validation(auth, service),
        http_settings=native.HttpSettingsArgs(require_https=True, forward_proxy=_forward_proxy(base.spec)),
        identity_providers=native.IdentityProvidersArgs(azure_active_directory=_provider(auth)),
        opts=scope.opts(),
    )


def _forward_proxy(spec: Platform) -> azure_native.app.ForwardProxyArgs:
    """Headers with the host of the entry, so that a redirect does not name the host inside the network.

    Application Gateway has its own name for that of the host: Microsoft Learn, "How an application gateway works".
    """
    native = azure_native.app
    if not has_gateway(spec):
        return native.ForwardProxyArgs(convention=native.ForwardProxyConvention.STANDARD)
    return native.ForwardProxyArgs(
        convention=native.ForwardProxyConvention.CUSTOM,
        custom_host_header_name="X-Original-Host",
        custom_proto_header_name="X-Forwarded-Proto",
    )


def _validation(auth: Auth, service: Service) -> azure_native.app.GlobalValidationArgs:
    action = azure_native.app.UnauthenticatedClientActionV2
    redirected = auth.mode == "oidc" and answers_with_a_redirect(service)
    return azure_native.app.GlobalValidationArgs(
        unauthenticated_client_action=action.REDIRECT_TO_LOGIN_PAGE if redirected else action.RETURN401,
        redirect_to_provider="azureactivedirectory" if redirected else None,
        excluded_paths=open_paths(service),
    )


def _provider(auth: Auth) -> azure_native.app.AzureActiveDirectoryArgs:
    native = azure_native.app
    clients = auth.mode == "jwt"
    policy = native.DefaultAuthorizationPolicyArgs(
        allowed_applications=list(auth.allowed) if clients else None,
        allowed_principals=None if clients else native.AllowedPrincipalsArgs(groups=list(auth.allowed)),
    )
    return native.AzureActiveDirectoryArgs(
        enabled=True,
        registration=native.AzureActiveDirectoryRegistrationArgs(
            client_id=auth.client_id,
            client_secret_setting_name=None if clients else SIGN_IN_SECRET,
            open_id_issuer=auth.issuer,
        ),
        validation=native.AzureActiveDirectoryValidationArgs(
            allowed_audiences=[auth.audience] if auth.audience else None,
            default_authorization_policy=policy if auth.allowed else None,
        ),
    )
