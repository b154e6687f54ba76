"""Rotation of a secret: calls of the engine, content of the stack file, and refusals."""

import re
from collections.abc import Collection
from pathlib import Path

import pytest

from automation.cli.main import main
from automation.day2 import Rotation, rotate
from automation.deploy import Clock, Deployment, DeploymentFailed, OnEvent, Outcome, Preview
from automation.deploy.changes import ResourceChange
from automation.deploy.state import ExportedState
from automation.deploy.workspace import ProjectStack
from automation.stack.document import with_sealed_values
from components.configuration import PLATFORM_KEY
from providers.contract.diagnostics import InvalidConfiguration
from tests.automation.event_fixtures import urn_of
from tests.automation.rotation_state import (
    BUCKET,
    CHAT,
    DATABASE_URL,
    GATEWAY,
    LISTED_SECRET,
    NOON,
    PASSWORD,
    SECRET_NAME,
    STATE,
    WORKER,
    change,
)
from tests.planning import ROOT

NEW = "a new value"
FILE = f"""\
# owned by the platform team
config:
  {PLATFORM_KEY}: {{a: [1, 2]}}   # short form
  agent-platform:{SECRET_NAME}:
    secure: v1:old=
encryptionsalt: v1:salt
"""


def test_the_stack_file_keeps_its_formatting() -> None:
    engine_text = FILE.replace("{a: [1, 2]}   # short form", "\n    a:\n    - 1\n    - 2").replace("v1:old=", "v1:new=")
    assert with_sealed_values(FILE, engine_text, Path("f")) == FILE.replace("v1:old=", "v1:new=")


def test_a_file_without_a_salt_receives_that_of_the_engine() -> None:
    assert with_sealed_values(FILE.replace("encryptionsalt: v1:salt\n", ""), FILE, Path("f")) == FILE


class FakeStack(ProjectStack):
    """Stack with a state in memory whose `set_secret` replaces the encrypted value in the stack file."""

    def __init__(self, path: Path) -> None:
        self.path, self.resources = path, list(STATE)
        self.secrets = list[tuple[str, str]]()

    def export_state(self) -> ExportedState:
        return {"deployment": {"resources": self.resources}}

    def set_secret(self, key: str, value: str) -> None:
        self.secrets.append((key, value))
        self.path.write_text(self.path.read_text(encoding="utf-8").replace("v1:old=", "v1:new="), encoding="utf-8")


class FakeDeployment(Deployment):
    """Deployment without an engine; every preview has the same changes."""

    def __init__(self, folder: Path, changes: list[ResourceChange]) -> None:
        super().__init__("prod", folder, clock=Clock(now=lambda: NOON))
        self.changes = changes
        self.path = folder / "Pulumi.prod.yaml"
        text = (ROOT / "Pulumi.prod.yaml").read_text(encoding="utf-8").replace("cloud: aws", "cloud: gcp")
        self.path.write_text(f"{text}  agent-platform:{SECRET_NAME}:\n    secure: v1:old=\n", encoding="utf-8")
        self.replaced = list[tuple[str, ...]]()
        """URNs that each preview replaces."""
        self.updates = list[tuple[tuple[str, ...], tuple[str, ...]]]()
        """Allowed names and replaced URNs of each update."""
        self.fake_stack = FakeStack(self.path)

    @property
    def engine(self) -> FakeStack:
        return self.fake_stack

    def preview(
        self, on_event: OnEvent | None = None, *, create: bool = True, replace: Collection[str] = ()
    ) -> Preview:
        self.replaced.append(tuple(replace))
        return Preview("prod", tuple(self.changes))

    def up(
        self,
        on_event: OnEvent | None = None,
        allow_replace: Collection[str] = (),
        *,
        preview: Preview | None = None,
        rollout_timeout_seconds: float = 0.0,
        replace: Collection[str] = (),
    ) -> Outcome:
        self.updates.append((tuple(allow_replace), tuple(replace)))
        return Outcome("prod", tuple(self.changes), {}, 10.0)

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def encrypted_value(self) -> str:
        match = re.search(r"secure: (\S+)", self.text)
        return match[1] if match else ""


ALL = [change(PASSWORD, "replace"), change(DATABASE_URL, "replace"), change(GATEWAY), change(CHAT), change(WORKER)]


