"""Service accounts of the services, and the deployer that CI uses.

Cloud Run runs a service as its account and issues short-lived tokens through the metadata server, so no account has a
key. The service agent of Cloud Run pulls images and writes logs, so an account has only the grants of the code itself.

The deployer is the account that jobs of one GitHub environment act as to push images and roll out services. GitHub signs a
token for the job, a workload identity pool accepts it if repository and environment match, and principals of that
repository may act as the account. The deployer may roll out revisions and act as the services' accounts; it can neither
change other resources nor read secrets. `registry` and `compute` grant it access to their own resources. The workflow
names the provider and the account (`google-github-actions/auth`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.spec import Deployer
from providers.gcp.base.generations import generation
from providers.gcp.context import GcpContext
from providers.gcp.naming import account_id, deployer_account_id, identity_pool_id, role_id

TELEMETRY_ROLES = {
    "logs": "roles/logging.logWriter",
    "metrics": "roles/monitoring.metricWriter",
    "traces": "roles/cloudtrace.agent",
}
"""Roles that write telemetry and read none; they can only be granted on the project."""
INVOKE_MODELS = "aiplatform.endpoints.predict"
"""Permission to invoke a model, with streaming; `roles/aiplatform.user` could also train and deploy models."""
GITHUB_ISSUER = "https://token.actions.githubusercontent.com"
GITHUB_PROVIDER_ID = "github"
GITHUB_ATTRIBUTES = {
    "google.subject": "assertion.sub",
    "attribute.repository": "assertion.repository",
    "attribute.environment": "assertion.environment",
}


@dataclass(frozen=True)
class GcpIdentity:
    """Service accounts by service name. Other grants are declared with the resource that they grant access to."""

    accounts: Mapping[str, gcp.serviceaccount.Account]
    grants: Mapping[str, tuple[pulumi.Resource, ...]]
    """Grants of telemetry and model roles by service; a service depends on them."""
    deployer: pulumi.Output[str] | None
    """IAM member (`serviceAccount:...`) of the deployer; None without `deployer`."""

    def member(self, service: str) -> pulumi.Output[str]:
        """IAM member of a service: `serviceAccount:<email>`."""
        return self.accounts[service].member


def create_identity(scope: Scope, context: GcpContext) -> GcpIdentity:
    """Create a service account per service with its telemetry and model roles, and the deployer if the spec has one."""
    accounts = {name: _create_account(scope, context, name) for name in context.spec.services}
    grants = {
        name: [_grant_role(scope, context, account, f"{name}-{part}", role) for part, role in TELEMETRY_ROLES.items()]
        for name, account in accounts.items()
    }
    model_users = context.spec.users_of("models")
    if model_users:
        role = _create_model_role(scope, context)
        for name in model_users:
            grants[name].append(_grant_role(scope, context, accounts[name], f"{name}-models", role.name))
    deployer = _create_deployer(scope, context, context.spec.deployer, accounts) if context.spec.deployer else None
    return GcpIdentity(accounts, {name: tuple(members) for name, members in grants.items()}, deployer)


def _create_account(scope: Scope, context: GcpContext, service: str) -> gcp.serviceaccount.Account:
    return gcp.serviceaccount.Account(
        scope.named(service),
        project=context.project,
        account_id=account_id(context.stack, service),
        display_name=f"{context.stack} {service}",
        description=f"Service {service} of the stack {context.stack}",
        opts=scope.opts(),
    )


def _grant_role(
    scope: Scope, context: GcpContext, account: gcp.serviceaccount.Account, part: str, role: pulumi.Input[str]
) -> pulumi.Resource:
    return gcp.projects.IAMMember(
        scope.named(part), project=context.project, role=role, member=account.member, opts=scope.opts()
    )


def _create_model_role(scope: Scope, context: GcpContext) -> gcp.projects.IAMCustomRole:
    return gcp.projects.IAMCustomRole(
        scope.named("models"),
        project=context.project,
        role_id=generation(scope, "models").apply(lambda suffix: role_id(context.stack, "models", suffix)),
        title=f"Invoke models ({context.stack})",
        description=f"Invoke models of Vertex AI: {', '.join(context.block.models)}",
        permissions=[INVOKE_MODELS],
        opts=scope.opts(ignore_changes=["roleId"]),
    )


def _create_deployer(
    scope: Scope, context: GcpContext, deployer: Deployer, accounts: Mapping[str, gcp.serviceaccount.Account]
) -> pulumi.Output[str]:
    """Create the deployer, which may act as `accounts`; return its IAM member."""
    account = gcp.serviceaccount.Account(
        scope.named("deployer"),
        project=context.project,
        account_id=deployer_account_id(context.stack),
        display_name=f"{context.stack} deployer",
        description=f"Deploys the stack {context.stack} from GitHub, environment {deployer.environment}",
        opts=scope.opts(),
    )
    pool = _create_identity_pool(scope, context, deployer)
    gcp.serviceaccount.IAMMember(
        scope.named("deployer-github"),
        service_account_id=account.name,
        role="roles/iam.workloadIdentityUser",
        member=pulumi.Output.concat(
            "principalSet://iam.googleapis.com/", pool.name, "/attribute.repository/", deployer.github
        ),
        opts=scope.opts(),
    )
    for name, service_account in accounts.items():
        gcp.serviceaccount.IAMMember(
            scope.named(f"deployer-as-{name}"),
            service_account_id=service_account.name,
            role="roles/iam.serviceAccountUser",
            member=account.member,
            opts=scope.opts(),
        )
    return account.member


def token_condition(deployer: Deployer) -> str:
    """Condition on an accepted token, in CEL.

    It does not use the subject, which contains numeric ids for repositories created or renamed since 2026.
    """
    return f"assertion.repository == '{deployer.github}' && assertion.environment == '{deployer.environment}'"


def _create_identity_pool(scope: Scope, context: GcpContext, deployer: Deployer) -> gcp.iam.WorkloadIdentityPool:
    pool = gcp.iam.WorkloadIdentityPool(
        scope.named("github"),
        project=context.project,
        workload_identity_pool_id=generation(scope, "github").apply(
            lambda suffix: identity_pool_id(context.stack, suffix)
        ),
        display_name=f"{context.stack} GitHub",
        opts=scope.opts(ignore_changes=["workloadIdentityPoolId"]),
    )
    gcp.iam.WorkloadIdentityPoolProvider(
        scope.named("github-provider"),
        project=context.project,
        workload_identity_pool_id=pool.workload_identity_pool_id,
        workload_identity_pool_provider_id=GITHUB_PROVIDER_ID,
        display_name="GitHub Actions",
        oidc=gcp.iam.WorkloadIdentityPoolProviderOidcArgs(issuer_uri=GITHUB_ISSUER),
        attribute_mapping=GITHUB_ATTRIBUTES,
        attribute_condition=token_condition(deployer),
        opts=scope.opts(),
    )
    return pool
