"""Load balancer, certificate, security policy and routes of the public entry."""

import re

import pytest
from pulumi_gcp.dns.outputs import GetManagedZonesManagedZoneResult

from automation.plan.inventory import Inventory
from providers.contract.diagnostics import Effect
from providers.gcp.entry.limits import OWASP_RULES, allowed_ranges, entry_adjustments, entry_refusals, idle_seconds
from providers.gcp.entry.resources import zone_name
from providers.gcp.entry.routes import uptime_target
from providers.gcp.entry.waf import path_conditions
from tests.gcp.plans import (
    NARROW_RANGES,
    adjustments,
    mapping_at,
    number_at,
    staging,
    text_at,
    unchecked_spec,
    value_at,
    values_at,
)
from tests.planning import plan, production

Rule = dict[str, object]
LAST_PRIORITY = 2147483647


def rules(inventory: Inventory) -> list[Rule]:
    return [mapping_at(rule) for rule in values_at(inventory.one("prod-entry-policy").inputs, "rules")]


def expressions(plan: Inventory) -> list[str]:
    matches = [mapping_at(rule, "match") for rule in rules(plan)]
    return [text_at(match, "expr", "expression") for match in matches if "expr" in match]


def rates(plan: Inventory) -> list[Rule]:
    return [rule for rule in rules(plan) if rule["action"] == "throttle"]


def zone(dns_name: str, name: str, visibility: str = "public") -> GetManagedZonesManagedZoneResult:
    return GetManagedZonesManagedZoneResult(
        description="", dns_name=dns_name, id="", managed_zone_id="", name_servers=[], visibility=visibility, name=name
    )


def test_the_domain_resolves_to_the_address_of_the_load_balancer(prod: Inventory) -> None:
    record = prod.one("prod-entry-name").inputs
    assert (record["name"], record["type"]) == ("agents.example.com.", "A")
    assert record["rrdatas"] == ["<compute:GlobalAddress prod-entry-address>.address"]
    assert record["managedZone"] == "<dns:ManagedZone example.com>.name"


def test_production_protects_the_address(prod: Inventory) -> None:
    assert prod.one("prod-entry-address").protect
    assert not staging().one("prod-entry-address").protect


def test_a_dns_record_authorizes_the_certificate(prod: Inventory) -> None:
    managed = prod.one("prod-entry-certificate").inputs["managed"]
    assert value_at(managed, "domains") == ["agents.example.com"]
    assert value_at(managed, "dnsAuthorizations") == ["<certificatemanager:DnsAuthorization prod-entry-proof>.id"]
    assert prod.one("prod-entry-proof-record").inputs["managedZone"] == "<dns:ManagedZone example.com>.name"


def test_https_serves_the_certificate_with_a_modern_tls_policy(prod: Inventory) -> None:
    proxy = prod.one("prod-entry-https").inputs
    assert proxy["certificateMap"] == (
        "//certificatemanager.googleapis.com/<certificatemanager:CertificateMap prod-entry-certificates>.id"
    )
    assert proxy["tlsEarlyData"] == "DISABLED"
    tls = prod.one("prod-entry-tls").inputs
    assert (tls["profile"], tls["minTlsVersion"]) == ("MODERN", "TLS_1_2")


def test_http_only_sends_clients_to_https(prod: Inventory) -> None:
    assert prod.one("prod-entry-http").inputs["urlMap"] == "<compute:URLMap prod-entry-redirect>.id"
    redirect = prod.one("prod-entry-redirect").inputs["defaultUrlRedirect"]
    assert redirect == {"httpsRedirect": True, "stripQuery": False, "redirectResponseCode": "MOVED_PERMANENTLY_DEFAULT"}


def test_responses_have_an_hsts_header(prod: Inventory) -> None:
    header = value_at(prod.one("prod-entry-urls").inputs, "headerAction", "responseHeadersToAdds", 0)
    assert value_at(header, "headerName") == "Strict-Transport-Security"
    assert text_at(header, "headerValue").startswith("max-age=31536000")


