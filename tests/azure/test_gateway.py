"""Application Gateway as the entry on Azure: network, listeners, WAF, certificate, probes, limits and alarms."""

import re
from functools import cache
from typing import cast

import pytest

from automation.plan.inventory import Declared, Inventory
from providers.azure.cli import approve_links
from providers.azure.entry.gateway_limits import drain_seconds, idle_timeout_minutes, request_timeout_seconds
from providers.azure.entry.waf_rules import waf_rules
from providers.azure.network.cidr import address_plan
from providers.contract.diagnostics import Effect, Unsupported
from tests.azure.fake_shell import FakeShell, stack
from tests.azure.plans import adjustments, depends_on, input_at, mapping_at, mappings_at, refusals, spec_of
from tests.planning import DROP, WITH_KEY, plan, production

GATEWAY: dict[str, object] = {"azure.entry": "gateway", "ingress.certificate": {"azure": "keys/acme-certs/agents"}}
DEVELOPMENT: dict[str, object] = {
    **GATEWAY, "profile": "development", "network.zones": 1, "ingress.domain": DROP, "ingress.dns_zone": DROP, "ingress.certificate": DROP,
}  # fmt: skip
PARTS = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/prod-agents-westus3/providers/Microsoft.Network/applicationGateways/prod-gateway"
PAGE: dict[str, object] = {"services.gateway.path": "/api", "services.chat.path": "/Page", "services.chat.auth": "app"}


def declared(changes: dict[str, object] | None = None) -> Inventory:
    return plan(production({**GATEWAY, **(changes or {})}, cloud="azure"))


@cache
def prod() -> Inventory:
    return declared()


def gateway(changes: dict[str, object] | None = None) -> Declared:
    inventory = declared(changes) if changes else prod()
    return inventory.one("prod-entry-application-gateway", "network:ApplicationGateway")


def rules(inventory: Inventory) -> dict[str, dict[str, object]]:
    return {str(rule["name"]): rule for rule in mappings_at(inventory.one("prod-entry-policy"), "customRules")}


def part(reference: object) -> str:
    """Path of a referenced part below the gateway."""
    identifier = str(cast("dict[str, str]", reference)["id"])
    assert identifier.startswith(f"{PARTS}/"), identifier
    return identifier.removeprefix(f"{PARTS}/")


def referenced(value: object) -> set[str]:
    """Every part of the gateway that an input refers to."""
    found = re.findall(re.escape(PARTS) + r"/(\w+/[\w-]+)", str(value))
    return set(found)


def test_nothing_of_front_door_remains() -> None:
    types = {resource.short_type for resource in prod().custom}
    assert not {each for each in types if each.startswith(("cdn:", "frontdoor:"))}
    assert [key for key in ("services.gateway.path", "services.gateway.streaming") if key in adjustments(GATEWAY)] == []


def test_responses_are_not_buffered_unless_no_service_streams() -> None:
    def buffered(changes: dict[str, object]) -> object:
        return input_at(gateway(changes), "globalConfiguration.enableResponseBuffering")

    assert buffered({}) is False
    assert buffered({"services.gateway.streaming": False}) is True
    assert buffered({**PAGE, "services.gateway.streaming": False}) is False
    key = "services.gateway.streaming"
    assert adjustments({**GATEWAY, **PAGE, key: False})[key].effect is Effect.IGNORED
    assert key not in adjustments({**GATEWAY, key: False})


def test_every_reference_leads_to_a_part_of_the_gateway() -> None:
    for changes in ({}, PAGE, DEVELOPMENT):
        inputs = gateway(changes).inputs
        collections = {
            key: {str(each["name"]) for each in cast("list[dict[str, object]]", value)}
            for key, value in inputs.items()
            if isinstance(value, list) and key != "zones"
        }
        existing = {f"{key}/{name}" for key, names in collections.items() for name in names}
        assert referenced(inputs) <= existing
        # every part is used, but for the subnet, which no other part refers to
        unused = existing - referenced(inputs)
        assert {each.partition("/")[0] for each in unused} == {"gatewayIPConfigurations", "requestRoutingRules"}


