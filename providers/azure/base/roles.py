"""Rights: one role on one resource for one identity, named for ever.

A role assignment's name is a GUID made from logical names, so that it is known in a preview; every property of it is
fixed, so a change deletes it before it is made again under the same name.
"""

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.context import AzureContext
from providers.contract.component import Scope


def grant(
    room: Scope, site: AzureContext, part: str, role: str, principal_id: pulumi.Input[str], scope: pulumi.Input[str]
) -> azure_native.authorization.RoleAssignment:
    """Give the identity `principal_id` the built-in role `role` (a GUID of `providers.azure.base.role_ids`) on `scope`."""
    return azure_native.authorization.RoleAssignment(
        room.named(part),
        role_assignment_name=site.guid(room.named(part)),
        principal_id=principal_id,
        # said openly, because a new identity is not found in the directory for some minutes
        principal_type="ServicePrincipal",
        role_definition_id=site.role_id(role),
        scope=scope,
        opts=room.opts(delete_before_replace=True),
    )
