"""Two roles per service, and the role that deploys from GitHub without a stored key.

ECS separates what other clouds combine in one identity: the execution role pulls the image, reads secrets and writes
the log before the container runs; the code in the container only has the task role. Both trust ECS for tasks of this
account and region only.

The deployer role can push to this stack's repositories, register revisions of its task definitions and update its
services. It can neither change other resources nor read secrets by itself, but a revision that it registers receives the
roles and secrets of its service: IAM has no condition on the contents of a task definition, so whoever may deploy code may
run code with the service's access (`deployer_adjustments`). An account has one identity provider for GitHub's tokens, so
the stack does not create it: run `aws iam create-open-id-connect-provider
--url https://token.actions.githubusercontent.com --client-id-list sts.amazonaws.com` once.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pulumi
import pulumi_aws as aws

from providers.aws.base.existing_registry import used_repositories
from providers.aws.base.iam_policies import Statement, allow, document, trust
from providers.aws.base.image_sources import repository_name
from providers.aws.base.models import inference_profiles, plain_model_arns, profile_arn, profile_model_arns
from providers.aws.context import AwsContext
from providers.aws.naming import cluster_name, load_balancer_name, task_family
from providers.contract.component import Scope
from providers.contract.spec import Deployer

INVOKE = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream")
ISSUER = "token.actions.githubusercontent.com"
WATCH = (
    "cloudwatch:GetMetricData",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
)
"""Reading actions without a resource level."""
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


@dataclass(frozen=True)
class AwsIdentity:
    """Roles by service name; permissions are granted next to what they apply to, such as a secret or a bucket."""

    execution: Mapping[str, aws.iam.Role]
    task: Mapping[str, aws.iam.Role]
    grants: Mapping[str, tuple[pulumi.Resource, ...]] = field(default_factory=dict[str, tuple[pulumi.Resource, ...]])
    """Permissions on models, by service. A service depends on its own."""


def create_identity(scope: Scope, context: AwsContext) -> AwsIdentity:
    """Declare two roles per service, permission to invoke the listed models, and the deployer role if configured."""
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
    for profile in inference_profiles(models):
        arn = profile_arn(context, profile)
        through_profile = {"StringEquals": {"bedrock:InferenceProfileArn": arn}}
        models_behind = profile_model_arns(context, profile)
        resources = models_behind if len(models_behind) > 1 else models_behind[0]
        statements += [allow(INVOKE, arn), allow(INVOKE, resources, through_profile)]
    return statements


def create_deployer(
    scope: Scope, context: AwsContext, deployer: Deployer, roles: Sequence[aws.iam.Role]
) -> aws.iam.Role:
    """Deployer role; `roles` are those that it may pass to ECS in a task definition."""
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
    """Both forms of the subject claim: repositories created or renamed since 2026 include their numeric ids."""
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
                # the ids in the subject are matched by a wildcard, which alone would accept another repository
                f"{ISSUER}:repository": deployer.github,
                f"{ISSUER}:environment": deployer.environment,
            },
            "StringLike": {f"{ISSUER}:sub": token_subjects(deployer)},
        },
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _push_statements(context: AwsContext) -> list[Statement]:
    existing = [each.arn(context.partition) for each in used_repositories(context.spec)]
    if existing:
        return _push_to(existing)
    repositories = f"repository/{repository_name(context.stack, '*')}"
    own = [context.arn("ecr", repositories)]
    if context.spec.standby_region is not None:
        standby = replace(context, region=context.spec.standby_region)
        own.append(standby.arn("ecr", repositories))
    return _push_to(own)


def _push_to(repositories: Sequence[str]) -> list[Statement]:
    # the authorization token is not tied to a repository: ECR has no resource for it
    target = repositories if len(repositories) > 1 else repositories[0]
    return [allow("ecr:GetAuthorizationToken", "*"), allow(PUSH, target)]


def _deploy_statements(context: AwsContext) -> list[Statement]:
    cluster = cluster_name(context.stack)
    in_cluster = {"ArnEquals": {"ecs:cluster": context.arn("ecs", f"cluster/{cluster}")}}
    families = [
        context.arn("ecs", f"task-definition/{task_family(context.stack, name)}:*") for name in context.spec.services
    ]
    return [
        allow(("ecs:DescribeServices", "ecs:UpdateService"), context.arn("ecs", f"service/{cluster}/*"), in_cluster),
        allow("ecs:RegisterTaskDefinition", families),
        # a workflow reads the running revision to register the next one; ECS has no resource for that action
        allow("ecs:DescribeTaskDefinition", "*"),
        *_rollout_statements(context),
    ]


def _rollout_statements(context: AwsContext) -> list[Statement]:
    """Permissions to watch rollouts in steps, and to return the requests to the stable revision; none without steps."""
    if not context.spec.services_in_steps:
        return []
    rules = context.arn("elasticloadbalancing", f"listener-rule/app/{load_balancer_name(context.stack)}/*")
    return [allow(WATCH, "*"), allow("elasticloadbalancing:ModifyRule", rules)]


def _pass_role_statement(roles: Sequence[aws.iam.Role]) -> Statement:
    to_tasks = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    return allow("iam:PassRole", [role.arn for role in roles], to_tasks)