def test_plain_http_is_redirected_with_path_and_query() -> None:
    listeners = {each["name"]: each for each in mappings_at(gateway(), "httpListeners")}
    assert {name: (each["protocol"], each["hostName"]) for name, each in listeners.items()} == {
        "http": ("Http", "agents.example.com"),
        "https": ("Https", "agents.example.com"),
    }
    by_listener = {part(rule["httpListener"]): rule for rule in mappings_at(gateway(), "requestRoutingRules")}
    assert part(by_listener["httpListeners/http"]["redirectConfiguration"]) == "redirectConfigurations/to-https"
    assert "urlPathMap" not in by_listener["httpListeners/http"]
    (redirect,) = mappings_at(gateway(), "redirectConfigurations")
    assert part(redirect["targetListener"]) == "httpListeners/https"
    assert (redirect["redirectType"], redirect["includePath"], redirect["includeQueryString"]) == (
        "Permanent",
        True,
        True,
    )


def test_without_a_domain_it_serves_plain_http_and_the_plan_says_so() -> None:
    plain = gateway(DEVELOPMENT)
    assert [each["protocol"] for each in mappings_at(plain, "httpListeners")] == ["Http"]
    assert "hostName" not in mappings_at(plain, "httpListeners")[0]
    assert not {"sslCertificates", "identity", "redirectConfigurations", "rewriteRuleSets"} & set(plain.inputs)
    url = declared(DEVELOPMENT).outputs["url"]
    assert re.fullmatch(r"http://prod-entry-[0-9a-f]{6}\.westus3\.cloudapp\.azure\.com", str(url))
    assert "plain HTTP" in adjustments(DEVELOPMENT)["ingress.domain"].reason


def test_the_longest_path_is_matched_first_and_other_paths_are_blocked() -> None:
    inventory = declared(PAGE)
    (path_map,) = mappings_at(
        inventory.one("prod-entry-application-gateway", "network:ApplicationGateway"), "urlPathMaps"
    )
    matched = [(rule["name"], rule["paths"]) for rule in cast("list[dict[str, object]]", path_map["pathRules"])]
    assert matched == [("chat", ["/Page", "/Page/*"]), ("gateway", ["/api", "/api/*"])]
    (condition,) = cast("list[dict[str, object]]", rules(inventory)["unrouted"]["matchConditions"])
    assert (rules(inventory)["unrouted"]["action"], condition["negationConditon"]) == ("Block", True)
    (expression,) = cast("list[str]", condition["matchValues"])
    served = ["/api", "/api/", "/api/v1?x=1", "/page", "/page/x", "https://agents.example.com/page?y"]
    assert [path for path in served if not re.search(expression, path)] == []
    assert [path for path in ("/", "/apis", "/x/api", "/?a=/page") if re.search(expression, path)] == []


def test_with_a_service_at_the_root_no_path_is_blocked_for_having_none() -> None:
    assert "unrouted" not in rules(prod())
    (path_map,) = mappings_at(gateway(), "urlPathMaps")
    assert part(path_map["defaultBackendAddressPool"]) == "backendAddressPools/gateway"


def test_apps_are_reached_by_their_names_with_https_and_probed_at_the_health_path() -> None:
    host = "prod-gateway.<app:ManagedEnvironment prod-environment>.defaultDomain"
    (pool,), (settings,), (probe,) = (
        mappings_at(gateway(), key) for key in ("backendAddressPools", "backendHttpSettingsCollection", "probes")
    )
    assert pool["backendAddresses"] == [{"fqdn": host}]
    assert (settings["protocol"], settings["port"], settings["hostName"]) == ("Https", 443, host)
    assert (probe["protocol"], probe["host"], probe["path"], probe["interval"]) == ("Https", host, "/health", 30)
    assert (probe["timeout"], probe["unhealthyThreshold"], probe["match"]) == (5, 2, {"statusCodes": ["200"]})


