"""A dev session without Docker: mirrored files, options, refusals, logs and the lock."""

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from automation.deploy.errors import DeploymentFailed, Failure
from automation.dev.debug_port import DebugPort
from automation.dev.image_layout import image_layout, named_layout
from automation.dev.log_stream import LogFilter, LogPrinter
from automation.dev.mirror import COMPLETE, Mirror
from automation.dev.options import chosen_services, model_values, parse_debug, parse_sources
from automation.dev.service_source import ImageConfig, ServiceSource, write_tools
from automation.dev.session import DevOptions, DevSession, ending, refuse_other_clouds, refuse_remote, request_restart
from automation.dev.session_lock import refuse_session, session_lock
from automation.images.build_context import IgnoreRules
from automation.images.builder import LocalImage
from automation.shell import LocalShell
from components.validation.parse import parse
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.spec import Platform
from tests.docker.fake_daemon import fake_daemon

SERVICES: dict[str, object] = {
    "web": {"app": "agentos", "build": {}, "secrets": ["API_KEY"]},
    "tool": {"app": "fastapi", "build": {}},
    "bought": {"app": "fastapi", "image": "ghcr.io/acme/bought:1.0"},
}


def spec(**changes: object) -> Platform:
    return parse({"cloud": "docker", "profile": "development", "services": SERVICES, **changes}, "dev")


def refusal(error: pytest.ExceptionInfo[InvalidConfiguration]) -> str:
    (only,) = error.value.diagnostics
    return str(only)


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    """Mirror of an application, whose image content has been copied."""
    context = tmp_path / "context"
    (context / "agents").mkdir(parents=True)
    (context / "app.py").write_text("one", encoding="utf-8")
    (context / "agents" / "a.py").write_text("a", encoding="utf-8")
    (context / ".env").write_text("KEY=1", encoding="utf-8")
    folder = tmp_path / "mirror"
    folder.mkdir()
    (folder / COMPLETE).touch()
    return Mirror(folder, context, named_layout("/srv"), IgnoreRules.parse(".env\n"))


def test_a_mirror_has_the_files_that_the_image_gets(mirror: Mirror) -> None:
    mirror.prepare("unused", LocalShell())
    copied = {path.relative_to(mirror.folder / "srv").as_posix() for path in (mirror.folder / "srv").rglob("*.*")}
    assert copied == {"app.py", "agents/a.py"}
    assert mirror.mounts == {"/srv": str(mirror.folder / "srv")}


def test_a_mirror_in_the_context_of_its_image_does_not_copy_itself(mirror: Mirror) -> None:
    inside = Mirror(mirror.context / ".local" / "dev" / "api", mirror.context, mirror.layout)
    inside.folder.mkdir(parents=True)
    (inside.folder / COMPLETE).touch()
    for _ in range(2):
        inside.prepare("unused", LocalShell())
    assert not list((inside.folder / "srv").rglob(".local"))
    assert inside.sync([".local/passphrase"]) == []


def test_an_edit_changes_the_mirror_and_a_repeated_save_does_not(mirror: Mirror) -> None:
    mirror.prepare("unused", LocalShell())
    (mirror.context / "app.py").write_text("two", encoding="utf-8")
    assert mirror.sync(["app.py", ".env"]) == ["app.py"]
    assert (mirror.folder / "srv" / "app.py").read_text(encoding="utf-8") == "two"
    assert mirror.sync(["app.py"]) == []


def test_a_deleted_file_and_folder_leave_the_mirror(mirror: Mirror) -> None:
    mirror.prepare("unused", LocalShell())
    (mirror.context / "app.py").unlink()
    (mirror.context / "agents" / "a.py").unlink()
    (mirror.context / "agents").rmdir()
    assert mirror.sync(["app.py", "agents"]) == ["app.py", "agents"]
    assert list((mirror.folder / "srv").iterdir()) == []


def test_a_private_file_is_readable_in_the_container(mirror: Mirror) -> None:
    (mirror.context / "app.py").chmod(0o600)
    (mirror.context / "run.sh").write_text("", encoding="utf-8")
    (mirror.context / "run.sh").chmod(0o700)
    mirror.prepare("unused", LocalShell())
    modes = {name: (mirror.folder / "srv" / name).stat().st_mode & 0o777 for name in ("app.py", "run.sh")}
    assert modes == {"app.py": 0o644, "run.sh": 0o755}


def test_services_with_a_build_key_run_from_source() -> None:
    assert chosen_services(spec(), (), {}) == ("web", "tool")
    assert chosen_services(spec(), ("tool",), {}) == ("tool",)


