"""Who is told, who may tell them, and what Slack may do."""

import json
from collections.abc import Mapping
from typing import cast

import pytest

from automation.plan.inventory import Declared, Inventory
from providers.aws.base.keys import publishing_services
from providers.aws.observability.channels import CHATBOT_REGION, create_channels, publishers
from tests.aws.alone import alone, context_of, keys
from tests.planning import DROP

SEVERITIES = ("warning", "critical")


def channels(changes: Mapping[str, object] | None = None) -> Inventory:
    context = context_of(changes)
    return alone("channels", lambda scope: create_channels(scope, context, keys()))


@pytest.fixture(scope="module")
def prod_channels() -> Inventory:
    return channels()


def statements(policy: Declared) -> list[dict[str, object]]:
    return json.loads(cast("str", policy.inputs.get("policy") or policy.inputs["assumeRolePolicy"]))["Statement"]


def allowed(plan: Inventory, severity: str) -> dict[str, dict[str, object]]:
    """Statements of a topic that let a service publish, by service."""
    listed = statements(plan.one(f"prod-channels-{severity}-policy"))
    allowing = [statement for statement in listed if statement["Effect"] == "Allow"]
    return {cast("dict[str, str]", statement["Principal"])["Service"]: statement for statement in allowing}


def test_both_topics_are_encrypted_by_the_telemetry_key(prod_channels: Inventory) -> None:
    for topic in prod_channels.of_type("sns:Topic"):
        assert topic.inputs["kmsMasterKeyId"] == "<telemetry key>"


def test_every_address_hears_of_both_severities() -> None:
    plan = channels({"monitoring.emails": ["a@example.com", "b@example.com", "a@example.com"]})
    heard = {(s.inputs["topic"], s.inputs["endpoint"]) for s in plan.of_type("sns:TopicSubscription")}
    assert heard == {
        (f"<sns:Topic prod-channels-{severity}>.arn", address)
        for severity in SEVERITIES
        for address in ("a@example.com", "b@example.com")
    }


def test_dropping_an_address_leaves_the_others_as_they_are() -> None:
    before = subscribed(["a@example.com", "b@example.com"])
    assert subscribed(["b@example.com"]).items() < before.items()


def subscribed(emails: list[str]) -> dict[str, object]:
    """Addresses by the subscription's logical name."""
    plan = channels({"monitoring.emails": emails})
    return {found.name: found.inputs["endpoint"] for found in plan.of_type("sns:TopicSubscription")}


@pytest.mark.parametrize("severity", SEVERITIES)
def test_alarms_of_this_account_and_region_may_publish(prod_channels: Inventory, severity: str) -> None:
    statement = allowed(prod_channels, severity)["cloudwatch.amazonaws.com"]
    assert statement["Resource"] == f"<sns:Topic prod-channels-{severity}>.arn"
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "111122223333"},
        "ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:us-west-2:111122223333:alarm:*"},
    }


def test_every_publisher_is_bound_to_this_account(prod_channels: Inventory) -> None:
    for service, statement in allowed(prod_channels, "critical").items():
        condition = cast("dict[str, dict[str, str]]", statement["Condition"])
        assert condition["StringEquals"] == {"aws:SourceAccount": "111122223333"}, service


def test_nobody_publishes_without_tls(prod_channels: Inventory) -> None:
    denied = [s for s in statements(prod_channels.one("prod-channels-warning-policy")) if s["Effect"] == "Deny"]
    assert [statement["Condition"] for statement in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]


def test_a_service_that_is_not_asked_for_may_not_publish() -> None:
    plan = channels({"budget": DROP, "monitoring.prometheus": False})
    assert set(allowed(plan, "warning")) == {"cloudwatch.amazonaws.com", "events.rds.amazonaws.com"}


def test_whoever_may_publish_may_use_the_key_of_the_topics() -> None:
    context = context_of()
    assert [publisher.service for publisher in publishers(context)] == publishing_services(context.spec)


def test_slack_hears_of_both_severities(prod_channels: Inventory) -> None:
    (slack,) = prod_channels.of_type("chatbot:SlackChannelConfiguration")
    assert slack.inputs["snsTopicArns"] == [f"<sns:Topic prod-channels-{severity}>.arn" for severity in SEVERITIES]
    assert (slack.inputs["slackTeamId"], slack.inputs["slackChannelId"]) == ("T0000000", "C0000000")


def test_slack_is_made_in_a_region_that_serves_its_api() -> None:
    context = context_of(region="eu-central-1")
    plan = alone("channels", lambda scope: create_channels(scope, context, keys()))
    (slack,) = plan.of_type("chatbot:SlackChannelConfiguration")
    assert slack.inputs["region"] == CHATBOT_REGION


def test_slack_may_read_alarms_and_nothing_else(prod_channels: Inventory) -> None:
    (policy,) = prod_channels.of_type("iam:Policy")
    actions = [action for statement in statements(policy) for action in cast("list[str]", statement["Action"])]
    assert all(action.startswith(("cloudwatch:Describe", "cloudwatch:Get")) for action in actions)
    (slack,) = prod_channels.of_type("chatbot:SlackChannelConfiguration")
    assert slack.inputs["guardrailPolicyArns"] == ["<iam:Policy prod-channels-slack>.arn"]


def test_only_the_chat_service_for_this_account_takes_the_role(prod_channels: Inventory) -> None:
    (trust,) = statements(prod_channels.one("prod-channels-slack", "iam:Role"))
    assert trust["Principal"] == {"Service": "chatbot.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "111122223333"}}


def test_without_slack_no_role_stands_ready_for_it() -> None:
    assert not channels({"monitoring.slack": DROP}).of_type("iam:Role")