def test_names_of_the_apps_resolve_to_the_environment_before_the_gateway_starts() -> None:
    zone, record = prod().one("prod-entry-zone"), prod().one("prod-entry-zone-apps").inputs
    assert zone.inputs["privateZoneName"] == "<app:ManagedEnvironment prod-environment>.defaultDomain"
    assert (record["relativeRecordSetName"], record["recordType"]) == ("*", "A")
    assert record["aRecords"] == [{"ipv4Address": "<app:ManagedEnvironment prod-environment>.staticIp"}]
    link = mapping_at(prod().one("prod-entry-zone-link"), "virtualNetwork")
    assert link == {"id": "<network:VirtualNetwork prod-network>.id"}
    assert {"prod-entry-zone-apps", "prod-entry-zone-link", "prod-entry-certificate-reader"} <= depends_on(gateway())


def test_the_certificate_is_read_without_a_version_by_an_identity_with_one_role() -> None:
    assert mappings_at(gateway(), "sslCertificates") == [
        {"name": "domain", "keyVaultSecretId": "https://acme-certs.vault.azure.net/secrets/agents"}
    ]
    identity = "<managedidentity:UserAssignedIdentity prod-entry-identity>"
    assert mapping_at(gateway(), "identity") == {"type": "UserAssigned", "userAssignedIdentities": [f"{identity}.id"]}
    role = prod().one("prod-entry-certificate-reader").inputs
    assert str(role["roleDefinitionId"]).endswith("4633458b-17de-408a-b874-0445c86b69e6")
    vault = "/resourceGroups/keys/providers/Microsoft.KeyVault/vaults/acme-certs/secrets/agents"
    assert str(role["scope"]).endswith(vault) and role["principalId"] == f"{identity}.principalId"


def test_the_record_of_the_domain_is_that_of_front_door_with_another_target() -> None:
    before = plan(production(cloud="azure")).one("prod-entry-domain-record").inputs
    after = prod().one("prod-entry-domain-record")
    assert {key for key in before if before[key] != after.inputs[key]} == {"cnameRecord"}
    target = str(mapping_at(after, "cnameRecord")["cname"])
    label = str(input_at(prod().one("prod-entry-address"), "dnsSettings.domainNameLabel"))
    assert target == f"{label}.westus3.cloudapp.azure.com"
    assert "prod-entry-application-gateway" in depends_on(after)


def test_the_apex_of_a_zone_is_an_alias_of_the_address() -> None:
    apex = declared({"ingress.domain": "example.com", "ingress.dns_zone": "example.com"})
    record = apex.one("prod-entry-domain-record")
    assert (record.inputs["recordType"], record.inputs["relativeRecordSetName"]) == ("A", "@")
    assert mapping_at(record, "targetResource") == {"id": "<network:PublicIPAddress prod-entry-address>.id"}


def test_it_has_its_own_subnet_with_the_connections_that_azure_requires() -> None:
    subnet = prod().one("prod-network-gateway")
    assert subnet.inputs["addressPrefix"] == "10.20.16.0/24"
    assert "delegations" not in subnet.inputs or subnet.inputs["delegations"] == []
    group = {str(rule["name"]): rule for rule in mappings_at(prod().one("prod-network-gateway-rules"), "securityRules")}
    assert {name: (rule["sourceAddressPrefix"], rule["access"], rule["priority"]) for name, rule in group.items()} == {
        "in-clients": ("Internet", "Allow", 100),
        "in-manager": ("GatewayManager", "Allow", 110),
        "in-balancer": ("AzureLoadBalancer", "Allow", 120),
        "in-rest": ("*", "Deny", 4000),
    }
    assert group["in-clients"]["destinationPortRanges"] == ["80", "443"]
    assert (group["in-manager"]["destinationPortRange"], group["in-manager"]["destinationAddressPrefix"]) == (
        "65200-65535",
        "*",
    )
    apps = {str(rule["name"]): rule for rule in mappings_at(prod().one("prod-network-apps-rules"), "securityRules")}
    assert (apps["in-gateway"]["sourceAddressPrefix"], apps["in-gateway"]["destinationPortRanges"]) == (
        "10.20.16.0/24",
        ["443", "31443"],
    )


