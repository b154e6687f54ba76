"""Exports of the database to the standby region: the workflow, its schedule and permissions, and the bucket."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from providers.gcp.recovery.exports import export_workflow
from tests.gcp.plans import mapping_at, text_at, value_at, values_at
from tests.gcp.test_recovery import HOME, KEY, STANDBY, copied
from tests.gcp.workflows import Execution, WorkflowError, step_names
from tests.planning import plan, production, revealed

EXPORTS = "<storage:Bucket prod-us-east1-recovery-database>.name"
COPIER = "<serviceaccount:Account prod-recovery-account>.member"


def workflow() -> dict[str, Any]:
    inputs = copied().one("prod-recovery-workflow").inputs
    source = json.loads(str(revealed(inputs["sourceContents"])))
    assert (inputs["name"], inputs["region"], inputs["deletionProtection"]) == ("prod_copies", HOME, False)
    assert inputs["serviceAccount"] == "<serviceaccount:Account prod-recovery-account>.email"
    return source


def test_the_workflow_waits_for_its_agent_and_every_permission() -> None:
    waited = set(copied().one("prod-recovery-workflow").depends_on)
    needed = ("prod-recovery-agent-role", "prod-recovery-export", "prod-recovery-start-exports")
    assert {copied().one(name, "projects:IAMMember").urn for name in needed} <= waited
    assert copied().one("prod-us-east1-recovery-database", "storage:BucketIAMMember").urn in waited


NOW = datetime(2026, 11, 29, 7, 0, 5, 123456, tzinfo=UTC)


def execution(
    answers: list[object], source: Mapping[str, Any] | None = None
) -> tuple[Execution, list[Mapping[str, Any]]]:
    """Execution of the workflow whose exports end with one answer after the other; an exception is an error."""
    exports: list[Mapping[str, Any]] = []

    def export(arguments: Mapping[str, Any]) -> object:
        exports.append(arguments)
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    services = {"sqladmin.v1.instances.export": export}
    return Execution(source or workflow(), services, NOW), exports


def test_the_workflow_exports_the_database_to_an_object_with_the_time_as_its_name() -> None:
    run, exports = execution([{"status": "DONE"}])
    assert run.run() == f"gs://{EXPORTS}/2026-11-29T070005.sql.gz"
    assert exports == [
        {
            "project": "acme-agents",
            "instance": "<sql:DatabaseInstance prod-database>.name",
            "body": {
                "exportContext": {
                    "fileType": "SQL",
                    "uri": f"gs://{EXPORTS}/2026-11-29T070005.sql.gz",
                    "databases": ["agents"],
                    "offload": True,
                    "sqlExportOptions": {"postgresExportOptions": {"clean": True, "ifExists": True}},
                }
            },
            "connector_params": {"timeout": 12 * 3600},
        }
    ]


def test_a_failed_export_is_repeated_under_another_name() -> None:
    busy = WorkflowError({"code": 409})
    run, exports = execution([busy, busy, {"status": "DONE"}])
    assert run.run().endswith("/2026-11-29T073005.sql.gz")
    assert len({value_at(each, "body", "exportContext", "uri") for each in exports}) == 3


def test_an_export_that_fails_each_time_fails_the_workflow() -> None:
    run, exports = execution([WorkflowError({"code": 403})] * 4)
    with pytest.raises(WorkflowError):
        run.run()
    assert len(exports) == 3


def test_the_names_of_exports_sort_by_time() -> None:
    addresses: list[str] = []
    for hour in (7, 9, 10, 23):
        run, _ = execution([{}], export_workflow("p", "i", "b"))
        run.now = NOW.replace(hour=hour)
        addresses.append(run.run())
    assert addresses == sorted(addresses) and addresses[0] == "gs://b/2026-11-29T070005.sql.gz"


def test_cloud_scheduler_starts_the_workflow_every_day() -> None:
    inputs = copied().one("prod-recovery-schedule").inputs
    # the backup window begins at 02:00 and lasts four hours
    assert (inputs["schedule"], inputs["timeZone"]) == ("0 7 * * *", "Etc/UTC")
    target = mapping_at(inputs, "httpTarget")
    path = "projects/acme-agents/locations/us-central1/workflows/prod_copies"
    assert target["uri"] == f"https://workflowexecutions.googleapis.com/v1/{path}/executions"
    assert target["oauthToken"] == {"serviceAccountEmail": "<serviceaccount:Account prod-recovery-account>.email"}


def test_the_account_of_the_exports_may_export_this_database_and_start_workflows() -> None:
    permissions = {
        role.name: role.inputs["permissions"]
        for role in copied().of_type("projects:IAMCustomRole")
        if role.name.startswith("prod-recovery-")
    }
    assert permissions == {
        "prod-recovery-export": ["cloudsql.instances.export"],
        "prod-recovery-start-exports": ["cloudsql.instances.get", "workflows.executions.create"],
    }
    granted = {each.name: each.inputs for each in copied().custom if each.inputs.get("member") == COPIER}
    assert set(granted) == set(permissions)
    condition = text_at(granted["prod-recovery-export"], "condition", "expression")
    assert condition == (
        'resource.type == "sqladmin.googleapis.com/Instance" && '
        'resource.name == "projects/acme-agents/instances/<sql:DatabaseInstance prod-database>.name"'
    )


def test_the_instance_may_only_create_objects_in_the_bucket_of_the_exports() -> None:
    grant = copied().one("prod-us-east1-recovery-database", "storage:BucketIAMMember").inputs
    account = "<sql:DatabaseInstance prod-database>.serviceAccountEmailAddress"
    assert grant == {"bucket": EXPORTS, "role": "roles/storage.objectCreator", "member": f"serviceAccount:{account}"}


def exports_bucket(recovery: Mapping[str, object], **risk: object) -> dict[str, object]:
    changes = {"recovery": {"mode": "backup", "standby_region": STANDBY, **recovery}, **risk}
    declared = plan(production(changes, cloud="gcp"))
    return dict(declared.one("prod-us-east1-recovery-database", "storage:Bucket").inputs)


def test_exports_are_private_encrypted_there_and_deleted_after_their_days() -> None:
    inputs = exports_bucket({"retention_days": 14})
    assert (inputs["location"], inputs["encryption"]) == ("US-EAST1", {"defaultKmsKeyName": KEY})
    assert (inputs["publicAccessPrevention"], inputs["uniformBucketLevelAccess"]) == ("enforced", True)
    rules = {
        text_at(rule, "action", "type"): value_at(rule, "condition") for rule in values_at(inputs, "lifecycleRules")
    }
    assert rules == {"Delete": {"age": 14}, "AbortIncompleteMultipartUpload": {"age": 7}}
    bucket = copied().one("prod-us-east1-recovery-database", "storage:Bucket")
    assert (bucket.protect, bucket.inputs["deletionPolicy"], bucket.inputs["forceDestroy"]) == (True, "PREVENT", False)


def test_only_a_compliance_lock_becomes_permanent() -> None:
    days = {"retention_days": 14}
    seconds = str(14 * 86400)
    accepted = {"accept_risk": {"recovery.lock": "the law requires it"}}
    assert "retentionPolicy" not in exports_bucket(days)
    governance = exports_bucket({**days, "lock": "governance"})["retentionPolicy"]
    assert governance == {"retentionPeriod": seconds, "isLocked": False}
    compliance = exports_bucket({**days, "lock": "compliance"}, **accepted)["retentionPolicy"]
    assert compliance == {"retentionPeriod": seconds, "isLocked": True}


def test_no_step_of_the_workflow_has_the_name_of_another() -> None:
    for block in workflow().values():
        names = list(step_names(block["steps"]))
        assert sorted(names) == sorted(set(names))