def test_a_named_source_needs_no_build_key(tmp_path: Path) -> None:
    (tmp_path / "bought").mkdir()
    sources = parse_sources(["bought=./bought:/app"], tmp_path)
    assert chosen_services(spec(), ("bought",), sources) == ("bought",)
    assert (sources["bought"].folder, sources["bought"].target) == (tmp_path / "bought", "/app")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("wbe",), "service: no service wbe (did you mean web). Use web, tool or bought."),
        (
            ("bought",),
            "services.bought: the service has no `build` key, so its source is unknown. Add one, or name a folder and its "
            "path in the container: --source bought=./folder:/path.",
        ),
    ],
)
def test_a_service_without_a_source_is_refused(names: tuple[str, ...], message: str) -> None:
    with pytest.raises(InvalidConfiguration) as error:
        chosen_services(spec(), names, {})
    assert refusal(error) == message


@pytest.mark.parametrize("text", ["web", "web=folder", "web=missing:/app", "=a:/b"])
def test_an_incomplete_source_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidConfiguration):
        parse_sources([text], tmp_path)


def test_every_debugged_service_has_its_own_port() -> None:
    assert parse_debug(["web", "tool"], ("web", "tool")) == {"web": 5678, "tool": 5679}
    assert parse_debug(["web:7000"], ("web",)) == {"web": 7000}


@pytest.mark.parametrize("texts", [["web:0"], ["web:70000"], ["other"], ["web:7000", "tool:7000"], ["web:x"]])
def test_a_port_that_cannot_be_used_is_refused(texts: list[str]) -> None:
    with pytest.raises(InvalidConfiguration):
        parse_debug(texts, ("web", "tool"))


def test_a_port_that_is_taken_is_refused_before_anything_is_done() -> None:
    port = DebugPort("web", 0, {})
    number = port._server.getsockname()[1]  # noqa: SLF001
    try:
        with pytest.raises(InvalidConfiguration) as error:
            DebugPort("tool", number, {})
    finally:
        port.close()
    assert f"port {number} for the debugger of tool cannot be used" in refusal(error)
    assert refusal(error).endswith("Name another one: --debug tool:PORT.")


def test_a_model_is_chosen_by_the_secrets_of_the_service_that_calls_it() -> None:
    assert model_values(spec(), None, ("web",)) == {}
    assert model_values(spec(), "local", ("web",)) == {}
    assert model_values(spec(), "openai:gpt-4.1", ("web",)) == {
        "services.web.secrets": ["API_KEY", "OPENAI_API_KEY"],
        "services.web.environment.OPENAI_MODEL": "gpt-4.1",
    }
    keyed = spec(services={"web": {"app": "agentos", "build": {}, "secrets": ["OPENAI_API_KEY"]}})
    assert model_values(keyed, "local", ("web",)) == {"services.web.secrets": []}


def test_an_unknown_model_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidConfiguration) as error:
        model_values(spec(), "gpt", ("web",))
    assert refusal(error) == "--model: no model gpt. Use local, openai, or openai:NAME such as openai:gpt-4.1-mini."


def test_other_clouds_production_and_other_machines_are_refused() -> None:
    aws = {"region": "us-west-2", "account_id": "111122223333"}
    with pytest.raises(InvalidConfiguration) as error:
        refuse_other_clouds(spec(cloud="aws", aws=aws, network={"zones": 2}), "dev")
    assert "dev: not supported on aws: services run from their source on a Docker host only" in refusal(error)
    for address in ("ssh://host", "tcp://10.0.0.1:2376"):
        with pytest.raises(InvalidConfiguration):
            refuse_remote(address)
    refuse_remote("unix:///run/docker.sock")


def test_logs_are_plain_in_a_pipe_and_coloured_on_a_terminal() -> None:
    lines: list[str] = []
    LogPrinter(("web", "worker"), lines.append).log("web", "ready")
    LogPrinter(("web", "worker"), lines.append, coloured=True).log("worker", "ready")
    assert lines == ["web    | ready", "\x1b[33mworker |\x1b[0m ready"]


def test_logs_are_filtered_by_service_and_pattern_and_events_are_not() -> None:
    lines: list[str] = []
    printer = LogPrinter(("web", "tool"), lines.append, shown=LogFilter(("web",), re.compile("POST")))
    printer.log("web", "POST /chat")
    printer.log("web", "GET /health")
    printer.log("tool", "POST /chat")
    printer.note("tool", "app.py changed: restarting")
    assert lines == ["web  | POST /chat", "tool | [dev] app.py changed: restarting"]


