"""Keyless deployment: the identity that jobs of one GitHub environment take to bring images and roll services.

A federated credential trusts GitHub's tokens for one subject; there is no client secret. The identity itself may
nothing: it gets a role on the registry beside the registry and one on each app beside the app, none on the group. A
workflow logs in with its client id (`azure/login`, with the tenant and the subscription).
"""

import pulumi_azure_native as azure_native

from providers.azure.base.deployer_subject import subject
from providers.azure.context import AzureContext
from providers.contract.component import Scope
from providers.contract.spec import Deployer

ISSUER = "https://token.actions.githubusercontent.com"
AUDIENCE = "api://AzureADTokenExchange"


def create_deployer(
    scope: Scope, context: AzureContext, deployer: Deployer
) -> azure_native.managedidentity.UserAssignedIdentity:
    """The identity and the credential that GitHub's jobs take it by."""
    identity = azure_native.managedidentity.UserAssignedIdentity(
        scope.named("deployer"),
        resource_group_name=context.group,
        # fixed, because the workflow's maker looks its client id up by name
        resource_name_=f"{context.stack}-deployer",
        tags=dict(scope.tags),
        opts=scope.opts(delete_before_replace=True),
    )
    azure_native.managedidentity.FederatedIdentityCredential(
        scope.named("deployer-github"),
        resource_group_name=context.group,
        resource_name_=identity.name,
        federated_identity_credential_resource_name="github",
        issuer=ISSUER,
        subject=subject(deployer),
        audiences=[AUDIENCE],
        opts=scope.opts(delete_before_replace=True),
    )
    return identity
