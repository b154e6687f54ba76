"""Pushed images in other registries: copies in that of a standby region, and a registry that exists already."""

from pathlib import Path

import pytest

from automation.deploy import Deployment, DeploymentFailed, Failure
from automation.images.supply import ImageSupply
from automation.stack.document import read_stack
from tests.automation.test_images import FILE, REPOSITORY, Start, fake, stack_text
from tests.automation.test_images import programs as programs
from tests.automation.test_images import start as start
from tests.engine import fake_programs
from tests.engine.fake_programs import Records

COPIED = FILE.replace("    services:", "    recovery: {{mode: backup, standby_region: us-east-1}}\n    services:", 1)
IN_OTHER_ACCOUNT = """\
    registry:
      existing:
        aws:
          repositories:
            web: arn:aws:ecr:eu-west-1:444455556666:repository/team/web
            page: team/page
"""


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


def test_a_push_to_an_existing_registry_pins_the_name_without_its_host(
    start: Start, tmp_path: Path, programs: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    operations = start(text=FILE + IN_OTHER_ACCOUNT)
    pinned = operations.push()
    (pushed,) = Records.load(programs).pushed
    assert pushed.startswith("444455556666.dkr.ecr.eu-west-1.amazonaws.com/team/web:")
    assert pinned == {"web": f"web@{fake_programs.digest(pushed)}"}
    assert f"image: {pinned['web']}" in stack_text(tmp_path)
    err = capfd.readouterr().err
    assert "get-login-password --region eu-west-1" in err
    assert "444455556666.dkr.ecr.eu-west-1.amazonaws.com" in err
    states = {state.image.service: (state.image.repository, state.present) for state in operations.states()}
    assert states == {
        "web": ("444455556666.dkr.ecr.eu-west-1.amazonaws.com/team/web", True),
        "page": ("111122223333.dkr.ecr.us-west-2.amazonaws.com/team/page", False),
    }
    assert read_stack(tmp_path, "dev").spec.services["web"].image.startswith("444455556666.dkr.ecr")


class DeployedPlatform:
    """Engine with the platform of the last update."""

    def __init__(self, platform: object) -> None:
        self.platform = platform

    def deployed_platform(self) -> object:
        return self.platform


@pytest.mark.parametrize(
    ("registry", "services"),
    [
        ({"existing": {"aws": {"repositories": {"web": "team/web", "page": "team/page"}}}}, ["web"]),
        ({"existing": {"aws": {"repositories": {"web": "other/web", "page": "team/page"}}}}, ["page", "web"]),
        (None, ["page", "web"]),
    ],
)
def test_after_a_move_to_another_registry_every_image_is_looked_up(
    start: Start, monkeypatch: pytest.MonkeyPatch, registry: object, services: list[str]
) -> None:
    in_account = IN_OTHER_ACCOUNT.replace("arn:aws:ecr:eu-west-1:444455556666:repository/team/web", "team/web")
    operations = start(text=FILE + in_account)
    deployed = {"services": {"page": {"image": "page:1.0"}, "web": {"image": "web:old"}}, "registry": registry}
    monkeypatch.setattr(Deployment, "engine", DeployedPlatform(deployed))
    supply = ImageSupply(operations.deployment, lambda _text: None, operations)
    assert [image.service for image in supply._new_images()] == services  # noqa: SLF001
