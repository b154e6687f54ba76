"""Audit, report and cost of a stack behind an Application Gateway."""

from collections.abc import Mapping
from functools import cache

import pytest

from automation.audit.evaluation import AuditResult, CheckVerdict, audit_of
from automation.plan.inventory import Inventory
from automation.report.facts import facts_of
from automation.stack.document import stack_of
from components.settings import PLATFORM_KEY
from providers import limits
from providers.contract.report import ENTRY, INTERNET
from tests.audits import TODAY, audited_with, result_of, with_input, without
from tests.costs import HOURS, assert_prices, by_component, estimated
from tests.planning import DROP, plan, production
from tests.reports import planned_stack

GATEWAY: Mapping[str, object] = {"azure.entry": "gateway", "ingress.certificate": {"azure": "keys/acme-certs/agents"}}
RAW = production({"accept_checks": DROP, **GATEWAY}, "azure")
RESOURCE = "network:ApplicationGateway prod-entry-application-gateway"
POLICY = "network:WebApplicationFirewallPolicy prod-entry-policy"
CHECKS = (
    "only-the-entry-is-open", "plain-http-only-redirects", "tls-of-today", "inside-is-encrypted",
    "filters-and-defaults-are-closed", "data-has-no-way-out", "attacks-are-filtered-and-logged",
)  # fmt: skip


@cache
def declared() -> Inventory:
    return plan(RAW)


def audit(inventory: Inventory) -> AuditResult:
    spec = stack_of("prod", {PLATFORM_KEY: RAW}).spec
    return audit_of("prod", spec, limits("azure").region(spec), inventory, TODAY)


@pytest.mark.parametrize("check", CHECKS)
def test_a_check_of_the_entry_has_the_result_that_front_door_has(check: str) -> None:
    behind, before = result_of(audit(declared()), check), result_of(audited_with("azure", {}), check)
    assert behind.verdict == before.verdict == CheckVerdict.PASSED, behind


FAULTS: Mapping[str, tuple[str, str, object]] = {
    "plain HTTP that is forwarded": ("plain-http-only-redirects", "requestRoutingRules.0.httpListener.id", "/httpListeners/http"),
    "an old TLS policy": ("tls-of-today", "sslPolicy.policyName", "AppGwSslPolicy20150501"),
    "plain HTTP to the apps": ("inside-is-encrypted", "backendHttpSettingsCollection.0.protocol", "Http"),
    "no firewall": ("attacks-are-filtered-and-logged", "firewallPolicy", None),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_gateway_fails_its_check(fault: str) -> None:
    check, path, value = FAULTS[fault]
    assert result_of(audit(with_input(declared(), RESOURCE, path, value)), check).verdict == CheckVerdict.FAIL


def test_a_firewall_that_detects_only_or_has_groups_without_rules_fails() -> None:
    check = "attacks-are-filtered-and-logged"
    detecting = with_input(declared(), POLICY, "policySettings.mode", "Detection")
    assert result_of(audit(detecting), check).verdict == CheckVerdict.FAIL
    rules = [{"ruleSetType": "Microsoft_DefaultRuleSet", "ruleGroupOverrides": [{"ruleGroupName": "SQLI"}]}]
    disabled = with_input(declared(), POLICY, "managedRules.managedRuleSets", rules)
    assert result_of(audit(disabled), check).verdict == CheckVerdict.FAIL
    assert result_of(audit(without(declared(), "monitor:DiagnosticSetting")), check).verdict == CheckVerdict.FAIL


def test_another_open_port_of_the_gateway_fails() -> None:
    group = "network:NetworkSecurityGroup prod-network-gateway-rules"
    opened = with_input(declared(), group, "securityRules.0.destinationPortRanges", ["80", "443", "22"])
    assert result_of(audit(opened), "only-the-entry-is-open").verdict == CheckVerdict.FAIL


def test_the_report_shows_the_gateway_between_clients_and_services() -> None:
    connections = facts_of(planned_stack(RAW), TODAY).connections
    outside = [each for each in connections if (each.source, each.target) == (INTERNET, ENTRY)]
    assert {each.ports for each in outside} == {"80, 443"}
    assert any("ApplicationGateway" in each.resource for each in outside)
    assert [each.ports for each in connections if (each.source, each.target) == (ENTRY, "gateway")] == ["443"]


def test_the_cost_is_that_of_the_gateway_with_its_reserved_units() -> None:
    """Two to ten instances of ten units, 50 GB to clients, a private zone, and no link of Front Door."""
    amounts = by_component(estimated("azure", GATEWAY))
    fixed = HOURS * 0.443 + 50 * 0.087 + 0.5
    units = HOURS * 0.0144 * 10
    assert amounts["Entry"] == (round(fixed + 2 * units, 2), round(fixed + 10 * units, 2))
    assert amounts["Environment"] == (round(HOURS * 0.025, 2), round(HOURS * 0.025, 2))
    assert estimated("azure", GATEWAY).unknown == ()
    assert_prices("azure", ["appgateway.waf_v2", "appgateway.waf_v2.unit"])
