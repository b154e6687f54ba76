"""Answers of a deployed entry in `doctor`."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from providers.contract.preflight import CheckResult
from providers.docker.preflight.entry import check_entry
from tests.docker.specs import spec_of

LOCAL = {"DOCKER_HOST": "unix:///var/run/docker.sock"}


def result(status: int, environment: Mapping[str, str] = LOCAL) -> CheckResult:
    return check_entry(spec_of(), "prod", environment, Path("ca.pem"), lambda _url, _authority: status)


@pytest.mark.parametrize("status", [200, 301, 401, 404])
def test_any_answer_of_a_service_is_an_answer(status: int) -> None:
    assert result(status).diagnostics == ()
    assert "answers for" in result(status).observed


def test_an_entry_that_does_not_answer_is_reported_with_the_command_that_starts_it() -> None:
    (error,) = result(0).diagnostics
    assert str(error) == (f"ingress: {error.problem}. Run `agent-platform up prod`, which starts what is stopped.")
    assert error.problem.endswith("does not answer")


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_service_without_a_ready_replica_is_named(status: int) -> None:
    errors = result(status).diagnostics
    names = list(spec_of().public)
    assert [error.key for error in errors] == [f"services.{name}" for name in names]
    assert f"answers with {status} for {names[0]}, of which no replica is ready" in errors[0].problem
    assert errors[0].fix == f"run `agent-platform logs prod {names[0]}` to see why"


def test_the_entry_of_another_machine_is_not_asked() -> None:
    found = result(200, {"DOCKER_HOST": "tcp://build.example.com:2376"})
    assert found.diagnostics == ()
    assert found.fix.startswith("run `curl https://")
