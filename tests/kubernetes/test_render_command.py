"""The command `render`: its files, what it prints, and what it refuses."""

from pathlib import Path

import pytest

from tests.automation.command_line import Run, runner, write_project
from tests.kubernetes.platforms import prod
from tests.planning import production


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    for module in ("parse", "platform_rules"):
        monkeypatch.setattr(f"components.validation.{module}.AVAILABLE", ("docker", "kubernetes"))
    write_project(tmp_path, "prod", prod())
    monkeypatch.chdir(tmp_path)
    return runner(capsys)


def test_production_is_written_with_the_list_of_its_secrets(run: Run, tmp_path: Path) -> None:
    result = run("render", "prod", "-o", "out")
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert result.code == 0, result.errors
    assert {"kustomization.yaml", "deployment-gateway.yaml", "required-secrets.md"} <= written
    assert not [name for name in written if name.startswith("secret-")]
    first, left_out, required = result.out.splitlines()
    assert first == f"wrote kustomization.yaml and {len(written) - 2} manifests to out"
    assert left_out.startswith("left out because of a secret value: AlertmanagerConfig ")
    assert required.endswith("listed in out/required-secrets.md")


def test_with_a_store_every_secret_is_an_external_secret(run: Run, tmp_path: Path) -> None:
    result = run("render", "prod", "-o", "out", "--secret-store", "vault")
    assert result.code == 0, result.errors
    names = [path.name for path in (tmp_path / "out").iterdir()]
    assert [name for name in names if name.startswith("externalsecret-")]
    assert "Secrets that must exist" not in result.out


def test_an_unknown_kind_of_store_is_refused(run: Run) -> None:
    result = run("render", "prod", "-o", "out", "--secret-store", "vault", "--secret-store-kind", "Vault")
    assert result.errors == ["--secret-store-kind: no such kind of a store. Use ClusterSecretStore or SecretStore."]


def test_a_stack_of_a_cloud_is_refused(run: Run, tmp_path: Path) -> None:
    write_project(tmp_path, "prod", production(cloud="docker"))
    result = run("render", "prod", "-o", "out")
    assert result.errors == [
        "cloud: render writes manifests of Kubernetes, and prod is deployed to docker. Use a stack with cloud: kubernetes."
    ]
    assert result.code == 2
