"""What a restore drill declares on Google Cloud: schedules, network, permissions and alarms; and names that are taken."""

import json
from functools import cache
from typing import Any, cast

import pytest

from automation.plan.inventory import Inventory, plain
from providers import drill_control
from providers.contract.drill import QUERY_SCRIPT
from providers.gcp.drill.control import CONTROL
from providers.gcp.drill.workflow import DrillSettings, drill_workflow
from providers.gcp.limits import LIMITS
from tests.gcp.plans import error_keys, mapping_at, spec_of, text_at, value_at, values_at
from tests.planning import plan, production, revealed

QUERY = "SELECT count(*) FROM sessions"
DRILL = {"recovery.drill": {"query": QUERY, "schedule": "30 5 * * 1,4", "max_age_days": 5}}
ACCOUNT = "<serviceaccount:Account prod-drill-account>"


@cache
def drilled() -> Inventory:
    return plan(production(DRILL, cloud="gcp"))


def test_the_cloud_has_drills() -> None:
    assert drill_control("gcp") is CONTROL


def test_a_drill_adds_resources_and_changes_none_but_the_dashboard(prod: Inventory) -> None:
    before = {resource.urn: plain(resource.inputs) for resource in prod.custom}
    after = {resource.urn: plain(resource.inputs) for resource in drilled().custom}
    differing = {urn.rpartition("::")[2] for urn, inputs in before.items() if after.get(urn) != inputs}
    assert differing <= {"prod-monitoring-dashboard", "prod-monitoring-to-logs", "prod-monitoring-not-twice"}


def test_the_rights_of_the_services_are_unchanged(prod: Inventory) -> None:
    def rights(inventory: Inventory) -> dict[str, object]:
        types = ("projects:IAMMember", "projects:IAMCustomRole", "secretmanager:SecretIamMember")
        rows = (resource for kind in types for resource in inventory.of_type(kind))
        return {row.urn: plain(row.inputs) for row in rows if not row.name.startswith("prod-drill")}

    assert rights(drilled()) == rights(prod)


def test_cloud_scheduler_starts_the_drill_on_schedule_and_the_report_every_hour() -> None:
    schedules = {each.name: each.inputs for each in drilled().of_type("cloudscheduler:Job")}
    assert {name: inputs["schedule"] for name, inputs in schedules.items()} == {
        "prod-drill-schedule": "30 5 * * 1,4",
        "prod-drill-hourly": "0 * * * *",
    }
    for name, workflow in (("prod-drill-schedule", "prod_drill"), ("prod-drill-hourly", "prod_drill_report")):
        target = mapping_at(schedules[name], "httpTarget")
        assert str(target["uri"]).endswith(f"/locations/us-central1/workflows/{workflow}/executions")
        assert target["oauthToken"] == {"serviceAccountEmail": f"{ACCOUNT}.email"}


def test_the_workflow_is_the_tested_one_with_the_resources_of_the_stack() -> None:
    source = json.loads(str(revealed(drilled().one("prod-drill-workflow").inputs["sourceContents"])))
    settings = DrillSettings(
        "acme-agents",
        "us-central1",
        "prod",
        "<sql:DatabaseInstance prod-database>.name",
        "<kms:CryptoKey prod-keys-data>.id",
        "<compute:Network prod-network>.id",
        str(value_at(drilled().one("prod-database", "sql:DatabaseInstance").inputs, "settings", "ipConfiguration", "allocatedIpRange")),
    )  # fmt: skip
    assert source == json.loads(json.dumps(drill_workflow(settings)))


def grants() -> dict[str, dict[str, Any]]:
    """Permissions and inputs of each role grant of the drill's account, by logical name."""
    permissions = {role.name: role.inputs["permissions"] for role in drilled().of_type("projects:IAMCustomRole")}
    found: dict[str, dict[str, Any]] = {}
    for each in drilled().custom:
        if each.inputs.get("member") == f"{ACCOUNT}.member":
            role = str(each.inputs["role"]).removeprefix("<projects:IAMCustomRole ").removesuffix(">.name")
            found[each.name] = {"permissions": permissions[role], "inputs": dict(each.inputs), "urn": each.urn}
    return found


def test_the_drill_may_delete_and_restore_over_its_own_instances_only() -> None:
    own = grants()["prod-drill-copies"]
    assert own["permissions"] == ["cloudsql.instances.delete", "cloudsql.instances.restoreBackup"]
    assert text_at(own["inputs"], "condition", "expression") == (
        'resource.type == "sqladmin.googleapis.com/Instance" && '
        'resource.name.startsWith("projects/acme-agents/instances/prod-drill-20")'
    )
    others = [grant for name, grant in grants().items() if name != "prod-drill-copies"]
    allowed = {permission for grant in others for permission in grant["permissions"]}
    assert not {
        each for each in allowed if each.split(".")[-1] in ("delete", "update", "restoreBackup", "setIamPolicy")
    }


