"""Identity-Aware Proxy of the backends whose clients sign in, and who may pass."""

import pulumi
import pulumi_gcp as gcp

from providers.contract.authentication import is_checked_at_entry
from providers.contract.component import Scope
from providers.gcp.context import GcpContext
from providers.gcp.entry.sign_in import members

ACCESSOR = "roles/iap.httpsResourceAccessor"


def proxy_settings(context: GcpContext, name: str) -> gcp.compute.BackendServiceIapArgs:
    """Return the setting of a backend; it is written in any case, because a removed one leaves the proxy as it is."""
    auth, guarded = context.spec.ingress.auth, is_checked_at_entry(context.spec, context.spec.services[name])
    if auth is None or not guarded or auth.client_secret is None:
        return gcp.compute.BackendServiceIapArgs(enabled=guarded)
    secret = context.values.secret(auth.client_secret)
    return gcp.compute.BackendServiceIapArgs(enabled=True, oauth2_client_id=auth.client_id, oauth2_client_secret=secret)


def grant_access(scope: Scope, context: GcpContext, name: str, backend: gcp.compute.BackendService) -> None:
    """Declare the members who may pass a guarded backend, and admit preflight requests, which browsers send without a sign-in."""
    auth = context.spec.ingress.auth
    if auth is None or not is_checked_at_entry(context.spec, context.spec.services[name]):
        return
    for member in members(auth):
        gcp.iap.WebBackendServiceIamMember(
            scope.named(f"{name}-{member.replace(':', '-')}"),
            project=context.project,
            web_backend_service=backend.name,
            role=ACCESSOR,
            member=member,
            opts=scope.opts(),
        )
    cors = gcp.iap.SettingsAccessSettingsCorsSettingsArgs(allow_http_options=True)
    gcp.iap.Settings(
        scope.named(f"{name}-access"),
        name=pulumi.Output.concat(f"projects/{context.project}/iap_web/compute/services/", backend.name),
        access_settings=gcp.iap.SettingsAccessSettingsArgs(cors_settings=cors),
        opts=scope.opts(),
    )
