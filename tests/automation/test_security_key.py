"""Generated key of an AgentOS on a Docker stack whose state is on this machine, with a fake engine."""

import stat
from pathlib import Path

import pytest

from automation.deploy.deployment import Deployment
from automation.deploy.guard import refuse_missing_secrets
from automation.local.security_key import supply_security_key
from automation.local.state import LocalState
from automation.plan.spec_keys import BASE
from automation.plan.summary import next_commands
from automation.secret_values.store import set_secrets
from automation.stack.document import REMOVE, read_stack, with_values
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.resource_traits import AGENTOS_KEY, API_KEY
from tests.automation.command_line import write_stack_file
from tests.automation.fake_engine import FakeEngine
from tests.planning import ROOT, production

STACK = "local"
AGENT: dict[str, object] = {"cloud": "docker", "services.web.app": "agentos", "services.web.secrets": [AGENTOS_KEY]}

OPEN_PAIR: dict[str, object] = {
    "cloud": "docker", "profile": "development", "services.web.path": "/", "ingress.auth": {"mode": "api_key"},
    "services.agent": {"app": "agentos", "image": "agent:1", "path": "/agent", "replicas": {"min": 1, "max": 1}},
}  # fmt: skip
OPEN_AGENT: dict[str, object] = {
    "cloud": "docker", "profile": "development", "services.web.app": "agentos", "services.web.path": "/",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Project folder whose stacks have their state in it."""
    project = tmp_path / "project"
    project.mkdir()
    for name in ("__main__.py", "Pulumi.yaml"):
        (project / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    for name in ("PULUMI_BACKEND_URL", "PULUMI_ACCESS_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return project


@pytest.fixture
def engine(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    return FakeEngine.install(tmp_path, monkeypatch)


def supply(folder: Path, changes: dict[str, object], name: str | None = None) -> list[str]:
    """Notes of an update of a stack."""
    write_stack_file(folder, STACK, with_values(BASE, changes))
    notes: list[str] = []
    supply_security_key(Deployment(STACK, folder, name=name), notes.append)
    return notes


def test_the_first_update_generates_the_key_and_prints_where_it_is(folder: Path, engine: FakeEngine) -> None:
    notes = supply(folder, AGENT)
    path = LocalState(folder).security_key(STACK)
    value = path.read_text(encoding="utf-8")
    assert notes == [
        f"generated {AGENTOS_KEY} for web; it is in .local/local-os-security-key, and clients send it as "
        "`Authorization: Bearer KEY`"
    ]
    assert (len(value), stat.S_IMODE(path.stat().st_mode)) == (48, 0o600)
    assert engine.calls_of("config", "set")[-1].stdin == value
    assert not any(value in argument for call in engine.calls for argument in call.arguments)
    assert value not in (folder / f"Pulumi.{STACK}.yaml").read_text(encoding="utf-8")
    assert read_stack(folder, STACK).missing_secrets == ()


def test_an_agent_that_anybody_can_call_gets_the_key_without_listing_it(folder: Path, engine: FakeEngine) -> None:
    (note,) = supply(folder, OPEN_AGENT)
    assert note.startswith(f"generated {AGENTOS_KEY} for web; ")
    assert read_stack(folder, STACK).missing_secrets == ()


def test_before_the_first_update_the_key_is_named_with_the_command_that_generates_it(folder: Path) -> None:
    write_stack_file(folder, STACK, with_values(BASE, OPEN_AGENT))
    stack = read_stack(folder, STACK)
    assert (stack.missing_secrets, stack.generated_secrets) == ((AGENTOS_KEY,), (AGENTOS_KEY,))
    with pytest.raises(InvalidConfiguration) as invalid:
        refuse_missing_secrets(stack)
    assert str(invalid.value.diagnostics[0]) == (
        f"services.web.secrets: the secret {AGENTOS_KEY} has no value. Run `agent-platform up local`, which generates it for a "
        f"state in .local, or `agent-platform secret set local {AGENTOS_KEY}`."
    )
    assert list(next_commands(stack)) == ["agent-platform doctor local", "agent-platform up local --create"]


def test_later_updates_keep_the_key(folder: Path, engine: FakeEngine) -> None:
    supply(folder, AGENT)
    value = LocalState(folder).security_key(STACK).read_text(encoding="utf-8")
    notes: list[str] = []
    calls = len(engine.calls)
    supply_security_key(Deployment(STACK, folder), notes.append)
    assert (notes, len(engine.calls)) == ([], calls)
    assert LocalState(folder).security_key(STACK).read_text(encoding="utf-8") == value


@pytest.mark.parametrize(
    "changes",
    [
        {**AGENT, "cloud": "aws"},
        {**AGENT, "services.web.app": "fastapi"},
        {"cloud": "docker", "services.web.app": "agentos"},
        {**OPEN_AGENT, "accept_risk": {"ingress.auth": "tried out for a day"}},
    ],
)
def test_other_stacks_get_no_key(folder: Path, engine: FakeEngine, changes: dict[str, object]) -> None:
    assert supply(folder, changes) == []
    assert not LocalState(folder).security_key(STACK).exists()


def test_an_ephemeral_stack_and_one_in_another_backend_get_no_key(
    folder: Path, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert supply(folder, {**AGENT, "profile": "development"}, name="pr-1") == []
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://state")
    assert supply(folder, AGENT) == []


def test_another_value_is_written_to_the_file_of_a_generated_key_only(folder: Path, engine: FakeEngine) -> None:
    supply(folder, AGENT)
    set_secrets(STACK, {AGENTOS_KEY: "another-value-of-the-key"}, folder)
    path = LocalState(folder).security_key(STACK)
    assert path.read_text(encoding="utf-8") == "another-value-of-the-key"
    path.unlink()
    set_secrets(STACK, {AGENTOS_KEY: "a-third-value-of-the-key"}, folder)
    assert not path.exists()


def test_applications_of_two_kinds_have_one_key(folder: Path, engine: FakeEngine) -> None:
    assert supply(folder, OPEN_PAIR) == [
        f"generated {AGENTOS_KEY} and {API_KEY} for agent and web; it is in .local/local-os-security-key, and clients send "
        "it as `Authorization: Bearer KEY`"
    ]
    (value,) = {call.stdin for call in engine.calls_of("config", "set")}
    assert value == LocalState(folder).security_key(STACK).read_text(encoding="utf-8")


def test_a_service_that_is_added_has_the_key_that_clients_know(folder: Path, engine: FakeEngine) -> None:
    supply(folder, {**OPEN_PAIR, "services.web.auth": "app", "ingress.auth": REMOVE})
    before = LocalState(folder).security_key(STACK).read_text(encoding="utf-8")
    stored = len(engine.calls_of("config", "set"))
    supply(folder, OPEN_PAIR)
    assert {call.stdin for call in engine.calls_of("config", "set")[stored:]} == {before}


def test_production_refuses_a_key_that_could_be_guessed(folder: Path, engine: FakeEngine) -> None:
    write_stack_file(folder, STACK, production({}, cloud="docker"))
    with pytest.raises(
        InvalidConfiguration, match=r"^OS_SECURITY_KEY: the key has fewer than 32 characters\. Provide a "
    ):
        set_secrets(STACK, {AGENTOS_KEY: "k" * 31}, folder)
    set_secrets(STACK, {AGENTOS_KEY: "k" * 32, "OPENAI_API_KEY": "short"}, folder)
