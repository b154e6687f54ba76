"""Copies of pushed images in the registry of a standby region."""

from pathlib import Path

import pytest

from automation.deploy import DeploymentFailed, Failure
from tests.automation.test_images import FILE, REPOSITORY, Start, fake
from tests.automation.test_images import programs as programs
from tests.automation.test_images import start as start
from tests.engine import fake_programs
from tests.engine.fake_programs import Records

COPIED = FILE.replace("    services:", "    recovery: {{mode: backup, standby_region: us-east-1}}\n    services:", 1)


def test_a_push_copies_the_image_with_its_digest_to_the_standby_region(start: Start, programs: Path) -> None:
    operations = start(text=COPIED)
    pinned = operations.push()
    records = Records.load(programs)
    (pushed,) = records.pushed
    copy = pushed.replace("us-west-2", "us-east-1")
    digest = fake_programs.digest(pushed)
    assert (pinned, records.copies) == ({"web": f"web@{digest}"}, {copy: digest})
    (create,) = records.commands("docker", "buildx", "imagetools", "create")
    assert create[4:] == ["--prefer-index=false", "--tag", copy, f"{REPOSITORY}/web@{digest}"]
    assert len(records.commands("docker", "login")) == 2
    operations.push()
    assert len(Records.load(programs).commands("docker", "buildx", "imagetools", "create")) == 1


def test_a_copy_with_another_digest_fails_the_push(start: Start, programs: Path) -> None:
    operations = start(text=COPIED)
    fake(programs, "exit 0", "buildx imagetools create")
    with pytest.raises(DeploymentFailed) as failed:
        operations.push()
    assert failed.value.kind is Failure.NO_IMAGE and "us-east-1" in failed.value.problem


def test_without_copies_nothing_is_copied(start: Start, programs: Path) -> None:
    start().push()
    assert Records.load(programs).commands("docker", "buildx", "imagetools", "create") == []
