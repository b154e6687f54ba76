"""Front Door: domain, WAF, routes and private links."""

import re
from typing import cast

import pytest

from automation.plan.inventory import Inventory
from providers.azure.entry.limits import (
    approval_command,
    link_location,
    path_expressions,
    path_patterns,
    record_name,
    validation_record_name,
)
from providers.azure.entry.waf_rules import waf_rules
from providers.contract.diagnostics import Effect
from tests.azure.plans import adjustments, depends_on, input_at, mapping_at, mappings_at, refusals, spec_of
from tests.planning import DROP, plan, production


def custom_rules(plan: Inventory) -> list[dict[str, object]]:
    return mappings_at(plan.one("prod-entry-firewall"), "customRules.rules")


def test_origins_are_connected_by_private_links(prod: Inventory) -> None:
    origin = prod.one("prod-entry-gateway-westus3")
    link = mapping_at(origin, "sharedPrivateLinkResource")
    assert link["privateLink"] == {"id": "<app:ManagedEnvironment prod-environment>.id"}
    assert (link["groupId"], link["privateLinkLocation"]) == ("managedEnvironments", "westus3")
    assert origin.inputs["enforceCertificateNameCheck"] is True


def test_the_host_header_selects_the_app_of_the_environment(prod: Inventory) -> None:
    origin = prod.one("prod-entry-gateway-westus3").inputs
    host = "prod-gateway.<app:ManagedEnvironment prod-environment>.defaultDomain"
    assert origin["hostName"] == origin["originHostHeader"] == host


def test_plain_http_is_redirected_to_https(prod: Inventory) -> None:
    route = prod.one("prod-entry-gateway").inputs
    assert (route["httpsRedirect"], route["forwardingProtocol"]) == ("Enabled", "HttpsOnly")
    assert route["supportedProtocols"] == ["Http", "Https"]


def test_a_route_depends_on_its_origins(prod: Inventory) -> None:
    assert "prod-entry-gateway-westus3" in depends_on(prod.one("prod-entry-gateway"))


def test_origins_are_probed_at_the_health_path_with_get(prod: Inventory) -> None:
    probe = mapping_at(prod.one("prod-entry-gateway-origins"), "healthProbeSettings")
    assert (probe["probePath"], probe["probeRequestType"], probe["probeProtocol"]) == ("/health", "GET", "Https")


def test_the_response_timeout_is_the_idle_timeout_of_the_spec(prod: Inventory) -> None:
    assert prod.one("prod-entry").inputs["originResponseTimeoutSeconds"] == 120


def test_the_waf_blocks_with_the_managed_rule_sets(prod: Inventory) -> None:
    firewall = prod.one("prod-entry-firewall")
    assert input_at(firewall, "policySettings.mode") == "Prevention"
    assert input_at(firewall, "sku.name") == input_at(prod.one("prod-entry"), "sku.name") == "Premium_AzureFrontDoor"
    sets = mappings_at(firewall, "managedRules.managedRuleSets")
    assert [each["ruleSetType"] for each in sets] == ["Microsoft_DefaultRuleSet", "Microsoft_BotManagerRuleSet"]


def rate_limit(inventory: Inventory) -> dict[str, object]:
    (rule,) = [rule for rule in custom_rules(inventory) if rule["name"] == "rate"]
    return rule


def test_without_waf_the_rate_limit_remains(minimal: Inventory) -> None:
    assert mappings_at(minimal.one("prod-entry-firewall"), "managedRules.managedRuleSets") == []
    assert rate_limit(minimal)["rateLimitThreshold"] == 600


def test_the_rate_limit_applies_to_each_client_address(prod: Inventory) -> None:
    rate = rate_limit(prod)
    assert rate["groupBy"] == [{"variableName": "SocketAddr"}]
    assert (rate["rateLimitDurationInMinutes"], rate["rateLimitThreshold"], rate["action"]) == (1, 600, "Block")


LIMITED: dict[str, object] = {"ingress.rate_limit.paths": [{"prefix": "/Agents/run.v1", "per_address": 30}]}


