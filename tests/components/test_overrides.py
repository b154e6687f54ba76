"""Overrides of inputs: what they change on each cloud, and what is refused with the nearest name, the kind or the rule."""

from collections.abc import Mapping

import pulumi
import pytest

from agent_platform import AgentPlatform, InvalidConfiguration
from agent_platform.testing import Inventory, record
from automation.plan.spec_keys import BASE
from automation.stack.document import stack_of, with_values
from components.configuration import PLATFORM_KEY
from providers import AVAILABLE
from tests.planning import plan, production, recorded

HARMLESS: Mapping[str, tuple[str, Mapping[str, object], str, object]] = {
    "aws": ("rds:Instance", {"ca_cert_identifier": "rds-ca-rsa4096-g1"}, "caCertIdentifier", "rds-ca-rsa4096-g1"),
    "gcp": ("redis:Instance", {"maintenance_version": "20260101"}, "maintenanceVersion", "20260101"),
    "azure": ("operationalinsights:Workspace", {"retention_in_days": 730}, "retentionInDays", 730),
    "docker": ("docker:Container prod-compute-chat-1", {"shm_size": 256}, "shmSize", 256),
    "kubernetes": (
        "apps:Deployment prod-compute-chat",
        {"spec": {"revision_history_limit": 4}},
        "spec.revisionHistoryLimit",
        4,
    ),
}
"""Override by cloud that undoes no rule: key, inputs, and the input on the wire with its value."""
UNDOING: Mapping[str, tuple[str, Mapping[str, object], str]] = {
    "aws": ("rds:Instance", {"publicly_accessible": True}, "Data stores have no public address"),
    "gcp": (
        "sql:DatabaseInstance",
        {"settings": {"ip_configuration": {"ipv4_enabled": True}}},
        "Data stores have no public address",
    ),
    "azure": ("storage:StorageAccount", {"allow_blob_public_access": True}, "Objects cannot be made public"),
    "docker": ("prod-compute-chat-1", {"privileged": True}, "Containers have no shell access and few rights"),
    "kubernetes": (
        "apps:Deployment prod-compute-chat",
        {"spec": {"template": {"spec": {"host_network": True}}}},
        "Services and alarms have the settings of the frameworks",
    ),
}
"""Override by cloud that undoes a rule of production, and the title of the rule."""


def overriding(cloud: str, key: str, inputs: Mapping[str, object], **accept: str) -> dict[str, object]:
    """Return production with an override, and its acceptances with those of `accept`."""
    raw = production(cloud=cloud)
    risks = raw.get("accept_risk", {})
    assert isinstance(risks, dict)
    return {**raw, "overrides": {key: inputs}, "accept_risk": {**risks, **accept}}


def errors_of(raw: dict[str, object]) -> list[str]:
    with pytest.raises(InvalidConfiguration) as refused:
        plan(raw)
    return [str(error) for error in refused.value.diagnostics]


def small(overrides: Mapping[str, object], **changes: object) -> Inventory:
    return recorded(stack_of("trial", {PLATFORM_KEY: with_values(BASE, {"overrides": overrides, **changes})}))


def refused(overrides: Mapping[str, object], **changes: object) -> list[str]:
    with pytest.raises(InvalidConfiguration) as error:
        small(overrides, **changes)
    return [str(each) for each in error.value.diagnostics]


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_an_override_changes_its_input_alone_on_every_cloud(cloud: str) -> None:
    key, inputs, path, value = HARMLESS[cloud]
    before, after = plan(production(cloud=cloud)), plan(overriding(cloud, key, inputs))
    changed = {
        (resource.urn, name)
        for resource in after.custom
        for name in {*resource.inputs, *before.by_urn[resource.urn].inputs}
        if resource.inputs.get(name) != before.by_urn[resource.urn].inputs.get(name)
    }
    assert {name for _, name in changed} == {path.partition(".")[0]}
    for urn, _ in changed:
        found: object = after.by_urn[urn].inputs
        for part in path.split("."):
            assert isinstance(found, Mapping)
            found = found[part]
        assert found == value
        assert key.partition(" ")[0] in (after.by_urn[urn].short_type, after.by_urn[urn].name)
    assert after.by_urn.keys() == before.by_urn.keys()


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_an_override_that_undoes_a_rule_of_production_needs_a_reason(cloud: str) -> None:
    key, inputs, title = UNDOING[cloud]
    (error,) = errors_of(overriding(cloud, key, inputs))
    assert error.startswith(f'overrides.{key}: it undoes the rule "{title}" (')
    assert f'accept it by `accept_risk: {{"overrides.{key}": "<reason>"}}`' in error
    accepted = overriding(cloud, key, inputs, **{f"overrides.{key}": "a trial of one week"})
    assert plan(accepted).by_urn.keys() == plan(production(cloud=cloud)).by_urn.keys()


