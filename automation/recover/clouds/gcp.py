"""Google Cloud: Cloud Asset Inventory, by labels, and by name for resources without labels.

The index splits words at hyphens, so the names in its results are checked again here.
"""

from collections.abc import Mapping

import pulumi
import pulumi_gcp as gcp

from automation.engine.target import CloudTarget
from automation.recover.clouds import Search, SearchHit, stack_tags


def searches(target: CloudTarget) -> Mapping[str, Search]:
    """Implement `CloudSearch.searches`."""

    def assets(opts: pulumi.InvokeOptions) -> list[SearchHit]:
        result = gcp.cloudasset.get_search_all_resources(
            scope=f"projects/{target.account}", query=query_for(target), opts=opts
        )
        hits = (hit_of(one.name, one.asset_type, one.display_name, one.labels or {}, target) for one in result.results)
        return [hit for hit in hits if hit is not None]

    return {"Cloud Asset Inventory": assets}


def query_for(target: CloudTarget) -> str:
    """Return the query: all labels of the stack, or a name that begins with the stack's name."""
    labels = " AND ".join(f"labels.{key}={value}" for key, value in stack_tags(target).items())
    return f"({labels}) OR name:{target.stack}* OR displayName:{target.stack}*"


def hit_of(address: str, kind: str, name: str, labels: Mapping[str, str], target: CloudTarget) -> SearchHit | None:
    """Return an object of the stack; None when its labels name another stack, or neither labels nor name match."""
    expected = stack_tags(target)
    tagged = expected.items() <= labels.items()
    other_stack = any(labels.get(key, value) != value for key, value in expected.items())
    prefixes = (f"{target.stack}-", f"{target.stack}:")
    named = any(word.startswith(prefixes) for word in (name, address.rpartition("/")[2]))
    return SearchHit(address, kind, name, tagged) if (tagged or named) and not other_stack else None
