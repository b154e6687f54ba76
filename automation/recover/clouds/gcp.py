"""Google Cloud: Cloud Asset Inventory, by labels, and by name for what carries none.

Its index takes words apart at dashes, so what it finds by name is looked at again here.
"""

from collections.abc import Mapping

import pulumi
import pulumi_gcp as gcp

from automation.engine.target import CloudTarget
from automation.recover.clouds.searches import Search, SearchHit, own_tags


def searches(place: CloudTarget) -> Mapping[str, Search]:
    """See `Searched.searches`."""

    def assets(opts: pulumi.InvokeOptions) -> list[SearchHit]:
        found = gcp.cloudasset.get_search_all_resources(
            scope=f"projects/{place.account}", query=query_for(place), opts=opts
        )
        told = (believed(one.name, one.asset_type, one.display_name, one.labels or {}, place) for one in found.results)
        return [one for one in told if one is not None]

    return {"Cloud Asset Inventory": assets}


def query_for(place: CloudTarget) -> str:
    """What is asked for: all of the labels, or a name that begins like the stack's."""
    labels = " AND ".join(f"labels.{key}={value}" for key, value in own_tags(place).items())
    return f"({labels}) OR name:{place.stack}* OR displayName:{place.stack}*"


def believed(address: str, kind: str, name: str, labels: Mapping[str, str], place: CloudTarget) -> SearchHit | None:
    """One object, unless its labels say that it is another stack's, or nothing says that it is this one's."""
    wanted = own_tags(place)
    tagged = wanted.items() <= labels.items()
    foreign = any(labels.get(key, value) != value for key, value in wanted.items())
    named = any(word.startswith((f"{place.stack}-", f"{place.stack}:")) for word in (name, address.rpartition("/")[2]))
    if foreign or not (tagged or named):
        return None
    return {"address": address, "kind": kind, "name": name, "tagged": tagged}