def test_the_acceptance_of_an_override_that_undoes_no_rule_is_refused() -> None:
    key, inputs, _, _ = HARMLESS["aws"]
    raw = overriding("aws", key, inputs, **{f"overrides.{key}": "a trial of one week"})
    assert errors_of(raw) == [
        f"accept_risk.overrides.{key}: accepts nothing: the override undoes no rule of production. Remove it."
    ]


def test_nested_inputs_are_merged_lists_are_replaced_and_null_removes() -> None:
    deployment = {
        "spec": {"template": {"spec": {"dns_config": {"nameservers": ["10.0.0.10"]}, "enable_service_links": None}}}
    }
    changes = {"cloud": "kubernetes"}
    before = small({}, **changes).one("trial-compute-web", "apps:Deployment").inputs["spec"]
    after = small({"apps:Deployment": deployment}, **changes).one("trial-compute-web", "apps:Deployment").inputs["spec"]
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    pod, expected = after["template"]["spec"], dict(before["template"]["spec"])
    assert expected.pop("enableServiceLinks") is False
    assert pod == {**expected, "dnsConfig": {"nameservers": ["10.0.0.10"]}}
    assert {**after, "template": None} == {**before, "template": None}


def test_the_override_of_a_name_wins_over_that_of_its_type() -> None:
    overrides = {"trial-compute-web-log": {"retention_in_days": 5}, "cloudwatch:LogGroup": {"retention_in_days": 7}}
    groups = {each.name: each.inputs["retentionInDays"] for each in small(overrides).of_type("cloudwatch:LogGroup")}
    assert groups.pop("trial-compute-web-log") == 5
    assert set(groups.values()) == {7}


@pytest.mark.parametrize(
    ("key", "inputs", "expected"),
    [
        ("cloudwatch:LogGrop", {"retention_in_days": 7}, "no type cloudwatch:LogGrop (did you mean cloudwatch:LogGroup)"),
        ("trial-compute-web-lg", {"retention_in_days": 7}, "trial-compute-web-lg (did you mean trial-compute-web-log)"),
        ("cloudwatch:LogGroup trial", {"retention_in_days": 7}, "no resource cloudwatch:LogGroup trial"),
        ("cloudwatch:LogGroup", {"retentionInDays": 7}, "no input retentionInDays (did you mean retention_in_days)"),
        ("cloudwatch:LogGroup", {"retention_in_day": 7}, "no input retention_in_day (did you mean retention_in_days)"),
        ("cloudwatch:LogGroup", {"retention_in_days": "7"}, "must be a whole number, not text"),
        ("cloudwatch:LogGroup", {"skip_destroy": 1}, "must be true or false, not a whole number"),
        ("cloudwatch:LogGroup", {"tags": {"team": 1}}, "tags.team: must be text, not a whole number"),
        ("cloudwatch:LogGroup", {"name": "logs"}, "it identifies the object in the cloud"),
        ("cloudwatch:LogGroup", {"region": "eu-west-1"}, "it identifies the object in the cloud"),
        ("cloudwatch:LogGroup", {"tags": {"stack": "other"}}, "the platform finds its resources by these tags"),
        ("cloudwatch:LogGroup", {"tags": None}, "the platform finds its resources by these tags"),
        ("cloudwatch:LogGroup", {"protect": False}, "an option of Pulumi, not an input"),
        ("cloudwatch:LogGroup", {"parent": "x"}, "an option of Pulumi, not an input"),
        ("cloudwatch:LogGroup", {"urn": "x"}, "an option of Pulumi, not an input"),
        ("ecs:Cluster", {"settings": [{"nam": "a"}]}, "settings[0].nam: ClusterSetting has no input nam (did you mean name)"),
        ("ecs:Cluster", {"settings": "all"}, "must be a list, not text"),
        ("ecs:Cluster", {"configuration": 1}, "must be a mapping, not a whole number"),
        ("ecs:TaskDefinition", {"container_definitions": None}, "requires it, so it cannot be removed"),
        ("agent-platform:Network", {"tags": {}}, "no type agent-platform:Network"),
        ("random:Provider", {"version": "1"}, "no type random:Provider"),
    ],
)  # fmt: skip
def test_an_override_that_does_not_fit_the_plan_is_refused(
    key: str, inputs: Mapping[str, object], expected: str
) -> None:
    errors = refused({key: inputs})
    assert [error for error in errors if expected in error], errors
    assert len(errors) == 1


