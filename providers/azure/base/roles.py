"""Rights: one role on one resource for one identity, named for ever.

A role assignment's name is a GUID made from logical names, so that it is known in a preview; every property of it is
fixed, so a change deletes it before it is made again under the same name.
"""

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.context import AzureContext
from providers.contract.component import Scope


def grant(
    scope: Scope,
    context: AzureContext,
    part: str,
    role: str,
    principal_id: pulumi.Input[str],
    target_id: pulumi.Input[str],
) -> azure_native.authorization.RoleAssignment:
    """Give the identity `principal_id` the built-in role `role` (a GUID of `providers.azure.base.role_ids`) on `target_id`."""
    return azure_native.authorization.RoleAssignment(
        scope.named(part),
        role_assignment_name=context.guid(scope.named(part)),
        principal_id=principal_id,
        # said openly, because a new identity is not found in the directory for some minutes
        principal_type="ServicePrincipal",
        role_definition_id=context.role_id(role),
        scope=target_id,
        opts=scope.opts(delete_before_replace=True),
    )
