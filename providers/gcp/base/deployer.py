"""Keyless deployment: the account that jobs of one GitHub environment act as to push images and roll services.

GitHub signs a token for the job, a workload identity pool trusts it under a condition on repository and environment,
and the account lets the pool's principals of that repository act as it. Of the services it may deploy revisions and act
as their accounts; it can neither change what the stack is made of nor read a secret. `registry` and `compute` grant it
their part beside what they make. The workflow names the provider and the account (`google-github-actions/auth`).
"""

from collections.abc import Mapping

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.spec import Deployer
from providers.gcp.context import GcpContext
from providers.gcp.naming import deployer_account_id, identity_pool_id

ISSUER = "https://token.actions.githubusercontent.com"
PROVIDER_ID = "github"
ATTRIBUTES = {
    "google.subject": "assertion.sub",
    "attribute.repository": "assertion.repository",
    "attribute.environment": "assertion.environment",
}


def create_deployer(
    scope: Scope, context: GcpContext, deployer: Deployer, accounts: Mapping[str, gcp.serviceaccount.Account]
) -> pulumi.Output[str]:
    """The deployer's IAM member; `accounts` are those it may run revisions as."""
    account = gcp.serviceaccount.Account(
        scope.named("deployer"),
        project=context.project,
        account_id=deployer_account_id(context.stack),
        display_name=f"{context.stack} deployer",
        description=f"Deploys the stack {context.stack} from GitHub, environment {deployer.environment}",
        opts=scope.opts(),
    )
    pool = _pool(scope, context, deployer)
    gcp.serviceaccount.IAMMember(
        scope.named("deployer-github"),
        service_account_id=account.name,
        role="roles/iam.workloadIdentityUser",
        member=pulumi.Output.concat(
            "principalSet://iam.googleapis.com/", pool.name, "/attribute.repository/", deployer.github
        ),
        opts=scope.opts(),
    )
    for name, runtime in accounts.items():
        gcp.serviceaccount.IAMMember(
            scope.named(f"deployer-as-{name}"),
            service_account_id=runtime.name,
            role="roles/iam.serviceAccountUser",
            member=account.member,
            opts=scope.opts(),
        )
    return account.member


def condition(deployer: Deployer) -> str:
    """What a token must say to be let in, in CEL.

    Not the subject: repositories made or renamed since 2026 carry their numeric ids in it, others do not.
    """
    return f"assertion.repository == '{deployer.github}' && assertion.environment == '{deployer.environment}'"


def _pool(scope: Scope, context: GcpContext, deployer: Deployer) -> gcp.iam.WorkloadIdentityPool:
    pool = gcp.iam.WorkloadIdentityPool(
        scope.named("github"),
        project=context.project,
        workload_identity_pool_id=identity_pool_id(context.stack),
        display_name=f"{context.stack} GitHub",
        opts=scope.opts(),
    )
    gcp.iam.WorkloadIdentityPoolProvider(
        scope.named("github-provider"),
        project=context.project,
        workload_identity_pool_id=pool.workload_identity_pool_id,
        workload_identity_pool_provider_id=PROVIDER_ID,
        display_name="GitHub Actions",
        oidc=gcp.iam.WorkloadIdentityPoolProviderOidcArgs(issuer_uri=ISSUER),
        attribute_mapping=ATTRIBUTES,
        attribute_condition=condition(deployer),
        opts=scope.opts(),
    )
    return pool
