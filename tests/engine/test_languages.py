"""`AgentPlatform` in programs in other languages under the real engine, with providers that simulate the clouds."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from agent_platform import AgentPlatform
from agent_platform.testing import record
from components.package.provider import TOKEN
from tests.components.package_host import in_package
from tests.components.test_programs import spec
from tests.engine.conftest import need_engine
from tests.engine.language_host.host import SDK_GENERATOR
from tests.engine.project import EngineProject, engine_path
from tests.planning import ROOT, SECRET

KEY = "OPENAI_API_KEY"
INDEX = "random:index/randomPet:RandomPet"
PROGRAMS = ROOT / "examples" / "programs"
EXAMPLES: Mapping[str, str] = {"yaml": "yaml", "nodejs": "typescript", "go": "go"}
"""Folders of the examples by runtime."""
TOOLS: Mapping[str, tuple[str, ...]] = {"yaml": (), "nodejs": ("npm",), "go": ("go",)}
"""Programs with which the language host of a runtime installs packages, from their public registry."""
INSTALL_SECONDS = 1200
"""Time in which the SDK of the package and its dependencies are installed and compiled."""


REMOTE = """
import json
import pulumi
import pulumi_random

index = pulumi_random.RandomPet("index")
inputs = json.loads(open("inputs.json").read())
inputs["services"]["gateway"]["environment"] = {"INDEX": index.id}
inputs["secrets"] = pulumi.Output.secret({"OPENAI_API_KEY": pulumi.Config().require_secret("openaiApiKey")})


class Remote(pulumi.ComponentResource):
    url: pulumi.Output[str]
    networkId: pulumi.Output[str]

    def __init__(self):
        absent = {"url": None, "networkId": None}
        super().__init__("agent-platform:index:AgentPlatform", "search", {**inputs, **absent}, None, remote=True)


platform = Remote()
for name in ("url", "networkId"):
    pulumi.export(name, getattr(platform, name))
"""
"""Program that asks the engine for the component, as the SDKs of the package do."""


WITH_CLASS = """
import pulumi
import pulumi_random
from agent_platform import AgentPlatform

index = pulumi_random.RandomPet("index")
gateway = {
    "app": "fastapi", "image": "ghcr.io/acme/gateway:1.4", "path": "/",
    "secrets": ["OPENAI_API_KEY"], "environment": {"INDEX": index.id},
}
spec = {
    "cloud": "aws", "aws": {"region": "us-west-2", "account_id": "111122223333"}, "profile": "development",
    "services": {"gateway": gateway},
}
secrets = {"OPENAI_API_KEY": pulumi.Config().require_secret("openaiApiKey")}
platform = AgentPlatform(f"search-{pulumi.get_stack()}", spec, secrets=secrets)
pulumi.export("url", platform.outputs["url"])
pulumi.export("role", platform.details.services["gateway"].identity)
"""
"""Program of the example in Python with the class instead of the SDK."""


def need(program: str) -> None:
    """Skip the test when a program is missing."""
    if shutil.which(program, path=engine_path()) is None:
        pytest.skip(f"no {program} on PATH")


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Folder of the package, which runs in the environment of the tests."""
    folder = tmp_path / "package"
    folder.mkdir()
    for name in ("__main__.py", "schema.json"):
        (folder / name).symlink_to(ROOT / "plugin" / name)
    project = yaml.safe_load((ROOT / "plugin" / "PulumiPlugin.yaml").read_text(encoding="utf-8"))
    project["runtime"]["options"]["virtualenv"] = sys.prefix
    (folder / "PulumiPlugin.yaml").write_text(yaml.safe_dump(project), encoding="utf-8")
    return folder


@pytest.fixture
def program(tmp_path: Path) -> EngineProject:
    """Project without a program."""
    need_engine()
    project = EngineProject.create(tmp_path)
    for name in ("__main__.py", "Pulumi.yaml"):
        (project.folder / name).unlink()
    return project


