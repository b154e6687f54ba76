"""One principal per service: an execution role for the agent that starts it, a task role for the code in it.

ECS splits what others keep in one account: the execution role pulls the image, reads the secrets and writes the log
before any code runs; the code itself never holds it. Both trust ECS for tasks of this account and region only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from providers.aws.base.deployer import create_deployer
from providers.aws.base.iam_policies import Statement, allow, document, trust
from providers.aws.base.models import behind_profile_arn, plain_model_arns, profile_arn, profiles
from providers.aws.context import AwsContext
from providers.contract.component import Scope

INVOKE = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream")


@dataclass(frozen=True)
class AwsIdentity:
    """Roles by service name. Rights are granted beside what they grant (secret, bucket, repository, log group)."""

    execution: Mapping[str, aws.iam.Role]
    task: Mapping[str, aws.iam.Role]
    grants: Mapping[str, tuple[pulumi.Resource, ...]] = field(default_factory=dict[str, tuple[pulumi.Resource, ...]])
    """Rights that no room grants, by service: on the models. A service waits for its own before it starts."""


def create_identity(scope: Scope, context: AwsContext) -> AwsIdentity:
    """Two roles per service, the right to invoke the listed models, and the deploy role when `deployer` is given."""
    services = context.spec.services
    execution = {name: _role(scope, context, name, "execution") for name in services}
    task = {name: _role(scope, context, name, "task") for name in services}
    grants = {name: (_models(scope, context, name, task[name]),) for name in context.spec.users_of("models")}
    if context.spec.deployer is not None:
        create_deployer(scope, context, context.spec.deployer, [*execution.values(), *task.values()])
    return AwsIdentity(execution, task, grants)


def _role(scope: Scope, context: AwsContext, service: str, kind: str) -> aws.iam.Role:
    return aws.iam.Role(
        scope.named(f"{service}-{kind}"),
        description=f"{kind.capitalize()} role of the service {service} in the stack {context.stack}",
        assume_role_policy=trust(context, "ecs-tasks.amazonaws.com", context.arn("ecs", "*")),
        opts=scope.opts(),
    )


def _models(scope: Scope, context: AwsContext, service: str, role: aws.iam.Role) -> aws.iam.RolePolicy:
    return aws.iam.RolePolicy(
        scope.named(f"{service}-models"),
        role=role.name,
        policy=document(*_model_statements(context)),
        opts=scope.opts(),
    )


def _model_statements(context: AwsContext) -> list[Statement]:
    models = context.block.models
    plain = plain_model_arns(context, models)
    statements = [allow(INVOKE, plain)] if plain else []
    for profile in profiles(models):
        arn = profile_arn(context, profile)
        only_through_it = {"StringEquals": {"bedrock:InferenceProfileArn": arn}}
        statements += [allow(INVOKE, arn), allow(INVOKE, behind_profile_arn(context, profile), only_through_it)]
    return statements
