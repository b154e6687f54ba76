"""Azure: the Resource Manager's own list by tags, read with the token that the provider hands out.

The SDK has no function that lists by tags. The Resource Manager takes one tag in a filter, so the other two are looked
at here; what it lists is current, where the indexes of the other clouds lag.
"""

import json
import os
from collections.abc import Iterator, Mapping
from typing import TypedDict, cast
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import Request, urlopen

import pulumi
import pulumi_azure_native as azure_native

from automation.engine.target import CloudTarget
from automation.recover.clouds.searches import Search, SearchHit, own_tags

ENDPOINTS = {
    "public": "https://management.azure.com",
    "usgovernment": "https://management.usgovcloudapi.net",
    "china": "https://management.chinacloudapi.cn",
}
"""Endpoints by ARM_ENVIRONMENT, which the provider reads too; ARM_ENDPOINT names any other one."""
LISTS = {"resources": "2021-04-01", "resourcegroups": "2021-04-01"}
"""Lists of a subscription with the version of their interface: "Resources - List", "Resource Groups - List"."""
LONGEST_SECONDS = 30
PAGES = 100


class _Page(TypedDict, total=False):
    value: list[Mapping[str, object]]
    nextLink: str


def searches(place: CloudTarget) -> Mapping[str, Search]:
    """See `Searched.searches`."""

    def listed(kind: str, version: str) -> Search:
        return lambda opts: list(_listed(place, kind, version, opts))

    return {f"the Resource Manager's list of {kind}": listed(kind, version) for kind, version in LISTS.items()}


def endpoint() -> str:
    """Where the Resource Manager answers; raises ValueError for one that a token must not be sent to in clear."""
    told = os.environ.get("ARM_ENDPOINT") or ENDPOINTS[os.environ.get("ARM_ENVIRONMENT") or "public"]
    address = urlsplit(told)
    if address.scheme != "https" and address.hostname not in ("127.0.0.1", "localhost"):
        raise ValueError("ARM_ENDPOINT must begin with https://")
    return told.rstrip("/")


def _listed(place: CloudTarget, kind: str, version: str, opts: pulumi.InvokeOptions) -> Iterator[SearchHit]:
    token = azure_native.authorization.get_client_token(opts=opts).token
    base = endpoint()
    wanted = own_tags(place)
    query = {"$filter": f"tagName eq 'stack' and tagValue eq '{place.stack}'", "api-version": version}
    url = f"{base}/subscriptions/{place.account}/{kind}?{urlencode(query, quote_via=quote)}"
    for _ in range(PAGES):
        page = _page(url, token)
        for one in page.get("value", []):
            tags = cast("Mapping[str, str]", one.get("tags") or {})
            if wanted.items() <= tags.items():
                yield {"address": str(one["id"]), "kind": "", "name": "", "tagged": True}
        url = page.get("nextLink", "")
        if not url.startswith(f"{base}/"):
            return


def _page(url: str, token: str) -> _Page:
    # `endpoint` has looked at where this goes, and a next page elsewhere is not followed.
    request = Request(url, headers={"Authorization": f"Bearer {token}"})  # noqa: S310
    with urlopen(request, timeout=LONGEST_SECONDS) as answer:  # noqa: S310
        return cast("_Page", json.load(answer))