def test_only_the_job_of_the_query_can_be_run() -> None:
    run = grants()["prod-drill-run-query"]
    assert run["permissions"] == ["run.jobs.get", "run.jobs.run", "run.jobs.runWithOverrides"]
    assert (run["inputs"]["name"], run["inputs"]["location"]) == ("prod-drill", "us-central1")


def query_template() -> dict[str, Any]:
    return cast(
        "dict[str, Any]", mapping_at(drilled().one("prod-drill-query", "cloudrunv2:Job").inputs, "template", "template")
    )


def test_the_query_has_the_stored_password_and_no_role_in_the_project() -> None:
    template = query_template()
    (container,) = template["containers"]
    variables = {each["name"]: each for each in container["envs"]}
    assert variables["DRILL_QUERY"]["value"] == QUERY and variables["PGSSLMODE"]["value"] == "require"
    secret = value_at(variables["PGPASSWORD"], "valueSource", "secretKeyRef", "secret")
    assert secret == "prod-database-password"
    assert container["args"] == [QUERY_SCRIPT.read_text(encoding="utf-8")]
    assert template["serviceAccount"] == "<serviceaccount:Account prod-drill-query>.email"
    member = "<serviceaccount:Account prod-drill-query>.member"
    granted = [(each.name, each.short_type) for each in drilled().custom if each.inputs.get("member") == member]
    assert granted == [("prod-drill-password", "secretmanager:SecretIamMember")]


def test_the_query_reaches_databases_and_nothing_else() -> None:
    (interface,) = query_template()["vpcAccess"]["networkInterfaces"]
    assert interface["tags"] == ["prod-drill"] and query_template()["vpcAccess"]["egress"] == "ALL_TRAFFIC"
    rules = [each for each in drilled().of_type("compute:Firewall") if each.inputs.get("targetTags") == ["prod-drill"]]
    (rule,) = rules
    assert values_at(rule.inputs, "allows") == [{"protocol": "tcp", "ports": ["5432"]}]
    assert rule.inputs["direction"] == "EGRESS"
    private = drilled().one("prod-network-private").inputs
    assert values_at(rule.inputs, "destinationRanges") == [f"{private['address']}/{private['prefixLength']}"]


def test_the_workflow_waits_for_every_permission() -> None:
    waited = set(drilled().one("prod-drill-workflow").depends_on)
    assert {grant["urn"] for grant in grants().values()} <= waited and drilled().one(
        "prod-drill-agent-role"
    ).urn in waited


def condition(key: str) -> dict[str, object]:
    policy = drilled().one(f"prod-monitoring-database-{key}", "monitoring:AlertPolicy").inputs
    return mapping_at(policy, "conditions", 0, "conditionPrometheusQueryLanguage")


def test_age_and_silence_are_one_alarm() -> None:
    declared = condition("backup-verified-age-seconds")
    metric = (
        'custom_googleapis_com:agent_platform_backup_verified_age_seconds{monitored_resource="global",stack="prod"}'
    )
    assert declared["query"] == f"(max(max_over_time({metric}[7200s])) or vector(1000000000000)) > {5 * 86400}"
    assert declared["duration"] == "21600s" and declared["disableMetricValidation"] is True
    policy = drilled().one("prod-monitoring-database-backup-verified-age-seconds").inputs
    assert policy["severity"] == "CRITICAL"


def test_a_leftover_fires_a_warning() -> None:
    metric = 'custom_googleapis_com:agent_platform_backup_drill_leftovers{monitored_resource="global",stack="prod"}'
    assert condition("drill-leftovers")["query"] == f"max(max_over_time({metric}[7200s])) > 0"
    assert drilled().one("prod-monitoring-database-drill-leftovers").inputs["severity"] == "WARNING"


@pytest.mark.parametrize("name", ["drill", "drill-query"])
def test_names_that_the_drill_uses_are_taken(name: str) -> None:
    service = {f"services.{name}": {"app": "celery", "image": "ghcr.io/acme/x@sha256:" + "5" * 64}}
    job = {f"jobs.{name}": {"service": "gateway", "schedule": "0 3 * * *", "command": ["report"]}}
    assert f"services.{name}" in error_keys({**DRILL, **service}) and f"jobs.{name}" in error_keys({**DRILL, **job})
    assert error_keys(service) == [] or f"services.{name}" not in error_keys(service)


def test_the_plan_says_what_a_drill_restores() -> None:
    (note,) = [str(each) for each in LIMITS.adjustments(spec_of(DRILL)) if each.key.startswith("recovery.drill")]
    assert note.startswith("recovery.drill.schedule: a drill restores the newest backup of Cloud SQL")


def test_the_services_of_workflows_are_enabled_only_when_one_exists(prod: Inventory) -> None:
    def enabled(inventory: Inventory) -> set[object]:
        return {each.inputs["service"] for each in inventory.of_type("projects:Service")}

    assert enabled(drilled()) - enabled(prod) == {
        f"{name}.googleapis.com" for name in ("cloudscheduler", "workflowexecutions", "workflows")
    }
