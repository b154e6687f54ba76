"""Role assignments: one role on one resource for one identity.

Role ids are GUIDs: Microsoft Learn, "Azure built-in roles". The name of an assignment is a GUID computed from logical
names, so that it is known in a preview. Every property of an assignment is immutable, so a change deletes it before it
is created again under the same name.
"""

from collections.abc import Sequence

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.context import AzureContext
from providers.contract.component import Scope

ACR_IMPORT = "577a9874-89fd-4f24-9dbd-b5034d0ad23a"
ACR_PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
ACR_PUSH = "8311e382-0749-4cb8-b61a-304f252e45ec"
BLOB_DATA_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
CRYPTO_SERVICE_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
"""Key Vault Crypto Service Encryption User: reads a key, wraps and unwraps with it."""
CONTAINER_APPS_CONTRIBUTOR = "358470bc-b998-42bd-ab17-a7e34c199c0f"
CONTAINER_APPS_JOBS_CONTRIBUTOR = "4e3d2b60-56ae-4dc6-a233-09c8e5a82e68"
GRAFANA_ADMIN = "22926164-76b3-42b3-bc55-97df8dab3e41"
METRICS_PUBLISHER = "3913510d-42f4-4e42-8a64-420c390055eb"
MONITORING_DATA_READER = "b0d8363b-8ddd-447d-831f-62ca05bff136"
MONITORING_READER = "43d0d8ad-25c7-4714-9337-8ba259a9fe05"
LONG_TERM_BACKUP = "c088a766-074b-43ba-90d4-1fb21feae531"
OPENAI_USER = "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"


def grant_role(
    scope: Scope,
    context: AzureContext,
    part: str,
    role: str,
    principal_id: pulumi.Input[str],
    target_id: pulumi.Input[str],
    *,
    principal_type: str | None = "ServicePrincipal",
    after: Sequence[pulumi.Resource] = (),
    subscription_id: str | None = None,
) -> azure_native.authorization.RoleAssignment:
    """Assign the role with the GUID `role` on `target_id` to `principal_id`, once `after`, such as the role, exists.

    `subscription_id` is that of a target in another subscription than the stack's.

    A new identity needs its type, because it takes minutes to replicate in the directory; of an existing principal, a user
    or a group, the API finds the type when `principal_type` is None.
    """
    options = scope.opts(delete_before_replace=True, depends_on=after)
    return azure_native.authorization.RoleAssignment(
        scope.named(part),
        role_assignment_name=context.guid(scope.named(part)),
        principal_id=principal_id,
        principal_type=principal_type,
        role_definition_id=context.role_id(role, subscription_id),
        scope=target_id,
        opts=options if principal_type is not None else pulumi.ResourceOptions.merge(options, WITHOUT_TYPE),
    )


def _without_type(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
    """Remove the type `User` that the SDK adds to an assignment without one; the API would reject it for a group."""
    return pulumi.ResourceTransformationResult(props={**args.props, "principal_type": None}, opts=args.opts)


WITHOUT_TYPE = pulumi.ResourceOptions(transformations=[_without_type])
