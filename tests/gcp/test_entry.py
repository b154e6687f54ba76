"""The public name: load balancer, certificate, Cloud Armor, routes."""

from collections.abc import Mapping
from typing import cast

import pytest
from pulumi_gcp.dns.outputs import GetManagedZonesManagedZoneResult

from automation.plan.inventory import Inventory
from providers.gcp.entry.admission import admitted, entry_adjustments, idle_seconds
from providers.gcp.entry.certificate import zone_name
from tests.gcp.variants import deep, narrow, spec_of, staging

Rule = Mapping[str, object]
LAST = 2147483647


def rules(plan: Inventory) -> list[Rule]:
    return cast("list[Rule]", plan.one("prod-entry-policy").inputs["rules"])


def expressions(plan: Inventory) -> list[str]:
    matches = [cast("dict[str, object]", rule["match"]) for rule in rules(plan)]
    return [cast("str", deep(match, "expr", "expression")) for match in matches if "expr" in match]


def rates(plan: Inventory) -> list[Rule]:
    return [rule for rule in rules(plan) if rule["action"] == "throttle"]


def zone(dns_name: str, name: str, visibility: str = "public") -> GetManagedZonesManagedZoneResult:
    return GetManagedZonesManagedZoneResult(
        description="", dns_name=dns_name, id="", managed_zone_id="", name_servers=[], visibility=visibility, name=name
    )


def test_the_domain_leads_to_the_load_balancers_address(prod: Inventory) -> None:
    record = prod.one("prod-entry-name").inputs
    assert (record["name"], record["type"]) == ("agents.example.com.", "A")
    assert record["rrdatas"] == ["<compute:GlobalAddress prod-entry-address>.address"]
    assert record["managedZone"] == "<dns:ManagedZone example.com>.name"


def test_the_address_that_names_point_to_is_protected(prod: Inventory) -> None:
    assert prod.one("prod-entry-address").protect
    assert not staging().one("prod-entry-address").protect


def test_the_certificate_is_proved_by_a_record_before_the_domain_points_here(prod: Inventory) -> None:
    managed = prod.one("prod-entry-certificate").inputs["managed"]
    assert deep(managed, "domains") == ["agents.example.com"]
    assert deep(managed, "dnsAuthorizations") == ["<certificatemanager:DnsAuthorization prod-entry-proof>.id"]
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


def test_browsers_are_told_to_keep_to_https(prod: Inventory) -> None:
    header = deep(prod.one("prod-entry-urls").inputs, "headerAction", "responseHeadersToAdds", 0)
    assert deep(header, "headerName") == "Strict-Transport-Security"
    assert cast("str", deep(header, "headerValue")).startswith("max-age=31536000")


def test_without_a_domain_the_address_is_served_over_http_and_told() -> None:
    plan = staging()
    assert plan.outputs["url"] == "http://<compute:GlobalAddress prod-entry-address>.address"
    assert plan.one("prod-entry-http").inputs["urlMap"] == "<compute:URLMap prod-entry-urls>.id"
    assert "headerAction" not in plan.one("prod-entry-urls").inputs
    for kind in ("certificatemanager:Certificate", "compute:TargetHttpsProxy", "compute:SSLPolicy"):
        assert not plan.of_type(kind)


def test_every_part_of_the_load_balancer_names_the_same_scheme(prod: Inventory) -> None:
    parts = [*prod.of_type("compute:BackendService"), *prod.of_type("compute:GlobalForwardingRule")]
    assert {part.inputs["loadBalancingScheme"] for part in parts} == {"EXTERNAL_MANAGED"}


def test_a_backend_stands_behind_the_policy_and_logs_every_request(prod: Inventory) -> None:
    backend = prod.one("prod-entry-gateway", "compute:BackendService").inputs
    assert backend["securityPolicy"] == "<compute:SecurityPolicy prod-entry-policy>.selfLink"
    assert backend["logConfig"] == {"enable": True, "sampleRate": 1}
    assert backend["backends"] == [{"group": "<compute:RegionNetworkEndpointGroup prod-ingress-gateway>.id"}]


def test_a_serverless_backend_has_neither_health_check_nor_timeout(prod: Inventory) -> None:
    backend = prod.one("prod-entry-gateway", "compute:BackendService").inputs
    assert not {"healthChecks", "timeoutSec", "portName"} & set(backend)


def test_a_path_leads_to_its_service_and_the_map_proves_it() -> None:
    urls = staging().one("prod-entry-urls").inputs
    found = cast("list[dict[str, object]]", deep(urls, "pathMatchers", 0, "pathRules"))
    paths = {cast("str", rule["service"]): rule["paths"] for rule in found}
    assert paths["<compute:BackendService prod-entry-chat>.id"] == ["/chat", "/chat/*"]
    proofs = {deep(proof, "path"): deep(proof, "service") for proof in cast("list[object]", urls["tests"])}
    assert proofs["/ui/below"] == "<compute:BackendService prod-entry-ui>.id"


