"""Expiring stacks: when they expire, and which stacks a sweep destroys."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from automation.cli.main import main
from automation.day2 import expired_stacks
from automation.day2.expired_stacks import BackendStack, SweepResult, sweep
from automation.deploy import Clock, Deployment, DeploymentFailed, Failure, Update
from automation.plan.spec_keys import BASE
from automation.stack.document import read_stack, with_values
from automation.stack.workdir import ephemeral_overrides, expiry, is_over, moment
from components.configuration import PLATFORM_KEY
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.spec.defaults import Raw

EXPIRES = "agent-platform:expires_at"
NOON = datetime(2031, 5, 17, 12, tzinfo=UTC)
WITH_DOMAIN = with_values(
    BASE,
    {
        "ingress.domain": "agents.example.com",
        "ingress.dns_zone": "example.com",
        "services.web.path": "/",
        "database": {},
    },
)


def update(kind: str = "update", expires_at: str | None = None, result: str = "succeeded") -> Update:
    config = {PLATFORM_KEY: "{}"} | ({EXPIRES: expires_at} if expires_at else {})
    return Update(1, kind, result, NOON, 1.0, {}, config=config)


def test_the_last_update_sets_the_expiry() -> None:
    history = [update(expires_at="2031-05-17T14:00:00+00:00"), update(expires_at="2031-05-01T00:00:00+00:00")]
    assert expiry(history) == NOON + timedelta(hours=2)


def test_a_failed_update_sets_the_expiry() -> None:
    assert expiry([update(expires_at="2031-05-17T12:00:00Z", result="failed")]) == NOON


def test_a_refresh_or_a_destroy_keeps_the_expiry() -> None:
    assert expiry([update("destroy"), update("refresh"), update(expires_at="2031-05-17T12:00:00Z")]) == NOON


def test_a_stack_whose_last_update_set_no_expiry_never_expires() -> None:
    assert expiry([update(), update(expires_at="2031-05-17T12:00:00Z")], "2031-05-17T12:00:00Z") is None


def test_before_its_first_update_the_tag_sets_the_expiry() -> None:
    assert expiry([], "2031-05-17T12:00:00+00:00\n") == NOON
    assert expiry([]) is None


@pytest.mark.parametrize("text", ["", "soon", "[secret]", "12"])
def test_text_that_is_no_time_is_no_expiry(text: str) -> None:
    assert moment(text) is None and not is_over(moment(text), NOON)


def test_a_time_without_a_zone_is_utc_and_another_zone_is_honoured() -> None:
    assert moment("2031-05-17T12:00:00") == moment("2031-05-17T14:00:00+02:00") == NOON


def test_a_stack_expires_at_its_expiry() -> None:
    assert is_over(NOON, NOON) and not is_over(NOON + timedelta(seconds=1), NOON) and not is_over(None, NOON)


class Backend:
    """Stacks by name with their expiry; `failing` cannot be destroyed and `unreadable` cannot be read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **expiries: datetime | None) -> None:
        self.expiries, self.destroyed = expiries, list[str]()
        self.failing, self.unreadable = set[str](), set[str]()
        monkeypatch.setattr(expired_stacks, "backend_stacks", self.names)
        monkeypatch.setattr(BackendStack, "expiry", self._expiry())
        monkeypatch.setattr(BackendStack, "destroy", self._destroy())

    def names(self, folder: Path, environment: object = None) -> list[str]:
        return sorted(self.expiries)

    def _expiry(self) -> Callable[[Deployment], datetime | None]:
        def read(stack: Deployment) -> datetime | None:
            if stack.name in self.unreadable:
                raise DeploymentFailed(Failure.DAMAGED, "the state in the backend is damaged", stack=stack.name)
            return self.expiries[stack.name]

        return read

    def _destroy(self) -> Callable[[Deployment, object], None]:
        def destroy(stack: Deployment, on_event: object = None) -> None:
            if stack.name in self.failing:
                raise DeploymentFailed(Failure.LOCKED, "another update is in progress", "wait", stack=stack.name)
            self.destroyed.append(stack.name)

        return destroy


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: agent-platform\nruntime: python\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def results(folder: Path, *, dry_run: bool = False) -> list[tuple[str, str]]:
    return [(each.stack, each.result) for each in sweep(folder, dry_run=dry_run, clock=Clock(now=lambda: NOON))]


def test_only_expired_stacks_are_destroyed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = Backend(monkeypatch, expired=NOON, recent=NOON + timedelta(minutes=1), prod=None)
    assert results(project) == [("expired", "destroyed")]
    assert backend.destroyed == ["expired"]