def test_without_a_domain_the_address_serves_http() -> None:
    plan = staging()
    assert plan.outputs["url"] == "http://<compute:GlobalAddress prod-entry-address>.address"
    assert plan.one("prod-entry-http").inputs["urlMap"] == "<compute:URLMap prod-entry-urls>.id"
    assert "headerAction" not in plan.one("prod-entry-urls").inputs
    for kind in ("certificatemanager:Certificate", "compute:TargetHttpsProxy", "compute:SSLPolicy"):
        assert not plan.of_type(kind)


def test_every_part_of_the_load_balancer_has_the_same_scheme(prod: Inventory) -> None:
    parts = [*prod.of_type("compute:BackendService"), *prod.of_type("compute:GlobalForwardingRule")]
    assert {part.inputs["loadBalancingScheme"] for part in parts} == {"EXTERNAL_MANAGED"}


def test_a_backend_has_the_security_policy_and_logs_every_request(prod: Inventory) -> None:
    backend = prod.one("prod-entry-gateway", "compute:BackendService").inputs
    assert backend["securityPolicy"] == "<compute:SecurityPolicy prod-entry-policy>.selfLink"
    assert backend["logConfig"] == {"enable": True, "sampleRate": 1}
    assert backend["backends"] == [{"group": "<compute:RegionNetworkEndpointGroup prod-ingress-gateway>.id"}]


def test_a_serverless_backend_has_neither_health_check_nor_timeout(prod: Inventory) -> None:
    backend = prod.one("prod-entry-gateway", "compute:BackendService").inputs
    assert not {"healthChecks", "timeoutSec", "portName"} & set(backend)


def test_a_path_has_its_service_and_a_test_in_the_url_map() -> None:
    urls = staging().one("prod-entry-urls").inputs
    rules_of_paths = values_at(urls, "pathMatchers", 0, "pathRules")
    paths = {text_at(rule, "service"): value_at(rule, "paths") for rule in rules_of_paths}
    assert paths["<compute:BackendService prod-entry-chat>.id"] == ["/chat", "/chat/*"]
    tests = {value_at(test, "path"): value_at(test, "service") for test in values_at(urls, "tests")}
    assert tests["/ui/below"] == "<compute:BackendService prod-entry-ui>.id"


def test_an_unmatched_path_returns_404() -> None:
    urls = staging().one("prod-entry-urls").inputs
    for matcher in (urls, value_at(urls, "pathMatchers", 0)):
        abort = value_at(matcher, "defaultRouteAction", "faultInjectionPolicy", "abort")
        assert abort == {"httpStatus": 404, "percentage": 100}


def test_a_service_at_the_root_is_the_default_of_its_domain(prod: Inventory) -> None:
    urls = prod.one("prod-entry-urls").inputs
    matcher = mapping_at(urls, "pathMatchers", 0)
    assert matcher["defaultService"] == "<compute:BackendService prod-entry-gateway>.id"
    assert "defaultRouteAction" not in matcher
    assert value_at(urls, "hostRules", 0, "hosts") == ["agents.example.com"]
    assert value_at(urls, "defaultRouteAction", "faultInjectionPolicy", "abort", "httpStatus") == 404


def test_every_waf_rule_denies_and_none_is_a_preview(prod: Inventory) -> None:
    declared = expressions(prod)
    elsewhere = f"!request.path.matches('{PROMPTS}') && "
    assert f"{elsewhere}evaluatePreconfiguredWaf('sqli-v422-stable', {{'sensitivity': 1}})" in declared
    assert f"{elsewhere}evaluatePreconfiguredWaf('cve-canary')" in declared
    waf = [rule for rule in rules(prod) if "evaluatePreconfiguredWaf" in str(rule["match"])]
    assert {rule["action"] for rule in waf} == {"deny(403)"} and not any(rule.get("preview") for rule in waf)


