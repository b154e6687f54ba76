"""Refused and failed commands with the real engine: one message each, and no lost resource."""

import json
import os
import socket

import pytest

from tests.engine.commands.conftest import DATABASE, SERVICE, STACK, Trial

pytestmark = pytest.mark.xdist_group("commands")
RED = {"services.web.environment.COLOUR": "red"}
WEB = "trial-compute-web"


def test_an_update_that_would_replace_the_network_is_refused(trial: Trial) -> None:
    before = trial.project.cloud.objects()
    trial.write({"network.cidr": "10.99.0.0/16"})
    result = trial.command("up", STACK, "--yes")
    assert result.code == 1
    assert (
        "trial-network (ec2:Vpc) would be replaced (because of cidrBlock), which deletes the network" in result.sentence
    )
    assert result.sentence.endswith(" --allow-replace trial-network.") and "network.cidr" in result.sentence
    assert trial.project.cloud.objects() == before


def test_the_options_that_a_refusal_names_allow_the_replacement(trial: Trial) -> None:
    trial.write({"network.cidr": "10.99.0.0/16"})
    options = trial.command("up", STACK, "--yes").sentence.rpartition(" with ")[2].rstrip(".").split()
    result = trial.command("up", STACK, "--yes", *options)
    assert (result.code, result.err) == (0, "")
    (network,) = (item for item in trial.project.cloud.objects() if item.token == "aws:ec2/vpc:Vpc")
    assert network.input("cidrBlock") == "10.99.0.0/16"


def test_a_deployment_that_the_cloud_rolled_back_fails(trial: Trial) -> None:
    trial.write(RED)
    trial.project.cloud.plan_fault("rollback", "update", SERVICE)
    result = trial.command("up", STACK, "--yes", "--rollout-timeout-seconds", "0")
    assert result.code == 1
    assert result.sentence.startswith(f"trial: the update completed, but {WEB} runs ")
    trial.write({"services.web.environment.COLOUR": "blue"})
    assert trial.command("up", STACK, "--yes", "--rollout-timeout-seconds", "0").code == 0


def test_a_wrong_passphrase_is_reported(trial: Trial) -> None:
    result = trial.command("preview", STACK, PULUMI_CONFIG_PASSPHRASE="mistaken")
    assert (result.code, result.out) == (1, "")
    assert result.sentence == (
        "trial: the passphrase does not decrypt the secrets of the stack. Set PULUMI_CONFIG_PASSPHRASE or "
        "PULUMI_CONFIG_PASSPHRASE_FILE to the passphrase of the stack."
    )


def test_an_unknown_stack_is_reported_with_the_nearest_name(trial: Trial) -> None:
    (trial.project.folder / "Pulumi.trail.yaml").write_bytes(
        (trial.project.folder / f"Pulumi.{STACK}.yaml").read_bytes()
    )
    result = trial.command("up", "trail", "--yes")
    backend = trial.project.environment["PULUMI_BACKEND_URL"]
    assert result.code == 1
    assert result.sentence == (
        f"trail: the backend {backend} has no such stack (did you mean trial); its stacks are trial. "
        "Log in to the backend of the stack, or create it with `agent-platform up trail --create`."
    )


def test_a_missing_backend_is_reported(trial: Trial) -> None:
    result = trial.command("outputs", STACK, PULUMI_BACKEND_URL="file:///missing/folder")
    assert result.sentence.startswith("trial: the state backend file:///missing/folder cannot be opened. ")


def test_a_damaged_state_is_reported_and_not_changed(trial: Trial) -> None:
    half = trial.state_file.read_bytes()[:2000]
    trial.state_file.write_bytes(half)
    for command in ("preview", "outputs"):
        assert trial.command(command, STACK).sentence.startswith("trial: the state in the backend is damaged. Run ")
    assert trial.state_file.read_bytes() == half


def test_credentials_for_another_account_are_reported_and_nothing_changes(trial: Trial) -> None:
    trial.write(RED)
    trial.project.cloud.set("account", "999900001111")
    before = trial.project.cloud.objects()
    result = trial.command("up", STACK, "--yes")
    assert result.code == 1
    assert result.sentence.startswith(
        "trial: the credentials are for another account than the stack file names (current account: 999900001111). "
    )
    assert trial.project.cloud.objects() == before


def test_a_network_failure_during_an_update_loses_nothing(trial: Trial) -> None:
    trial.write({**RED, "database.backup.retention_days": 9})
    trial.project.cloud.plan_fault("offline", "update", SERVICE)
    result = trial.command("up", STACK, "--yes")
    assert result.sentence.startswith(
        f"trial: the connection to the cloud was lost: could not update {WEB} (ecs:Service). "
    )
    assert trial.command("up", STACK, "--yes").code == 0


def test_a_rejected_resource_is_reported_with_the_output_of_the_engine(trial: Trial) -> None:
    trial.write({"database.backup.retention_days": 9})
    trial.project.cloud.plan_fault("fail", "update", DATABASE)
    result = trial.command("up", STACK, "--yes", "--verbose")
    first, *engine_text = result.err.splitlines()
    assert first.startswith("trial: a quota of the account is exhausted: cannot update trial-database (rds:Instance). ")
    assert "the quota of this account is used up" in "\n".join(engine_text)


def test_a_missing_plugin_is_reported(trial: Trial) -> None:
    (trial.project.folder.parent / "shims" / "pulumi-resource-aws").unlink()
    result = trial.command("preview", STACK)
    assert result.sentence.startswith("trial: the plugin pulumi-resource-aws v")


def lock(trial: Trial, host: str, pid: int) -> None:
    holder = {"pid": pid, "username": "maria", "hostname": host, "timestamp": "2026-11-21T09:00:00Z"}
    (trial.locks / "lock.json").write_text(json.dumps(holder), encoding="utf-8")


def test_a_locked_stack_is_reported_with_the_lock_holder_and_released_by_cancel(trial: Trial) -> None:
    lock(trial, "ci-7", 20334)
    held = "maria@ci-7 (process 20334)"
    locked = trial.command("up", STACK, "--yes")
    assert locked.sentence.startswith(f"trial: an update by {held} has held the lock since 2026-11-21T09:00:00Z. ")
    assert locked.out == "", "the lock is looked at before the preview"
    freed = trial.command("cancel", STACK, "--yes")
    assert freed.out == (
        f"trial: released the lock of {held} since 2026-11-21T09:00:00Z; run `agent-platform recover trial` next\n"
    )
    assert trial.command("cancel", STACK, "--yes").out == "trial is not locked\n"


def test_the_lock_of_a_running_update_is_released_only_with_force(trial: Trial) -> None:
    lock(trial, socket.gethostname(), os.getpid())
    result = trial.command("cancel", STACK, "--yes")
    assert result.code == 1
    assert "is running on this machine" in result.sentence
    assert list(trial.locks.iterdir())
    assert trial.command("cancel", STACK, "--yes", "--force").code == 0
    assert list(trial.locks.iterdir()) == []
