"""The `init` command: options, questions, files, refusals."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from automation.cli.main import app
from automation.stack.cloud_defaults import cloud_defaults
from automation.stack.dockerfile import application_of, dockerfile_text
from automation.stack.document import read_stack
from tests.automation.command_line import Run, runner

AWS = ("--cloud", "aws", "--region", "us-west-2", "--account-id", "111122223333")
IMAGE = ("--image", "ghcr.io/acme/web:1.0")


def on_a_terminal(*, as_json: bool) -> bool:
    return not as_json


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AGENT_PLATFORM_DIR", raising=False)
    return runner(capsys)


def test_a_stack_of_options_is_written_and_the_next_command_printed(run: Run, tmp_path: Path) -> None:
    result = run("init", "dev", *AWS, "--app", "fastapi", *IMAGE, "--database")
    assert (result.code, result.errors) == (0, [])
    assert result.out.splitlines() == ["wrote Pulumi.dev.yaml", "next: agent-platform plan dev"]
    spec = read_stack(tmp_path, "dev").spec
    assert (spec.cloud, spec.profile, spec.services["api"].uses) == ("aws", "development", ("database",))


def test_a_stack_with_a_secret_says_how_to_set_it(run: Run) -> None:
    lines = run("init", "dev", *AWS, "--app", "agentos", *IMAGE).out.splitlines()
    assert lines[1:] == ["next: agent-platform secret set dev OS_SECURITY_KEY", "then: agent-platform plan dev"]


CLUSTER = (
    "--cloud",
    "kubernetes",
    "--context",
    "acme",
    "--tls-secret",
    "tls",
    "--cluster-uid",
    "3f0c2b1e-0000-4000-8000-000000000000",
)
PINNED = ("--image", "ghcr.io/acme/web@sha256:" + "5" * 64)
BUCKET = ("--bucket", "acme-agents", "--bucket-endpoint-url", "https://s3.example.com")


def test_files_on_a_cluster_and_backups_in_production_need_a_bucket(run: Run, tmp_path: Path) -> None:
    page = ("--app", "fastapi", *PINNED)
    own = ("--domain", "agents.example.com", "--own-auth")
    for stack, *options in (("dev", "--storage"), ("prod", "--database", *own)):
        assert run("init", stack, *CLUSTER, *page, *options).errors == [
            "options: missing, and input or output is not a terminal: --bucket, --bucket-endpoint-url. "
            "Add them, or run this on a terminal to be asked."
        ]
        result = run("init", stack, *CLUSTER, *page, *options, *BUCKET)
        assert (result.code, result.errors) == (0, [])
        keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
        commands = [*(f"secret set {stack} {key}" for key in keys), f"plan {stack}"]
        lines = [line.partition(": agent-platform ") for line in result.out.splitlines()[1:]]
        assert [(first, command) for first, _, command in lines] == list(
            zip(("next", "then", "then"), commands, strict=True)
        )
        block = read_stack(tmp_path, stack).spec.kubernetes
        assert block is not None and block.bucket is not None
        assert (block.bucket.name, block.bucket.region) == ("acme-agents", "us-east-1")


def test_production_on_a_cluster_has_an_external_cache(run: Run, tmp_path: Path) -> None:
    page = ("--app", "fastapi", *PINNED, "--domain", "agents.example.com", "--own-auth", "--cache")
    result = run("init", "prod", *CLUSTER, *page)
    assert "next: agent-platform secret set prod REDIS_URL" in result.out
    block = read_stack(tmp_path, "prod").spec.kubernetes
    assert block is not None and block.cache.external


def test_every_missing_option_is_named_in_one_error(run: Run, tmp_path: Path) -> None:
    assert run("init").errors == [
        "options: missing, and input or output is not a terminal: --cloud, --app, --image or --build. "
        "Add them, or run this on a terminal to be asked."
    ]
    assert run("init", "prod", "--cloud", "azure", "--app", "django", "--build", ".").errors == [
        "options: missing, and input or output is not a terminal: --subscription-id, --tenant-id, --region, --domain, "
        "--own-auth or --allowed-cidr. Add them, or run this on a terminal to be asked."
    ]
    assert list(tmp_path.iterdir()) == []


REFUSED: dict[str, tuple[tuple[str, ...], str]] = {
    "a name with a slash": (("a/b",), "NAME: not the name of a stack. Use letters, digits, hyphens and underscores, 40 at most."),
    "another cloud's option": (
        (*AWS, "--app", "fastapi", *IMAGE, "--project", "acme"), "--project: no effect on aws. Remove it.",
    ),
    "a bucket on a cloud that creates it": (
        (*AWS, "--app", "fastapi", *IMAGE, "--storage", "--bucket", "acme"), "--bucket: no effect on aws. Remove it.",
    ),
    "a bucket for nothing": (
        ("--cloud", "kubernetes", "--app", "fastapi", *IMAGE, "--bucket", "acme"),
        "--bucket: no effect without a database or storage. Remove it.",
    ),
    "a misspelt cloud": (
        ("--cloud", "awz"),
        '--cloud: "awz" is not one of the allowed values (did you mean aws). Use aws, gcp, azure, docker or kubernetes.',
    ),
    "two sources": (
        (*AWS, "--app", "fastapi", *IMAGE, "--build", "."), "--build: has no effect with --image. Use one of the two.",
    ),
    "a folder that is missing": (
        (*AWS, "--app", "fastapi", "--build", "nowhere"), '--build: "nowhere" is not a folder. Name the folder of the code.',
    ),
    "models on a Docker host": (
        ("--cloud", "docker", "--app", "fastapi", *IMAGE, "--models"),
        "--models: a Docker host has no managed models. Remove it.",
    ),
    "a moving image": (
        (*AWS, "--app", "fastapi", "--image", "ghcr.io/acme/web"),
        'services.api.image: "ghcr.io/acme/web" means the tag `latest`, which changes over time. '
        "Use a tag (ghcr.io/acme/web:1.0) or a digest.",
    ),
    "an account that is none": (
        ("--cloud", "aws", "--region", "us-west-2", "--account-id", "1", "--app", "fastapi", *IMAGE),
        'aws.account_id: "1" has the wrong form. Correct it: account ID, 12 digits in quotes.',
    ),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "message"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_option_is_refused_and_nothing_is_written(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    result = run("init", *arguments)
    assert (result.code, result.out) == (2, "")
    assert message in result.errors, result.errors
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_overwritten_by_force_alone_and_never_with_sealed_secrets(run: Run, tmp_path: Path) -> None:
    arguments = ("init", "dev", *AWS, "--app", "agentos", *IMAGE)
    assert run(*arguments).code == 0
    path = tmp_path / "Pulumi.dev.yaml"
    before = path.read_text(encoding="utf-8")
    assert run(*arguments, "--database").errors == [
        "Pulumi.dev.yaml: exists already. Choose another name, or add --force to overwrite it."
    ]
    assert path.read_text(encoding="utf-8") == before
    assert run(*arguments, "--database", "--force").code == 0
    sealed = path.read_text(encoding="utf-8") + "  agent-platform:OS_SECURITY_KEY: {secure: v1:abc}\n"
    path.write_text(sealed, encoding="utf-8")
    assert run(*arguments, "--force").errors == [
        "Pulumi.dev.yaml: contains sealed secrets, which would be lost. Delete the file first, or edit it."
    ]
    assert path.read_text(encoding="utf-8") == sealed


def test_the_questions_have_the_accounts_of_this_machine_as_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("automation.cli.init.can_prompt", on_a_terminal)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    config = tmp_path / "config"
    config.write_text("[default]\nregion = eu-west-1\nsso_account_id = 111122223333\n", encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    lines = ["", "gpc", "aws", "agentos", "ghcr.io/acme/agent:1", "", "", "", "y", "", "", "", "", ""]
    result = CliRunner().invoke(app, ["init"], input="\n".join(lines))
    assert result.exit_code == 0, result.output
    assert (
        '"gpc" is not one of the allowed values (did you mean gcp); use aws, gcp, azure, docker or kubernetes'
        in result.output
    )
    spec = read_stack(tmp_path, "dev").spec
    assert spec.aws is not None
    assert (spec.aws.region, spec.aws.account_id) == ("eu-west-1", "111122223333")
    assert (spec.database is not None, spec.cache) == (True, None)


def test_an_interrupted_question_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("automation.cli.init.can_prompt", on_a_terminal)
    assert CliRunner().invoke(app, ["init"], input="dev\naws\n").exit_code == 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_a_dockerfile_gets_one_and_its_own_is_kept(run: Run, tmp_path: Path) -> None:
    agent = tmp_path / "agent"
    agent.mkdir()
    (agent / "service.py").write_text("from fastapi import FastAPI\n\napi = FastAPI()\n", encoding="utf-8")
    arguments = ("--cloud", "docker", "--app", "fastapi", "--build", "agent")
    result = run("init", "dev", *arguments)
    assert result.out.splitlines()[:3] == [
        "wrote Pulumi.dev.yaml",
        "wrote agent/Dockerfile",
        "wrote agent/.dockerignore",
    ]
    lines = (agent / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert "USER 10001" in lines
    assert lines[-1] == 'CMD ["sh", "-c", "exec uvicorn service:api --host 0.0.0.0 --port ${PORT:-8000}"]'
    assert {".env", "Pulumi*.yaml", ".git"} <= set((agent / ".dockerignore").read_text(encoding="utf-8").split())
    (agent / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    assert run("init", "other", *arguments).out.splitlines()[0:2] == [
        "wrote Pulumi.other.yaml",
        "next: agent-platform plan other",
    ]
    assert (agent / "Dockerfile").read_text(encoding="utf-8") == "FROM scratch\n"


def test_a_build_of_another_kind_says_what_it_expects(run: Run, tmp_path: Path) -> None:
    result = run("init", "dev", "--cloud", "docker", "--app", "custom", "--build", ".")
    assert "add a Dockerfile to .: the container runs as user 10001" in result.out
    assert not (tmp_path / "Dockerfile").exists()


def test_the_file_is_written_to_the_folder_of_the_option_and_its_context_is_relative_to_it(
    run: Run, tmp_path: Path
) -> None:
    for name in ("infra", "code"):
        (tmp_path / name).mkdir()
    assert run("-C", "infra", "init", "dev", "--cloud", "docker", "--app", "fastapi", "--build", "code").code == 0
    build = read_stack(tmp_path / "infra", "dev").spec.services["api"].build
    assert build is not None and build.context == "../code"


@pytest.mark.parametrize(
    ("file", "text", "install"),
    [
        ("requirements.txt", "fastapi\n", "RUN pip install -r requirements.txt"),
        ("pyproject.toml", "[project]\n", "RUN pip install ."),
        ("main.py", "x = 1\n", "RUN pip install fastapi uvicorn"),
    ],
)
def test_a_dockerfile_installs_what_the_folder_lists(tmp_path: Path, file: str, text: str, install: str) -> None:
    (tmp_path / file).write_text(text, encoding="utf-8")
    assert install in dockerfile_text("fastapi", tmp_path).splitlines()


def test_the_application_of_an_agent_os_is_what_it_returns(tmp_path: Path) -> None:
    assert application_of(tmp_path) == "main:app"
    (tmp_path / "agents.py").write_text(
        "agent_os = AgentOS(agents=[])\nserver = agent_os.get_app()\n", encoding="utf-8"
    )
    assert application_of(tmp_path) == "agents:server"


def test_account_and_region_are_read_from_files_and_variables(tmp_path: Path) -> None:
    gcloud = tmp_path / ".config" / "gcloud" / "configurations"
    gcloud.mkdir(parents=True)
    (gcloud / "config_default").write_text(
        "[core]\nproject = acme\n[compute]\nregion = europe-west1\n", encoding="utf-8"
    )
    azure = tmp_path / ".azure"
    azure.mkdir()
    subscriptions = [
        {"id": "s1", "tenantId": "t1", "isDefault": False},
        {"id": "s2", "tenantId": "t2", "isDefault": True},
    ]
    (azure / "azureProfile.json").write_text("\ufeff" + json.dumps({"subscriptions": subscriptions}), encoding="utf-8")
    assert cloud_defaults("gcp", {}, tmp_path) == {"project": "acme", "region": "europe-west1"}
    assert cloud_defaults("gcp", {"GOOGLE_CLOUD_PROJECT": "other"}, tmp_path)["project"] == "other"
    expected = {"subscription_id": "s2", "tenant_id": "t2", "location": "westus3"}
    assert cloud_defaults("azure", {}, tmp_path) == expected
    assert cloud_defaults("aws", {"AWS_REGION": "eu-west-1"}, tmp_path) == {"region": "eu-west-1"}
    assert cloud_defaults("docker", {}, tmp_path) == {}


@pytest.mark.parametrize("content", ["", "[", '{"subscriptions": 1}', '{"subscriptions": ["x"]}', "\0"])
def test_a_file_that_cannot_be_read_offers_nothing(tmp_path: Path, content: str) -> None:
    for name in (".azure/azureProfile.json", ".azure/config", ".aws/config"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
    assert cloud_defaults("azure", {}, tmp_path) == {"location": "westus3"}
    assert cloud_defaults("aws", {}, tmp_path) == {"region": "us-west-2"}