def test_a_name_that_several_resources_have_needs_the_type() -> None:
    context: dict[str, object] = {"database": {}, "services.web.uses": ["database"]}
    inputs = {"description": "metrics of the database"}
    assert refused({"trial-database-monitoring": inputs}, **context) == [
        'overrides.trial-database-monitoring: several resources have this name: "iam:Role trial-database-monitoring" and '
        '"iam:RolePolicyAttachment trial-database-monitoring". Use one of these as the key.'
    ]
    changed = small({"iam:Role trial-database-monitoring": inputs}, **context)
    assert changed.one("trial-database-monitoring", "iam:Role").inputs["description"] == "metrics of the database"


def test_an_override_without_effect_is_refused() -> None:
    error = "overrides.cloudwatch:LogGroup: the platform declares these values itself. Remove it."
    assert refused({"cloudwatch:LogGroup": {"retention_in_days": 30}}) == [error]


@pytest.mark.parametrize(
    ("cloud", "key", "inputs"),
    [
        ("aws", "trial-database", {"password": "hunter2hunter2"}),
        ("aws", "rds:Instance", {"password": None}),
        ("aws", "secretsmanager:SecretVersion", {"secret_string": "hunter2hunter2"}),
        ("gcp", "sql:User", {"password": "hunter2hunter2"}),
        ("gcp", "secretmanager:SecretVersion", {"secret_data": "hunter2hunter2"}),
        ("azure", "dbforpostgresql:Server", {"administrator_login_password": "hunter2hunter2"}),
        ("azure", "keyvault:Secret", {"properties": {"value": "hunter2hunter2"}}),
        ("docker", "random:RandomPassword", {"bcrypt_password": "hunter2hunter2"}),
        ("kubernetes", "core:Secret", {"string_data": {"password": "hunter2hunter2"}}),
    ],
)
def test_a_secret_is_refused_and_not_repeated(cloud: str, key: str, inputs: Mapping[str, object]) -> None:
    context = {"cloud": cloud, "database": {}, "services.web.uses": ["database"], "services.web.secrets": ["API_KEY"]}
    errors = refused({key: inputs}, **context)
    assert errors
    assert "hunter2" not in "".join(errors)


def test_every_error_of_every_override_is_reported_at_once() -> None:
    wrong = {"retention_in_days": "a week", "skip_destory": True}
    assert len(refused({"cloudwatch:LogGroup": wrong, "s3:Bucket": {"acl": "private"}, "trial-web": {"a": 1}})) == 4


def test_overrides_of_a_program_reach_the_resources_of_their_platform_alone() -> None:
    aws = pytest.importorskip("pulumi_aws")
    spec = {
        "cloud": "aws",
        "aws": {"region": "us-west-2", "account_id": "111122223333"},
        "profile": "development",
        "services": {"web": {"app": "fastapi", "image": "ghcr.io/acme/web:1.0"}},
    }

    def program() -> None:
        aws.cloudwatch.LogGroup("mine", retention_in_days=30)
        AgentPlatform("search", {**spec, "overrides": {"cloudwatch:LogGroup": {"retention_in_days": 7}}})
        AgentPlatform("answers", spec)

    groups = {each.name: each.inputs["retentionInDays"] for each in record(program).of_type("cloudwatch:LogGroup")}
    assert groups["mine"] == groups["answers-compute-web-log"] == 30
    assert groups["search-compute-web-log"] == 7


def test_an_output_in_an_override_is_refused() -> None:
    def program() -> None:
        inputs = {"retention_in_days": pulumi.Output.from_input(7)}
        AgentPlatform("search", {**BASE, "overrides": {"cloudwatch:LogGroup": inputs}})

    with pytest.raises(InvalidConfiguration, match=r"overrides\.cloudwatch:LogGroup\.retention_in_days: an Output"):
        record(program)