def test_a_dry_run_destroys_nothing(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = Backend(monkeypatch, expired=NOON, prod=None)
    assert results(project, dry_run=True) == [("expired", "due")]
    assert backend.destroyed == []


def test_a_failure_does_not_stop_the_other_stacks(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = Backend(monkeypatch, a=NOON, b=NOON, c=NOON, d=NOON)
    backend.failing, backend.unreadable = {"a"}, {"c"}
    assert results(project) == [("a", "failed"), ("b", "destroyed"), ("c", "failed"), ("d", "destroyed")]


def test_each_result_is_reported_at_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Backend(monkeypatch, a=NOON, b=NOON)
    results: list[SweepResult] = []
    sweep(project, clock=Clock(now=lambda: NOON), on_swept=results.append)
    assert [each.stack for each in results] == ["a", "b"]


def test_the_command_exits_with_1_after_a_failure(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Backend(monkeypatch, a=NOON - timedelta(days=9000), b=NOON - timedelta(days=9000)).failing = {"a"}
    with pytest.raises(SystemExit) as ended:
        main(["sweep"])
    printed = capsys.readouterr()
    assert ended.value.code == 1
    assert printed.err == "a: another update is in progress. Wait.\n"
    assert printed.out == "b: destroyed and removed; expired at 2006-09-25T12:00:00+00:00\n"


def test_a_sweep_outside_the_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match="Run the command in the project folder"):
        sweep(tmp_path)


def ephemeral(
    folder: Path,
    platform: Raw,
    name: str = "pr-7",
    *,
    ttl_hours: float | None = None,
    overrides: Mapping[str, object] | None = None,
) -> Deployment:
    text = yaml.safe_dump({"config": {PLATFORM_KEY: platform}})
    (folder / "Pulumi.staging.yaml").write_text(text, encoding="utf-8")
    clock = Clock(now=lambda: NOON)
    return Deployment("staging", folder, name=name, clock=clock, ttl_hours=ttl_hours, overrides=overrides)


def test_an_ephemeral_stack_has_its_own_domain_and_no_deletion_protection(project: Path) -> None:
    spec = ephemeral(project, {**WITH_DOMAIN, "profile": "staging"}).file.spec
    assert spec.ingress.domain == "pr-7.agents.example.com"
    assert spec.database is not None and spec.database.deletion_protection is False


def test_overrides_concern_only_what_the_file_contains() -> None:
    assert ephemeral_overrides({"services": {}}, "pr-7", {}) == {}


def test_explicit_overrides_take_precedence() -> None:
    overrides = {"ingress.domain": "other.example.com", "database.deletion_protection": True}
    assert ephemeral_overrides(WITH_DOMAIN, "pr-7", overrides) == overrides


def test_an_ephemeral_stack_never_has_the_production_profile(project: Path) -> None:
    production = {key: value for key, value in BASE.items() if key != "profile"}
    with pytest.raises(InvalidConfiguration) as refused:
        _ = ephemeral(project, production).file
    (error,) = refused.value.diagnostics
    assert error.key == "profile"
    assert "pr-7" in error.problem
    assert ephemeral(project, production, overrides={"profile": "development"}).file.spec.profile == "development"


def test_an_ephemeral_stack_cannot_have_the_name_of_a_stack_with_a_file(project: Path) -> None:
    (project / "Pulumi.prod.yaml").write_text("config: {}\n", encoding="utf-8")
    with pytest.raises(InvalidConfiguration, match="is a stack with its own file"):
        _ = ephemeral(project, BASE, name="prod").file


def test_an_ephemeral_stack_has_a_temporary_folder_and_leaves_the_project_unchanged(project: Path) -> None:
    deployment = ephemeral(project, BASE)
    before = sorted(project.iterdir())
    work_folder = deployment.work_folder
    deployment.workdir.renew(NOON)
    assert sorted(project.iterdir()) == before
    assert work_folder != project and work_folder.is_dir()
    del deployment
    assert not work_folder.exists()


@pytest.mark.parametrize(("hours", "end"), [(2.5, "14:30"), (None, "12:00")])
def test_every_update_renews_the_expiry(project: Path, hours: float | None, end: str) -> None:
    deployment = ephemeral(project, BASE, ttl_hours=hours)
    assert EXPIRES not in read_stack(deployment.work_folder, "pr-7").config
    deployment.workdir.renew(NOON)
    day = 17 if hours else 18
    assert read_stack(deployment.work_folder, "pr-7").config[EXPIRES] == f"2031-05-{day}T{end}:00+00:00"


def test_a_stack_with_its_own_file_never_expires(project: Path) -> None:
    ephemeral(project, BASE)
    assert Deployment("staging", project).workdir.expires_at(NOON) is None