def use_environment_of_the_tests(project: EngineProject) -> None:
    """Let the program of a project file run in the environment of the tests, which has its requirements."""
    file = project.folder / "Pulumi.yaml"
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    document["runtime"]["options"]["virtualenv"] = sys.prefix
    file.write_text(yaml.safe_dump(document), encoding="utf-8")


def install(sdk: Path, folder: Path) -> None:
    """Install a Python SDK beside a program: the environment of the tests does not change."""
    uv = Path(sys.executable).parent / "uv"
    subprocess.run(
        [uv, "pip", "install", "--quiet", "--no-deps", "--python", sys.executable, "--target", folder, sdk], check=True
    )


def write_yaml(project: EngineProject, package: Path, platform: Mapping[str, object]) -> None:
    """Write a program in YAML with a resource and a platform that uses it."""
    properties = {"properties": platform, "type": "agent-platform:AgentPlatform"}
    document = {
        "name": "shop",
        "runtime": "yaml",
        "packages": {"agent-platform": str(package)},
        "config": {"openaiApiKey": {"type": "string", "secret": True}},
        "resources": {"index": {"type": "random:RandomPet"}, "search": properties},
        "outputs": {"url": "${search.url}", "services": "${search.services}", "index": "${index.id}"},
    }
    (project.folder / "Pulumi.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")


def add_example(project: EngineProject, language: str, package: Path) -> None:
    """Add the example in a language; one in YAML names the package in its project file."""
    shutil.copytree(PROGRAMS / EXAMPLES[language], project.folder, dirs_exist_ok=True)
    if language != "yaml":
        project.run("package", "add", str(package), stack=None, seconds=INSTALL_SECONDS)
        return
    file = project.folder / "Pulumi.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("../../../plugin", str(package)), encoding="utf-8")


def platform_of(cloud: str, **gateway: object) -> dict[str, object]:
    """Return the properties of a small platform that uses the resource and the secret of the program."""
    raw = spec(cloud, secrets=[KEY], environment={"INDEX": "${index.id}"}, **gateway)
    return {**in_package(raw), "secrets": {KEY: "${openaiApiKey}"}}  # type: ignore[dict-item]


def start(project: EngineProject) -> None:
    """Create the stack with a value for its secret."""
    project.run("stack", "init", "prod", stack=None)
    project.run("config", "set", "--secret", "openaiApiKey", stdin=SECRET)


def declared(cloud: str, name: str = "search") -> set[tuple[str, str]]:
    """Types and names of the resources that a Python program declares."""
    raw = spec(cloud, secrets=[KEY], environment={"INDEX": "found"})
    return {(each.type, each.name) for each in record(lambda: AgentPlatform(name, raw, secrets={KEY: "any"})).resources}


def check_deployed(project: EngineProject, cloud: str, name: str = "search") -> dict[str, object]:
    """Check that a deployed program has what a Python program declares, without changes; return its outputs."""
    state = project.state()
    resources = {(str(each["type"]), str(each["urn"]).rpartition("::")[2]) for each in state}
    assert declared(cloud, name) == {each for each in resources if each[1].startswith(name)}
    assert SECRET not in json.dumps(state)
    assert {step["op"] for step in project.steps()} == {"same"}
    return json.loads(project.run("stack", "output", "--json"))


def check_dependency(project: EngineProject) -> None:
    """Check that the platform depends on the resource of the program whose output it uses."""
    state = project.state()
    index = next(each for each in state if each["type"] == INDEX)
    assert any(index["urn"] in (each.get("dependencies") or ()) for each in state)  # type: ignore[operator]
    assert [each for each in state if each["type"] == TOKEN]


def test_a_program_in_yaml_deploys_what_a_python_program_declares(
    cloud: str, program: EngineProject, package: Path
) -> None:
    need("pulumi-language-yaml")
    write_yaml(program, package, platform_of(cloud))
    start(program)
    program.up()
    outputs = check_deployed(program, cloud)
    assert outputs["services"]["gateway"]["url"].startswith("http")  # type: ignore[index]
    check_dependency(program)


