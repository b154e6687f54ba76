"""`up` on an empty cloud: the registry first, then the images, then the rest, with delayed answers; then again after destroy."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from automation.cli.main import main
from automation.deploy import retries
from automation.deploy.deployment import Deployment
from automation.deploy.partial_program import deploy_targets
from automation.deploy.state import ExportedState, state_resources, without_undeclared
from automation.deploy.targets import REGISTRY_MESSAGE, registered_before, registry_targets
from automation.plan.build import plan_of
from automation.plan.inventory import Value
from automation.stack.document import read_stack
from automation.urn import Urn
from providers.contract.json_data import is_mapping
from tests.engine import fake_programs
from tests.engine.fake_cloud.cloud import ANSWER
from tests.engine.fake_programs import TOKEN, Records
from tests.engine.project import STACK, EngineProject
from tests.planning import DROP, plan, production

CHANGES = {
    "services.chat.image": DROP,
    "services.chat.build": {"context": "chat"},
    "services.worker.image": DROP,
    "services.worker.build": {"context": "worker"},
    "profile": "development",
    "database.deletion_protection": False,
}
DELAYED = {
    "aws": [
        ("aws:ecs/service:Service", "InvalidParameterException: ECS was unable to assume the role 'arn:aws:iam::1:role/x'"),
        ("aws:cloudwatch/logGroup:LogGroup", "The specified KMS Key does not exist or is not allowed to be used with Arn"),
    ],
    "gcp": [
        ("gcp:artifactregistry/repository:Repository", "Error code 7, message: Permission denied on Cloud KMS key. Please ensure"),
        (
            "gcp:secretmanager/secretIamMember:SecretIamMember",
            "Error setting IAM policy: googleapi: Error 400: Service account web@acme.iam.gserviceaccount.com does not exist., badRequest",
        ),
        (
            "gcp:monitoring/alertPolicy:AlertPolicy",
            'googleapi: Error 404: Cannot find metric(s) that match type = "logging.googleapis.com/user/x". If a metric was '
            "created recently, it could take up to 10 minutes to become available. Please try again soon.",
        ),
    ],
    "azure": [
        ("azure-native:authorization:RoleAssignment", 'Code="PrincipalNotFound" Message="Principal 1 does not exist in the directory 2."'),
        (
            "azure-native:app:ContainerApp",
            "Field 'configuration.secrets' is invalid with details: 'Invalid value: \"x\": Unable to get value using Managed "
            "identity /subscriptions/1 for secret x.'",
        ),
    ],
}  # fmt: skip
"""Types and answers of the first two creations, of which the first happens with the registry where it can."""
Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def empty(project: EngineProject, cloud: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EngineProject:
    """Stack on an empty cloud, with sources of two images and fake programs on PATH."""
    project.init(cloud, CHANGES)
    for service in ("chat", "worker"):
        (project.folder / service).mkdir()
        (project.folder / service / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    environment = fake_programs.install(tmp_path / "programs", project.environment)
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    monkeypatch.chdir(project.folder)
    monkeypatch.setattr(retries, "PAUSES_SECONDS", (0.1,))
    return replace(project, environment=environment)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run a command of the command line in this process."""

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main(arguments)
        out, err = capsys.readouterr()
        return int(str(end.value.code or 0)), out, err

    return run


def records(project: EngineProject) -> Records:
    return Records.load(Path(project.environment[fake_programs.FOLDER_VARIABLE]))


@pytest.mark.chosen_on("gcp", reason="each phase and repeat is one step of the same driver on every cloud")
def test_one_update_of_an_empty_cloud_runs_the_platform(empty: EngineProject, cli: Cli, cloud: str) -> None:
    for token, text in DELAYED[cloud]:
        empty.cloud.plan_fault(f"{ANSWER}{text}", "create", token, times=2)
    code, out, err = cli("up", STACK, "--yes")
    assert code == 0, f"{out}\n{err}"
    assert [line for line in out.splitlines() if line.startswith("phase ")] == [
        next(line for line in out.splitlines() if line.startswith("phase 1 of 3: the registry and what it needs (")),
        "phase 2 of 3: the images of chat and worker",
        "phase 3 of 3: the whole stack",
    ]
    assert "attempt 2" in out
    _check_images(empty, err)
    empty.up("--expect-no-changes")


EXISTING: Mapping[str, Mapping[str, object]] = {
    "aws": {"repositories": {"chat": "team/chat", "worker": "arn:aws:ecr:us-west-2:444455556666:repository/worker"}},
    "gcp": {"repository": "projects/acme-images/locations/us/repositories/agents"},
    "azure": {
        "registry_id": (
            "/subscriptions/00000000-0000-0000-0000-000000000009/resourceGroups/images/providers/Microsoft.ContainerRegistry"
            "/registries/acmeimages"
        ),
    },
}
ADDRESSES = {
    "aws": (
        "111122223333.dkr.ecr.us-west-2.amazonaws.com/team/chat",
        "444455556666.dkr.ecr.us-west-2.amazonaws.com/worker",
    ),
    "gcp": ("us-docker.pkg.dev/acme-images/agents/chat", "us-docker.pkg.dev/acme-images/agents/worker"),
    "azure": ("acmeimages.azurecr.io/chat", "acmeimages.azurecr.io/worker"),
}
REGISTRY_TYPES = ("ecr/repository:Repository", "azure-native:containerregistry:Registry")


