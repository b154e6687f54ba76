"""Managed models: an Azure OpenAI account with a deployment of each listed model, for the services that use `models`.

The account has no keys and, with private endpoints, no public address: a service asks with its identity, at the address
in AZURE_OPENAI_ENDPOINT, for the deployment that bears the model's name. Deployments are made one after another, for
the account takes one change at a time. The name of a deleted account stays taken for two days, so it ends in digits of
its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native
import pulumi_random as random

from providers.azure.base.identity import AzureIdentity
from providers.azure.base.model_deployments import (
    DEPLOYMENT_KIND,
    THOUSAND_TOKENS_A_MINUTE,
    ModelDeployment,
    parse_model,
)
from providers.azure.base.role_ids import OPENAI_USER
from providers.azure.base.roles import grant
from providers.azure.context import AzureContext
from providers.azure.naming import SALT_BYTES, models_prefix
from providers.azure.network.endpoints import private_endpoint
from providers.azure.network.results import AzureNetwork
from providers.azure.observability.diagnostics import send_to_logs
from providers.azure.observability.logs import Logs
from providers.contract.component import Scope


@dataclass(frozen=True)
class Models:
    """Where the models answer, and by service what must exist before it may ask them."""

    endpoint: pulumi.Output[str]
    grants: Mapping[str, tuple[pulumi.Resource, ...]]


def create_models(
    scope: Scope, context: AzureContext, network: AzureNetwork, identity: AzureIdentity, logs: Logs
) -> Models | None:
    """Account, deployments and a role per service that uses `models`; None when none does."""
    users = context.spec.users_of("models")
    if not users:
        return None
    account = _account(scope, context, network)
    ready: list[pulumi.Resource] = []
    for model in map(parse_model, context.block.models):
        ready.append(_deployment(scope, context, account, model, ready[-1:]))
    ready += private_endpoint(scope, context, network, "endpoint", account.id, "account", after=tuple(ready))
    send_to_logs(scope, logs, "diagnostics", account.id)
    principals = {name: identity.services[name].principal_id for name in users}
    rights = {name: grant(scope, context, name, OPENAI_USER, who, account.id) for name, who in principals.items()}
    return Models(
        endpoint=account.properties.apply(lambda known: known.endpoint),
        grants={name: (right, *ready) for name, right in rights.items()},
    )


def _account(scope: Scope, context: AzureContext, network: AzureNetwork) -> azure_native.cognitiveservices.Account:
    digits = random.RandomId(scope.named("name"), byte_length=SALT_BYTES, opts=scope.opts())
    name = pulumi.Output.concat(models_prefix(context.stack), digits.hex)
    private = context.spec.network.private_endpoints
    doors = [] if private else [azure_native.cognitiveservices.VirtualNetworkRuleArgs(id=network.apps_subnet_id)]
    return azure_native.cognitiveservices.Account(
        scope.named(),
        resource_group_name=context.group,
        account_name=name,
        kind="OpenAI",
        sku=azure_native.cognitiveservices.SkuArgs(name="S0"),
        properties=azure_native.cognitiveservices.AccountPropertiesArgs(
            # without a name of its own the account answers no identity and takes no private endpoint
            custom_sub_domain_name=name,
            disable_local_auth=True,
            public_network_access="Disabled" if private else "Enabled",
            network_acls=azure_native.cognitiveservices.NetworkRuleSetArgs(
                default_action="Deny", virtual_network_rules=doors
            ),
        ),
        tags=dict(scope.tags),
        opts=scope.opts(),
    )


def _deployment(
    scope: Scope,
    context: AzureContext,
    account: azure_native.cognitiveservices.Account,
    model: ModelDeployment,
    before: list[pulumi.Resource],
) -> azure_native.cognitiveservices.Deployment:
    return azure_native.cognitiveservices.Deployment(
        scope.named(model.name),
        resource_group_name=context.group,
        account_name=account.name,
        deployment_name=model.name,
        sku=azure_native.cognitiveservices.SkuArgs(name=DEPLOYMENT_KIND, capacity=THOUSAND_TOKENS_A_MINUTE),
        properties=azure_native.cognitiveservices.DeploymentPropertiesArgs(
            model=azure_native.cognitiveservices.DeploymentModelArgs(
                format="OpenAI", name=model.name, version=model.version
            ),
            version_upgrade_option="OnceNewDefaultVersionAvailable" if model.version is None else "NoAutoUpgrade",
        ),
        tags=dict(scope.tags),
        # two deployments at once are refused with a conflict
        opts=scope.opts(depends_on=before),
    )