@pytest.mark.long(reason="installs and compiles the SDK of a language")
@pytest.mark.parametrize("language", EXAMPLES)
def test_an_example_deploys_what_a_python_program_declares(
    language: str, program: EngineProject, package: Path
) -> None:
    for each in (f"pulumi-language-{language}", *TOOLS[language]):
        need(each)
    add_example(program, language, package)
    start(program)
    program.up()
    # YAML has no computed names of resources
    outputs = check_deployed(program, "aws", "search" if language == "yaml" else "search-prod")
    assert str(outputs["url"]).startswith("http")
    assert ":role/" in str(outputs["role"])
    check_dependency(program)


@pytest.mark.long(reason="a deployment of its own, and an SDK that is built with setuptools from a package index")
def test_the_example_in_python_deploys_by_its_sdk_what_the_class_declares(
    program: EngineProject, package: Path
) -> None:
    need(SDK_GENERATOR)
    shutil.copytree(PROGRAMS / "python", program.folder, dirs_exist_ok=True)
    use_environment_of_the_tests(program)
    program.run("package", "add", str(package), stack=None)
    sdk = program.folder / "sdks" / "acme-agent-platform"
    assert "sdks/acme-agent-platform" in (program.folder / "requirements.txt").read_text(encoding="utf-8")
    assert (sdk / "acme_agent_platform" / "py.typed").is_file()
    install(sdk, program.folder)
    start(program)
    program.up()
    outputs = check_deployed(program, "aws", "search-prod")
    assert str(outputs["url"]).startswith("http")
    assert ":role/" in str(outputs["role"])
    check_dependency(program)
    before = program.cloud.objects()
    (program.folder / "__main__.py").write_text(WITH_CLASS, encoding="utf-8")
    # the class has its inputs in no component, and a component has no object
    assert {step["op"] for step in program.steps() if TOKEN not in step["urn"].split("::")[2].split("$")[-1:]} == {
        "same"
    }
    program.up()
    assert program.cloud.objects() == before


@pytest.mark.long(reason="a deployment of its own")
def test_a_component_of_the_package_deploys_what_a_python_program_declares(
    project: EngineProject, package: Path
) -> None:
    shim = project.folder.parent / "shims" / "pulumi-resource-agent-platform"
    shim.write_text(f'#!/bin/sh\nexec {sys.executable} {package} "$@"\n', encoding="utf-8")
    shim.chmod(0o755)
    (project.folder / "__main__.py").write_text(REMOTE, encoding="utf-8")
    file = project.folder / "Pulumi.yaml"
    settings = {**yaml.safe_load(file.read_text(encoding="utf-8")), "config": {}}
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    (project.folder / "inputs.json").write_text(json.dumps(in_package(spec("aws", secrets=[KEY]))), encoding="utf-8")
    start(project)
    project.up()
    outputs = check_deployed(project, "aws")
    assert str(outputs["url"]).startswith("http")
    assert outputs["networkId"]


def test_mistakes_are_reported_at_the_properties_of_the_program(program: EngineProject, package: Path) -> None:
    need("pulumi-language-yaml")
    platform = platform_of("aws", health={"timeout_seconds": 1}, port=70000)
    write_yaml(program, package, {**platform, "aws": {"region": "us-west-2", "accountId": "12"}})
    start(program)
    error = program.run("preview", expected=1)
    for path in ("aws.accountId", "services.gateway.health.timeoutSeconds", "services.gateway.port"):
        assert path in error


def test_the_engine_reads_the_schema_of_the_package(program: EngineProject, package: Path) -> None:
    (program.folder / "Pulumi.yaml").write_text("name: shop\nruntime: yaml\n", encoding="utf-8")
    read = json.loads(program.run("package", "get-schema", str(package), stack=None))
    checked_in = json.loads((ROOT / "plugin" / "schema.json").read_text(encoding="utf-8"))
    assert read["resources"][TOKEN]["inputProperties"] == checked_in["resources"][TOKEN]["inputProperties"]
    assert read["types"].keys() == checked_in["types"].keys()