def test_a_second_session_and_an_update_are_refused_while_one_runs(tmp_path: Path) -> None:
    refuse_session(tmp_path, "dev")
    with session_lock(tmp_path, "dev"):
        for attempt in (lambda: refuse_session(tmp_path, "dev"), lambda: session_lock(tmp_path, "dev").__enter__()):
            with pytest.raises(DeploymentFailed) as error:
                attempt()
            assert f"a dev session is running (process {os.getpid()})" in str(error.value)
    refuse_session(tmp_path, "dev")


def session_of(folder: Path, *names: str) -> DevSession:
    """Session of services whose sources have requirements and one module, without a stack."""
    dockerfile = "FROM python\nWORKDIR /srv\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n"
    session = DevSession.__new__(DevSession)
    session.options, session.sources = DevOptions(), {}
    for name in names:
        context, mirrored = folder / name, folder / "mirror" / name
        context.mkdir()
        mirrored.mkdir(parents=True)
        for file in ("requirements.txt", "app.py"):
            (context / file).write_text("new", encoding="utf-8")
        mirror = Mirror(mirrored, context, image_layout(dockerfile, context, ["Dockerfile"], {}, "/srv"))
        config = ImageConfig("sha256:0", ("python",), (), {}, "/srv")
        session.sources[name] = ServiceSource(name, spec().services[name], mirror, config)
    return session


def test_a_changed_dependency_builds_the_image_of_its_service_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = session_of(tmp_path, "web", "tool")
    built: list[str] = []
    restarted: list[str] = []

    def build(services: Sequence[str], *_: object) -> None:
        built.extend(services)

    def restart(name: str, *_: object) -> None:
        restarted.append(name)

    monkeypatch.setattr(session, "_build", build)
    monkeypatch.setattr(session, "_restart", restart)
    lines: list[str] = []
    stream: Any = None
    printer = LogPrinter(("web", "tool"), lines.append)
    session.handle([tmp_path / "web" / "requirements.txt"], stream, printer, str)
    assert (built, restarted) == (["web"], [])
    assert lines == ["web  | [dev] requirements.txt changed: building the image"]
    session.handle([tmp_path / "tool" / "app.py"], stream, printer, str)
    assert (built, restarted) == (["web"], ["tool"])


@pytest.mark.parametrize(("kind", "ends"), [(Failure.CANCELLED, True), (Failure.RESOURCE, False)])
def test_an_update_that_is_interrupted_ends_the_session_and_one_that_fails_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Failure, ends: bool
) -> None:
    session, lines = session_of(tmp_path, "web"), list[str]()
    deployment: Any = SimpleNamespace(name="dev", use_values=list)
    session.deployment, session.shell = deployment, LocalShell(echo=lines.append)

    def build(_services: Sequence[str]) -> Mapping[str, LocalImage]:
        return {}

    def images(*_: object) -> Any:
        return SimpleNamespace(build=build)

    def fail() -> None:
        raise DeploymentFailed(kind, "dev: the update ended", "run it again")

    monkeypatch.setattr("automation.dev.session.ImageOperations", images)
    monkeypatch.setattr(session, "_prepare", str)
    monkeypatch.setattr(session, "_declare", str)
    stream: Any = None
    with pytest.raises(KeyboardInterrupt) if ends else nullcontext():
        session.handle([tmp_path / "web" / "requirements.txt"], stream, LogPrinter(("web",), lines.append), fail)
    assert lines == [
        "web | [dev] requirements.txt changed: building the image",
        "web | [dev] not updated: dev: the update ended. Run it again.",
    ]


def test_a_service_is_restarted_by_a_request_to_the_daemon() -> None:
    with fake_daemon({}) as daemon:
        assert request_restart("dev-compute-web-1-0123abc", daemon.environment)
        assert daemon.commands == ["POST /containers/dev-compute-web-1-0123abc/kill?signal=HUP"]
    with fake_daemon({}, "No such container", 404) as daemon:
        assert not request_restart("removed", daemon.environment)
    assert not request_restart("web", {"DOCKER_CONTEXT": "desktop"}), "Docker's client can reach it"
    assert not request_restart("web", {"DOCKER_HOST": "unix:///nowhere/docker.sock"})


def test_the_end_of_a_session_states_what_runs() -> None:
    first, *_, last = ending("dev", ("web", "tool"))
    assert first == "dev: the session has ended; web and tool run from the last saved source, without reload"
    assert last.split() == ["agent-platform", "up", "dev", "runs", "images", "of", "the", "source"]


def test_the_debugger_is_written_only_when_it_is_needed(tmp_path: Path) -> None:
    assert not (write_tools(tmp_path, debugger=False) / "debug" / "debugpy").exists()
    tools = write_tools(tmp_path, debugger=True)
    assert (tools / "debug" / "debugpy" / "__init__.py").is_file()
    assert (tools / "supervisor.py").stat().st_mode & 0o777 == 0o644
