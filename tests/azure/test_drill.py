"""What a restore drill declares on Azure, its alarms, what is refused, and the commands on it."""

import re
from datetime import UTC, datetime
from functools import cache

import pytest

from automation.plan.inventory import Inventory, plain
from providers import drill_control
from providers.azure import naming
from providers.azure.base import roles
from providers.azure.cli_commands import context_of
from providers.azure.drill.control import CONTROL
from providers.azure.drill.rights import EXECUTIONS, JOIN, RESTORE, SOURCE
from providers.azure.monitoring.job_queries import DRILL_QUERIES, reports_over_time
from providers.contract.alarms import alarm_rules
from providers.contract.cli import CliFailure, DeployedResource, DeployedStack
from tests.azure.fake_shell import RESOURCES, FakeShell
from tests.azure.kql import faults, parses_queries
from tests.azure.plans import depends_on, input_at, mappings_at, refusals, spec_of
from tests.planning import plan, production, revealed

QUERY = "SELECT count(*) FROM sessions"
DRILL: dict[str, object] = {"recovery.drill": {"query": QUERY, "schedule": "30 5 * * 1,4", "max_age_days": 5}}
GROUP = "prod-agents-westus3-drill"
CONTEXT = context_of(spec_of(DRILL), "prod")


@cache
def drilled() -> Inventory:
    return plan(production(DRILL, cloud="azure"))


def without_drill() -> Inventory:
    return plan(production(cloud="azure"))


def test_a_drill_adds_resources_and_changes_none_but_the_dashboard() -> None:
    before = {resource.urn: plain(resource.inputs) for resource in without_drill().custom}
    after = {resource.urn: plain(resource.inputs) for resource in drilled().custom}
    differing = {urn.rpartition("::")[2] for urn, inputs in before.items() if after.get(urn) != inputs}
    assert differing <= {"prod-monitoring-dashboard"}


def test_restored_servers_have_a_resource_group_of_their_own() -> None:
    assert drilled().one("prod-drill", "resources:ResourceGroup").inputs["resourceGroupName"] == GROUP


def test_the_schedule_is_that_of_the_spec_and_reports_are_hourly() -> None:
    cron = "configuration.scheduleTriggerConfig.cronExpression"
    assert input_at(drilled().one("prod-drill-job", "app:Job"), cron) == "30 5 * * 1,4"
    assert input_at(drilled().one("prod-drill-report", "app:Job"), cron) == "20 * * * *"


def variables(job: str, container: int) -> dict[str, object]:
    declared = mappings_at(drilled().one(job, "app:Job"), f"template.containers.{container}.env")
    return {str(each["name"]): each.get("value") or each.get("secretRef") for each in declared}


def test_only_the_container_that_queries_has_the_password() -> None:
    job = drilled().one("prod-drill-job", "app:Job")
    (secret,) = mappings_at(job, "configuration.secrets")
    assert "prod-database-libpq-password" in str(revealed(secret["keyVaultUrl"]))
    restores, queries = variables("prod-drill-job", 0), variables("prod-drill-job", 1)
    assert (queries["PGPASSWORD"], queries["DRILL_QUERY"]) == ("database-password", QUERY)
    assert "PGPASSWORD" not in restores and restores["SOURCE_ID"] == "<dbforpostgresql:Server prod-database>.id"
    assert restores["DRILL_GROUP_ID"] == f"/subscriptions/{CONTEXT.subscription_id}/resourceGroups/{GROUP}"


def test_the_restored_server_is_in_the_subnet_and_zone_of_the_database() -> None:
    network = drilled().one("prod-database", "dbforpostgresql:Server").inputs["network"]
    restores = variables("prod-drill-job", 0)
    assert network == {
        "delegatedSubnetResourceId": restores["SUBNET_ID"],
        "privateDnsZoneArmResourceId": restores["ZONE_ID"],
    }


def test_the_containers_share_one_folder_and_nothing_else() -> None:
    job = drilled().one("prod-drill-job", "app:Job")
    assert mappings_at(job, "template.volumes") == [{"name": "exchange", "storageType": "EmptyDir"}]
    for container in (0, 1):
        mounts = mappings_at(job, f"template.containers.{container}.volumeMounts")
        assert mounts == [{"volumeName": "exchange", "mountPath": "/exchange"}]


