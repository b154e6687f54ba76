"""Managed models: an Azure OpenAI account with a deployment of each listed model, for the services that use `models`.

The account has no keys and, with private endpoints, no public access: a service authenticates with its identity, at
AZURE_OPENAI_ENDPOINT, and requests the deployment that has the model's name; AZURE_OPENAI_DEPLOYMENT is the first one. Deployments are created one after another,
because the account accepts one change at a time. The name of a deleted account stays reserved for two days, so it ends
in random digits.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native
import pulumi_random as random

from providers.azure.base.identity import AzureIdentity
from providers.azure.base.limits import (
    CAPACITY_THOUSAND_TOKENS_PER_MINUTE,
    DEPLOYMENT_SKU,
    ModelDeployment,
    parse_model,
)
from providers.azure.base.roles import OPENAI_USER, grant_role
from providers.azure.compute.limits import (
    API_VERSION,
    AZURE_OPENAI_DEPLOYMENT,
    AZURE_OPENAI_ENDPOINT,
    OPENAI_API_VERSION,
)
from providers.azure.context import AzureContext
from providers.azure.naming import SALT_BYTES, models_prefix
from providers.azure.network.endpoints import private_endpoint
from providers.azure.network.resources import AzureNetwork
from providers.azure.observability.logs import AzureLogs, send_to_logs
from providers.contract.component import Scope

Account = azure_native.cognitiveservices.Account


@dataclass(frozen=True)
class AzureModels:
    """Variables for the models, and by service the resources that must exist before it can use them."""

    variables: Mapping[str, pulumi.Input[str]]
    """Variables by which SDKs find the models."""
    grants: Mapping[str, tuple[pulumi.Resource, ...]]


def create_models(
    scope: Scope, context: AzureContext, network: AzureNetwork, identity: AzureIdentity, logs: AzureLogs
) -> AzureModels | None:
    """Declare account, deployments and a role for each service that uses `models`; None without such a service."""
    users = context.spec.users_of("models")
    if not users:
        return None
    account = _account(scope, context, network)
    ready: list[pulumi.Resource] = []
    for model in map(parse_model, context.block.models):
        ready.append(_deployment(scope, context, account, model, ready[-1:]))
    ready += private_endpoint(scope, context, network, "endpoint", account.id, "account", after=tuple(ready))
    send_to_logs(scope, logs, "diagnostics", account.id)
    roles = {
        name: grant_role(scope, context, name, OPENAI_USER, identity.services[name].principal_id, account.id)
        for name in users
    }
    return AzureModels(
        variables=_variables(context, account),
        grants={name: (role, *ready) for name, role in roles.items()},
    )


def _variables(context: AzureContext, account: Account) -> dict[str, pulumi.Input[str]]:
    variables: dict[str, pulumi.Input[str]] = {
        AZURE_OPENAI_ENDPOINT: account.properties.apply(lambda properties: properties.endpoint),
        OPENAI_API_VERSION: API_VERSION,
    }
    if context.block.models:
        variables[AZURE_OPENAI_DEPLOYMENT] = parse_model(context.block.models[0]).name
    return variables


def _account(scope: Scope, context: AzureContext, network: AzureNetwork) -> Account:
    digits = random.RandomId(scope.named("name"), byte_length=SALT_BYTES, opts=scope.opts())
    name = pulumi.Output.concat(models_prefix(context.stack), digits.hex)
    private = context.spec.network.private_endpoints
    apps_subnet = azure_native.cognitiveservices.VirtualNetworkRuleArgs(id=network.apps_subnet_id)
    return Account(
        scope.named(),
        resource_group_name=context.group,
        account_name=name,
        kind="OpenAI",
        sku=azure_native.cognitiveservices.SkuArgs(name="S0"),
        properties=azure_native.cognitiveservices.AccountPropertiesArgs(
            # required for Entra ID authentication and for private endpoints
            custom_sub_domain_name=name,
            disable_local_auth=True,
            public_network_access="Disabled" if private else "Enabled",
            network_acls=azure_native.cognitiveservices.NetworkRuleSetArgs(
                default_action="Deny", virtual_network_rules=[] if private else [apps_subnet]
            ),
        ),
        tags=dict(scope.tags),
        opts=scope.opts(),
    )


def _deployment(
    scope: Scope, context: AzureContext, account: Account, model: ModelDeployment, after: list[pulumi.Resource]
) -> azure_native.cognitiveservices.Deployment:
    return azure_native.cognitiveservices.Deployment(
        scope.named(model.name),
        resource_group_name=context.group,
        account_name=account.name,
        deployment_name=model.name,
        sku=azure_native.cognitiveservices.SkuArgs(name=DEPLOYMENT_SKU, capacity=CAPACITY_THOUSAND_TOKENS_PER_MINUTE),
        properties=azure_native.cognitiveservices.DeploymentPropertiesArgs(
            model=azure_native.cognitiveservices.DeploymentModelArgs(
                format="OpenAI", name=model.name, version=model.version
            ),
            version_upgrade_option="OnceNewDefaultVersionAvailable" if model.version is None else "NoAutoUpgrade",
        ),
        tags=dict(scope.tags),
        # the API rejects concurrent deployments with a conflict
        opts=scope.opts(depends_on=after),
    )
