"""Front Door: the public name, what it lets in, where it leads."""

from typing import cast

import pytest

from automation.plan.inventory import Inventory
from providers.azure.entry.limits import approval_command, link_location, patterns, proof_name, record_name
from providers.azure.limits import LIMITS
from tests.azure.laid import at, depends_on, spec_of


def custom_rules(plan: Inventory) -> list[dict[str, object]]:
    return cast("list[dict[str, object]]", at(plan.one("prod-entry-firewall"), "customRules.rules"))


def test_requests_come_over_a_private_link(prod: Inventory) -> None:
    origin = prod.one("prod-entry-gateway-westus3")
    link = cast("dict[str, object]", at(origin, "sharedPrivateLinkResource"))
    assert link["privateLink"] == {"id": "<app:ManagedEnvironment prod-environment>.id"}
    assert (link["groupId"], link["privateLinkLocation"]) == ("managedEnvironments", "westus3")
    assert origin.inputs["enforceCertificateNameCheck"] is True


def test_the_environment_is_told_which_app_is_meant(prod: Inventory) -> None:
    origin = prod.one("prod-entry-gateway-westus3").inputs
    host = "prod-gateway.<app:ManagedEnvironment prod-environment>.defaultDomain"
    assert origin["hostName"] == origin["originHostHeader"] == host


def test_plain_http_is_sent_to_https(prod: Inventory) -> None:
    route = prod.one("prod-entry-gateway").inputs
    assert (route["httpsRedirect"], route["forwardingProtocol"]) == ("Enabled", "HttpsOnly")
    assert route["supportedProtocols"] == ["Http", "Https"]


def test_a_route_waits_for_its_origins(prod: Inventory) -> None:
    assert "prod-entry-gateway-westus3" in depends_on(prod.one("prod-entry-gateway"))


def test_probes_ask_the_health_path_with_get(prod: Inventory) -> None:
    probe = cast("dict[str, object]", at(prod.one("prod-entry-gateway-origins"), "healthProbeSettings"))
    assert (probe["probePath"], probe["probeRequestType"], probe["probeProtocol"]) == ("/health", "GET", "Https")


def test_front_door_waits_for_the_pauses_of_a_stream(prod: Inventory) -> None:
    assert prod.one("prod-entry").inputs["originResponseTimeoutSeconds"] == 120


def test_the_firewall_blocks_with_the_managed_sets(prod: Inventory) -> None:
    firewall = prod.one("prod-entry-firewall")
    assert at(firewall, "policySettings.mode") == "Prevention"
    assert at(firewall, "sku.name") == at(prod.one("prod-entry"), "sku.name") == "Premium_AzureFrontDoor"
    sets = cast("list[dict[str, object]]", at(firewall, "managedRules.managedRuleSets"))
    assert [each["ruleSetType"] for each in sets] == ["Microsoft_DefaultRuleSet", "Microsoft_BotManagerRuleSet"]


def test_without_waf_the_rate_still_holds(plain: Inventory) -> None:
    assert at(plain.one("prod-entry-firewall"), "managedRules.managedRuleSets") == []
    assert custom_rules(plain)[-1]["rateLimitThreshold"] == 60


def test_the_rate_is_an_addresss_own(prod: Inventory) -> None:
    (rate,) = custom_rules(prod)
    assert rate["groupBy"] == [{"variableName": "SocketAddr"}]
    assert (rate["rateLimitDurationInMinutes"], rate["rateLimitThreshold"], rate["action"]) == (1, 60, "Block")


def test_other_addresses_are_refused_before_all_else(plain: Inventory) -> None:
    first = min(custom_rules(plain), key=lambda rule: cast("int", rule["priority"]))
    (condition,) = cast("list[dict[str, object]]", first["matchConditions"])
    assert (first["action"], condition["negateCondition"]) == ("Block", True)
    assert condition["matchValue"] == ["203.0.113.0/24"]


def test_the_firewall_stands_before_every_name(prod: Inventory) -> None:
    (association,) = cast("list[dict[str, object]]", at(prod.one("prod-entry-protection"), "parameters.associations"))
    assert len(cast("list[object]", association["domains"])) == 2


def test_the_domain_is_proved_and_led_to_front_door(prod: Inventory) -> None:
    proof, record = prod.one("prod-entry-domain-proof").inputs, prod.one("prod-entry-domain-record").inputs
    assert (proof["recordType"], proof["relativeRecordSetName"]) == ("TXT", "_dnsauth.agents")
    assert record["cnameRecord"] == {"cname": "<cdn:AFDEndpoint prod-entry-endpoint>.hostName"}
    assert prod.outputs["url"] == "https://agents.example.com"


def test_without_a_domain_the_name_is_front_doors(plain: Inventory) -> None:
    assert plain.outputs["url"] == "https://<cdn:AFDEndpoint prod-entry-endpoint>.hostName"
    assert plain.one("prod-entry-gateway").inputs["linkToDefaultDomain"] == "Enabled"


def test_a_zones_own_name_has_no_cname() -> None:
    assert (record_name("example.com", "example.com"), proof_name("example.com", "example.com")) == ("@", "_dnsauth")
    assert proof_name("a.b.example.com", "example.com") == "_dnsauth.a.b"


@pytest.mark.parametrize(("path", "expected"), [("/", ["/*"]), ("/chat", ["/chat", "/chat/*"])])
def test_a_path_covers_itself_and_all_below(path: str, expected: list[str]) -> None:
    assert patterns(path) == expected


def test_a_link_begins_next_to_a_location_that_has_none() -> None:
    assert (link_location("westus3"), link_location("westus2")) == ("westus3", "westus3")
    told = [
        found for found in LIMITS.adjustments(spec_of({"azure.location": "westus2"})) if found.key == "azure.location"
    ]
    assert "private link from westus3" in str(told[0])


def test_the_approval_of_the_link_is_told_with_its_command() -> None:
    (found,) = [each for each in LIMITS.adjustments(spec_of()) if each.key == "services.gateway.path"]
    assert approval_command("<stack>-agents-westus3") in found.reason


def test_paths_that_differ_in_capitals_alone_are_refused() -> None:
    changes = {"services.gateway.path": "/Chat", "services.chat.path": "/chat"}
    assert "tells no capitals apart" in " ".join(map(str, LIMITS.refusals(spec_of(changes), "prod")))


def test_a_pause_longer_than_front_door_waits_is_told() -> None:
    told = {found.key: found.reason for found in LIMITS.adjustments(spec_of({"ingress.idle_timeout_seconds": 900}))}
    assert told["ingress.idle_timeout_seconds"].startswith("240")