def granted(part: str) -> tuple[tuple[str, ...], str, str]:
    """Actions of a custom role, the identity that has it, and where."""
    assignment = drilled().one(f"prod-drill-{part}", "authorization:RoleAssignment")
    role = drilled().one(f"prod-drill-{part}", "authorization:RoleDefinition")
    assert str(assignment.inputs["roleDefinitionId"]).endswith(str(role.inputs["roleDefinitionId"]))
    assert f"prod-drill-{part}" in depends_on(assignment)
    (permission,) = mappings_at(role, "permissions")
    assert set(permission) == {"actions"}
    actions = tuple(str(action) for action in permission["actions"])  # pyrefly: ignore[not-iterable]
    return actions, str(assignment.inputs["principalId"]), str(assignment.inputs["scope"])


def test_servers_are_created_and_deleted_in_the_group_of_drills_only() -> None:
    restores, reports = (
        f"<managedidentity:UserAssignedIdentity prod-drill-{each}>.principalId" for each in ("restores", "reports")
    )
    group = f"/subscriptions/{CONTEXT.subscription_id}/resourceGroups/{GROUP}"
    place = variables("prod-drill-job", 0)
    assert granted("servers") == (RESTORE, restores, group)
    assert granted("source") == (SOURCE, restores, "<dbforpostgresql:Server prod-database>.id")
    assert granted("subnet") == (JOIN[:2], restores, place["SUBNET_ID"])
    assert granted("zone") == (JOIN[2:], restores, place["ZONE_ID"])
    assert granted("executions") == (EXECUTIONS, reports, "<app:Job prod-drill-job>.id")
    assert granted("leftovers") == (SOURCE, reports, group)


def test_the_identity_that_restores_reads_one_secret() -> None:
    assignment = drilled().one("prod-drill-password", "authorization:RoleAssignment").inputs
    assert str(assignment["roleDefinitionId"]).endswith(roles.SECRETS_USER)
    assert str(assignment["scope"]) == "<keyvault:Vault prod-vault>.id/secrets/prod-database-libpq-password"
    secret = drilled().one("prod-database-libpq-password", "keyvault:Secret").inputs["secretName"]
    assert str(assignment["scope"]).endswith(f"/secrets/{secret}")


def test_the_jobs_wait_for_their_rights() -> None:
    assert {f"prod-drill-{part}" for part in ("servers", "source", "subnet", "zone", "password")} <= depends_on(
        drilled().one("prod-drill-job", "app:Job")
    )
    assert {"prod-drill-executions", "prod-drill-leftovers"} <= depends_on(
        drilled().one("prod-drill-report", "app:Job")
    )


def test_an_old_backup_and_silence_are_one_alarm_after_six_hours() -> None:
    alarm = drilled().one("prod-monitoring-database-backup-verified-age-seconds", "monitor:ScheduledQueryRule")
    (condition,) = mappings_at(alarm, "criteria.allOf")
    assert (condition["threshold"], alarm.inputs["evaluationFrequency"], alarm.inputs["windowSize"]) == (
        5 * 86400, "PT1H", "PT2H",
    )  # fmt: skip
    assert condition["failingPeriods"] == {"numberOfEvaluationPeriods": 6, "minFailingPeriodsToAlert": 6}
    assert "iff(count() == 0, 432001.0, min(reported))" in str(condition["query"])
    left = drilled().one("prod-monitoring-database-drill-leftovers", "monitor:ScheduledQueryRule")
    assert input_at(left, "criteria.allOf.0.threshold") == 0


@parses_queries
def test_the_queries_of_alarms_and_graphs_are_valid() -> None:
    rules = [rule for rule in alarm_rules(spec_of(DRILL)) if rule.signal in DRILL_QUERIES]
    written = [DRILL_QUERIES[rule.signal](CONTEXT, rule) for rule in rules]
    written += [reports_over_time(CONTEXT, rule) for rule in rules]
    assert len(written) == 4 and faults(written) == [[]] * 4


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"network.egress": "none", "services.gateway.image": "gateway"},
            "the drill calls the Resource Manager and pulls public images, and `network.egress: none` blocks the internet",
        ),
        (
            {"recovery.drill": {"query": QUERY, "schedule": "0 4 1 * 0"}},
            'Container Apps accepts a restriction of one day field, and "0 4 1 * 0" restricts both',
        ),
    ],
)
def test_a_drill_that_cannot_run_is_refused(changes: dict[str, object], problem: str) -> None:
    refused = [each for each in refusals({**DRILL, **changes}) if each.key.startswith("recovery.drill")]
    assert [each.problem for each in refused] == [problem]


