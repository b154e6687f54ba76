"""Checks of the doctor on a stack with a recovery mode: place of state and key, and the standby region."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from automation.engine.checks import recovery
from automation.engine.cloud_queries import QueryAnswers
from automation.engine.doctor import collect, findings_of
from automation.engine.findings import CheckInput, RunCli
from automation.engine.provider_errors import error_of_kind
from automation.processes import CompletedCommand
from automation.stack.document import Stack, stack_of
from components.configuration import PLATFORM_KEY
from providers import limits
from tests.automation.check_inputs import check_input, stack
from tests.automation.command_line import write_project
from tests.planning import production

STANDBY = {"aws": "us-east-1", "gcp": "us-east1", "azure": "eastus"}
HOME = {"aws": "us-west-2", "gcp": "us-central1", "azure": "westus3"}


def with_standby(cloud: str = "aws", mode: str = "backup", active: str | None = None, **changes: object) -> Stack:
    """Return a stack with copies or services in another region, whatever the validation of its file accepts."""
    one = stack(cloud, changes)
    recovery = {"mode": mode, "standby_region": STANDBY[cloud], "active_region": active}
    updated = one.spec.recovery.model_copy(update=recovery)
    return replace(one, spec=one.spec.model_copy(update={"recovery": updated}))


def facts(folder: Path, one: Stack, *, url: str = "", provider: str = "", tool: RunCli | None = None) -> CheckInput:
    (folder / "Pulumi.trial.yaml").write_text(f"secretsprovider: {provider}\n" if provider else "config: {}\n")
    environment = {"PULUMI_BACKEND_URL": url} if url else {}
    return check_input(folder, stack=one, environment=environment, run_tool=tool or prints(None))


def prints(output: str | None, commands: list[Sequence[str]] | None = None) -> RunCli:
    """Return a program that prints a line, or that is missing."""

    def run(arguments: Sequence[str], _timeout_seconds: float) -> CompletedCommand:
        if commands is not None:
            commands.append(arguments)
        return CompletedCommand(None, "", "") if output is None else CompletedCommand(0, f"{output}\n", "")

    return run


STATES = [
    ("aws", "s3://state?region=us-west-2", None, "failed", "the state is in us-west-2, the region of the stack, and is lost with it"),
    ("aws", "s3://state?region=us-east-1", None, "ok", "the state is in us-east-1, not in us-west-2"),
    ("aws", "s3://state", "us-west-2", "failed", "the state is in us-west-2, the region of the stack, and is lost with it"),
    ("aws", "s3://state", "None", "ok", "the state is in us-east-1, not in us-west-2"),
    ("aws", "s3://state", None, "unknown", "the region of the state is not known"),
    ("aws", "s3://state?endpoint=minio.example.com", None, "unknown", "the region of the state is not known"),
    ("aws", "gs://state", None, "ok", "the state is on gcp, not on aws"),
    ("gcp", "gs://state", "US-CENTRAL1", "failed", "the state is in US-CENTRAL1, the region of the stack, and is lost with it"),
    ("gcp", "gs://state", "US", "ok", "the state is in us, not in us-central1"),
    ("gcp", "gs://state", None, "unknown", "the region of the state is not known"),
    ("azure", "azblob://state?storage_account=acme", "westus3", "failed", "the state is in westus3, the region of the stack, and is lost with it"),
    ("azure", "azblob://state?storage_account=acme", "eastus", "ok", "the state is in eastus, not in westus3"),
    ("azure", "azblob://state", None, "unknown", "the region of the state is not known"),
    ("aws", "file:///srv/state", None, "unknown", "the state is in a folder of this machine, and is lost with it"),
    ("aws", "https://api.pulumi.com", None, "ok", "Pulumi Cloud stores the state outside the account"),
    ("aws", "https://pulumi.example.com", None, "unknown", "pulumi.example.com stores the state; its region is not known"),
    ("aws", "", None, "unknown", "the backend is not known"),
]  # fmt: skip


@pytest.mark.parametrize(("cloud", "url", "printed", "verdict", "observed"), STATES)
def test_the_place_of_the_state(
    tmp_path: Path, cloud: str, url: str, printed: str | None, verdict: str, observed: str
) -> None:
    one = with_standby(cloud)
    finding = recovery.check_state_region(facts(tmp_path, one, url=url, tool=prints(printed)), one)
    assert (finding.verdict, finding.observed) == (verdict, observed)
    assert bool(finding.fix) == (verdict != "ok")


def test_a_region_in_the_url_needs_no_question(tmp_path: Path) -> None:
    commands_run: list[Sequence[str]] = []
    one = with_standby()
    recovery.check_state_region(
        facts(tmp_path, one, url="s3://state?region=us-east-1", tool=prints("x", commands_run)), one
    )
    assert commands_run == []
    recovery.check_state_region(facts(tmp_path, one, url="s3://state", tool=prints("eu-west-1", commands_run)), one)
    assert [command[:5] for command in commands_run] == [("aws", "s3api", "get-bucket-location", "--bucket", "state")]


KEYS = [
    ("aws", "awskms://alias/state?region=us-west-2", None, "failed", "the key is in us-west-2, the region of the stack, and is lost with it"),
    ("aws", "awskms://alias/state?region=us-east-1", None, "ok", "the key is in us-east-1, not in us-west-2"),
    ("aws", "awskms:///arn:aws:kms:us-west-2:111122223333:key/1a2b", None, "failed", "the key is in us-west-2, the region of the stack, and is lost with it"),
    ("aws", "awskms://alias/state", None, "unknown", "the region of the key is not known"),
    ("gcp", "gcpkms://projects/p/locations/us-central1/keyRings/r/cryptoKeys/k", None, "failed", "the key is in us-central1, the region of the stack, and is lost with it"),
    ("gcp", "gcpkms://projects/p/locations/europe-west1/keyRings/r/cryptoKeys/k", None, "ok", "the key is in europe-west1, not in us-central1"),
    ("gcp", "gcpkms://k", None, "unknown", "the region of the key is not known"),
    ("azure", "azurekeyvault://acme.vault.azure.net/keys/state", "westus3", "failed", "the key is in westus3, the region of the stack, and is lost with it"),
    ("azure", "azurekeyvault://acme.vault.azure.net/keys/state", "eastus", "ok", "the key is in eastus, not in westus3"),
    ("azure", "azurekeyvault://acme.vault.azure.net/keys/state", None, "unknown", "the region of the key is not known"),
    ("azure", "awskms://alias/state?region=us-west-2", None, "ok", "the key is on aws, not on azure"),
    ("aws", "hashivault://state", None, "unknown", "the region of a key of hashivault is not known"),
    ("aws", "passphrase", None, "ok", "a passphrase encrypts the secrets; keep it outside the account"),
    ("aws", "", None, "unknown", "the stack file names no secrets provider"),
]  # fmt: skip


@pytest.mark.parametrize(("cloud", "provider", "printed", "verdict", "observed"), KEYS)
def test_the_place_of_the_key(
    tmp_path: Path, cloud: str, provider: str, printed: str | None, verdict: str, observed: str
) -> None:
    one = with_standby(cloud)
    finding = recovery.check_key_region(facts(tmp_path, one, provider=provider, tool=prints(printed)), one)
    assert (finding.verdict, finding.observed) == (verdict, observed)
    assert bool(finding.fix) == (verdict != "ok")


def test_the_backend_of_pulumi_encrypts_the_secrets_of_a_new_stack(tmp_path: Path) -> None:
    one = with_standby()
    finding = recovery.check_key_region(facts(tmp_path, one, url="https://api.pulumi.com"), one)
    assert (finding.verdict, finding.observed) == ("ok", "the backend encrypts the secrets")


def test_the_region_of_a_key_is_taken_from_the_variable_of_aws(tmp_path: Path) -> None:
    one = with_standby()
    observed_facts = facts(tmp_path, one, provider="awskms://alias/state")
    finding = recovery.check_key_region(replace(observed_facts, environment={"AWS_REGION": "us-west-2"}), one)
    assert finding.verdict == "failed"


def test_a_stack_without_a_mode_has_no_checks_of_a_standby() -> None:
    assert recovery.recovery_checks(stack()) == ()
    assert recovery.recovery_checks(with_standby(mode="none")) == ()


def test_a_state_and_a_key_in_the_region_that_serves_now_are_lost_with_it(tmp_path: Path) -> None:
    state, key = "s3://state?region=us-east-1", "awskms://alias/state?region=us-east-1"
    for active, verdict in ((None, "ok"), (STANDBY["aws"], "failed")):
        one = with_standby(mode="warm", active=active)
        of = facts(tmp_path, one, url=state, provider=key)
        assert [check(of, one).verdict for check in recovery.recovery_checks(one)[:2]] == [verdict] * 2


def test_a_region_that_the_account_may_not_use_is_named_before_it_is_needed(tmp_path: Path) -> None:
    one, subject = with_standby(), "region in us-east-1"
    login = QueryAnswers({"identity": {"account": "111122223333"}}, {})
    verdicts = {
        verdict: next(
            each for each in findings_of(check_input(tmp_path, stack=one, **given)) if each.subject == subject
        )
        for verdict, given in {
            "ok": {"standby_answers": login},
            "failed": {
                "answers": login,
                "standby_answers": QueryAnswers({}, {"identity": error_of_kind("credentials")}),
            },
            "unknown": {"engine": None},
        }.items()
    }
    assert [finding.verdict for finding in verdicts.values()] == list(verdicts)
    assert "aws account enable-region --region-name REGION" in verdicts["failed"].fix


def test_each_region_of_a_warm_standby_has_room_for_what_is_planned_there(tmp_path: Path) -> None:
    one = with_standby(mode="warm")
    room = QueryAnswers({"addresses": {"limit": 5.0, "used": 3.0}}, {})
    given = {"answers": room, "standby_answers": room}
    address = "aws:ec2/eip:Eip"
    found = findings_of(check_input(tmp_path, stack=one, planned={address: 2}, standby_planned={address: 3}, **given))
    verdicts = {each.subject: each.verdict for each in found if each.subject.startswith("Elastic IP")}
    assert verdicts == {"Elastic IP addresses": "ok", "Elastic IP addresses in us-east-1": "failed"}


def test_the_resources_of_both_regions_of_a_warm_standby_are_counted_apart(tmp_path: Path) -> None:
    recovery_keys = {"mode": "warm", "standby_region": STANDBY["aws"]}
    counts = {mode: collect_planned(tmp_path / mode, {**recovery_keys, "mode": mode}) for mode in ("backup", "warm")}
    vpc, address = "aws:ec2/vpc:Vpc", "aws:ec2/eip:Eip"
    zones = counts["backup"][0][address]
    assert {mode: [(each[vpc], each[address]) for each in found] for mode, found in counts.items()} == {
        "backup": [(1, zones), (1, zones)],
        "warm": [(1, zones), (1, 1)],
    }


def collect_planned(folder: Path, recovery_keys: Mapping[str, object]) -> tuple[Mapping[str, int], Mapping[str, int]]:
    folder.mkdir()
    write_project(folder, "trial", production({"recovery": recovery_keys}, cloud="aws"))
    collected = collect("trial", folder, {"PATH": ""})
    assert collected.planned is not None and collected.standby_planned is not None
    return collected.planned, collected.standby_planned


@pytest.mark.parametrize("mode", ["backup", "warm"])
@pytest.mark.parametrize("cloud", STANDBY)
def test_the_checks_of_the_account_run_for_the_standby_region(tmp_path: Path, cloud: str, mode: str) -> None:
    one = with_standby(cloud, mode)
    subjects = [
        finding.subject
        for finding in findings_of(check_input(tmp_path, stack=one))
        if finding.subject.endswith(f" in {STANDBY[cloud]}")
    ]
    quotas = {
        "aws": ["region", "Fargate vCPUs at full scale", "VPCs", "Elastic IP addresses"],
        "gcp": ["Cloud Run vCPUs at full scale", "Cloud Run GiB at full scale"],
        "azure": ["Container Apps cores at full scale"],
    }
    prepared = {"aws": ["availability zones"], "gcp": [], "azure": ["Network Watcher", "registry"]}
    closed = ["registry"] if cloud == "azure" else []
    expected = [*quotas[cloud], "models", "own images", *(prepared[cloud] if mode == "warm" else closed)]
    assert subjects == [f"{each} in {STANDBY[cloud]}" for each in expected]


def test_a_quota_of_the_standby_region_is_compared_with_its_own_answer(tmp_path: Path) -> None:
    one = with_standby()
    answers = QueryAnswers({"fargate_vcpus": {"limit": 0.0}}, {})
    enough = QueryAnswers({"fargate_vcpus": {"limit": 100.0}}, {})
    findings = {
        each.subject: each
        for each in findings_of(check_input(tmp_path, stack=one, answers=enough, standby_answers=answers))
    }
    assert findings["Fargate vCPUs at full scale"].verdict == "ok"
    assert findings["Fargate vCPUs at full scale in us-east-1"].verdict == "failed"


@pytest.mark.parametrize("cloud", STANDBY)
def test_a_stack_is_moved_to_another_region_of_its_cloud(cloud: str) -> None:
    moved = recovery.in_region(with_standby(cloud), STANDBY[cloud])
    assert limits(cloud).region(moved.spec) == STANDBY[cloud]
    assert limits(cloud).region(with_standby(cloud).spec) == HOME[cloud]


def test_images_are_looked_up_in_the_registry_of_the_standby_region(tmp_path: Path) -> None:
    commands_run: list[Sequence[str]] = []
    one = with_standby("aws", **{"services.web.image": "web@sha256:" + 64 * "a"})
    findings_of(check_input(tmp_path, stack=one, run_tool=prints("x", commands_run)))
    assert any("dkr.ecr.us-east-1.amazonaws.com/" in argument for command in commands_run for argument in command)


@pytest.mark.parametrize(
    ("cloud", "mode", "active", "verdict"),
    [
        ("aws", "warm", None, "ok"),
        ("aws", "warm", "us-east-1", "failed"),
        ("aws", "backup", None, "ok"),
        ("gcp", "warm", None, "ok"),
        ("azure", "warm", None, "ok"),
    ],
)  # fmt: skip
def test_the_domain_cannot_leave_the_region_of_the_dns_service_while_it_is_lost(
    tmp_path: Path, cloud: str, mode: str, active: str | None, verdict: str
) -> None:
    changes = {"mode": mode, "standby_region": STANDBY[cloud], "active_region": active}
    one = stack_of("trial", {PLATFORM_KEY: production(cloud=cloud)})
    changed = one.spec.recovery.model_copy(update=changes)
    one = replace(one, spec=one.spec.model_copy(update={"recovery": changed}))
    finding = recovery.check_entry(facts(tmp_path, one), one)
    assert finding.verdict == verdict
    reason = (
        "Route 53 changes records in us-east-1 only, so while us-east-1 is lost agents.example.com keeps leading to it; requests move "
        "when Route 53 accepts changes again"
    )
    named = cloud == "aws" and mode == "warm"
    assert (
        finding.observed
        == {
            "failed": reason,
            "ok": f"requests can leave us-west-2, which serves, while it is lost; but {reason}"
            if named
            else "requests can leave the region that serves while it is lost",
        }[verdict]
    )
    assert ("failover trial --planned" in finding.fix) == (verdict == "failed")
