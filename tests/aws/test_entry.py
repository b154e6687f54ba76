"""Alias records and web ACL."""

import json
import re

import pytest

from automation.plan.inventory import Inventory
from components.validation.parse import read
from providers.aws.entry.managed_rules import MANAGED_RULES, body_rules, rule_count
from tests.aws.plans import changed, staging
from tests.aws.readers import json_object, json_objects, number, text
from tests.planning import production

ACL = "prod-entry-us-west-2-acl"


def rules(plan: Inventory) -> list[dict[str, object]]:
    return json_objects(plan.one(ACL).inputs["rules"])


def rate(plan: Inventory) -> dict[str, object]:
    (rule,) = [rule for rule in rules(plan) if rule["name"] == "rate-limit"]
    return json_object(rule["statement"])["rateBasedStatement"]


def counted(plan: Inventory, group: str) -> list[str]:
    (rule,) = [rule for rule in rules(plan) if rule["name"] == group]
    statement = json_object(rule["statement"])["managedRuleGroupStatement"]
    overrides = json_objects(statement.get("ruleActionOverrides", []))
    return [text(override["name"]) for override in overrides if override["actionToUse"] == {"count": {}}]


def test_the_domain_is_an_alias_of_the_load_balancer(prod: Inventory) -> None:
    record = prod.one("prod-entry-us-west-2-name").inputs
    assert record["name"] == "agents.example.com" and record["type"] == "A"
    (alias,) = json_objects(record["aliases"])
    assert alias["name"] == "<lb:LoadBalancer prod-ingress>.dnsName"
    assert alias["evaluateTargetHealth"] is True


def test_the_url_is_the_domain_over_https(prod: Inventory) -> None:
    assert prod.outputs["url"] == "https://agents.example.com"


def test_without_a_domain_the_url_is_the_load_balancers_own_name() -> None:
    assert staging().outputs["url"] == "http://<lb:LoadBalancer prod-ingress>.dnsName"
    assert not staging().of_type("route53:Record")


def test_the_web_acl_is_associated_with_the_load_balancer(prod: Inventory) -> None:
    association = prod.one(f"{ACL}-on-balancer").inputs
    assert association["resourceArn"] == "<lb:LoadBalancer prod-ingress>.arn"
    assert association["webAclArn"] == f"<wafv2:WebAcl {ACL}>.arn"


def test_the_rate_limit_per_address_is_that_of_the_spec(prod: Inventory) -> None:
    assert rate(prod) == {"limit": 600, "evaluationWindowSec": 60, "aggregateKeyType": "IP"}
    assert rate(staging())["limit"] == 900


LIMITS: dict[str, object] = {
    "ingress.rate_limit": {
        "per_address": 300,
        "per_key": 120,
        "paths": [{"prefix": "/agents/run.v1", "per_address": 30}, {"prefix": "/teams", "per_address": 60}],
    }
}


def test_each_limit_has_a_rule_and_the_one_of_addresses_is_the_first() -> None:
    limited = changed(LIMITS)
    assert [rule["name"] for rule in sorted(rules(limited), key=lambda rule: number(rule["priority"]))][:4] == [
        "rate-limit",
        "rate-limit-key",
        "rate-limit-path-1",
        "rate-limit-path-2",
    ]
    limits = {
        text(rule["name"]): json_object(json_object(rule["statement"])["rateBasedStatement"])
        for rule in rules(limited)
        if text(rule["name"]).startswith("rate-")
    }
    assert {name: limit["limit"] for name, limit in limits.items()} == {
        "rate-limit": 300,
        "rate-limit-key": 120,
        "rate-limit-path-1": 30,
        "rate-limit-path-2": 60,
    }
    header = {"name": "authorization", "textTransformations": [{"priority": 0, "type": "NONE"}]}
    assert (limits["rate-limit-key"]["aggregateKeyType"], limits["rate-limit-key"]["customKeys"]) == (
        "CUSTOM_KEYS",
        [{"header": header}],
    )
    scope = json_object(json_object(limits["rate-limit-path-1"]["scopeDownStatement"])["regexMatchStatement"])
    assert scope["regexString"] == "^/+(?:agents/+run[.]v1)(?:/|$)"