def test_only_allowed_addresses_reach_it() -> None:
    ranges = ["203.0.113.0/24", "198.51.100.7/32"]
    inventory = declared({"ingress.allowed_cidrs": ranges})
    (clients, *_) = mappings_at(inventory.one("prod-network-gateway-rules"), "securityRules")
    assert clients["sourceAddressPrefixes"] == ranges and "sourceAddressPrefix" not in clients
    (condition,) = cast("list[dict[str, object]]", rules(inventory)["allowed"]["matchConditions"])
    assert (condition["matchValues"], condition["negationConditon"]) == (ranges, True)


@pytest.mark.parametrize("cidr", ["10.0.0.0/8", "10.20.0.0/16", "10.20.16.0/20"])
def test_its_subnet_overlaps_no_other(cidr: str) -> None:
    addresses = address_plan(cidr)
    others = (addresses.apps, addresses.database, addresses.endpoints)
    assert addresses.gateway.prefixlen == 24 and addresses.gateway.subnet_of(addresses.network)
    assert not any(addresses.gateway.overlaps(other) for other in others)


def test_its_rules_are_those_of_front_door() -> None:
    declared_rules = rules(prod())
    expected = {rule.name: rule for rule in waf_rules(spec_of(GATEWAY))}
    assert declared_rules.keys() == expected.keys() == {"closed", "rate", "prompts"}
    for name, rule in expected.items():
        conditions = cast("list[dict[str, object]]", declared_rules[name]["matchConditions"])
        assert (declared_rules[name]["action"], declared_rules[name]["priority"]) == (rule.action, rule.priority)
        assert len(conditions) == len(rule.conditions)
    assert max(cast("int", rule["priority"]) for rule in declared_rules.values()) <= 100


def test_requests_are_counted_by_client_address() -> None:
    rate = rules(prod())["rate"]
    assert (rate["ruleType"], rate["rateLimitDuration"], rate["rateLimitThreshold"]) == ("RateLimitRule", "OneMin", 600)
    assert rate["groupByUserSession"] == [{"groupByVariables": [{"variableName": "ClientAddr"}]}]
    (condition,) = cast("list[dict[str, object]]", rate["matchConditions"])
    # every address is another one than this
    assert (condition["matchValues"], condition["negationConditon"]) == (["255.255.255.255/32"], True)


def test_excluded_rules_and_a_missing_waf_change_the_managed_rules_only() -> None:
    excluded = declared({"ingress.waf": {"exclude_rules": ["942110", "920300"]}}).one("prod-entry-policy")
    sets = mappings_at(excluded, "managedRules.managedRuleSets")
    assert [each["ruleSetType"] for each in sets] == ["Microsoft_DefaultRuleSet", "Microsoft_BotManagerRuleSet"]
    assert sets[0]["ruleGroupOverrides"] == [
        {"ruleGroupName": "SQLI", "rules": [{"ruleId": "942110", "state": "Disabled"}]},
        {"ruleGroupName": "PROTOCOL-ENFORCEMENT", "rules": [{"ruleId": "920300", "state": "Disabled"}]},
    ]
    risk: dict[str, object] = {"ingress.waf": False, "accept_risk": {"ingress.waf": "a trial of two weeks"}}
    without = declared(risk)
    (rule_set,) = mappings_at(without.one("prod-entry-policy"), "managedRules.managedRuleSets")
    groups = cast("list[dict[str, object]]", rule_set["ruleGroupOverrides"])
    assert len(groups) == 17 and not any("rules" in group for group in groups)
    assert rules(without).keys() == {"closed", "rate"}
    assert input_at(without.one("prod-entry-policy"), "policySettings.mode") == "Prevention"


def test_it_spans_all_zones_and_keeps_two_instances_in_production() -> None:
    assert gateway().inputs["zones"] == ["1", "2", "3"] == prod().one("prod-entry-address").inputs["zones"]
    assert gateway().inputs["autoscaleConfiguration"] == {"minCapacity": 2, "maxCapacity": 10}
    assert gateway(DEVELOPMENT).inputs["autoscaleConfiguration"] == {"minCapacity": 0, "maxCapacity": 10}
    assert (gateway().protect, gateway(DEVELOPMENT).protect) == (True, False)