def test_what_no_path_takes_is_answered_404() -> None:
    urls = staging().one("prod-entry-urls").inputs
    for place in (urls, deep(urls, "pathMatchers", 0)):
        abort = deep(place, "defaultRouteAction", "faultInjectionPolicy", "abort")
        assert abort == {"httpStatus": 404, "percentage": 100}


def test_a_service_at_the_root_takes_the_rest_of_its_domain(prod: Inventory) -> None:
    urls = prod.one("prod-entry-urls").inputs
    matcher = cast("dict[str, object]", deep(urls, "pathMatchers", 0))
    assert matcher["defaultService"] == "<compute:BackendService prod-entry-gateway>.id"
    assert "defaultRouteAction" not in matcher
    assert deep(urls, "hostRules", 0, "hosts") == ["agents.example.com"]
    assert deep(urls, "defaultRouteAction", "faultInjectionPolicy", "abort", "httpStatus") == 404


def test_known_attacks_are_refused_and_none_is_only_watched(prod: Inventory) -> None:
    found = expressions(prod)
    assert "evaluatePreconfiguredWaf('sqli-v422-stable', {'sensitivity': 1})" in found
    assert "evaluatePreconfiguredWaf('cve-canary')" in found
    refusing = [rule for rule in rules(prod) if "expr" in cast("dict[str, object]", rule["match"])]
    assert {rule["action"] for rule in refusing} == {"deny(403)"} and not any(rule.get("preview") for rule in refusing)


def test_requests_are_inspected_before_the_rate_rule_lets_them_in(prod: Inventory) -> None:
    inspected = [cast("int", rule["priority"]) for rule in rules(prod) if rule["action"] == "deny(403)"]
    (rate,) = rates(prod)
    assert max(priority for priority in inspected if priority != LAST) < cast("int", rate["priority"]) < LAST


def test_an_address_may_make_as_many_requests_a_minute_as_the_spec_says(prod: Inventory) -> None:
    (rate,) = rates(prod)
    options = cast("dict[str, object]", rate["rateLimitOptions"])
    assert options["rateLimitThreshold"] == {"count": 60, "intervalSec": 60}
    assert (options["enforceOnKey"], options["exceedAction"]) == ("IP", "deny(429)")
    assert deep(rates(staging())[0], "rateLimitOptions", "rateLimitThreshold", "count") == 600


def test_long_prompts_are_inspected_as_far_as_cloud_armor_looks(prod: Inventory) -> None:
    options = prod.one("prod-entry-policy").inputs["advancedOptionsConfig"]
    assert options == {"jsonParsing": "STANDARD", "logLevel": "NORMAL", "requestBodyInspectionSize": "64KB"}


def test_without_waf_the_rate_limit_still_stands() -> None:
    policy = staging().one("prod-entry-policy").inputs
    assert not expressions(staging()) and rates(staging())
    assert not {"advancedOptionsConfig", "adaptiveProtectionConfig"} & set(policy)


def test_whoever_is_not_admitted_is_refused(prod: Inventory) -> None:
    (last,) = [rule for rule in rules(prod) if rule["priority"] == LAST]
    assert last["action"] == "deny(403)" and deep(last, "match", "config", "srcIpRanges") == ["*"]


def test_narrow_ranges_are_cut_into_rules_of_ten() -> None:
    found = [cast("list[str]", deep(rule, "match", "config", "srcIpRanges")) for rule in rates(staging())]
    assert [len(ranges) for ranges in found] == [10, 2]
    assert [cidr for ranges in found for cidr in ranges] == narrow()
    assert admitted(spec_of()) == [["*"]]


@pytest.mark.parametrize(("asked", "given"), [(1, 5), (120, 120), (3600, 1200)])
def test_an_idle_connection_is_closed_within_the_proxys_bounds(asked: int, given: int) -> None:
    assert idle_seconds(spec_of({"ingress.idle_timeout_seconds": asked})) == given


def test_the_idle_timeout_stands_on_the_proxy(prod: Inventory) -> None:
    assert prod.one("prod-entry-https").inputs["httpKeepAliveTimeoutSec"] == 120
    assert staging().one("prod-entry-http").inputs["httpKeepAliveTimeoutSec"] == 333


def test_what_the_entry_does_in_its_own_way_is_told() -> None:
    told = {found.key: found.reason for found in entry_adjustments(spec_of({"ingress.allowed_cidrs": narrow()}))}
    assert "counts for every backend apart" in told["ingress.rate_limit_per_minute"]
    assert "3600 seconds in all" in told["ingress.idle_timeout_seconds"]
    assert "no uptime check" in told["ingress.allowed_cidrs"]


def test_the_zone_is_found_by_its_dns_name() -> None:
    zones = [zone("example.com.", "inside", "private"), zone("example.org.", "org"), zone("example.com.", "ours")]
    assert zone_name(zones, "example.com", "acme") == "ours"


def test_a_project_without_the_zone_is_told_so() -> None:
    with pytest.raises(LookupError, match=r"the project acme has no public DNS zone example\.com"):
        zone_name([zone("example.org.", "org")], "example.com", "acme")