def test_a_rejected_request_is_answered_429_with_the_time_to_wait() -> None:
    answer = {"responseCode": 429, "responseHeaders": [{"name": "Retry-After", "value": "60"}]}
    limits = [rule for rule in rules(changed(LIMITS)) if text(rule["name"]).startswith("rate-")]
    assert [rule["action"] for rule in limits] == [{"block": {"customResponse": answer}}] * 4


def test_every_rule_has_its_own_priority() -> None:
    assert sorted(number(rule["priority"]) for rule in rules(changed(LIMITS))) == list(range(11))


def test_the_rate_limit_is_the_first_rule(prod: Inventory) -> None:
    assert [rule["name"] for rule in rules(prod) if rule["priority"] == 0] == ["rate-limit"]


def test_the_rules_in_the_order_of_evaluation(prod: Inventory) -> None:
    assert [rule["name"] for rule in sorted(rules(prod), key=lambda rule: number(rule["priority"]))] == [
        "rate-limit",
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesAnonymousIpList",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesSQLiRuleSet",
        "AWSManagedRulesCommonRuleSet",
        "bodies",
        "closed-paths",
    ]


def test_without_waf_no_managed_rule_inspects_requests() -> None:
    assert [rule["name"] for rule in rules(staging())] == ["rate-limit", "closed-paths"]


def test_closed_paths_are_not_found_also_when_they_are_encoded(prod: Inventory) -> None:
    (rule,) = [rule for rule in rules(prod) if rule["name"] == "closed-paths"]
    assert rule["action"] == {"block": {"customResponse": {"responseCode": 404}}}
    match = json_object(json_object(rule["statement"])["regexMatchStatement"])
    assert match["regexString"] == "^/+(?:docs|metrics|openapi[.]json|redoc)(?:/|$)"
    assert match["fieldToMatch"] == {"uriPath": {}}
    assert match["textTransformations"] == [{"priority": 0, "type": "URL_DECODE"}]


def test_more_closed_paths_than_an_expression_holds_are_alternatives() -> None:
    paths = [f"/internal{n}-{'x' * 80}" for n in range(5)]
    (rule,) = [
        rule for rule in rules(changed({"services.gateway.closed_paths": paths})) if rule["name"] == "closed-paths"
    ]
    statements = json_objects(json_object(json_object(rule["statement"])["orStatement"])["statements"])
    patterns = [text(json_object(statement["regexMatchStatement"])["regexString"]) for statement in statements]
    assert len(patterns) == 3 and max(map(len, patterns)) <= 200
    assert all(any(re.search(pattern, path) for pattern in patterns) for path in paths)


def test_without_closed_paths_there_is_no_rule() -> None:
    assert "closed-paths" not in {rule["name"] for rule in rules(changed({"services.gateway.closed_paths": []}))}


def test_a_long_prompt_is_counted_and_not_blocked(prod: Inventory) -> None:
    assert "SizeRestrictions_BODY" in counted(prod, "AWSManagedRulesCommonRuleSet")
    assert not any("SizeRestrictions" in label for label in body_labels(prod))


def body_labels(plan: Inventory) -> list[str]:
    (rule,) = [rule for rule in rules(plan) if rule["name"] == "bodies"]
    labels, _ = json_objects(json_object(json_object(rule["statement"])["andStatement"])["statements"])
    alternatives = json_objects(json_object(labels["orStatement"])["statements"])
    return [text(json_object(each["labelMatchStatement"])["key"]) for each in alternatives]


