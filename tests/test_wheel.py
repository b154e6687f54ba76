"""Packages of the wheel: below one package, beside packages of a user with the same names, and under Pulumi's own mocks."""

import ast
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest

from tests.planning import ROOT
from tools.wheel import BELOW, PACKAGE, below_package, write_packages

PROGRAM = """
import pulumi

import components
import providers
from agent_platform import AgentPlatform
from agent_platform.testing import record, set_mocks

SPEC = {
    "cloud": "docker",
    "profile": "development",
    "services": {"gateway": {"app": "fastapi", "image": "ghcr.io/acme/gateway:1.4", "path": "/"}},
}


class UserMocks(pulumi.runtime.Mocks):
    def new_resource(self, args):
        return f"{args.name}-id", dict(args.inputs)

    def call(self, args):
        return {}


def test_the_packages_of_the_user_are_their_own():
    assert components.OWN and providers.OWN


def test_a_recorded_program_declares_the_platform():
    inventory = record(lambda: AgentPlatform("search", SPEC))
    assert inventory.one("search-network-entry")


def test_a_refused_spec_has_its_key():
    from agent_platform import InvalidConfiguration
    try:
        record(lambda: AgentPlatform("search", {**SPEC, "servces": {}}))
    except InvalidConfiguration as refused:
        assert refused.diagnostics[0].key == "servces"
    else:
        raise AssertionError


def test_the_platform_works_under_mocks():
    set_mocks(UserMocks(), project="shop", stack="prod")
    addresses = []

    @pulumi.runtime.test
    def check():
        return AgentPlatform("search", SPEC).outputs["url"].apply(addresses.append)

    check()
    assert addresses == ["https://localhost:8443"]


for test in [value for name, value in dict(globals()).items() if name.startswith("test_")]:
    test()
    print(test.__name__)
"""
TESTS = PROGRAM.count("def test_")
BY_NAME = re.compile(r"agent-platform\[[\w<>{}]+\](?! @ )|pip install '?agent-platform\b(?!\[)")
"""Requirement of this package without its address, which the index of Python answers with another project."""


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """Project of a user with packages that have the names of this repository's."""
    folder = tmp_path / "project"
    for name in ("components", "providers"):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text("OWN = True\n")
    (folder / "program.py").write_text(PROGRAM)
    return folder


def run_tests(folder: Path, python: str | Path, *path: Path) -> str:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(map(str, path))}
    command = [str(python), "program.py"]
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_imports_alone_differ_from_the_repository(tmp_path: Path) -> None:
    write_packages(ROOT, tmp_path)
    for name in BELOW:
        for path in (ROOT / name).rglob("*.py"):
            written = (tmp_path / path.relative_to(ROOT)).read_text(encoding="utf-8")
            assert written.replace(f"from {PACKAGE}.", "from ") == path.read_text(encoding="utf-8"), path
            modules = [node.module for node in ast.walk(ast.parse(written)) if isinstance(node, ast.ImportFrom)]
            assert not [module for module in modules if (module or "").partition(".")[0] in BELOW], path
    assert (tmp_path / "providers" / "aws" / "cost" / "prices" / "index.json").is_file()
    assert (tmp_path / "py.typed").is_file()


def test_an_import_of_a_whole_package_is_refused() -> None:
    with pytest.raises(ValueError, match=r"line 2: use `from \.\.\. import \.\.\.`"):
        below_package("import json\nimport providers.aws\n")


def test_an_import_inside_a_function_is_changed() -> None:
    assert below_package("def f():\n    from providers import cloud  # from\n") == (
        "def f():\n    from agent_platform.providers import cloud  # from\n"
    )


@pytest.mark.long(reason="a process imports the SDK and records three programs")
def test_packages_of_a_user_with_the_same_names_are_no_problem(user: Path, tmp_path: Path) -> None:
    write_packages(ROOT, tmp_path / "wheel" / PACKAGE)
    # with -S the editable installation of this repository is not on the path, which has its own `components`
    packages = (tmp_path / "wheel", Path(sysconfig.get_path("purelib")))
    (user / "python").write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    (user / "python").chmod(0o755)
    assert run_tests(user, user / "python", *packages).count("test_") == TESTS


@pytest.mark.long(reason="builds the wheel, for which uv downloads hatchling, and creates an environment")
def test_the_installed_wheel_works_in_an_environment_of_its_own(user: Path, tmp_path: Path) -> None:
    uv = Path(sys.executable).parent / "uv"
    subprocess.run([uv, "build", "--quiet", "--wheel", "--out-dir", tmp_path, ROOT], check=True)
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, tmp_path / "environment"], check=True)
    python = tmp_path / "environment" / "bin" / "python"
    (wheel,) = tmp_path.glob("*.whl")
    subprocess.run([uv, "pip", "install", "--quiet", "--no-deps", "--python", python, wheel], check=True)
    # the dependencies are those of this environment, without its editable installation
    own = subprocess.check_output([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True)
    (Path(own.strip()) / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    assert run_tests(user, python).count("test_") == TESTS
    command = [python.parent / "agent-platform", "plan", "trial", "--brief"]
    text = (ROOT / "Pulumi.local.yaml").read_text(encoding="utf-8")
    (user / "Pulumi.trial.yaml").write_text(text)
    ended = subprocess.run(command, cwd=user, capture_output=True, text=True, check=False)
    assert "trial" in ended.stdout, ended.stderr


def test_the_wheel_has_ranges_that_contain_the_pins() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    ranges = [
        *project["dependencies"],
        *(line for name, lines in optional.items() if name not in ("dev", "policy") for line in lines),
    ]
    lowest = {name: bounds.partition(",")[0] for name, _, bounds in (line.partition(">=") for line in ranges)}
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert pins == lowest
    assert not [line for line in ranges if "==" in line]


def test_no_command_or_requirement_installs_the_name_from_a_public_index() -> None:
    files = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split("\0")
    texts = {name: ROOT / name for name in files if name.endswith((".md", ".py", ".txt", ".yaml"))}
    if not texts:
        pytest.skip("no checkout of git")
    found = {
        name: BY_NAME.findall(path.read_text(encoding="utf-8", errors="replace"))
        for name, path in texts.items()
        if path.is_file()
    }
    assert {name: matches for name, matches in found.items() if matches} == {}
