"""Parts of a deployed stack in `doctor`, with a constructed host."""

from collections.abc import Sequence
from pathlib import Path

from automation.engine.running_stack import check_running, running_results
from automation.plan.spec_keys import BASE
from automation.stack.document import with_values
from providers.contract.cli import DeployedResource, DeployedStack
from providers.contract.diagnostics import ConfigError
from providers.contract.preflight import CheckResult, Deviation, Diagnosis, Environment, HostChecks, HostUnreachable
from providers.contract.spec import Platform
from tests.automation.check_inputs import stack
from tests.automation.command_line import write_stack_file

SERVER = DeployedResource("trial-database-server", "docker:index/container:Container", "c1", {})
ENTRY = CheckResult("entry", "https://localhost:8443 answers")


def results(*deviations: Deviation, down: Sequence[Diagnosis] = ()) -> Sequence[CheckResult]:
    checks = HostChecks(
        compare=lambda _resources, _environment: deviations,
        list_down=lambda _spec, _stack, _environment: down,
        check_entry=lambda _spec, _stack, _environment, _authority: ENTRY,
    )
    return check_running(deployed(), checks, {}, Path("ca.pem"))


def deployed() -> DeployedStack:
    found = stack("docker")
    return DeployedStack(found.name, found.spec, (SERVER,))


def test_a_deleted_container_is_reported_with_the_command_that_creates_it() -> None:
    parts, entry = results(
        Deviation(SERVER, "container trial-database-server-1a2b3c4", "no longer exists", missing=True)
    )
    name = deployed().name
    fix = f"run `agent-platform up {name}`, which creates it again"
    assert parts.diagnostics == (ConfigError(name, "container trial-database-server-1a2b3c4 no longer exists", fix),)
    assert entry == ENTRY


def test_a_part_that_is_down_is_reported_once_with_its_key() -> None:
    stopped = Deviation(SERVER, "container trial-database-server-1a2b3c4", "was stopped (exit code 137)", missing=False)
    parts, _ = results(stopped, down=[Diagnosis("database: server is down: it ends with code 137", "run `up`")])
    assert parts.diagnostics == (ConfigError("database", "server is down: it ends with code 137", "run `up`"),)


def test_a_stack_that_runs_is_reported_as_such() -> None:
    parts, _ = results()
    assert (parts.subject, parts.observed, parts.diagnostics) == (
        "parts",
        "every container of the stack exists and runs",
        (),
    )


def test_without_an_answer_of_the_host_nothing_is_added() -> None:
    def unreachable(_spec: Platform, _stack: str, _environment: Environment) -> Sequence[Diagnosis]:
        raise HostUnreachable("no answer")

    checks = HostChecks(compare=lambda _resources, _environment: (), list_down=unreachable)
    assert check_running(deployed(), checks, {}, Path("ca.pem")) == ()


def test_a_cloud_and_a_stack_that_is_not_deployed_have_no_parts(tmp_path: Path) -> None:
    assert running_results(stack("aws"), tmp_path, {}) == ()
    write_stack_file(tmp_path, "trial", with_values(BASE, {"cloud": "docker"}))
    assert running_results(stack("docker"), tmp_path, {"PATH": "/nowhere", "HOME": str(tmp_path)}) == ()