def test_a_path_has_its_own_limit_besides_that_of_all_paths() -> None:
    limits = [rule for rule in custom_rules(plan(production(LIMITED, cloud="azure"))) if "rateLimitThreshold" in rule]
    assert [(rule["name"], rule["priority"], rule["rateLimitThreshold"]) for rule in limits] == [
        ("rate", 20, 600),
        ("rate1", 21, 30),
    ]
    (condition,) = cast("list[dict[str, object]]", limits[1]["matchConditions"])
    assert condition["matchValue"] == path_expressions(["/agents/run.v1"])
    assert "counted at each edge server separately" in adjustments(LIMITED)["ingress.rate_limit.paths"].reason


def test_low_limits_that_leak_are_reported() -> None:
    key = "ingress.rate_limit.per_address"
    assert "more requests pass" in adjustments({key: 199})[key].reason
    assert "more requests pass" not in adjustments({key: 200})[key].reason


def test_limits_that_front_door_cannot_count_are_refused() -> None:
    per_key = [refusal.key for refusal in refusals({"ingress.rate_limit.per_key": 120})]
    assert per_key == ["ingress.rate_limit.per_key"]
    paths = [{"prefix": f"/p{n}", "per_address": 30} for n in range(51)]
    assert [refusal.key for refusal in refusals({"ingress.rate_limit.paths": paths[:50]})] == []
    assert [refusal.key for refusal in refusals({"ingress.rate_limit.paths": paths})] == ["ingress.rate_limit.paths"]


def test_addresses_that_are_not_allowed_are_blocked_first(minimal: Inventory) -> None:
    first = min(custom_rules(minimal), key=lambda rule: cast("int", rule["priority"]))
    (condition,) = cast("list[dict[str, object]]", first["matchConditions"])
    assert (first["action"], condition["negateCondition"]) == ("Block", True)
    assert condition["matchValue"] == ["203.0.113.0/24"]


def test_closed_paths_are_never_forwarded(prod: Inventory) -> None:
    (rule,) = [rule for rule in custom_rules(prod) if rule["name"] == "closed"]
    (condition,) = cast("list[dict[str, object]]", rule["matchConditions"])
    assert (rule["action"], condition["matchVariable"], condition["operator"]) == ("Block", "RequestUri", "RegEx")
    assert condition["matchValue"] == path_expressions(["/docs", "/metrics", "/openapi.json", "/redoc"])
    assert condition["matchValue"] == ["^(?:https?://[^/]+)?/+(?:docs|metrics|openapi[.]json|redoc)(?:[/?]|$)"]
    assert condition["transforms"] == ["UrlDecode", "Lowercase"]


@pytest.mark.parametrize(
    "uri",
    [
        "/metrics",
        "//metrics//",
        "/metrics?x=1",
        "https://agents.example.com/metrics",
        "https://a.example:443/metrics/?x",
        "/metrics/daily",
    ],
)
def test_a_closed_path_is_recognized_in_every_form(uri: str) -> None:
    assert any(re.search(expression, uri) for expression in path_expressions(["/Metrics"]))


@pytest.mark.parametrize("uri", ["/metrics2", "/v1/metrics", "https://a.example/?next=/metrics", "/", "/metrics.json"])
def test_other_paths_are_forwarded(uri: str) -> None:
    assert not any(re.search(expression, uri) for expression in path_expressions(["/metrics"]))


def test_closed_paths_are_answered_403_and_the_plan_says_so() -> None:
    key = "services.gateway.closed_paths"
    assert (adjustments()[key].requested, adjustments()[key].effect) == (None, Effect.ADJUSTED)
    assert "status 403 and not 404" in adjustments({key: ["/internal"]})[key].reason
    assert key not in adjustments({key: []})


