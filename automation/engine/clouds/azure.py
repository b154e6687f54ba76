"""Azure: tenant, subscription and access of the login, and objects in the resource lists of the Resource Manager.

The SDK has no function for the quotas of Container Apps, which are not queried, and none that lists resources by tags, so
the lists are read with a token from the provider. The Resource Manager accepts one tag in a filter; the other two are
compared here. Its lists are current, unlike the search indexes of the other clouds.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import Request, urlopen

import pulumi
import pulumi_azure_native as azure_native
from pydantic import BaseModel, TypeAdapter

from automation.engine.clouds import Answer, Query, Search, SearchHit, stack_tags
from automation.engine.target import CloudTarget

ENDPOINTS = {
    "public": "https://management.azure.com",
    "usgovernment": "https://management.usgovcloudapi.net",
    "china": "https://management.chinacloudapi.cn",
}
"""Endpoints by ARM_ENVIRONMENT, which the provider also reads; ARM_ENDPOINT overrides them."""
LISTS = {"resources": "2021-04-01", "resourcegroups": "2021-04-01"}
"""Lists of a subscription and their API version: "Resources - List", "Resource Groups - List"."""
TIMEOUT_SECONDS = 30
MAX_PAGES = 100
DEPLOYMENT = "OpenAI.GlobalStandard"
"""Type of the model deployments, in the names of their quotas."""


@dataclass(frozen=True)
class _Resource:
    id: str
    tags: Mapping[str, str] | None = None


@dataclass(frozen=True)
class _Page:
    value: list[_Resource] = field(default_factory=list[_Resource])
    nextLink: str | None = None


class _Name(BaseModel):
    value: str = ""


class _Listed(BaseModel):
    """Entry of a list of the Resource Manager, with the fields that the doctor reads."""

    name: str | _Name = ""
    namespace: str = ""
    registrationState: str = ""
    location: str = ""
    limit: float = 0
    properties: dict[str, object] = {}

    @property
    def label(self) -> str:
        """Name; usages have it in an object."""
        return self.name if isinstance(self.name, str) else self.name.value


class _ListPage(BaseModel):
    value: list[_Listed] = []
    nextLink: str | None = None


def provider(target: CloudTarget) -> pulumi.ProviderResource:
    """Implement `CloudQueries.provider`."""
    return azure_native.Provider(
        "doctor", subscription_id=target.account, tenant_id=target.tenant, location=target.region
    )


def queries(target: CloudTarget) -> Mapping[str, Query]:
    """Implement `CloudQueries.queries`.

    `identity` returns the settings of the provider, so `subscriptions` lists what the login has access to.
    """

    def identity(opts: pulumi.InvokeOptions) -> Answer:
        client = azure_native.authorization.get_client_config(opts=opts)
        principal = f"object {client.object_id}"
        return {"account": client.subscription_id, "tenant": client.tenant_id, "principal": principal}

    def subscriptions(opts: pulumi.InvokeOptions) -> Answer:
        page = azure_native.authorization.list_subscriptions(opts=opts)
        listed = any((each.subscription_id or "").lower() == target.account.lower() for each in page.value or [])
        return {"listed": float(listed), "complete": float(not page.next_link)}

    def zone(opts: pulumi.InvokeOptions) -> Answer:
        group, name = target.subjects["dns_group"], target.subjects["zone"]
        found = azure_native.dns.get_zone(resource_group_name=group, zone_name=name, opts=_zone_options(target, opts))
        return {"values": " ".join(found.name_servers or ())}

    def lists(kind: str, version: str, field_of: Callable[[_Listed], str]) -> Query:
        return lambda opts: {"values": " ".join(filter(None, map(field_of, _listed(target, kind, version, opts))))}

    def quota(model: str) -> Query:
        kind, name = f"providers/Microsoft.CognitiveServices/locations/{target.region}/usages", f"{DEPLOYMENT}.{model}"
        return lists(kind, "2023-05-01", lambda one: f"{one.limit:g}" if one.label.lower() == name.lower() else "")

    location = target.region
    watchers, registries = (
        "providers/Microsoft.Network/networkWatchers",
        "providers/Microsoft.ContainerRegistry/registries",
    )
    return {
        "identity": identity,
        "subscriptions": subscriptions,
        "resource providers": lists(
            "providers", "2021-04-01", lambda one: one.namespace if one.registrationState == "Registered" else ""
        ),
        "network watcher": lists(watchers, "2023-09-01", lambda one: one.label if one.location == location else ""),
        "registry": lists(
            registries,
            "2023-07-01",
            lambda one: (
                str(one.properties.get("publicNetworkAccess", "")) if one.label == target.subjects["registry"] else ""
            ),
        ),
        **({"zone": zone} if "zone" in target.subjects else {}),
        **{f"model {name}": quota(name) for name in target.subjects.get("models", "").split()},
    }


def searches(target: CloudTarget) -> Mapping[str, Search]:
    """Implement `CloudQueries.searches`."""

    def search(kind: str, version: str) -> Search:
        return lambda opts: list(_tagged(target, kind, version, opts))

    return {f"{kind} of the Resource Manager": search(kind, version) for kind, version in LISTS.items()}


def _zone_options(target: CloudTarget, opts: pulumi.InvokeOptions) -> pulumi.InvokeOptions:
    """Return the options of a question about the DNS zone, which may be in another subscription."""
    subscription = target.subjects.get("dns_account", target.account)
    if subscription.lower() == target.account.lower():
        return opts
    there = azure_native.Provider("doctor-zone", subscription_id=subscription, tenant_id=target.tenant)
    return pulumi.InvokeOptions(provider=there)


def endpoint() -> str:
    """Return the URL of the Resource Manager; raises ValueError when the token would be sent without encryption."""
    url = os.environ.get("ARM_ENDPOINT") or ENDPOINTS[os.environ.get("ARM_ENVIRONMENT") or "public"]
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
        raise ValueError("ARM_ENDPOINT must begin with https://")
    return url.rstrip("/")


def _tagged(target: CloudTarget, kind: str, version: str, opts: pulumi.InvokeOptions) -> Iterator[SearchHit]:
    token = azure_native.authorization.get_client_token(opts=opts).token
    base = endpoint()
    expected = stack_tags(target)
    query = {"$filter": f"tagName eq 'stack' and tagValue eq '{target.stack}'", "api-version": version}
    url = f"{base}/subscriptions/{target.account}/{kind}?{urlencode(query, quote_via=quote)}"
    for _ in range(MAX_PAGES):
        page = _read_page(url, token)
        for resource in page.value:
            if expected.items() <= (resource.tags or {}).items():
                yield SearchHit(resource.id, tagged=True)
        url = page.nextLink or ""
        if not url.startswith(f"{base}/"):
            return


def _listed(target: CloudTarget, kind: str, version: str, opts: pulumi.InvokeOptions) -> Iterator[_Listed]:
    """Yield the entries of a list of the subscription."""
    token = azure_native.authorization.get_client_token(opts=opts).token
    base = endpoint()
    url = f"{base}/subscriptions/{target.account}/{kind}?{urlencode({'api-version': version})}"
    for _ in range(MAX_PAGES):
        page = _ListPage.model_validate_json(_read(url, token))
        yield from page.value
        url = page.nextLink or ""
        if not url.startswith(f"{base}/"):
            return


def _read_page(url: str, token: str) -> _Page:
    return TypeAdapter(_Page).validate_json(_read(url, token))


def _read(url: str, token: str) -> bytes:
    # `endpoint` has checked the host, and a next page on another host is not read.
    request = Request(url, headers={"Authorization": f"Bearer {token}"})  # noqa: S310
    with urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310
        return response.read()