PROMPTS = "^/((?:agents|teams|workflows)/[A-Za-z0-9._~-]+/runs)(/|$)"


def test_rules_on_prompts_have_every_set_and_inspect_no_body(prod: Inventory) -> None:
    tuned = [rule for rule in rules(prod) if "preconfiguredWafConfig" in rule]
    assert [number_at(rule, "priority") for rule in tuned] == [1300, 1301, 1302]
    evaluated: list[str] = []
    for rule in tuned:
        expression = text_at(rule, "match", "expr", "expression")
        assert expression.startswith(f"request.path.matches('{PROMPTS}') && (")
        assert expression.count("evaluatePreconfiguredWaf") == 4
        exclusions = values_at(rule, "preconfiguredWafConfig", "exclusions")
        assert {str(value_at(each, "requestBodies")) for each in exclusions} == {"[{'operator': 'EQUALS_ANY'}]"}
        sets = [text_at(each, "targetRuleSet") for each in exclusions]
        assert all(f"evaluatePreconfiguredWaf('{name}'" in expression for name in sets)
        evaluated += sets
    assert evaluated == [*OWASP_RULES.values(), "cve-canary"]


def test_a_platform_without_prompts_has_one_rule_for_each_set() -> None:
    changes: dict[str, object] = {"services.gateway.app": "django", "services.gateway.uses": ["database"]}
    plain = plan(
        production({**changes, "services.gateway.secrets": [], "ingress.allowed_cidrs": ["10.0.0.0/8"]}, cloud="gcp")
    )
    assert "evaluatePreconfiguredWaf('sqli-v422-stable', {'sensitivity': 1})" in expressions(plain)
    assert not [rule for rule in rules(plain) if "preconfiguredWafConfig" in rule]


def test_excluded_rules_are_opted_out_and_counted_ones_are_previews() -> None:
    name = "owasp-crs-v042200-id942110-sqli"
    waf: dict[str, object] = {"mode": "count", "exclude_rules": [name]}
    risk = {"accept_risk": {"ingress.waf.mode": "a trial of rules"}}
    counted = rules(plan(production({"ingress.waf": waf, **risk}, cloud="gcp")))
    inspected = [rule for rule in counted if "evaluatePreconfiguredWaf" in str(rule["match"])]
    assert all(rule["preview"] for rule in inspected)
    opted_out = [rule for rule in inspected if f"'opt_out_rule_ids': ['{name}']" in str(rule["match"])]
    assert [number_at(rule, "priority") for rule in opted_out] == [1000, 1300]


def test_a_rule_that_no_set_has_cannot_be_excluded() -> None:
    (refusal,) = entry_refusals(unchecked_spec({"ingress.waf": {"exclude_rules": ["SQLi_BODY"]}}), "prod")
    assert refusal.key == "ingress.waf.exclude_rules"
    long = [f"/{'a' * 110}{n}" for n in range(9)]
    assert entry_refusals(unchecked_spec({"ingress.waf": {"prompts": long[:8]}}), "prod") == []
    (refusal,) = entry_refusals(unchecked_spec({"ingress.waf": {"prompts": long}}), "prod")
    assert refusal.key == "ingress.waf.prompts"


def closing_rules(plan: Inventory) -> list[dict[str, object]]:
    return [rule for rule in rules(plan) if rule["action"] == "deny(404)"]


def test_closed_paths_are_not_found_before_any_other_rule(prod: Inventory) -> None:
    (rule,) = closing_rules(prod)
    assert text_at(rule, "match", "expr", "expression") == (
        "request.path.urlDecode().lower().matches('^/+(docs|metrics|openapi[.]json|redoc)(/|$)')"
    )
    assert number_at(rule, "priority") == min(number_at(other, "priority") for other in rules(prod))