def test_more_closed_paths_than_the_rules_hold_are_refused() -> None:
    key = "services.gateway.closed_paths"
    paths = [f"/internal/{'x' * 90}{n:03}" for n in range(101)]
    assert not [refusal for refusal in refusals({key: paths[:100]}) if refusal.key == key]
    (refusal,) = [refusal for refusal in refusals({key: paths}) if refusal.key == key]
    assert "more than 50 expressions of 256 characters" in refusal.problem


def test_the_paths_of_fifty_services_are_in_several_rules_of_ten_values() -> None:
    services: dict[str, object] = {
        f"s{n}": {"app": "agentos", "image": f"s@sha256:{'5' * 64}", "path": f"/s{n}"} for n in range(50)
    }
    changes: dict[str, object] = {"services": services, "accept_risk": {}, "monitoring.slo": DROP}
    rules = waf_rules(spec_of(changes))
    assert [refusal for refusal in refusals(changes) if "closed_paths" in refusal.key or "prompts" in refusal.key] == []
    for name, path in (("closed", "/s49/docs"), ("prompts", "/s49/agents/a/runs")):
        conditions = [each for rule in rules if rule.name.startswith(name) for each in rule.conditions]
        uris = [each for each in conditions if each.variable == "uri"]
        assert len(uris) > 1 and all(len(each.values) <= 10 for each in uris)
        assert any(re.search(value, path) for each in uris for value in each.values)
    priorities = [rule.priority for rule in rules]
    assert len(set(priorities)) == len(priorities) and max(priorities) == 100
    assert {rule.action for rule in rules if rule.priority > 95} == {"Allow"}


def test_the_waf_on_prompts_and_the_cost_of_the_link_are_reported() -> None:
    assert "POST requests to paths of prompts, /agents/*/runs" in adjustments()["ingress.waf"].reason
    unknown = adjustments({"ingress.waf": {"prompts": []}})["ingress.waf"].reason
    assert "prompts with SQL, HTML or file paths may be blocked" in unknown
    assert "ingress.waf" not in adjustments({"ingress.waf": False})
    assert (
        "Dedicated Plan Management (0.1 USD an hour, about 73 a month)" in adjustments()["services.gateway.path"].reason
    )


def test_prompts_pass_after_every_rule_that_blocks(prod: Inventory) -> None:
    *others, prompts = sorted(custom_rules(prod), key=lambda rule: cast("int", rule["priority"]))
    assert (prompts["name"], prompts["action"]) == ("prompts", "Allow")
    assert {rule["action"] for rule in others} == {"Block"}
    conditions = cast("list[dict[str, object]]", prompts["matchConditions"])
    assert [each["matchVariable"] for each in conditions] == ["RequestMethod", "RequestUri", *["RequestHeader"] * 4]
    (default, bots) = mappings_at(prod.one("prod-entry-firewall"), "managedRules.managedRuleSets")
    assert "exclusions" not in default and "exclusions" not in bots


def test_without_paths_of_prompts_their_fields_are_excluded() -> None:
    plain = plan(production({"ingress.waf": {"prompts": []}}, cloud="azure"))
    (default, bots) = mappings_at(plain.one("prod-entry-firewall"), "managedRules.managedRuleSets")
    assert len(cast("list[object]", default["exclusions"])) == 8 and "exclusions" not in bots
    assert "prompts" not in {rule["name"] for rule in custom_rules(plain)}


def test_excluded_rules_are_disabled_and_a_counting_waf_logs() -> None:
    waf: dict[str, object] = {"mode": "count", "exclude_rules": ["942110", "942150", "99001001"]}
    risk = {"accept_risk": {"ingress.waf.mode": "a trial of rules"}}
    counting = plan(production({"ingress.waf": waf, **risk}, cloud="azure")).one("prod-entry-firewall")
    sets = mappings_at(counting, "managedRules.managedRuleSets")
    assert [each["ruleSetAction"] for each in sets] == ["Log", "Log"]
    disabled = {"enabledState": "Disabled"}
    assert sets[0]["ruleGroupOverrides"] == [
        {"ruleGroupName": "SQLI", "rules": [{"ruleId": "942110", **disabled}, {"ruleId": "942150", **disabled}]},
        {"ruleGroupName": "MS-ThreatIntel-CVEs", "rules": [{"ruleId": "99001001", **disabled}]},
    ]
    assert input_at(counting, "policySettings.mode") == "Prevention", "rate limits and closed paths still block"


