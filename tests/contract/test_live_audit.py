"""Questions of the audit to an account: every cloud's answers pass, fail, are missing, or are of another account."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from automation.audit.evaluation import CheckVerdict, LiveAnswers, audit_of
from automation.audit.live import ask
from automation.deploy.errors import DeploymentFailed, Failure
from automation.shell import command_text
from automation.stack.document import stack_of
from components.settings import PLATFORM_KEY
from providers import limits, live_audit
from providers.contract.cli import CliCommand, DeployedResource, DeployedStack
from tests.audits import TODAY, inventory_of, result_of
from tests.planning import DROP, production

CLOUDS = ("aws", "gcp", "azure", "kubernetes")
ACCOUNTS = {
    "aws": "111122223333",
    "gcp": "acme-agents",
    "azure": "00000000-0000-0000-0000-000000000001",
    "kubernetes": "3f0c0000-0000-0000-0000-000000000001",
}
LOGINS = {
    "aws": "sts get-caller-identity",
    "gcp": "projects describe",
    "azure": "az account show",
    "kubernetes": "get namespace kube-system",
}
SERVER, STORE = "/subscriptions/0/servers/prod", "/subscriptions/0/storageAccounts/prod"
RESOURCES = {
    "aws": (
        DeployedResource("prod-database", "aws:rds/instance:Instance", "db-1", {"identifier": "prod-database-x"}),
        DeployedResource("prod-storage", "aws:s3/bucket:Bucket", "b-1", {"bucket": "prod-storage-x"}),
    ),
    "gcp": (
        DeployedResource(
            "prod-database", "gcp:sql/databaseInstance:DatabaseInstance", "i", {"name": "prod-database-x"}
        ),
        DeployedResource("prod-storage", "gcp:storage/bucket:Bucket", "b", {"name": "prod-storage-x"}),
    ),
    "azure": (
        DeployedResource("prod-database", "azure-native:dbforpostgresql:Server", SERVER, {}),
        DeployedResource("prod-storage", "azure-native:storage:StorageAccount", STORE, {}),
    ),
    "kubernetes": (),
}
BLOCK = {name: True for name in ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")}
INSTANCE = {
    "PubliclyAccessible": False, "StorageEncrypted": True, "BackupRetentionPeriod": 7, "DeletionProtection": True,
    "AutoMinorVersionUpgrade": True,
}  # fmt: skip
LOGS = [{"logType": kind} for kind in ("ADMIN_READ", "DATA_READ", "DATA_WRITE")]
PLANS = ("Containers", "KeyVaults", "OpenSourceRelationalDatabases", "StorageAccounts")
SQL = {
    "settings": {
        "ipConfiguration": {"ipv4Enabled": False},
        "backupConfiguration": {"enabled": True, "backupRetentionSettings": {"retainedBackups": 7}},
        "deletionProtectionEnabled": True,
    }
}
GOOD: Mapping[str, Mapping[str, object]] = {
    "aws": {
        "cloudtrail describe-trails": {"trailList": [{"Name": "all", "IsMultiRegionTrail": True}]},
        "guardduty list-detectors": {"DetectorIds": ["d"]},
        "describe-configuration-recorder-status": {"ConfigurationRecordersStatus": [{"recording": True}]},
        "securityhub describe-hub": {"HubArn": "arn:aws:securityhub:us-west-2:111122223333:hub/default"},
        "--db-instance-identifier prod-database-x": {"DBInstances": [INSTANCE]},
        "--bucket prod-storage-x": {"PublicAccessBlockConfiguration": BLOCK},
    },
    "gcp": {
        "services list": [{"config": {"name": "securitycenter.googleapis.com"}}],
        "projects get-iam-policy": {"auditConfigs": [{"service": "allServices", "auditLogConfigs": LOGS}]},
        "org-policies list": [{"constraint": "constraints/iam.disableServiceAccountKeyCreation"}],
        "sql instances describe prod-database-x": SQL,
        "buckets describe gs://prod-storage-x": {"public_access_prevention": "enforced"},
    },
    "azure": {
        "security pricing list": {"value": [{"name": name, "pricingTier": "Standard"} for name in PLANS]},
        "diagnostic-settings subscription list": {"value": [{"name": "to-logs"}]},
        f"--ids {SERVER}": {"network": {"publicNetworkAccess": "Disabled"}, "backup": {"backupRetentionDays": 7}},
        f"--ids {STORE}": {"allowBlobPublicAccess": False, "enableHttpsTrafficOnly": True},
    },
    "kubernetes": {
        "get namespace agent-platform-prod": {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}},
        "get networkpolicies": {
            "items": [
                {"metadata": {"name": "default-deny"}, "spec": {"podSelector": {}}},
                {"metadata": {"name": "database"}, "spec": {"ingress": [{"from": [{"podSelector": {}}]}]}},
            ]
        },
        "get nodes": {"items": [{"metadata": {"labels": {"topology.kubernetes.io/zone": zone}}} for zone in ("a", "b")]},
        "get clusters.postgresql.cnpg.io database": {
            "status": {
                "conditions": [
                    {"type": name, "status": "True"} for name in ("ContinuousArchiving", "LastBackupSucceeded")
                ]
            }
        },
    },
}  # fmt: skip
"""Answer to each question by words of its command."""
QUESTIONS = [(cloud, words) for cloud in CLOUDS for words in GOOD[cloud]]


@dataclass
class FakeAccount:
    """Shell of an account that answers by the words of a command, and refuses every other command."""

    answers: Mapping[str, str]
    commands: list[str] = field(default_factory=list[str])
    refusal: str = "AccessDenied"
    """Text of the program for every other command."""

    def output(self, command: CliCommand) -> str:
        text = command_text(command)
        self.commands.append(text)
        for words, answer in self.answers.items():
            if words in text:
                return answer
        raise DeploymentFailed(Failure.COMMAND, f"`{text}` failed: {self.refusal}", "log in", self.refusal)

    def succeeds(self, command: CliCommand) -> bool:
        raise AssertionError(command)

    def stream(self, command: CliCommand) -> int:
        raise AssertionError(command)

    def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


def spec_text(cloud: str) -> Mapping[str, object]:
    return production({"accept_checks": DROP}, cloud)


def deployed(cloud: str) -> DeployedStack:
    return DeployedStack("prod", stack_of("prod", {PLATFORM_KEY: spec_text(cloud)}).spec, RESOURCES[cloud])


def answers(cloud: str, changes: Mapping[str, object | None] | None = None) -> FakeAccount:
    """Account in which every answer passes but the changed ones; None for a question that it refuses."""
    every = {**GOOD[cloud], **(changes or {})}
    texts = {words: json.dumps(answer) for words, answer in every.items() if answer is not None}
    return FakeAccount({LOGINS[cloud]: f"{ACCOUNTS[cloud]}\n", **texts})


def answered(cloud: str, shell: FakeAccount) -> LiveAnswers:
    return ask(deployed(cloud), shell, LiveAnswers())


@pytest.mark.parametrize("cloud", CLOUDS)
def test_an_account_that_answers_well_passes_and_each_query_runs_once(cloud: str) -> None:
    shell = answers(cloud)
    found = answered(cloud, shell)
    assert found.unanswered == ()
    # the bucket of a cluster is its owner's
    objects = set[str]() if cloud == "kubernetes" else {"objects-are-private"}
    assert found.evidence.keys() >= {"account-baseline", "data-stores-are-private", *objects}
    assert [each for every in found.evidence.values() for each in every if not each.passed] == []
    for words in GOOD[cloud]:
        assert len([each for each in shell.commands if words in each]) == 1, words
    stack = deployed(cloud)
    audit = audit_of("prod", stack.spec, limits(cloud).region(stack.spec), inventory_of(cloud), TODAY, found)
    assert result_of(audit, "account-baseline").verdict is CheckVerdict.PASSED
    values = [each.evidence.property for each in result_of(audit, "data-stores-are-private").findings]
    assert any(value.startswith("deployed ") for value in values)


@pytest.mark.parametrize(("cloud", "words"), QUESTIONS)
def test_an_empty_answer_fails_a_check_with_its_reason(cloud: str, words: str) -> None:
    found = answered(cloud, answers(cloud, {words: {}}))
    failed = [each for every in found.evidence.values() for each in every if not each.passed]
    assert failed
    assert all(each.why for each in failed)
    stack = deployed(cloud)
    audit = audit_of("prod", stack.spec, limits(cloud).region(stack.spec), inventory_of(cloud), TODAY, found)
    checks = {check for check, every in found.evidence.items() if any(not each.passed for each in every)}
    assert {result_of(audit, check).verdict for check in checks} == {CheckVerdict.FAIL}


@pytest.mark.parametrize(("cloud", "words"), QUESTIONS)
def test_a_refused_question_is_unanswered_and_fails_the_audit(cloud: str, words: str) -> None:
    found = answered(cloud, answers(cloud, {words: None}))
    (error,) = found.unanswered
    assert (error.key, words in error.problem) == ("--live", True)
    stack = deployed(cloud)
    audit = audit_of("prod", stack.spec, limits(cloud).region(stack.spec), inventory_of(cloud), TODAY, found)
    assert (audit.unanswered, audit.failed) == ((error,), True)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_no_query_runs_in_another_account_or_without_a_login(cloud: str) -> None:
    shell = FakeAccount({LOGINS[cloud]: "another\n"})
    found = answered(cloud, shell)
    live = live_audit(cloud)
    assert live is not None
    assert [str(error) for error in found.unanswered] == [
        f"{live.key}: the login is of another, and the stack is in {ACCOUNTS[cloud]}. Log in to the account of the stack."
    ]
    assert (len(shell.commands), found.evidence) == (1, {})
    without = answered(cloud, FakeAccount({}))
    assert [error.key for error in without.unanswered] == ["--live"]


def test_a_service_that_is_not_enabled_is_an_answer() -> None:
    class NoHub(FakeAccount):
        def output(self, command: CliCommand) -> str:
            if "securityhub" in command_text(command):
                raise DeploymentFailed(Failure.COMMAND, "failed", "", "Account is not subscribed to AWS Security Hub")
            return super().output(command)

    found = answered("aws", NoHub(answers("aws").answers))
    assert found.unanswered == ()
    assert [each.property for each in found.evidence["account-baseline"] if not each.passed] == ["Security Hub"]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_command_only_reads_and_names_the_account(cloud: str) -> None:
    shell = answers(cloud)
    answered(cloud, shell)
    verbs = ("describe", "list", "get-", " get ", "show")
    assert [each for each in shell.commands if not any(verb in each for verb in verbs)] == []
    if cloud == "azure":
        assert all(f"--subscription {ACCOUNTS[cloud]}" in each for each in shell.commands)


def test_docker_has_no_account() -> None:
    assert live_audit("docker") is None
