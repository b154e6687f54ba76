"""Topics, their publishers and Slack."""

import json
from collections.abc import Mapping

import pytest

from automation.plan.inventory import Declared, Inventory
from providers.aws.base.keys import publishing_services
from providers.aws.observability.channels import CHATBOT_REGION, create_channels, publishers
from tests.aws.plans import component, context_of, keys
from tests.aws.readers import json_object, strings, text
from tests.planning import DROP

SEVERITIES = ("warning", "critical")


def channels(changes: Mapping[str, object] | None = None) -> Inventory:
    context = context_of(changes)
    return component("channels", lambda scope: create_channels(scope, context, keys()))


@pytest.fixture(scope="module")
def prod_channels() -> Inventory:
    return channels()


def statements(policy: Declared) -> list[dict[str, object]]:
    return json.loads(text(policy.inputs.get("policy") or policy.inputs["assumeRolePolicy"]))["Statement"]


def allowed(plan: Inventory, severity: str) -> dict[str, dict[str, object]]:
    """Statements of a topic that let a service publish, by service."""
    listed = statements(plan.one(f"prod-channels-{severity}-policy"))
    allowing = [statement for statement in listed if statement["Effect"] == "Allow"]
    return {json_object(statement["Principal"])["Service"]: statement for statement in allowing}


def test_both_topics_are_encrypted_by_the_telemetry_key(prod_channels: Inventory) -> None:
    for topic in prod_channels.of_type("sns:Topic"):
        assert topic.inputs["kmsMasterKeyId"] == "<telemetry key>"


def test_every_address_is_subscribed_to_both_topics() -> None:
    plan = channels({"monitoring.emails": ["a@example.com", "b@example.com", "a@example.com"]})
    heard = {(s.inputs["topic"], s.inputs["endpoint"]) for s in plan.of_type("sns:TopicSubscription")}
    assert heard == {
        (f"<sns:Topic prod-channels-{severity}>.arn", address)
        for severity in SEVERITIES
        for address in ("a@example.com", "b@example.com")
    }


def test_removing_an_address_leaves_the_others_unchanged() -> None:
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


def test_every_publisher_is_limited_to_this_account(prod_channels: Inventory) -> None:
    for service, statement in allowed(prod_channels, "critical").items():
        condition = json_object(statement["Condition"])
        assert condition["StringEquals"] == {"aws:SourceAccount": "111122223333"}, service


def test_publishing_without_tls_is_denied(prod_channels: Inventory) -> None:
    denied = [s for s in statements(prod_channels.one("prod-channels-warning-policy")) if s["Effect"] == "Deny"]
    assert [statement["Condition"] for statement in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]


def test_services_of_unused_capabilities_may_not_publish() -> None:
    plan = channels({"budget": DROP, "monitoring.prometheus": False})
    assert set(allowed(plan, "warning")) == {"cloudwatch.amazonaws.com", "events.rds.amazonaws.com"}


def test_every_publisher_may_use_the_key_of_the_topics() -> None:
    context = context_of()
    assert [publisher.service for publisher in publishers(context)] == publishing_services(context.spec)


def test_slack_is_subscribed_to_both_topics(prod_channels: Inventory) -> None:
    (slack,) = prod_channels.of_type("chatbot:SlackChannelConfiguration")
    assert slack.inputs["snsTopicArns"] == [f"<sns:Topic prod-channels-{severity}>.arn" for severity in SEVERITIES]
    assert (slack.inputs["slackTeamId"], slack.inputs["slackChannelId"]) == ("T0000000", "C0000000")


def test_slack_is_configured_in_a_region_with_its_api() -> None:
    context = context_of(region="eu-central-1")
    plan = component("channels", lambda scope: create_channels(scope, context, keys()))
    (slack,) = plan.of_type("chatbot:SlackChannelConfiguration")
    assert slack.inputs["region"] == CHATBOT_REGION


def test_slack_may_read_alarms_and_nothing_else(prod_channels: Inventory) -> None:
    (policy,) = prod_channels.of_type("iam:Policy")
    actions = [action for statement in statements(policy) for action in strings(statement["Action"])]
    assert all(action.startswith(("cloudwatch:Describe", "cloudwatch:Get")) for action in actions)
    # DescribeAlarms returns composite alarms only with access to every alarm
    assert {statement["Resource"] for statement in statements(policy)} == {"*"}
    (slack,) = prod_channels.of_type("chatbot:SlackChannelConfiguration")
    assert slack.inputs["guardrailPolicyArns"] == ["<iam:Policy prod-channels-slack>.arn"]


def test_the_slack_role_trusts_the_chat_service_for_this_account_only(prod_channels: Inventory) -> None:
    (trust,) = statements(prod_channels.one("prod-channels-slack", "iam:Role"))
    assert trust["Principal"] == {"Service": "chatbot.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "111122223333"}}


def test_without_slack_there_is_no_role() -> None:
    assert not channels({"monitoring.slack": DROP}).of_type("iam:Role")