JOB = DeployedResource("prod-drill-job", "azure-native:app:Job", "job", {})
STACK = DeployedStack("prod", spec_of(DRILL), (*RESOURCES, JOB))
EVIDENCE = (
    '{"verified": true, "recovery_point": "prod-database@2026-11-29T03:50:00Z", "recovery_point_time": '
    '"2026-11-29T03:50:00Z", "restore_seconds": 900, "query_result": "17", "deleted": true, "problem": null}'
)


def test_azure_has_drills_by_command() -> None:
    assert drill_control("azure") is CONTROL
    assert CONTROL.declared(spec_of(DRILL)) and not CONTROL.declared(spec_of())


def test_a_drill_by_hand_is_an_execution_whose_log_has_the_evidence() -> None:
    shell = FakeShell(
        {"job start": ["drill-1-x\n"], "execution show": ["Running\n", "Succeeded\n"], "/query": [f"log\n{EVIDENCE}\n"]}
    )
    evidence = CONTROL.run(STACK, shell)
    assert evidence.succeeded and (evidence.query_result, evidence.restore_seconds) == ("17", 900)
    (start,) = shell.with_part("job start")
    assert naming.drill_job(CONTEXT) in start and CONTEXT.group in start
    assert 'startswith "drill-1-x"' in shell.with_part("/query")[0].replace("\\", "")


def test_a_failed_drill_is_evidence_too() -> None:
    failed = EVIDENCE.replace('true, "recovery_point"', 'false, "recovery_point"')
    shell = FakeShell({"job start": ["e\n"], "execution show": ["Failed\n"], "/query": [f"{failed}\n"]})
    assert not CONTROL.run(STACK, shell).verified


def test_a_drill_that_is_not_deployed_says_so() -> None:
    with pytest.raises(CliFailure, match="not deployed yet"):
        CONTROL.run(DeployedStack("prod", STACK.spec), FakeShell())


def test_the_last_success_is_the_time_that_the_newest_execution_restored() -> None:
    times = "2026-11-22T04:00:10+00:00\n2026-11-29T04:00:10+00:00\n2026-11-15T04:00:10+00:00\n"
    shell = FakeShell({"execution list": [times]})
    assert CONTROL.last_verified(STACK, shell) == datetime(2026, 11, 29, 3, 50, 10, tzinfo=UTC)
    assert "[?properties.status==Succeeded].properties.startTime" in re.sub(r"[\"']", "", shell.commands[0])
    assert CONTROL.last_verified(STACK, FakeShell()) is None


def test_leftovers_are_servers_of_drills_of_this_stack() -> None:
    left = f"{naming.copy_prefix(CONTEXT)}20261129040000"
    shell = FakeShell({"flexible-server list": [f"{left}\nprod-database-1a2b3c\n{left}0\n"]})
    assert CONTROL.leftovers(STACK, shell) == [left]
    assert f"--resource-group {GROUP}" in shell.with_part("flexible-server list")[0]
    CONTROL.delete(STACK, left, shell)
    assert f"--resource-group {GROUP} --name {left} --yes" in shell.commands[-1]


def test_the_server_of_a_drill_in_progress_is_no_leftover() -> None:
    with pytest.raises(CliFailure, match="in progress"):
        CONTROL.leftovers(STACK, FakeShell({"execution list": ["drill-1-x\n"]}))


def test_names_are_within_the_limits_of_azure() -> None:
    longest = context_of(spec_of(DRILL), "a" * 14)
    assert len(naming.report_job(longest)) <= 32 and len(naming.copy_prefix(longest)) + naming.COPY_DIGITS <= 63
    assert re.fullmatch(r"drill-[0-9a-f]{6}", naming.drill_job(longest))
