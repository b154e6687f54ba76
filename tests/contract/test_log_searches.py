"""Saved searches: each cloud has each of them, they read structured lines, and no list of requests shows a query or a key."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache

import pytest

from automation.plan.inventory import Inventory
from automation.stack.document import REMOVE
from providers.contract.log_searches import OF_THE_ENTRY, PLACEHOLDER, SHOWN_FIELDS, TITLES, LogSearch
from providers.docker.preflight.daemon import fields, rows
from tests.azure.kql import faults, parses_queries
from tests.docker.plans import files
from tests.planning import plan, production

PRIVATE: Mapping[str, object] = {
    "services.gateway.path": REMOVE, "services.chat.path": REMOVE, "ingress": REMOVE, "monitoring.slo": REMOVE,
}  # fmt: skip


def _aws(inventory: Inventory) -> Mapping[str, str]:
    found = inventory.of_type("cloudwatch:QueryDefinition")
    return {str(each.inputs["name"]).rpartition("/")[2]: str(each.inputs["queryString"]) for each in found}


def _gcp(inventory: Inventory) -> Mapping[str, str]:
    found = inventory.of_type("logging:SavedQuery")
    return {
        str(each.inputs["name"]).removeprefix("prod-monitoring-"): json.dumps(each.inputs["loggingQuery"])
        for each in found
    }


def _azure(inventory: Inventory) -> Mapping[str, str]:
    found = inventory.of_type("operationalinsights:SavedSearch")
    return {str(each.inputs["savedSearchId"]): str(each.inputs["query"]) for each in found}


def _docker(inventory: Inventory) -> Mapping[str, str]:
    document = json.loads(files(inventory, "monitoring-grafana-dashboards-written")["logs.json"])
    (variable,) = document["templating"]["list"]
    titles = {title: str(search) for search, title in TITLES.items()}
    return {
        titles[panel["title"]]: panel["targets"][0]["expr"].replace(f"${{{variable['name']}}}", variable["query"])
        for panel in document["panels"]
    }


READ: Mapping[str, Callable[[Inventory], Mapping[str, str]]] = {
    "aws": _aws, "gcp": _gcp, "azure": _azure, "docker": _docker,
}  # fmt: skip


@cache
def searches(cloud: str) -> Mapping[str, str]:
    """Query of each search of production, by its name."""
    return READ[cloud](plan(production({}, cloud=cloud)))


@pytest.mark.parametrize("cloud", READ)
def test_a_cloud_has_every_search(cloud: str) -> None:
    assert set(searches(cloud)) == {str(search) for search in LogSearch}


@pytest.mark.parametrize("cloud", READ)
def test_a_search_of_services_shows_every_field_of_a_line(cloud: str) -> None:
    for search in set(LogSearch) - OF_THE_ENTRY:
        assert [name for name in SHOWN_FIELDS if name not in searches(cloud)[search]] == [], search


@pytest.mark.parametrize("cloud", READ)
def test_a_user_replaces_one_text_to_find_one_request(cloud: str) -> None:
    assert [name for name, query in searches(cloud).items() if PLACEHOLDER in query] == [LogSearch.REQUEST]


@pytest.mark.parametrize("cloud", READ)
@pytest.mark.parametrize("search", sorted(OF_THE_ENTRY))
def test_a_list_of_requests_shows_neither_queries_nor_headers(cloud: str, search: LogSearch) -> None:
    query = searches(cloud)[search].lower()
    shown = [
        name
        for name in ("requesturl", "args", "query_s", "authorization", "cookie", "headers", "@message")
        if name in query
    ]
    assert shown == []


def test_the_log_of_the_web_acl_has_neither_queries_nor_credentials() -> None:
    (log,) = plan(production({}, cloud="aws")).of_type("wafv2:WebAclLoggingConfiguration")
    fields = json.dumps(log.inputs["redactedFields"])
    assert "queryString" in fields
    headers = ("authorization", "cookie", "proxy-authorization", "x-api-key")
    assert [name for name in headers if f'"name": "{name}"' not in fields] == []


def test_the_logs_of_front_door_have_neither_queries_nor_credentials() -> None:
    inventory = plan(production({}, cloud="azure"))
    (profile,) = inventory.of_type("cdn:Profile")
    assert profile.inputs["logScrubbing"] == {
        "state": "Enabled",
        "scrubbingRules": [
            {"matchVariable": "QueryStringArgNames", "selectorMatchOperator": "EqualsAny", "state": "Enabled"}
        ],
    }
    (firewall,) = inventory.of_type("frontdoor:Policy")
    assert set(scrubbed(firewall.inputs["policySettings"])) == {
        ("QueryStringArgNames", None), ("RequestCookieNames", None), ("RequestHeaderNames", "Authorization"),
        ("RequestHeaderNames", "Cookie"), ("RequestHeaderNames", "Proxy-Authorization"),
        ("RequestHeaderNames", "X-Api-Key"),
    }  # fmt: skip


def test_the_firewall_log_of_application_gateway_has_neither_queries_nor_credentials() -> None:
    changes = {"azure.entry": "gateway", "ingress.certificate": {"azure": "keys/acme-certs/agents"}}
    (firewall,) = plan(production(changes, cloud="azure")).of_type("network:WebApplicationFirewallPolicy")
    settings = fields(firewall.inputs["policySettings"])
    found = set(scrubbed(settings["logScrubbing"]))
    assert {("RequestArgNames", None), ("RequestHeaderNames", "Authorization")} < found


def scrubbed(settings: object) -> Iterator[tuple[str, str | None]]:
    """Names of the fields that a log does not show, each with one of its keys or None for all."""
    for rule in rows(fields(settings)["scrubbingRules"]):
        selector = rule.get("selector")
        yield str(rule["matchVariable"]), str(selector) if selector else None


@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure"])
def test_a_platform_without_a_path_has_no_search_of_the_entry(cloud: str) -> None:
    names = set(READ[cloud](plan(production(PRIVATE, cloud=cloud))))
    assert names == {str(search) for search in set(LogSearch) - OF_THE_ENTRY}


@parses_queries
@pytest.mark.parametrize(
    "changes", [{}, {"azure.entry": "gateway", "ingress.certificate": {"azure": "keys/acme-certs/agents"}}]
)
def test_a_search_in_the_workspace_is_valid(changes: Mapping[str, object]) -> None:
    queries = _azure(plan(production(changes, cloud="azure")))
    results = faults(list(queries.values()))
    assert dict(zip(queries, results, strict=True)) == {name: [] for name in queries}
