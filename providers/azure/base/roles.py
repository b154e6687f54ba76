"""Role assignments: one built-in role on one resource for one identity.

Role ids are GUIDs: Microsoft Learn, "Azure built-in roles". The name of an assignment is a GUID computed from logical
names, so that it is known in a preview. Every property of an assignment is immutable, so a change deletes it before it
is created again under the same name.
"""

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.context import AzureContext
from providers.contract.component import Scope

ACR_IMPORT = "577a9874-89fd-4f24-9dbd-b5034d0ad23a"
ACR_PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
ACR_PUSH = "8311e382-0749-4cb8-b61a-304f252e45ec"
BLOB_DATA_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
CONTAINER_APPS_CONTRIBUTOR = "358470bc-b998-42bd-ab17-a7e34c199c0f"
METRICS_PUBLISHER = "3913510d-42f4-4e42-8a64-420c390055eb"
MONITORING_DATA_READER = "b0d8363b-8ddd-447d-831f-62ca05bff136"
MONITORING_READER = "43d0d8ad-25c7-4714-9337-8ba259a9fe05"
OPENAI_USER = "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd"
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"


def grant_role(
    scope: Scope,
    context: AzureContext,
    part: str,
    role: str,
    principal_id: pulumi.Input[str],
    target_id: pulumi.Input[str],
) -> azure_native.authorization.RoleAssignment:
    """Assign the built-in role with the GUID `role` on `target_id` to the identity `principal_id`."""
    return azure_native.authorization.RoleAssignment(
        scope.named(part),
        role_assignment_name=context.guid(scope.named(part)),
        principal_id=principal_id,
        # explicit, because a new identity takes minutes to replicate in the directory
        principal_type="ServicePrincipal",
        role_definition_id=context.role_id(role),
        scope=target_id,
        opts=scope.opts(delete_before_replace=True),
    )
