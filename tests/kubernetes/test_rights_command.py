"""The command `rights`: the objects that it prints, and what it refuses."""

from pathlib import Path

import pytest
import yaml

from tests.automation.command_line import Run, runner, write_project
from tests.kubernetes.platforms import prod
from tests.planning import production


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    write_project(tmp_path, "prod", prod())
    monkeypatch.chdir(tmp_path)
    return runner(capsys)


def test_the_objects_are_printed_as_one_stream_of_yaml(run: Run) -> None:
    result = run("rights", "prod", "--service-account", "runners/ci")
    assert result.code == 0, result.errors
    kinds = [each["kind"] for each in yaml.safe_load_all(result.out)]
    assert kinds == ["Namespace", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"]
    assert "namespace: runners" in result.out


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ((), "rights: no identity. Add one of --user, --group and --service-account."),
        (
            ("--user", "a", "--group", "b"),
            "rights: several identities. Keep one of --user, --group and --service-account.",
        ),
        (("--service-account", "ci"), "--service-account: no namespace and name. Write it as NAMESPACE/NAME."),
    ],
    ids=["none", "two", "no namespace"],
)
def test_an_identity_is_one_name(run: Run, options: tuple[str, ...], error: str) -> None:
    result = run("rights", "prod", *options)
    assert (result.errors, result.code) == ([error], 2)


def test_a_stack_of_a_cloud_is_refused(run: Run, tmp_path: Path) -> None:
    write_project(tmp_path, "prod", production(cloud="aws"))
    result = run("rights", "prod", "--user", "ci")
    assert result.errors == [
        "cloud: prod is deployed to aws, whose identities have the rights of an account. See docs/ci.md for the identity of each "
        "environment."
    ]
    assert result.code == 2