def test_more_closed_paths_than_an_expression_holds_have_several_rules() -> None:
    paths = [f"/Internal/{'x' * 100}{n}" for n in range(20)]
    conditions = path_conditions(paths)
    assert len(conditions) == 3
    patterns = [condition.split("'")[1] for condition in conditions]
    assert all(any(re.search(pattern, path.lower()) for pattern in patterns) for path in paths)
    assert all(len(condition) <= 1024 for condition in conditions)


def test_the_uptime_check_of_a_closed_health_path_requests_the_path_of_the_service() -> None:
    assert uptime_target(unchecked_spec(), "gateway") == ("/health", ("STATUS_CLASS_2XX",))
    closed = unchecked_spec({"services.gateway.closed_paths": ["/health"]})
    assert uptime_target(closed, "gateway")[0] == "/"


@pytest.mark.parametrize("path", ["/", "/a'b"])
def test_metrics_that_cannot_be_closed_alone_are_refused(path: str) -> None:
    (refusal,) = entry_refusals(unchecked_spec({"services.gateway.metrics": {"path": path}}), "prod")
    assert refusal.key == "services.gateway.metrics.path" and "another port" in refusal.fix


def test_prompts_that_the_waf_blocks_are_reported() -> None:
    (adjustment,) = adjustments()["ingress.waf"]
    assert (adjustment.requested, adjustment.effect) == (True, Effect.PARTIAL)
    assert "bodies on paths of prompts are not inspected: /agents/*/runs" in adjustment.reason
    assert "text with SQL, HTML" in adjustment.reason and "403" in adjustment.reason
    assert not [each for each in entry_adjustments(unchecked_spec({"ingress.waf": False})) if each.key == "ingress.waf"]


def test_waf_rules_come_before_the_rate_rule(prod: Inventory) -> None:
    denying = [number_at(rule, "priority") for rule in rules(prod) if rule["action"] == "deny(403)"]
    (rate,) = rates(prod)
    waf = [priority for priority in denying if priority != LAST_PRIORITY]
    assert max(waf) < number_at(rate, "priority") < LAST_PRIORITY


def test_the_rate_limit_per_address_is_that_of_the_spec(prod: Inventory) -> None:
    (rate,) = rates(prod)
    options = mapping_at(rate, "rateLimitOptions")
    assert options["rateLimitThreshold"] == {"count": 600, "intervalSec": 60}
    assert (options["enforceOnKey"], options["exceedAction"]) == ("IP", "deny(429)")
    assert value_at(rates(staging())[0], "rateLimitOptions", "rateLimitThreshold", "count") == 900


def test_a_path_with_its_own_limit_is_admitted_before_the_limit_of_all_paths() -> None:
    paths = [{"prefix": "/Agents/run.v1", "per_address": 30}, {"prefix": "/teams", "per_address": 60}]
    changes = {"ingress.rate_limit.paths": paths, "ingress.allowed_cidrs": NARROW_RANGES}
    limited = rates(plan(production(changes, cloud="gcp")))[:6]
    assert [number_at(rule, "priority") for rule in limited] == [1900 + n for n in range(6)]
    assert [value_at(rule, "rateLimitOptions", "rateLimitThreshold", "count") for rule in limited] == [30] * 3 + [
        60
    ] * 3
    condition, _, sources = text_at(limited[0], "match", "expr", "expression").partition(" && ")
    assert condition == "request.path.urlDecode().lower().matches('^/+(agents/+run[.]v1)(/|$)')"
    assert [cidr for cidr in NARROW_RANGES[:4] if f"inIpRange(origin.ip, '{cidr}')" in sources] == NARROW_RANGES[:4]
    assert sources.count("inIpRange") == 4


def test_a_limit_that_a_client_evades_with_another_key_is_refused() -> None:
    (refusal,) = entry_refusals(unchecked_spec({"ingress.rate_limit.per_key": 120}), "prod")
    assert refusal.key == "ingress.rate_limit.per_key" and "clients that change the header" in refusal.problem


