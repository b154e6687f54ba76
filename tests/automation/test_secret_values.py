"""Secrets: the values that are stored, what is refused, `.env` files, and the list."""

import io
import json
import os
import sys
from pathlib import Path

import pytest
import typer
import yaml

from automation import set_secrets
from automation.cli import secret as secret_commands
from automation.cli.session import ExitCode
from automation.deploy.errors import DeploymentFailed, Failure
from automation.plan.spec_keys import BASE
from automation.secret_values.checks import MAX_VALUE_BYTES
from automation.stack.document import with_values
from components.configuration import PLATFORM_KEY
from providers import AVAILABLE
from tests.automation.command_line import Run, runner
from tests.automation.fake_engine import FakeEngine

VALUE = "hunter2-of-the-tests"
COMMAND = "$ pulumi config set --secret agent-platform:API_KEY --stack trial  (the value is on standard input)"
PLATFORM = with_values(
    BASE, {"services.web.secrets": ["API_KEY", "TOKEN"], "services.web.image_credentials": "REGISTRY"}
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with the stack `trial`, whose file has comments, as the working directory."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "Pulumi.yaml").write_text("name: agent-platform\nruntime: python\n", encoding="utf-8")
    text = f"# owned by the platform team\nconfig:\n  {PLATFORM_KEY}: {json.dumps(PLATFORM)}   # one line\n"
    (project / "Pulumi.trial.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(project)
    return project


@pytest.fixture
def engine(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """Fake engine whose backend has the stack `trial`."""
    fake = FakeEngine.install(tmp_path, monkeypatch)
    fake.add("trial")
    return fake


@pytest.fixture
def run(engine: FakeEngine, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)


def type_on_stdin(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def stack_text(folder: Path) -> str:
    return (folder / "Pulumi.trial.yaml").read_text(encoding="utf-8")


def test_a_value_on_stdin_is_stored_and_is_no_argument(
    folder: Path, engine: FakeEngine, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    type_on_stdin(monkeypatch, f"{VALUE}\r\n".encode())
    result = run("secret", "set", "trial", "API_KEY", "--stdin")
    assert (result.code, result.errors) == (0, [COMMAND])
    (call,) = engine.calls_of("config", "set")
    assert call.stdin == VALUE
    assert all(VALUE not in argument for each in engine.calls for argument in each.arguments)
    assert VALUE not in result.out


def test_comments_and_format_of_the_stack_file_are_kept(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stack_text(folder)
    type_on_stdin(monkeypatch, VALUE.encode())
    run("secret", "set", "trial", "API_KEY", "--stdin")
    assert stack_text(folder) == f"{before}  agent-platform:API_KEY:\n    secure: v1:{len(VALUE)}\n"


def test_a_value_in_a_file_is_stored_without_its_last_line_ending(
    folder: Path, engine: FakeEngine, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "key.pem").write_text("-----BEGIN-----\nabc\n-----END-----\n", encoding="utf-8")
    run("secret", "set", "trial", "API_KEY", "--from-file", str(tmp_path / "key.pem"))
    assert engine.calls_of("config", "set")[0].stdin == "-----BEGIN-----\nabc\n-----END-----"


def test_a_terminal_prompts_without_echo(engine: FakeEngine, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    prompts: list[tuple[str, bool]] = []

    def prompt(text: str, hide_input: bool = False) -> str:
        prompts.append((text, hide_input))
        return "robot:" + VALUE

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(secret_commands.typer, "prompt", prompt)
    assert run("secret", "set", "trial", "REGISTRY").code == 0
    assert prompts == [("Value of REGISTRY as username:password", True)]


def test_an_interrupted_prompt_changes_nothing(
    folder: Path, engine: FakeEngine, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(text: str, hide_input: bool = False) -> str:
        raise typer.Abort

    before = stack_text(folder)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(secret_commands.typer, "prompt", interrupt)
    result = run("secret", "set", "trial", "API_KEY")
    assert (result.code, result.errors[-1]) == (ExitCode.FAILED, "nothing was changed")
    assert (stack_text(folder), engine.calls_of("config")) == (before, [])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("API_KEX", b"x", "API_KEX: no service lists this secret (did you mean API_KEY). Use API_KEY, TOKEN or REGISTRY, "
         "or add it to the `secrets` of a service in Pulumi.trial.yaml."),
        ("API_KEY", b"", "API_KEY: the value is empty. Provide the value of the secret."),
        ("API_KEY", b" \n", "API_KEY: the value is empty. Provide the value of the secret."),
        ("API_KEY", b"a\0b", "API_KEY: the value contains a null character. Provide text; encode binary data in Base64."),
        ("API_KEY", b"\xff\xfe", "standard input: not encoded in UTF-8. Save it as UTF-8; encode binary data in Base64."),
        ("API_KEY", b"x" * (1024 * 1024 + 1), "standard input: larger than 1024 KiB. Provide a secret alone."),
        ("API_KEY", b"x" * 70_000, "API_KEY: the value has 70000 bytes, and the cloud's limit is 65536. Provide a shorter value."),
        ("REGISTRY", b"token", "REGISTRY: the value is not of the form username:password. "
         "Write user name and password or token with a colon."),
        ("REGISTRY", b"robot:", "REGISTRY: the value is not of the form username:password. "
         "Write user name and password or token with a colon."),
    ],
)  # fmt: skip
def test_a_wrong_name_or_value_is_refused_before_anything_is_stored(
    name: str, content: bytes, message: str, engine: FakeEngine, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    type_on_stdin(monkeypatch, content)
    result = run("secret", "set", "trial", name, "--stdin")
    assert (result.code, result.errors, result.out) == (ExitCode.INVALID, [message], "")
    assert engine.calls_of("config") == []


def test_every_cloud_has_a_limit_for_values() -> None:
    assert set(MAX_VALUE_BYTES) >= set(AVAILABLE)


def test_a_value_has_one_source(run: Run, tmp_path: Path) -> None:
    both = run("secret", "set", "trial", "API_KEY", "--stdin", "--from-file", str(tmp_path / "x"))
    assert both.errors == ["--from-file: conflicts with --stdin. Remove one of them."]
    neither = run("secret", "set", "trial", "API_KEY")
    assert (neither.code, len(neither.errors)) == (ExitCode.INVALID, 1)
    assert neither.errors[0].startswith(
        "API_KEY: no value: standard input is not a terminal. Add --stdin or --from-file"
    )


def test_a_file_that_cannot_be_read_is_named(run: Run) -> None:
    assert run("secret", "set", "trial", "API_KEY", "--from-file", "absent").errors == [
        "absent: cannot be read: no such file or directory. Correct the path or its permissions."
    ]


def test_white_space_around_a_value_is_reported(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    type_on_stdin(monkeypatch, b" key")
    result = run("secret", "set", "trial", "API_KEY", "--stdin")
    assert result.errors[-1] == "note: the value of API_KEY begins or ends with white space"


def test_a_missing_engine_is_reported_before_a_value_is_read(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    result = runner(capsys)("secret", "set", "trial", "API_KEY", "--stdin")
    assert result.errors[0].startswith("the Pulumi CLI is not installed.")


def test_a_new_value_corrects_an_invalid_one(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    text = stack_text(folder)
    (folder / "Pulumi.trial.yaml").write_text(f"{text}  agent-platform:API_KEY: [a, list]\n", encoding="utf-8")
    type_on_stdin(monkeypatch, VALUE.encode())
    assert run("secret", "set", "trial", "API_KEY", "--stdin").code == 0
    assert yaml.safe_load(stack_text(folder))["config"]["agent-platform:API_KEY"] == {"secure": f"v1:{len(VALUE)}"}


def test_a_stack_without_a_backend_is_created_on_request(
    folder: Path, engine: FakeEngine, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (engine.home / "stacks" / "trial").unlink()
    type_on_stdin(monkeypatch, VALUE.encode())
    refused = run("secret", "set", "trial", "API_KEY", "--stdin")
    assert (refused.code, refused.errors[-1]) == (
        ExitCode.FAILED,
        "trial: the backend file:///state has no such stack; it has no stack of this project. "
        "Log in to the backend of the stack, or add --yes, which creates the stack.",
    )
    type_on_stdin(monkeypatch, VALUE.encode())
    created = run("secret", "set", "trial", "API_KEY", "--stdin", "--yes")
    assert (created.code, created.errors) == (0, [COMMAND, "$ pulumi stack init trial", COMMAND])
    assert stack_text(folder).startswith("# owned by the platform team\nconfig:\n")
    assert stack_text(folder).endswith("encryptionsalt: v1:salt\n")


def test_a_new_stack_has_the_secrets_provider_of_its_file(
    folder: Path, engine: FakeEngine, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (engine.home / "stacks" / "trial").unlink()
    provider = "awskms://alias/acme?region=us-west-2"
    (folder / "Pulumi.trial.yaml").write_text(f"{stack_text(folder)}secretsprovider: {provider}\n", encoding="utf-8")
    type_on_stdin(monkeypatch, VALUE.encode())
    result = run("secret", "set", "trial", "API_KEY", "--stdin", "--yes")
    assert f"$ pulumi stack init trial --secrets-provider '{provider}'" in result.errors
    (call,) = engine.calls_of("stack", "init")
    assert call.arguments[-2:] == ["--secrets-provider", provider]
    assert yaml.safe_load(stack_text(folder))["secretsprovider"] == provider


def test_a_printed_command_names_another_folder(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    type_on_stdin(monkeypatch, VALUE.encode())
    result = run("-C", "project", "secret", "set", "trial", "API_KEY", "--stdin")
    assert result.errors[0].startswith(f"$ pulumi -C {folder} config set")


def write_env_file(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / ".env"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_the_listed_names_of_an_env_file_are_stored(folder: Path, engine: FakeEngine, run: Run) -> None:
    write_env_file(folder, f"# local\nexport API_KEY='{VALUE}'\nTOKEN=a$HOME\nTOKENS=3\nREGISTRY=\nDEBUG=1\n")
    result = run("secret", "import", "trial", ".env")
    assert result.code == 0
    assert result.out.splitlines() == [
        "set in Pulumi.trial.yaml: API_KEY, TOKEN",
        "not set, because no service lists them: TOKENS, DEBUG",
        "not set, because the file has no value: REGISTRY",
        "still missing: REGISTRY",
    ]
    assert [call.stdin for call in engine.calls_of("config", "set")] == [VALUE, "a$HOME"]
    document = json.loads(run("secret", "import", "trial", ".env", "--json").out)
    assert document["set"] == ["API_KEY", "TOKEN"]
    assert document["notListed"] == ["TOKENS", "DEBUG"]


def test_an_unlisted_name_near_a_missing_one_is_suggested(folder: Path, run: Run) -> None:
    write_env_file(folder, "API_KEX=1\n")
    assert "no service lists them: API_KEX (did you mean API_KEY)" in run("secret", "import", "trial", ".env").out


def test_an_env_file_is_stored_whole_or_not_at_all(folder: Path, engine: FakeEngine, run: Run) -> None:
    write_env_file(folder, "API_KEY=x\nREGISTRY=no-colon\n")
    result = run("secret", "import", "trial", ".env")
    assert (result.code, engine.calls_of("config")) == (ExitCode.INVALID, [])
    write_env_file(folder, f'API_KEY={VALUE}\nTOKEN="{VALUE}\nnot a variable\n')
    result = run("secret", "import", "trial", ".env")
    assert [error.partition(":")[0] for error in result.errors] == [".env, line 2", ".env, line 3"]
    assert VALUE not in "".join(result.errors)
    assert engine.calls_of("config") == []


@pytest.mark.skipif(os.name == "nt", reason="no permission bits")
def test_an_env_file_that_others_may_read_is_reported(folder: Path, run: Run) -> None:
    write_env_file(folder, "TOKEN=x\n", mode=0o644)
    assert run("secret", "import", "trial", ".env").errors[0] == (
        "warning: .env is accessible to other users (mode 644); run `chmod 600 .env`"
    )


def test_the_list_has_every_secret_with_its_state_and_readers(folder: Path, run: Run) -> None:
    text = stack_text(folder)
    values = "  agent-platform:API_KEY: {secure: v1:x}\n  agent-platform:TOKEN: plain\n"
    (folder / "Pulumi.trial.yaml").write_text(text + values, encoding="utf-8")
    result = run("secret", "list", "trial")
    assert result.code == ExitCode.FAILED
    assert result.out.splitlines() == [
        "API_KEY   set                web",
        "TOKEN     set in clear text  web",
        "REGISTRY  missing            image of web",
    ]
    assert result.errors == ["run `agent-platform secret set trial REGISTRY`"]
    rows = json.loads(run("secret", "list", "trial", "--json").out)["secrets"]
    assert [row["state"] for row in rows] == ["set", "set in clear text", "missing"]


def test_from_python_the_creation_of_a_stack_needs_agreement(folder: Path, engine: FakeEngine) -> None:
    (engine.home / "stacks" / "trial").unlink()
    with pytest.raises(DeploymentFailed) as failure:
        set_secrets("trial", {"API_KEY": VALUE}, folder)
    assert failure.value.kind is Failure.NO_STACK
    assert set_secrets("trial", {"API_KEY": VALUE}, folder, agree=lambda question: None) == ("API_KEY",)
