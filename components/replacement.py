"""Order of replacements that a preview did not show: a stateful resource is not deleted before another one is created.

A provider asks for the deletion first where a name is fixed, and the preview of an update can miss a replacement. During
`agent-platform up`, which cancels such an update, the program asks for the opposite order
(docs/adr/0031-create-first-what-an-update-replaces-unforeseen.md).
"""

import os
from collections.abc import Collection

import pulumi

from providers import resource_traits

ALLOWED_VARIABLE = "AGENT_PLATFORM_ALLOW_REPLACE"
"""Names of the resources that an update may replace, separated by spaces; set by `agent-platform up` alone."""


def create_first(cloud: str) -> pulumi.ResourceOptions:
    """Return the options of a component whose stateful resources are created before they are deleted, during `up`."""
    allowed = os.environ.get(ALLOWED_VARIABLE)
    if allowed is None:
        return pulumi.ResourceOptions()
    types, names = resource_traits(cloud).holds.keys(), frozenset(allowed.split())
    return pulumi.ResourceOptions(transformations=[lambda args: _created_first(args, types, names)])


def _created_first(
    args: pulumi.ResourceTransformationArgs, types: Collection[str], allowed: Collection[str]
) -> pulumi.ResourceTransformationResult | None:
    if args.type_ not in types or args.name in allowed:
        return None
    opts = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(delete_before_replace=False))
    return pulumi.ResourceTransformationResult(args.props, opts)
