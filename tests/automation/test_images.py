"""Images of a stack's own registry: commands, pinned digests, refusals, and the registry that is always closed again."""

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from automation.deploy import Deployment, DeploymentFailed, Failure
from automation.images import ImageOperations, own_images
from automation.images import operations as operations_module
from automation.images import registry as registry_module
from automation.images.host_builds import stage_images
from automation.images.operations import missing_images, proposed_images
from automation.images.registry import digest_of, opened_registry
from automation.images.supply import ImageSupply
from automation.shell import LocalShell
from automation.stack.document import read_stack
from providers.contract.cli import CliCommand, DeployedStack, Shell
from providers.contract.diagnostics import InvalidConfiguration
from tests.engine import fake_programs
from tests.engine.fake_programs import TOKEN, Records

FILE = """\
# Development on AWS
config:
  agent-platform:platform:
    cloud: {cloud}
    {cloud}: {block}
    profile: development
    network: {{zones: 2}}
    services:
      web:  # the agent
        app: fastapi
        build: {{context: web}}
      page:
        app: streamlit
        image: page:1.0  # pushed by another repository
      hosted: {{app: fastapi, image: ghcr.io/acme/hosted:1.0}}
"""
BLOCKS = {"aws": '{region: us-west-2, account_id: "111122223333"}', "docker": "{}"}
REPOSITORY = "111122223333.dkr.ecr.us-west-2.amazonaws.com/agent-platform/dev"
Start = Callable[..., ImageOperations]


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Fake programs on PATH."""
    folder = tmp_path / "programs"
    for key, value in fake_programs.install(folder, dict(os.environ)).items():
        monkeypatch.setenv(key, value)
    return folder


@pytest.fixture
def start(tmp_path: Path, programs: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Return a function that writes a stack file and returns the operations on its images."""

    def operations(cloud: str = "aws", text: str = FILE, name: str | None = None) -> ImageOperations:
        (tmp_path / "web").mkdir(exist_ok=True)
        (tmp_path / "web" / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
        if not (tmp_path / "web" / "Link").is_symlink():
            (tmp_path / "web" / "Link").symlink_to(tmp_path / "Pulumi.dev.yaml")
        (tmp_path / "Pulumi.dev.yaml").write_text(text.format(cloud=cloud, block=BLOCKS[cloud]), encoding="utf-8")
        monkeypatch.setattr(operations_module, "deployed_stack", deployed)
        return ImageOperations(Deployment("dev", tmp_path, name=name), LocalShell(folder=tmp_path))

    return operations


def deployed(deployment: Deployment) -> DeployedStack:
    return DeployedStack("dev", deployment.file.spec)


def stack_text(folder: Path) -> str:
    return (folder / "Pulumi.dev.yaml").read_text(encoding="utf-8")


def test_own_images_are_those_without_a_registry_host(start: Start) -> None:
    images = own_images(start().spec, "dev")
    assert [(image.service, image.repository, image.built) for image in images] == [
        ("page", f"{REPOSITORY}/page", True),
        ("web", f"{REPOSITORY}/web", False),
    ]
    assert images[0].reference == f"{REPOSITORY}/page:1.0"


def test_a_push_builds_tags_by_content_and_pins_the_digest_with_comments_kept(
    start: Start, tmp_path: Path, programs: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pinned = start().push()
    (pushed,) = Records.load(programs).pushed
    tag = fake_programs.digest("agent-platform/dev-web:latest").removeprefix("sha256:")[:12]
    assert pushed == f"{REPOSITORY}/web:{tag}"
    assert pinned == {"web": f"web@{fake_programs.digest(pushed)}"}
    text = stack_text(tmp_path)
    assert f"image: {pinned['web']}" in text
    assert "# Development on AWS" in text and "# the agent" in text and "# pushed by another repository" in text
    err = capfd.readouterr().err
    assert "$ aws ecr get-login-password" in err and "| docker login --username AWS --password-stdin" in err
    assert TOKEN not in err
    assert read_stack(tmp_path, "dev").spec.services["web"].built


def test_a_repeated_push_transfers_nothing(start: Start, programs: Path) -> None:
    operations = start()
    operations.push()
    assert operations.push() == {}
    assert len(Records.load(programs).commands("docker", "push")) == 1


def test_an_image_without_source_is_pushed_from_another_image(start: Start, programs: Path) -> None:
    assert list(start().push(["page"], "registry.example.com/page:1")) == ["page"]
    assert Records.load(programs).pushed[0].startswith(f"{REPOSITORY}/page:")


def test_on_a_docker_host_the_tag_is_pinned_and_nothing_is_pushed(start: Start, tmp_path: Path, programs: Path) -> None:
    (image,) = start("docker").push().values()
    records = Records.load(programs)
    assert image in records.tags
    assert records.commands("docker", "push") == []
    assert f"image: {image}" in stack_text(tmp_path)


def update_on_host(operations: ImageOperations) -> str:
    """Build as an update does, and return the image with which the engine runs."""
    ImageSupply(operations.deployment, lambda _text: None, operations).prepare_host()
    return operations.spec.services["web"].image


def test_an_update_builds_an_edited_image_once_and_leaves_the_stack_file_alone(
    start: Start, tmp_path: Path, programs: Path
) -> None:
    operations = start("docker")
    first, text = update_on_host(operations), stack_text(tmp_path)
    assert update_on_host(start("docker")) == first
    assert len(Records.load(programs).commands("docker", "build")) == 1
    (tmp_path / "web" / "app.py").write_text("edited\n", encoding="utf-8")
    second = update_on_host(start("docker"))
    assert second != first
    (tmp_path / "web" / "app.py").unlink()
    assert update_on_host(start("docker")) == first
    records = Records.load(programs)
    assert len(records.commands("docker", "build")) == 2
    assert records.commands("docker", "buildx") == []
    assert stack_text(tmp_path) == text
    assert read_stack(operations.deployment.work_folder, "dev").spec.services["web"].image == first


def test_an_image_that_was_deleted_is_built_again(start: Start, programs: Path) -> None:
    image = update_on_host(start("docker"))
    records = Records.load(programs)
    del records.tags[image]
    records.save()
    assert update_on_host(start("docker")) == image
    assert len(Records.load(programs).commands("docker", "build")) == 2


def test_the_last_three_images_of_a_service_are_kept(start: Start, tmp_path: Path, programs: Path) -> None:
    operations, images = start("docker"), list[str]()
    for version in range(5):
        (tmp_path / "web" / "app.py").write_text(f"{version}\n", encoding="utf-8")
        operations = start("docker")
        images.append(update_on_host(operations))
        operations.host_builds.remove_superseded()
    assert list(Records.load(programs).tags) == images[-3:]
    operations.host_builds.remove_all()
    assert Records.load(programs).tags == {}


def test_services_get_the_architecture_of_the_daemon_unless_they_set_one(start: Start, programs: Path) -> None:
    fake(programs, "echo arm64", "version")
    operations = start("docker", FILE.replace("app: streamlit", "architecture: amd64\n        app: streamlit"))
    operations.use_host_architecture()
    architectures = {name: service.architecture for name, service in operations.spec.services.items()}
    assert architectures == {"web": "arm64", "page": "amd64", "hosted": "arm64"}


def test_build_arguments_are_passed_by_name_where_the_dockerfile_declares_them(
    start: Start, tmp_path: Path, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    operations = start("docker")
    (tmp_path / "web" / "Dockerfile").write_text("ARG BASE_IMAGE=python:3.13\nFROM ${BASE_IMAGE}\n", encoding="utf-8")
    monkeypatch.setenv("BASE_IMAGE", "debian-with-python:1")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://user:password@index.example.com")
    first = update_on_host(operations)
    (command,) = Records.load(programs).commands("docker", "build")
    assert command[command.index("--build-arg") + 1] == "BASE_IMAGE"
    assert "UV_DEFAULT_INDEX" not in command and "password" not in str(command)
    records = Records.load(programs)
    records.tags["debian-with-python:1"] = "sha256:another"
    records.save()
    assert update_on_host(operations) == first
    assert len(Records.load(programs).commands("docker", "build")) == 2, "a base image that has changed is not used"


def test_stages_of_the_classic_builder_are_found_in_its_output() -> None:
    output = """\
Step 1/5 : FROM debian AS builder
 ---> 111111111111
Step 2/5 : RUN make
 ---> Running in 222222222222
 ---> 333333333333
Step 3/5 : FROM debian
 ---> 111111111111
Step 4/5 : COPY --from=builder /a /a
 ---> 444444444444
Successfully built 444444444444
"""
    assert stage_images(output) == ["333333333333", "444444444444"]


def test_a_list_shows_what_the_registry_has(start: Start) -> None:
    operations = start()
    operations.push()
    states = {state.image.service: state.present for state in operations.states()}
    assert states == {"web": True, "page": False}


def test_a_list_without_login_states_the_reason(start: Start, programs: Path) -> None:
    operations = start()
    (programs / "aws").write_text("#!/bin/sh\necho Unable to locate credentials >&2\nexit 255\n", encoding="utf-8")
    assert {state.reason for state in operations.states()} == {"the AWS CLI has no valid credentials"}


@pytest.mark.parametrize(
    ("services", "message"),
    [
        (["wbe"], "service: no service wbe (did you mean web)"),
        (["hosted"], "services.hosted.image: its image is in another registry"),
        (["page"], "services.page.build: the service has no `build` key"),
    ],
)
def test_a_service_without_source_or_own_image_is_refused(start: Start, services: list[str], message: str) -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        start().push(services)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        ("context: missing", "services.web.build.context: no folder missing"),
        ("context: web, dockerfile: Other", "services.web.build.dockerfile: no file web/Other"),
        (
            "context: web, dockerfile: Link",
            "services.web.build.dockerfile: Link is outside the build context web",
        ),
    ],
)
def test_a_missing_source_is_refused_before_docker_starts(
    start: Start, programs: Path, build: str, message: str
) -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        start(text=FILE.replace("context: web", build)).push()
    assert str(refused.value).startswith(message)
    assert Records.load(programs).calls == []


@pytest.mark.parametrize(("cloud", "existing"), [("docker", False), ("aws", True)])
def test_a_dockerfile_that_would_copy_the_state_is_refused_with_the_line_that_excludes_it(
    start: Start, tmp_path: Path, programs: Path, cloud: str, existing: bool
) -> None:
    operations = start(cloud, FILE.replace("context: web", "context: ."))
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY . .\n", encoding="utf-8")
    if existing:
        (tmp_path / ".local").mkdir()
    with pytest.raises(InvalidConfiguration) as refused:
        operations.build()
    assert str(refused.value) == (
        "services.web.build.context: the Dockerfile copies .local, which has the state and its passphrase, into the image. Add "
        "the line .local to .dockerignore."
    )
    assert Records.load(programs).commands("docker", "build") == []
    (tmp_path / ".dockerignore").write_text("*.pyc\n.local\n", encoding="utf-8")
    assert set(operations.build()) == {"web"}


def fake(programs: Path, script: str, subcommand: str) -> None:
    """Make docker run a script for one subcommand."""
    real = (programs / "docker").rename(programs / "docker-real")
    text = f'#!/bin/sh\ncase "$*" in "{subcommand}"*) {script};; *) exec {real} "$@";; esac\n'
    (programs / "docker").write_text(text, encoding="utf-8")
    (programs / "docker").chmod(0o755)


@pytest.mark.parametrize(
    ("subcommand", "script", "message"),
    [
        ("buildx version", "echo docker: unknown command: docker buildx >&2; exit 1", "docker has no buildx plugin"),
        ("info", "echo Cannot connect to the Docker daemon at unix:///x >&2; exit 1", "cannot reach the Docker daemon"),
        ("buildx build", "echo '#5 RUN pip install'; echo 'ERROR: failed to solve: exit code: 2'; exit 1",
         "dev: the build of web failed: #5 RUN pip install / ERROR: failed to solve: exit code: 2"),
        ("image inspect", "echo sha256:1234567890abcdef linux/arm64",
         "agent-platform/dev-web:latest is an image for linux/arm64, and the service web runs on linux/amd64"),
        ("push", "echo 'write: connection reset by peer'; exit 1", "the connection was lost"),
        ("push", "echo 'denied: User is not authorized to perform: ecr:InitiateLayerUpload'; exit 1",
         "the credentials have no permission"),
        ("login", "echo unauthorized: authentication required >&2; exit 1", "docker is not logged in to the registry"),
    ],
)  # fmt: skip
def test_a_failure_is_one_sentence_and_a_repeat_continues(
    start: Start, tmp_path: Path, programs: Path, subcommand: str, script: str, message: str
) -> None:
    operations = start()
    before = stack_text(tmp_path)
    fake(programs, script, subcommand)
    with pytest.raises(DeploymentFailed) as failed:
        operations.push()
    assert str(failed.value).startswith(message)
    assert "\n" not in str(failed.value)
    assert stack_text(tmp_path) == before
    (programs / "docker-real").rename(programs / "docker")
    assert list(operations.push()) == ["web"]


def test_a_missing_docker_is_one_sentence(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    operations = start()
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(DeploymentFailed, match=r"the program docker is not on PATH\. Install Docker with the buildx"):
        operations.build()


def test_a_lookup_that_fails_for_another_reason_is_not_a_missing_image(programs: Path) -> None:
    fake(programs, "echo unauthorized: authentication required >&2; exit 1", "buildx imagetools")
    with pytest.raises(DeploymentFailed):
        digest_of("registry.example.com/web:1", LocalShell())


class PrivateRegistry:
    """Command line of a cloud with a private registry."""

    def __init__(self, fails: bool = False) -> None:
        self.opened, self.calls, self.fails = False, list[str](), fails

    def registry_login(self, spec: object, stack: str) -> tuple[CliCommand, ...]:
        return ()

    def open_registry(self, stack: DeployedStack, shell: Shell) -> bool:
        self.opened = True
        if self.fails:
            raise KeyboardInterrupt
        return True

    def close_registry(self, stack: DeployedStack, shell: Shell) -> None:
        self.opened = False


@contextmanager
def private(monkeypatch: pytest.MonkeyPatch, *, fails: bool = False) -> Generator[PrivateRegistry]:
    cli = PrivateRegistry(fails)

    def command_line(cloud: str) -> PrivateRegistry:
        return cli

    monkeypatch.setattr(registry_module, "command_line", command_line)
    yield cli


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt, DeploymentFailed(Failure.COMMAND, "the push failed")], ids=["interrupt", "failure"]
)
def test_a_private_registry_is_closed_after_a_failure_and_an_interrupt(
    start: Start, monkeypatch: pytest.MonkeyPatch, error: type[BaseException] | BaseException
) -> None:
    stack = DeployedStack("dev", start().spec)
    with private(monkeypatch) as cli:
        with pytest.raises((KeyboardInterrupt, DeploymentFailed)), opened_registry(stack, LocalShell()):
            assert cli.opened
            raise error
        assert not cli.opened


def test_a_registry_that_was_half_opened_is_closed(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = DeployedStack("dev", start().spec)
    with private(monkeypatch, fails=True) as cli:
        with pytest.raises(KeyboardInterrupt), opened_registry(stack, LocalShell()):
            pass
        assert not cli.opened


def test_missing_images_are_named_with_the_command_that_pushes_them(start: Start) -> None:
    page = next(image for image in start().images if image.service == "page")
    assert str(missing_images("dev", [page])) == (
        f"dev: the registry lacks the image of page: {REPOSITORY}/page:1.0. Run `agent-platform images push dev page --from "
        "IMAGE`, where IMAGE is one of this machine or of another registry; then run `agent-platform up dev` again."
    )


def test_a_proposed_image_changes_one_line(start: Start, tmp_path: Path) -> None:
    start()
    proposal = proposed_images(tmp_path / "Pulumi.dev.yaml", {"page": "page:2.0"})
    changed = [line for line in proposal.diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert changed == [
        "-        image: page:1.0  # pushed by another repository",
        "+        image: page:2.0  # pushed by another repository",
    ]
