"""`pulumi package add` with the real engine: what a user sees for a version that does not exist and for a package that cannot run."""

import glob
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tests.engine.conftest import need_engine
from tests.engine.git_server import GitServer, git_server
from tests.engine.language_host.host import SDK_GENERATOR
from tests.engine.project import EngineProject, engine_path
from tests.engine.test_languages import install, start
from tests.planning import ROOT

pytestmark = pytest.mark.long(reason="downloads and installs a package")

RUNTIME = {"name": "python", "options": {"toolchain": "pip", "virtualenv": sys.prefix}}


def write_package(folder: Path, virtualenv: str = sys.prefix) -> Path:
    """Write the package, which runs the code of this checkout in an environment."""
    folder.mkdir(parents=True)
    for name in ("__main__.py", "schema.json"):
        (folder / name).symlink_to(ROOT / "plugin" / name)
    document = yaml.safe_load((ROOT / "plugin" / "PulumiPlugin.yaml").read_text(encoding="utf-8"))
    document["runtime"]["options"]["virtualenv"] = virtualenv
    (folder / "PulumiPlugin.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    return folder


@pytest.fixture
def program(tmp_path: Path) -> EngineProject:
    """Project in Python without a program."""
    need_engine()
    if shutil.which(SDK_GENERATOR, path=engine_path()) is None:
        pytest.skip(f"no {SDK_GENERATOR} on PATH: run `make engine`")
    project = EngineProject.create(tmp_path)
    (project.folder / "__main__.py").unlink()
    (project.folder / "Pulumi.yaml").write_text(yaml.safe_dump({"name": "shop", "runtime": RUNTIME}), encoding="utf-8")
    return project


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    """Repository with the files of this checkout as release v0.1.0."""
    home = tmp_path_factory.mktemp("git")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("no checkout of git")
    repository = home / "repository"
    for name in listed.stdout.decode().split("\0"):
        if (ROOT / name).is_file():
            (repository / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, repository / name)
    git = ("git", "-C", str(repository), "-c", "user.name=Test", "-c", "user.email=test@example.com")
    for command in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "-m", "Release"), ("tag", "v0.1.0")):
        subprocess.run([*git, *command], check=True)
    with git_server(repository, home) as served:
        yield served


def online(project: EngineProject, server: GitServer) -> EngineProject:
    """Return the project with the way to the server, and with downloads of packages."""
    kept = {key: value for key, value in project.environment.items() if "PLUGIN_ACQUISITION" not in key}
    return replace(project, environment={**kept, **server.environment})


def add(project: EngineProject, address: str) -> str:
    """Return what the CLI prints when it refuses an address."""
    return project.run("package", "add", address, stack=None, expected=1)


def test_a_release_is_added_by_its_address(program: EngineProject, server: GitServer) -> None:
    project = online(program, server)
    project.run("package", "add", f"{server.address}/plugin@v0.1.0", stack=None)
    document = yaml.safe_load((project.folder / "Pulumi.yaml").read_text(encoding="utf-8"))
    assert document["packages"] == {"agent-platform": f"{server.address}/plugin@v0.1.0"}
    plugin = project.folder / "sdks" / "acme-agent-platform" / "acme_agent_platform" / "pulumi-plugin.json"
    assert json.loads(plugin.read_text(encoding="utf-8")) == {
        "resource": True, "name": "agent-platform", "version": "0.1.0", "server": f"git://{server.address}/plugin",
    }  # fmt: skip


REFUSED = {
    "a version without a release": ("plugin@v99", "failed to download plugin: github.com_acme_agent-platform.git_plugin-99.0.0"),
    "a branch": ("plugin@main", "VERSION must be valid semver or git commit hash: main"),
    "another folder": ("plugins", "a PulumiPlugin file"),
}  # fmt: skip
"""Path in the repository, and what the CLI says."""


@pytest.mark.parametrize("case", REFUSED)
def test_an_address_without_a_package_is_refused(case: str, program: EngineProject, server: GitServer) -> None:
    path, reason = REFUSED[case]
    error = add(online(program, server), f"{server.address}/{path}")
    assert f"unable to install {server.address}/{path}: " in error
    assert reason in error
    assert not (program.folder / "sdks").exists()


def test_a_package_without_its_dependencies_names_the_first_one(program: EngineProject, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    error = add(program, str(write_package(tmp_path / "package", str(environment))))
    python = environment / "bin" / "python"
    assert f"agent-platform: grpc is not installed for {python}; run `pulumi install` in {ROOT / 'plugin'}" in error


def test_an_sdk_of_another_version_is_named_in_the_preview(program: EngineProject, tmp_path: Path) -> None:
    package = write_package(tmp_path / "package")
    code = (package / "__main__.py").read_text(encoding="utf-8")
    schema = json.loads((package / "schema.json").read_text(encoding="utf-8"))
    for name in ("__main__.py", "schema.json"):
        (package / name).unlink()
    code = code.replace("sys.path[0] = str(FOLDER.parent)", f"sys.path[0] = {str(ROOT)!r}")
    (package / "__main__.py").write_text(code, encoding="utf-8")
    (package / "schema.json").write_text(json.dumps(schema), encoding="utf-8")
    shutil.copy(ROOT / "examples" / "programs" / "python" / "__main__.py", program.folder)
    program.run("package", "add", str(package), stack=None)
    install(program.folder / "sdks" / "acme-agent-platform", program.folder)
    start(program)
    (package / "schema.json").write_text(json.dumps({**schema, "version": "0.2.0"}), encoding="utf-8")
    text = program.run("preview", "--suppress-progress")
    assert "warning: the SDK is of version 0.1.0, and the package of 0.2.0; run `pulumi package add` again" in text


def older_python() -> Path:
    """Return a Python of this machine that the package does not support; skips the test without one."""
    versions = [Path(path) for path in glob.glob(str(Path.home() / ".pyenv/versions/3.[6-9].*/bin/python"))]
    versions += [Path(found) for name in ("python3.9", "python3.10") if (found := shutil.which(name))]
    versions += [Path(path) for path in glob.glob(str(Path.home() / ".pyenv/versions/3.10.*/bin/python"))]
    for python in versions:
        if subprocess.run([python, "-c", "import venv"], check=False, capture_output=True).returncode == 0:
            return python
    pytest.skip("no Python older than 3.11")


def test_an_older_python_ends_with_the_version_that_is_needed(tmp_path: Path) -> None:
    python = older_python()
    subprocess.run([python, "-m", "venv", tmp_path / "environment"], check=True)
    own = tmp_path / "environment" / "bin" / "python"
    sentence = "agent-platform needs Python 3.11 or newer"
    # as the language host installs the package, and as it starts one whose environment exists
    install_command = [own, "-m", "pip", "install", "--disable-pip-version-check", "--requirement", "requirements.txt"]
    for command in (install_command, [own, "__main__.py", "127.0.0.1:1"]):
        ended = subprocess.run(command, cwd=ROOT / "plugin", capture_output=True, text=True, check=False)
        assert ended.returncode != 0
        assert sentence in ended.stdout + ended.stderr