def test_rules_that_azure_cannot_exclude_are_refused() -> None:
    for name in ("SQLi_BODY", "123456"):
        (refusal,) = refusals({"ingress.waf": {"exclude_rules": [name]}})
        assert refusal.key == "ingress.waf.exclude_rules"
    paths = [f"/{'a' * 110}{n:02}" for n in range(51)]
    assert refusals({"ingress.waf": {"prompts": paths[:50]}}) == []
    assert [refusal.key for refusal in refusals({"ingress.waf": {"prompts": paths}})] == ["ingress.waf.prompts"]


def test_the_waf_covers_every_domain(prod: Inventory) -> None:
    (association,) = mappings_at(prod.one("prod-entry-protection"), "parameters.associations")
    assert association["domains"] == [
        {"id": "<cdn:AFDEndpoint prod-entry-endpoint>.id"},
        {"id": "<cdn:AFDCustomDomain prod-entry-domain>.id"},
    ]


def test_the_domain_is_validated_and_points_to_front_door(prod: Inventory) -> None:
    validation, record = prod.one("prod-entry-domain-proof").inputs, prod.one("prod-entry-domain-record").inputs
    assert (validation["recordType"], validation["relativeRecordSetName"]) == ("TXT", "_dnsauth.agents")
    assert record["cnameRecord"] == {"cname": "<cdn:AFDEndpoint prod-entry-endpoint>.hostName"}
    assert prod.outputs["url"] == "https://agents.example.com"


def test_without_a_domain_the_url_has_front_doors_host_name(minimal: Inventory) -> None:
    assert minimal.outputs["url"] == "https://<cdn:AFDEndpoint prod-entry-endpoint>.hostName"
    assert minimal.one("prod-entry-gateway").inputs["linkToDefaultDomain"] == "Enabled"
    assert adjustments({"ingress.domain": DROP})["ingress.domain"].effect is Effect.ADJUSTED


def test_the_apex_of_a_zone_has_the_record_name_at() -> None:
    assert record_name("example.com", "example.com") == "@"
    assert validation_record_name("example.com", "example.com") == "_dnsauth"
    assert validation_record_name("a.b.example.com", "example.com") == "_dnsauth.a.b"


@pytest.mark.parametrize(("path", "expected"), [("/", ["/*"]), ("/chat", ["/chat", "/chat/*"])])
def test_a_path_matches_itself_and_every_path_below(path: str, expected: list[str]) -> None:
    assert path_patterns(path) == expected


def test_a_location_without_private_links_uses_the_nearest_and_this_is_reported() -> None:
    assert (link_location("westus3"), link_location("westus2")) == ("westus3", "westus3")
    reported = adjustments({"azure.location": "westus2"})["azure.location"]
    assert reported.effect is Effect.PARTIAL and "private link is in westus3" in reported.reason


def test_the_command_that_approves_the_private_link_is_reported() -> None:
    assert approval_command("<stack>-agents-westus3") in adjustments()["services.gateway.path"].reason


def test_paths_that_differ_in_case_only_are_refused() -> None:
    rejected = refusals({"services.gateway.path": "/Chat", "services.chat.path": "/chat"})
    (clash,) = [refusal for refusal in rejected if "case-insensitive" in refusal.problem]
    assert {clash.key, clash.problem.split(":")[0].removeprefix("clashes with ")} == {
        "services.gateway.path",
        "services.chat.path",
    }


def test_an_idle_timeout_above_the_maximum_is_adjusted_and_reported() -> None:
    reported = adjustments({"ingress.idle_timeout_seconds": 900})["ingress.idle_timeout_seconds"]
    assert reported.effect is Effect.ADJUSTED and reported.reason.startswith("240 s")