def test_a_password_is_replaced_by_its_urn_and_is_the_only_allowed_loss(tmp_path: Path) -> None:
    deployment = FakeDeployment(tmp_path, ALL)
    rotate(deployment, "database-password")
    assert deployment.replaced == [(PASSWORD,)]
    assert deployment.updates == [(("prod-database-password",), (PASSWORD,))]


def test_a_rotation_that_would_replace_the_database_is_refused(tmp_path: Path) -> None:
    instance = urn_of("gcp:sql/databaseInstance:DatabaseInstance", "prod-database")
    deployment = FakeDeployment(tmp_path, [*ALL, change(instance, "replace")])
    with pytest.raises(DeploymentFailed, match="would be replaced") as refused:
        rotate(deployment, "database-password", with_changes=True)
    assert refused.value.fix == "run `agent-platform up prod` first and decide there"
    assert deployment.updates == []


def test_a_listed_secret_is_encrypted_by_the_engine_and_stored_in_the_file(tmp_path: Path) -> None:
    deployment = FakeDeployment(tmp_path, [change(LISTED_SECRET, "replace"), change(GATEWAY)])
    rotate(deployment, SECRET_NAME, NEW)
    assert deployment.engine.secrets == [(f"agent-platform:{SECRET_NAME}", NEW)]
    assert deployment.updates == [((), ())]
    assert deployment.encrypted_value == "v1:new="
    assert "# Production on AWS." in deployment.text


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([], "already has this value"),
        ([change(LISTED_SECRET), change(GATEWAY), change(BUCKET)], r"do not belong to the rotation \(prod-storage\)"),
        ([change(LISTED_SECRET)], "prod-compute-gateway would keep the old value"),
    ],
)
def test_a_refused_rotation_leaves_the_file_unchanged(
    tmp_path: Path, changes: list[ResourceChange], message: str
) -> None:
    deployment = FakeDeployment(tmp_path, changes)
    before = deployment.text
    with pytest.raises((DeploymentFailed, InvalidConfiguration), match=message):
        rotate(deployment, SECRET_NAME, NEW)
    assert deployment.text == before
    assert deployment.updates == []


def test_a_declined_rotation_leaves_the_file_unchanged(tmp_path: Path) -> None:
    deployment = FakeDeployment(tmp_path, [change(LISTED_SECRET), change(GATEWAY)])

    def decline(_: Preview) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotate(deployment, SECRET_NAME, NEW, agree=decline)
    assert deployment.encrypted_value == "v1:old="
    assert deployment.updates == []


def test_a_failed_update_keeps_the_new_value(tmp_path: Path) -> None:
    deployment = FakeDeployment(tmp_path, [change(LISTED_SECRET), change(GATEWAY)])
    with pytest.raises(ZeroDivisionError), Rotation(deployment, SECRET_NAME, NEW) as rotation:
        rotation.up(preview=rotation.preview())
        _ = 1 / 0
    assert deployment.encrypted_value == "v1:new="


def test_unrelated_changes_are_included_on_request(tmp_path: Path) -> None:
    deployment = FakeDeployment(tmp_path, [change(LISTED_SECRET), change(GATEWAY), change(BUCKET)])
    rotate(deployment, SECRET_NAME, NEW, with_changes=True)
    assert len(deployment.updates) == 1


def test_a_listed_secret_needs_a_value_and_a_generated_password_takes_none(tmp_path: Path) -> None:
    deployment = FakeDeployment(tmp_path, ALL)
    for value in (None, ""):
        with pytest.raises(InvalidConfiguration, match="needs a new value"):
            rotate(deployment, SECRET_NAME, value)
    with pytest.raises(InvalidConfiguration, match="takes no value"):
        rotate(deployment, "database-password", NEW)


def test_a_password_that_does_not_exist_is_not_rotated(tmp_path: Path) -> None:
    deployment = FakeDeployment(tmp_path, ALL)
    deployment.engine.resources = []
    with pytest.raises(DeploymentFailed, match="does not exist yet"):
        rotate(deployment, "database-password")


def test_the_value_is_neither_an_option_nor_an_argument(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    FakeDeployment(tmp_path, [])
    monkeypatch.chdir(tmp_path)
    for arguments in ([NEW], ["--value", NEW]):
        with pytest.raises(SystemExit) as ended:
            main(["rotate", "prod", SECRET_NAME, *arguments, "--yes"])
        assert ended.value.code == 2
