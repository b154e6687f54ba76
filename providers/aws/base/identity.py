"""One principal per service: an execution role for the agent that starts it, a task role for the code in it.

ECS splits what others keep in one account: the execution role pulls the image, reads the secrets and writes the log
before any code runs; the code itself never holds it. Both trust ECS for tasks of this account and region only.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import Statement, allow, document, trust
from providers.aws.base.image_sources import repository_name
from providers.aws.base.models import behind_profile_arn, plain_model_arns, profile_arn, profiles
from providers.aws.context import AwsContext
from providers.aws.naming import cluster_name, task_family
from providers.contract.component import Scope
from providers.contract.spec import Deployer

INVOKE = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream")


@dataclass(frozen=True)
class AwsIdentity:
    """Roles by service name. Rights are granted beside what they grant (secret, bucket, repository, log group)."""

    execution: Mapping[str, aws.iam.Role]
    task: Mapping[str, aws.iam.Role]
    grants: Mapping[str, tuple[pulumi.Resource, ...]] = field(default_factory=dict[str, tuple[pulumi.Resource, ...]])
    """Rights that no room grants, by service: on the models. A service waits for its own before it starts."""


ISSUER = "token.actions.githubusercontent.com"
PUSH = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:DescribeImages",
    "ecr:GetDownloadUrlForLayer",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)


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


def create_deployer(
    scope: Scope, context: AwsContext, deployer: Deployer, roles: Sequence[aws.iam.Role]
) -> aws.iam.Role:
    """The deploy role; `roles` are those it may hand to ECS with a task definition."""
    role = aws.iam.Role(
        scope.named("deployer"),
        # fixed, because the workflow file in the repository names it
        name=f"{context.stack}-deployer",
        description=f"Deploys the stack {context.stack} from GitHub, environment {deployer.environment}",
        assume_role_policy=_deployer_trust(context, deployer),
        opts=scope.opts(),
    )
    aws.iam.RolePolicy(
        scope.named("deployer-policy"),
        role=role.name,
        policy=document(*_push_statements(context), *_deploy_statements(context), _pass_role_statement(roles)),
        opts=scope.opts(),
    )
    return role


def token_subjects(deployer: Deployer) -> list[str]:
    """Both forms of the subject: repositories made or renamed since 2026 carry their numeric ids in it."""
    owner, _, repository = deployer.github.partition("/")
    return [
        f"repo:{owner}/{repository}:environment:{deployer.environment}",
        f"repo:{owner}@*/{repository}@*:environment:{deployer.environment}",
    ]


def _deployer_trust(context: AwsContext, deployer: Deployer) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": context.arn("iam", f"oidc-provider/{ISSUER}", region=False)},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {
                f"{ISSUER}:aud": "sts.amazonaws.com",
                # the ids in the subject are matched by a wildcard, which alone would let another repository through
                f"{ISSUER}:repository": deployer.github,
                f"{ISSUER}:environment": deployer.environment,
            },
            "StringLike": {f"{ISSUER}:sub": token_subjects(deployer)},
        },
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _push_statements(context: AwsContext) -> list[Statement]:
    own = context.arn("ecr", f"repository/{repository_name(context.stack, '*')}")
    # the token opens the registry's door, not a repository: ECR has no resource for it
    return [allow("ecr:GetAuthorizationToken", "*"), allow(PUSH, own)]


def _deploy_statements(context: AwsContext) -> list[Statement]:
    cluster = cluster_name(context.stack)
    in_cluster = {"ArnEquals": {"ecs:cluster": context.arn("ecs", f"cluster/{cluster}")}}
    families = [
        context.arn("ecs", f"task-definition/{task_family(context.stack, name)}:*") for name in context.spec.services
    ]
    return [
        allow(("ecs:DescribeServices", "ecs:UpdateService"), context.arn("ecs", f"service/{cluster}/*"), in_cluster),
        allow("ecs:RegisterTaskDefinition", families),
        # a workflow copies the running revision; ECS knows no resource for reading one
        allow("ecs:DescribeTaskDefinition", "*"),
    ]


def _pass_role_statement(roles: Sequence[aws.iam.Role]) -> Statement:
    to_tasks = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    return allow("iam:PassRole", [role.arn for role in roles], to_tasks)