@pytest.mark.parametrize(
    ("idle", "timeout", "drain", "minutes"),
    [(1, 1, 30, 4), (120, 120, 120, 4), (240, 240, 240, 4), (241, 240, 241, 4), (3600, 240, 3600, 4)],
)
def test_a_stream_may_pause_as_long_as_the_idle_timeout(idle: int, timeout: int, drain: int, minutes: int) -> None:
    changes = {**GATEWAY, "ingress.idle_timeout_seconds": idle}
    spec = spec_of(changes)
    assert (request_timeout_seconds(spec), drain_seconds(spec), idle_timeout_minutes(spec)) == (timeout, drain, minutes)
    key = "ingress.idle_timeout_seconds"
    assert (key in adjustments(changes)) == (idle > 240)


def test_timeouts_reach_the_resources() -> None:
    (settings,) = mappings_at(gateway({"ingress.idle_timeout_seconds": 200}), "backendHttpSettingsCollection")
    assert (settings["requestTimeout"], settings["connectionDraining"]) == (
        200,
        {"enabled": True, "drainTimeoutInSec": 200},
    )
    assert prod().one("prod-entry-address").inputs["idleTimeoutInMinutes"] == 4


REFUSED: dict[str, tuple[dict[str, object], str, str]] = {
    "a domain without a certificate": ({"ingress.certificate": DROP}, "ingress.certificate", "issues no certificate"),
    "a standby region": ({"recovery": {"mode": "warm", "standby_region": "eastus"}}, "azure.entry", "in one location"),
    "a WAF that only counts": (
        {"ingress.waf": {"mode": "count"}, "accept_risk": {"ingress.waf.mode": "a trial of rules"}},
        "ingress.waf.mode", "rate limit, closed paths and addresses",
    ),
    "a limit of keys": ({"ingress.rate_limit.per_key": 60}, "ingress.rate_limit.per_key", "Application Gateway counts by client address"),
    "paths that differ by case": (
        {**PAGE, "services.chat.path": "/API"}, "services.gateway.path", "Application Gateway paths are case-insensitive",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_it_cannot_do_is_refused(name: str) -> None:
    changes, key, problem = REFUSED[name]
    found = [each for each in refusals({**GATEWAY, **changes}) if each.key == key]
    assert any(problem in each.problem for each in found), refusals({**GATEWAY, **changes})


def test_front_door_refuses_a_certificate_and_a_stream_without_acceptance() -> None:
    (refusal,) = refusals({"ingress.certificate": {"azure": "keys/acme-certs/agents"}})
    assert isinstance(refusal, Unsupported) and "Set azure.entry to gateway" not in refusal.problem
    assert refusal.fix == "remove it, or set azure.entry to gateway"


def test_the_plan_says_that_front_door_may_not_stream() -> None:
    key = "services.gateway.streaming"
    assert "azure.entry: gateway forwards each part" in adjustments()[key].reason
    assert key not in adjustments({key: False})
    assert key not in adjustments(
        {"services.gateway": {**WITH_KEY, "app": "fastapi", "image": "a@sha256:" + "1" * 64, "path": "/"}}
    )


def test_container_apps_take_the_host_of_the_entry_from_its_header() -> None:
    tokens = {
        "ingress.auth": {
            "mode": "jwt",
            "issuer": "https://login.microsoftonline.com/acme/v2.0",
            "client_id": "agents",
            "audience": "api://agents",
        },
        "services.gateway.secrets": ["OPENAI_API_KEY"],
    }
    for changes, proxy in (
        ({}, {"convention": "Standard"}),
        (
            GATEWAY,
            {
                "convention": "Custom",
                "customHostHeaderName": "X-Original-Host",
                "customProtoHeaderName": "X-Forwarded-Proto",
            },
        ),
    ):
        app = plan(production({**tokens, **changes}, cloud="azure")).one("prod-compute-gateway-authentication")
        assert input_at(app, "httpSettings.forwardProxy") == proxy


def test_no_link_waits_for_an_approval() -> None:
    shell = FakeShell({})
    assert approve_links(stack(spec_of(GATEWAY)), shell) == ()


def test_its_price_is_in_the_plan() -> None:
    reason = adjustments(GATEWAY)["azure.entry"].reason
    # 0.443 and 20 units of 0.0144 an hour, for 730 hours
    assert "about 534 USD a month" in reason and "for 250000 open connections" in reason
