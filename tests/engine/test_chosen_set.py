"""Tests that `make engine-test` runs: every kind of test, on every cloud that the kind has."""

import re
import subprocess
import sys
from functools import cache

import pytest

from tests.engine.project import FAKE_CLOUDS
from tests.planning import ROOT

KINDS = {
    "lifecycle": ("test_lifecycle.py", FAKE_CLOUDS),
    "plan accuracy": ("test_plan_accuracy.py", FAKE_CLOUDS),
    "upgrades": ("test_upgrades.py", FAKE_CLOUDS),
    "stateful resources": ("test_stateful_resources.py", FAKE_CLOUDS),
    "unexpected replacements": ("test_unexpected_replacements.py", FAKE_CLOUDS),
    "faults and kills": ("test_faults.py", FAKE_CLOUDS),
    "first update": ("test_first_update.py", FAKE_CLOUDS),
    "day-2 operations": ("test_day2.py", FAKE_CLOUDS),
    "services": ("test_operations.py", FAKE_CLOUDS),
    "doctor": ("test_doctor.py", FAKE_CLOUDS),
    "commands": ("commands/test_operations.py", ()),
    "refusals of commands": ("commands/test_refusals.py", ()),
    "state folder": ("commands/test_state_folder.py", ()),
    "interruptions": ("commands/test_interruptions.py", ()),
    "rollouts": ("test_rollouts.py", FAKE_CLOUDS),
    "release commands": ("test_releases.py", ("aws",)),
    "failover": ("test_failover.py", ()),
    "killed failovers": ("test_failover_kills.py", ()),
    "failover on Azure": ("test_azure_failover.py", ()),
    "failover and failback on Google Cloud": ("test_google_failover.py", ()),
    "copies and drills on Google Cloud": ("test_google_recovery.py", ()),
    "copies and drills on Azure": ("test_azure_recovery.py", ()),
    "names of hosts outside": ("test_egress_names.py", FAKE_CLOUDS),
    "existing network": ("test_existing_network.py", FAKE_CLOUDS),
    "entry of Azure": ("test_azure_entry.py", ()),
    "policy pack": ("test_policy_pack.py", ()),
    "programs in YAML": ("test_languages.py", FAKE_CLOUDS),
    "language host": ("test_language_host.py", ()),
}
"""File of each kind of test, and the clouds that it must cover; commands are the same on every cloud, and some files are of one."""


@cache
def chosen() -> tuple[str, ...]:
    """Tests of the set, as pytest lists them."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-p", "no:cacheprovider", "-m", "not long"]
    completed = subprocess.run([*command, "tests/engine"], cwd=ROOT, capture_output=True, text=True, check=True)
    return tuple(line for line in completed.stdout.splitlines() if "::" in line)


@pytest.mark.parametrize("kind", KINDS)
def test_the_set_has_each_kind_of_test_on_each_cloud(kind: str) -> None:
    file, clouds = KINDS[kind]
    tests = [name for name in chosen() if name.startswith(f"tests/engine/{file}::")]
    assert tests
    assert [
        cloud for cloud in clouds if not any(re.search(rf"\b{cloud}\b", name.partition("[")[2]) for name in tests)
    ] == []


def test_a_test_of_a_chosen_cloud_is_long_on_the_others() -> None:
    tests = [
        name for name in chosen() if "test_a_release_command_runs_before" in name or "test_a_smoke_test_reaches" in name
    ]
    assert [name.rpartition("[")[2] for name in tests] == ["aws]", "aws]"]


def test_no_test_is_long_without_a_reason() -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")}
    assert [name for name, text in texts.items() if re.search(r"@pytest\.mark\.long(?!\(\s*reason=\")", text)] == []