@pytest.mark.long(
    reason="an update of production; the chosen set has a platform with a registry of others in test_existing_network"
)
def test_an_existing_registry_has_no_phase_of_its_own_and_receives_the_images(
    empty: EngineProject, cli: Cli, cloud: str
) -> None:
    empty.write(production({**CHANGES, "registry.existing": {cloud: EXISTING[cloud]}}, cloud))
    code, out, err = cli("up", STACK, "--yes")
    assert code == 0, f"{out}\n{err}"
    assert [line for line in out.splitlines() if line.startswith("phase ")] == [
        "phase 2 of 3: the images of chat and worker",
        "phase 3 of 3: the whole stack",
    ]
    pushed = [reference.partition(":")[0] for reference in records(empty).pushed]
    assert sorted(pushed) == sorted(ADDRESSES[cloud])
    inputs = "".join(item.inputs for item in empty.cloud.objects())
    assert all(f"{address}@sha256:" in inputs for address in ADDRESSES[cloud])
    assert not [item.token for item in empty.cloud.objects() if item.token.endswith(REGISTRY_TYPES)]
    text = (empty.folder / f"Pulumi.{STACK}.yaml").read_text(encoding="utf-8")
    assert "image: chat@sha256:" in text
    empty.up("--expect-no-changes")


@pytest.mark.long(reason="the first update is in the chosen set")
def test_an_update_can_be_repeated_after_destroy(empty: EngineProject, cli: Cli) -> None:
    assert cli("up", STACK, "--yes")[0] == 0
    deployed = len(empty.cloud.objects())
    assert cli("destroy", STACK, "--yes")[0] == 0
    code, out, err = cli("up", STACK, "--yes")
    assert code == 0, f"{out}\n{err}"
    assert len(empty.cloud.objects()) >= deployed
    empty.up("--expect-no-changes")


def _check_images(project: EngineProject, err: str) -> None:
    calls, spec = records(project), read_stack(project.folder, STACK).spec
    assert len(calls.commands("docker", "buildx", "build")) == 2
    assert len(calls.pushed) == 2
    assert all(spec.services[name].image.startswith(f"{name}@sha256:") for name in ("chat", "worker"))
    assert not calls.opened
    assert "$ docker buildx build --platform linux/amd64" in err
    assert TOKEN not in err
    inputs = "".join(item.inputs for item in project.cloud.objects())
    assert all(spec.services[name].image.partition("@")[2] in inputs for name in ("chat", "worker"))


@pytest.mark.long(reason="the update with all images is in the chosen set")
def test_images_without_source_are_named_with_commands_and_a_repeat_goes_on(
    empty: EngineProject, cli: Cli, cloud: str
) -> None:
    empty.write(production({"profile": "development", "database.deletion_protection": False}, cloud))
    code, out, err = cli("up", STACK, "--yes")
    assert code == 1
    assert "agent-platform images push prod chat --from IMAGE" in out
    assert "prod: the registry lacks the images of chat and worker: " in err
    planned = registry_targets(
        plan(production({"profile": "development", "database.deletion_protection": False}, cloud))
    )
    assert {str(resource["urn"]) for resource in empty.state()} == set(planned)
    for service in ("chat", "worker"):
        assert cli("images", "push", STACK, service, "--from", f"registry.example.com/{service}:1")[0] == 0
    states = [json.loads(line) for line in cli("images", "list", STACK, "--json")[1].splitlines()]
    assert [(state["service"], state["inRegistry"]) for state in states] == [("chat", True), ("worker", True)]
    code, out, err = cli("up", STACK, "--yes")
    assert code == 0, f"{out}\n{err}"
    assert "phase 1" not in out


@pytest.mark.long(reason="the repeats of an update are tested without the engine in tests/automation")
def test_another_error_beside_a_delayed_answer_stops_the_update(empty: EngineProject, cli: Cli, cloud: str) -> None:
    token, text = DELAYED[cloud][1]
    empty.cloud.plan_fault(f"{ANSWER}{text}", "create", token)
    empty.cloud.plan_fault("fail", "create", token, times=9)
    code, out, err = cli("up", STACK, "--yes")
    assert code == 1
    assert "quota of this account" in err or "quota" in err
    assert "phase 3 of 3" in out


def test_an_update_of_targets_passes_over_dependencies_that_the_program_has_no_more(small_copy: EngineProject) -> None:
    """The engine takes what the state has as a dependency for registered, and the registration by the program for a duplicate."""
    deployment = Deployment(STACK, small_copy.folder, environment=small_copy.environment)
    inventory = plan_of(deployment.file, deployment.folder).inventory
    targets, before = registry_targets(inventory), registered_before(inventory)
    exported = deployment.engine.export_state()
    assert without_undeclared(exported, before, targets) == exported, "the program has every dependency of its state"

    deployment.engine.import_state(dependent_on_all_before(exported))
    deploy_targets(deployment, inventory, targets, REGISTRY_MESSAGE)
    names = [str(each["urn"]) for each in state_resources(deployment.engine.export_state())]
    assert sorted(names) == sorted(str(each["urn"]) for each in state_resources(exported))
    small_copy.up("--expect-no-changes")


def dependent_on_all_before(exported: ExportedState) -> ExportedState:
    """Return a state in which every object depends on those before it, as that of a program with more dependencies."""
    earlier, changed = list[str](), list[Mapping[str, Value]]()
    for each in state_resources(exported):
        changed.append({**each, "dependencies": list(earlier)} if each.get("custom") and earlier else each)
        if each.get("custom") and not Urn(str(each["urn"])).is_provider:
            earlier.append(str(each["urn"]))
    deployment = exported["deployment"]
    assert is_mapping(deployment)
    return {**exported, "deployment": {**deployment, "resources": changed}}
