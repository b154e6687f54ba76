"""Rotation, step by step: what the engine is asked for, what stays in the stack's file, what is refused before."""

import re
from collections.abc import Collection, Generator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from automation.cli.main import main
from automation.day2 import Rotation, rotate
from automation.day2.rotation import with_sealed_config
from automation.deploy import Clock, Deployment, DeploymentFailed, Outcome, Preview
from automation.deploy.changes import ResourceChange
from automation.deploy.guard import refuse_losses
from components.configuration import PLATFORM_KEY
from providers import resource_traits
from providers.contract.diagnostics import InvalidConfiguration
from tests.automation.happening import urn_of
from tests.automation.rotating import BUCKET, CHAT, GATEWAY, KEY, LISTED, NOON, PASSWORD_URN, STATE, URL, WORKER, change
from tests.planning import ROOT

NEW = "nobody has seen this value"
FILE = f"""\
# mine
config:
  {PLATFORM_KEY}: {{a: [1, 2]}}   # as I like it
  agent-platform:{KEY}:
    secure: v1:old=
encryptionsalt: v1:salt
"""


def test_the_engines_own_way_of_writing_stays_out_of_the_stacks_file() -> None:
    engines = FILE.replace("{a: [1, 2]}   # as I like it", "\n    a:\n    - 1\n    - 2").replace("v1:old=", "v1:new=")
    assert with_sealed_config(FILE, engines, "f") == FILE.replace("v1:old=", "v1:new=")


def test_a_file_that_had_no_salt_is_left_as_the_engine_wrote_it() -> None:
    assert with_sealed_config(FILE.replace("encryptionsalt: v1:salt\n", ""), FILE, "f") == FILE


class Fake:
    """As much of a deployment as a rotation asks; `changes` are what its previews tell."""

    ephemeral = False

    def __init__(self, folder: Path, changes: list[ResourceChange], cloud: str = "gcp") -> None:
        self.folder, self.stack, self.name = folder, "prod", "prod"
        self.workdir, self.clock = SimpleNamespace(overrides={}), Clock(now=lambda: NOON)
        self.resources = STATE
        self.changes, self.cloud, self.calls = changes, cloud, list[tuple[str, object]]()
        self.engine = SimpleNamespace(
            export_state=lambda: {"deployment": {"resources": self.resources}}, set_secret=self.set_secret
        )
        self.file = folder / "Pulumi.prod.yaml"
        text = (ROOT / "Pulumi.prod.yaml").read_text(encoding="utf-8").replace("cloud: aws", f"cloud: {cloud}")
        self.file.write_text(f"{text}  agent-platform:{KEY}:\n    secure: v1:old=\n", encoding="utf-8")

    @contextmanager
    def engine_errors(self) -> Generator[None]:
        yield

    def set_secret(self, key: str, value: str) -> None:
        self.calls.append(("seal", (key, value)))
        self.file.write_text(self.file.read_text(encoding="utf-8").replace("v1:old=", "v1:new="), encoding="utf-8")

    def preview(self, on_event: object, *, create: bool, replace: Collection[str]) -> Preview:
        self.calls.append(("preview", tuple(replace)))
        return Preview("prod", tuple(self.changes))

    def guard(self, preview: Preview, allowed: Collection[str]) -> None:
        refuse_losses("prod", preview.changes, resource_traits(self.cloud).holds, allowed)

    def up(self, on_event: object, allowed: Collection[str], *, preview: Preview, replace: Collection[str]) -> Outcome:
        self.calls.append(("up", (tuple(allowed), tuple(replace))))
        return Outcome("prod", preview.changes, {}, 10.0)

    def __call__(self) -> Deployment:
        return cast("Deployment", self)

    @property
    def sealed(self) -> str:
        found = re.search(r"secure: (\S+)", self.file.read_text(encoding="utf-8"))
        return found[1] if found else ""


ALL = [change(PASSWORD_URN, "replace"), change(URL, "replace"), change(GATEWAY), change(CHAT), change(WORKER)]


