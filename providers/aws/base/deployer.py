"""Keyless deployment: the role that jobs of one GitHub environment assume to push images and roll services.

It can push to this stack's repositories, register revisions of its task definitions and point its services at them; it
can neither change what the stack is made of nor read a secret. An account has one provider for GitHub's tokens, so the
stack does not make it: create it once with `aws iam create-open-id-connect-provider
--url https://token.actions.githubusercontent.com --client-id-list sts.amazonaws.com`.
"""

import json
from collections.abc import Sequence

import pulumi_aws as aws

from providers.aws.base.iam_policies import Statement, allow, document
from providers.aws.base.image_sources import repository_name
from providers.aws.context import AwsContext
from providers.aws.naming import cluster_name, task_family
from providers.contract.component import Scope
from providers.contract.spec import Deployer

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


def create_deployer(
    scope: Scope, context: AwsContext, deployer: Deployer, roles: Sequence[aws.iam.Role]
) -> aws.iam.Role:
    """The deploy role; `roles` are those it may hand to ECS with a task definition."""
    role = aws.iam.Role(
        scope.named("deployer"),
        # fixed, because the workflow file in the repository names it
        name=f"{context.stack}-deployer",
        description=f"Deploys the stack {context.stack} from GitHub, environment {deployer.environment}",
        assume_role_policy=_trust(context, deployer),
        opts=scope.opts(),
    )
    aws.iam.RolePolicy(
        scope.named("deployer-policy"),
        role=role.name,
        policy=document(*_images(context), *_services(context), _hand_over(roles)),
        opts=scope.opts(),
    )
    return role


def subjects(deployer: Deployer) -> list[str]:
    """Both forms of the subject: repositories made or renamed since 2026 carry their numeric ids in it."""
    owner, _, repository = deployer.github.partition("/")
    return [
        f"repo:{owner}/{repository}:environment:{deployer.environment}",
        f"repo:{owner}@*/{repository}@*:environment:{deployer.environment}",
    ]


def _trust(context: AwsContext, deployer: Deployer) -> str:
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
            "StringLike": {f"{ISSUER}:sub": subjects(deployer)},
        },
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _images(context: AwsContext) -> list[Statement]:
    own = context.arn("ecr", f"repository/{repository_name(context.stack, '*')}")
    # the token opens the registry's door, not a repository: ECR has no resource for it
    return [allow("ecr:GetAuthorizationToken", "*"), allow(PUSH, own)]


def _services(context: AwsContext) -> list[Statement]:
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


def _hand_over(roles: Sequence[aws.iam.Role]) -> Statement:
    to_tasks = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    return allow("iam:PassRole", [role.arn for role in roles], to_tasks)
