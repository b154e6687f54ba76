"""The public name and the web ACL over the load balancer."""

import json
from typing import cast

from automation.plan.inventory import Inventory
from tests.aws.variants import staging

ACL = "prod-entry-us-west-2-acl"


def rules(plan: Inventory) -> list[dict[str, object]]:
    return cast("list[dict[str, object]]", plan.one(ACL).inputs["rules"])


def rate(plan: Inventory) -> dict[str, object]:
    (rule,) = [rule for rule in rules(plan) if rule["name"] == "rate-limit"]
    return cast("dict[str, dict[str, object]]", rule["statement"])["rateBasedStatement"]


def counted(plan: Inventory, group: str) -> list[str]:
    (rule,) = [rule for rule in rules(plan) if rule["name"] == group]
    statement = cast("dict[str, dict[str, object]]", rule["statement"])["managedRuleGroupStatement"]
    overrides = cast("list[dict[str, object]]", statement["ruleActionOverrides"])
    return [cast("str", override["name"]) for override in overrides if override["actionToUse"] == {"count": {}}]


def test_the_domain_leads_to_the_load_balancer(prod: Inventory) -> None:
    record = prod.one("prod-entry-us-west-2-name").inputs
    assert record["name"] == "agents.example.com" and record["type"] == "A"
    (alias,) = cast("list[dict[str, object]]", record["aliases"])
    assert alias["name"] == "<lb:LoadBalancer prod-ingress>.dnsName"
    assert alias["evaluateTargetHealth"] is True


def test_the_url_is_the_domain_over_https(prod: Inventory) -> None:
    assert prod.outputs["url"] == "https://agents.example.com"


def test_without_a_domain_the_url_is_the_load_balancers_own_name() -> None:
    assert staging().outputs["url"] == "http://<lb:LoadBalancer prod-ingress>.dnsName"
    assert not staging().of_type("route53:Record")


def test_the_web_acl_stands_on_the_load_balancer(prod: Inventory) -> None:
    association = prod.one(f"{ACL}-on-balancer").inputs
    assert association["resourceArn"] == "<lb:LoadBalancer prod-ingress>.arn"
    assert association["webAclArn"] == f"<wafv2:WebAcl {ACL}>.arn"


def test_a_client_address_may_make_as_many_requests_a_minute_as_the_spec_says(prod: Inventory) -> None:
    assert rate(prod) == {"limit": 60, "evaluationWindowSec": 60, "aggregateKeyType": "IP"}
    assert rate(staging())["limit"] == 600


def test_the_rate_limit_is_asked_first(prod: Inventory) -> None:
    assert [rule["name"] for rule in rules(prod) if rule["priority"] == 0] == ["rate-limit"]


def test_the_managed_rule_groups_inspect_every_request(prod: Inventory) -> None:
    assert {rule["name"] for rule in rules(prod)} == {
        "rate-limit",
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesAnonymousIpList",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesSQLiRuleSet",
        "AWSManagedRulesCommonRuleSet",
    }


def test_without_waf_the_rate_limit_stands_alone() -> None:
    assert [rule["name"] for rule in rules(staging())] == ["rate-limit"]


def test_a_long_prompt_is_counted_and_not_blocked(prod: Inventory) -> None:
    assert counted(prod, "AWSManagedRulesCommonRuleSet") == ["SizeRestrictions_BODY"]


def test_a_caller_that_is_a_server_is_counted_and_not_blocked(prod: Inventory) -> None:
    assert counted(prod, "AWSManagedRulesAnonymousIpList") == ["HostingProviderIPList"]


def test_the_log_of_requests_is_encrypted_kept_and_hides_credentials(prod: Inventory) -> None:
    group = prod.one("prod-entry-us-west-2-log").inputs
    assert cast("str", group["name"]).startswith("aws-waf-logs-")
    assert group["retentionInDays"] == 365
    assert "telemetry" in cast("str", group["kmsKeyId"])
    redacted = json.dumps(prod.one(f"{ACL}-log").inputs["redactedFields"])
    assert '"authorization"' in redacted and '"cookie"' in redacted


def test_log_delivery_may_write_before_logging_begins(prod: Inventory) -> None:
    delivery = prod.one("prod-entry-us-west-2-log-delivery")
    assert delivery.urn in prod.one(f"{ACL}-log").depends_on
    (statement,) = json.loads(cast("str", delivery.inputs["policyDocument"]))["Statement"]
    assert statement["Resource"] == "<cloudwatch:LogGroup prod-entry-us-west-2-log>.arn:*"
    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": "111122223333"}