def test_every_body_rule_counts_and_its_label_blocks_elsewhere(prod: Inventory) -> None:
    declared = [rule for group in MANAGED_RULES for rule in counted(prod, group) if rule.endswith("_BODY")]
    assert {rule for rule in declared if rule != "SizeRestrictions_BODY"} == {
        rule for group in MANAGED_RULES for rule in body_rules(group)
    }
    assert body_labels(prod) == [
        "awswaf:managed:aws:known-bad-inputs:JavaDeserializationRCE_Body",
        "awswaf:managed:aws:known-bad-inputs:Log4JRCE_Body",
        "awswaf:managed:aws:known-bad-inputs:ReactJSRCE_Body",
        "awswaf:managed:aws:sql-database:SQLi_Body",
        "awswaf:managed:aws:sql-database:SQLiExtendedPatterns_Body",
        "awswaf:managed:aws:core-rule-set:EC2MetaDataSSRF_Body",
        "awswaf:managed:aws:core-rule-set:GenericLFI_Body",
        "awswaf:managed:aws:core-rule-set:GenericRFI_Body",
        "awswaf:managed:aws:core-rule-set:CrossSiteScripting_Body",
    ]


def test_a_platform_without_prompts_blocks_by_the_managed_rules_alone() -> None:
    changes: dict[str, object] = {"services.gateway.app": "django", "services.gateway.uses": ["database"]}
    plain = changed({**changes, "services.gateway.secrets": [], "ingress.allowed_cidrs": ["10.0.0.0/8"]})
    assert counted(plain, "AWSManagedRulesCommonRuleSet") == ["SizeRestrictions_BODY"]
    assert "bodies" not in {rule["name"] for rule in rules(plain)}


@pytest.mark.parametrize(
    "changes", [{}, LIMITS, {"ingress.waf": {"prompts": []}}, {"services.gateway.closed_paths": []}], ids=str
)
def test_the_number_of_rules_that_is_billed_is_that_of_the_web_acl(changes: dict[str, object]) -> None:
    spec, _ = read(production(changes, cloud="aws"))
    assert spec is not None and rule_count(spec) == len(rules(changed(changes)))


def test_excluded_rules_count_and_a_counting_waf_blocks_nothing() -> None:
    waf: dict[str, object] = {"mode": "count", "exclude_rules": ["SQLi_QUERYARGUMENTS", "SQLi_BODY"]}
    plan = changed({"ingress.waf": waf, "accept_risk": {"ingress.waf.mode": "a trial of rules"}})
    assert {"SQLi_QUERYARGUMENTS", "SQLi_BODY"} < set(counted(plan, "AWSManagedRulesSQLiRuleSet"))
    assert "awswaf:managed:aws:sql-database:SQLi_Body" not in body_labels(plan)
    managed = [rule for rule in rules(plan) if text(rule["name"]).startswith("AWS")]
    assert [rule["overrideAction"] for rule in managed] == [{"count": {}}] * 5
    (bodies,) = [rule for rule in rules(plan) if rule["name"] == "bodies"]
    assert bodies["action"] == {"count": {}}


def test_a_caller_in_a_hosting_provider_is_counted_and_not_blocked(prod: Inventory) -> None:
    assert counted(prod, "AWSManagedRulesAnonymousIpList") == ["HostingProviderIPList"]


def test_the_web_acl_log_is_encrypted_retained_and_redacted(prod: Inventory) -> None:
    group = prod.one("prod-entry-us-west-2-log").inputs
    assert text(group["name"]).startswith("aws-waf-logs-")
    assert group["retentionInDays"] == 365
    assert "telemetry" in text(group["kmsKeyId"])
    redacted = json.dumps(prod.one(f"{ACL}-log").inputs["redactedFields"])
    assert '"authorization"' in redacted and '"cookie"' in redacted


def test_log_delivery_is_permitted_before_logging_is_enabled(prod: Inventory) -> None:
    delivery = prod.one("prod-entry-us-west-2-log-delivery")
    assert delivery.urn in prod.one(f"{ACL}-log").depends_on
    (statement,) = json.loads(text(delivery.inputs["policyDocument"]))["Statement"]
    assert statement["Resource"] == "<cloudwatch:LogGroup prod-entry-us-west-2-log>.arn:*"
    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": "111122223333"}