def test_more_limited_paths_than_priorities_are_refused() -> None:
    def refused(count: int) -> list[str]:
        paths = [{"prefix": f"/p{n}", "per_address": 30} for n in range(count)]
        spec = unchecked_spec({"ingress.rate_limit.paths": paths, "ingress.allowed_cidrs": NARROW_RANGES})
        return [refusal.key for refusal in entry_refusals(spec, "prod")]

    assert (refused(33), refused(34)) == ([], ["ingress.rate_limit.paths"])


def test_a_limited_path_is_not_counted_twice_and_the_plan_says_so() -> None:
    changes = {"ingress.rate_limit.paths": [{"prefix": "/agents", "per_address": 30}]}
    reported = {each.key: each for each in entry_adjustments(unchecked_spec(changes))}["ingress.rate_limit.paths"]
    assert "not counted by per_address as well" in reported.reason


def test_the_maximum_of_a_request_body_is_inspected(prod: Inventory) -> None:
    options = prod.one("prod-entry-policy").inputs["advancedOptionsConfig"]
    assert options == {"jsonParsing": "STANDARD", "logLevel": "NORMAL", "requestBodyInspectionSize": "64KB"}


def test_without_waf_the_rate_limit_still_applies() -> None:
    policy = staging().one("prod-entry-policy").inputs
    assert "evaluatePreconfiguredWaf" not in str(expressions(staging())) and rates(staging())
    assert not {"advancedOptionsConfig", "adaptiveProtectionConfig"} & set(policy)


def test_every_other_address_is_denied(prod: Inventory) -> None:
    (last,) = [rule for rule in rules(prod) if rule["priority"] == LAST_PRIORITY]
    assert last["action"] == "deny(403)" and value_at(last, "match", "config", "srcIpRanges") == ["*"]


def test_allowed_ranges_are_split_into_rules_of_ten() -> None:
    groups = [values_at(rule, "match", "config", "srcIpRanges") for rule in rates(staging())]
    assert [len(ranges) for ranges in groups] == [10, 2]
    assert [cidr for ranges in groups for cidr in ranges] == NARROW_RANGES
    assert allowed_ranges(unchecked_spec()) == [["*"]]


@pytest.mark.parametrize(("requested", "effective"), [(1, 5), (120, 120), (3600, 1200)])
def test_an_idle_connection_is_closed_within_the_proxys_bounds(requested: int, effective: int) -> None:
    assert idle_seconds(unchecked_spec({"ingress.idle_timeout_seconds": requested})) == effective


def test_the_idle_timeout_is_declared_on_the_proxy(prod: Inventory) -> None:
    assert prod.one("prod-entry-https").inputs["httpKeepAliveTimeoutSec"] == 120
    assert staging().one("prod-entry-http").inputs["httpKeepAliveTimeoutSec"] == 333


def test_limits_of_the_load_balancer_are_adjustments() -> None:
    spec = unchecked_spec({"ingress.allowed_cidrs": NARROW_RANGES})
    adjustments = {adjustment.key: adjustment for adjustment in entry_adjustments(spec)}
    for key, effect, reason in (
        ("ingress.rate_limit.per_address", Effect.ADJUSTED, "600 requests per 60 seconds for each routed service"),
        ("ingress.idle_timeout_seconds", Effect.ADJUSTED, "ends a request after 3600 seconds"),
        ("ingress.allowed_cidrs", Effect.PARTIAL, "no uptime check is created"),
    ):
        assert adjustments[key].effect == effect and reason in adjustments[key].reason


def test_the_zone_is_looked_up_by_its_dns_name() -> None:
    zones = [zone("example.com.", "inside", "private"), zone("example.org.", "org"), zone("example.com.", "ours")]
    assert zone_name(zones, "example.com", "acme") == "ours"


def test_a_project_without_the_zone_is_an_error() -> None:
    with pytest.raises(LookupError, match=r"the project acme has no public DNS zone example\.com"):
        zone_name([zone("example.org.", "org")], "example.com", "acme")