def test_a_password_is_made_anew_by_its_urn_and_nothing_else_may_be_lost(tmp_path: Path) -> None:
    fake = Fake(tmp_path, ALL)
    rotate(fake(), "database-password")
    assert fake.calls == [
        ("preview", (PASSWORD_URN,)),
        ("up", (("prod-database-password",), (PASSWORD_URN,))),
    ]


def test_a_database_that_a_new_password_would_replace_stops_it(tmp_path: Path) -> None:
    instance = urn_of("gcp:sql/databaseInstance:DatabaseInstance", "prod-database")
    fake = Fake(tmp_path, [*ALL, change(instance, "replace")])
    with pytest.raises(DeploymentFailed, match="would be replaced") as refused:
        rotate(fake(), "database-password", with_changes=True)
    assert refused.value.fix == "run `agent-platform up prod` first, and decide there"
    assert "up" not in dict(fake.calls)


def test_a_listed_secret_is_sealed_by_the_engine_and_stays_in_the_file(tmp_path: Path) -> None:
    fake = Fake(tmp_path, [change(LISTED, "replace"), change(GATEWAY)])
    rotate(fake(), KEY, NEW)
    assert fake.calls[0] == ("seal", (f"agent-platform:{KEY}", NEW))
    assert fake.calls[-1] == ("up", ((), ())) and fake.sealed == "v1:new="
    assert "# Production on AWS." in fake.file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ([], "has that value already"),
        ([change(LISTED), change(GATEWAY), change(BUCKET)], r"no part of the rotation \(prod-storage\)"),
        ([change(LISTED)], "prod-compute-gateway would go on with the old value"),
    ],
)
def test_what_is_more_or_less_than_a_rotation_leaves_the_file_as_it_was(
    tmp_path: Path, changes: list[ResourceChange], told: str
) -> None:
    fake = Fake(tmp_path, changes)
    before = fake.file.read_text(encoding="utf-8")
    with pytest.raises((DeploymentFailed, InvalidConfiguration), match=told):
        rotate(fake(), KEY, NEW)
    assert fake.file.read_text(encoding="utf-8") == before and "up" not in dict(fake.calls)


def test_a_no_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    fake = Fake(tmp_path, [change(LISTED), change(GATEWAY)])

    def no(_: Preview) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotate(fake(), KEY, NEW, agree=no)
    assert fake.sealed == "v1:old=" and "up" not in dict(fake.calls)


def test_a_failed_update_keeps_the_new_value_for_the_next(tmp_path: Path) -> None:
    fake = Fake(tmp_path, [change(LISTED), change(GATEWAY)])
    with pytest.raises(ZeroDivisionError), Rotation(fake(), KEY, NEW) as rotation:
        rotation.up(preview=rotation.preview())
        _ = 1 / 0
    assert fake.sealed == "v1:new="


def test_other_changes_go_along_when_that_is_asked_for(tmp_path: Path) -> None:
    fake = Fake(tmp_path, [change(LISTED), change(GATEWAY), change(BUCKET)])
    rotate(fake(), KEY, NEW, with_changes=True)
    assert "up" in dict(fake.calls)


def test_a_listed_secret_needs_a_value_and_a_password_takes_none(tmp_path: Path) -> None:
    fake = Fake(tmp_path, ALL)
    for value in (None, ""):
        with pytest.raises(InvalidConfiguration, match="needs a new value"):
            rotate(fake(), KEY, value)
    with pytest.raises(InvalidConfiguration, match="takes no value"):
        rotate(fake(), "database-password", NEW)


def test_a_password_that_was_not_made_yet_is_not_made_by_a_rotation(tmp_path: Path) -> None:
    fake = Fake(tmp_path, ALL)
    fake.resources = []
    with pytest.raises(DeploymentFailed, match="was not made yet"):
        rotate(fake(), "database-password")


def test_the_value_is_no_option_and_no_argument(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Fake(tmp_path, [])
    monkeypatch.chdir(tmp_path)
    for words in (["rotate", "prod", KEY, NEW, "--yes"], ["rotate", "prod", KEY, "--value", NEW, "--yes"]):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 2
