"""A state folder that cannot be written: each command says it in one sentence, nothing is lost, and a repeat finishes."""

import json

import pytest

from automation.recover import Topic
from tests.engine.commands.conftest import STACK, Trial
from tests.engine.small_disk import full, own_disk, read_only, without_permission

pytestmark = pytest.mark.xdist_group("commands")
RED = {"services.web.environment.COLOUR": "red"}
COMMANDS = {
    "up": ("up", STACK, "--yes"),
    "destroy": ("destroy", STACK, "--yes", "--unprotect", "trial-database"),
    "recover": ("recover", STACK),
}
LEFT_KIB = 64
"""Space for a lock, and not for a state."""


def test_a_read_only_state_folder_is_named_and_a_repeat_finishes(trial: Trial) -> None:
    trial.write(RED)
    before = trial.project.cloud.objects()
    with own_disk(trial.backend):
        with read_only(trial.backend):
            results = {name: trial.command(*arguments) for name, arguments in COMMANDS.items()}
        sentence = (
            f"trial: {trial.backend} is on a read-only file system, so the state cannot be saved. "
            "Set PULUMI_BACKEND_URL, or PULUMI_HOME for files of the engine, to a folder that can be written."
        )
        assert {name: (result.code, result.sentence) for name, result in results.items()} == dict.fromkeys(
            COMMANDS, (1, sentence)
        )
        assert trial.project.cloud.objects() == before
        finish(trial)


@pytest.mark.long(reason="a read-only state folder is in the chosen set")
def test_a_state_folder_of_another_user_is_named(trial: Trial) -> None:
    trial.write(RED)
    with without_permission(trial.backend) as wrapper:
        result = trial.finish(trial.start("up", STACK, "--yes", wrapper=wrapper))
    assert (result.code, result.sentence) == (
        1,
        f"trial: this user has no permission for {trial.backend}. Change the owner or the mode of the folder, or set "
        "PULUMI_BACKEND_URL to a folder that this user may write.",
    )
    finish(trial)


@pytest.mark.long(reason="the engine repeats each write for half a minute; a read-only folder is in the chosen set")
def test_a_disk_that_is_full_during_an_update_loses_nothing(trial: Trial) -> None:
    trial.write({**RED, "monitoring.emails": ["oncall@example.com"]})
    with own_disk(trial.backend):
        with full(trial.backend, LEFT_KIB):
            result = trial.command("up", STACK, "--yes")
        assert (result.code, result.sentence) == (
            1,
            "trial: this machine has no disk space left. Free space on the disks of the state backend and of the temporary "
            f"folder, then run `agent-platform recover {STACK}`.",
        )
        topics = [json.loads(line)["topic"] for line in trial.command("recover", STACK, "--json").out.splitlines()]
        assert Topic.ORPHAN not in topics
        finish(trial)


def finish(trial: Trial) -> None:
    """Update, after which the cloud has what the stack file says, once."""
    result = trial.command("up", STACK, "--yes")
    assert (result.code, result.err) == (0, "")
    assert list(trial.locks.iterdir()) == []
    names = [(item.token, item.name) for item in trial.project.cloud.objects()]
    assert len(names) == len(set(names))
    assert "red" in "".join(item.inputs for item in trial.project.cloud.objects())
