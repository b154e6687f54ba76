"""Failover of a deployment: the update of one region, what its program registers, and the order of the engine's operations."""

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from automation.deploy import partial_program
from automation.deploy.deployment import Deployment
from automation.deploy.errors import DeploymentFailed
from automation.deploy.events import OnEvent
from automation.deploy.failover_record import FailoverRecord
from automation.deploy.state import belongs_to, dependents, state_resources, without_dependencies
from automation.deploy.targets import FAILOVER_MESSAGE, PARTIAL_MESSAGES
from automation.failover.begin import next_record, refuse_open_failover
from automation.failover.role_targets import role_targets
from automation.failover.stack_failover import StackFailover
from automation.failover.steps import step_lines
from automation.plan.inventory import Inventory, Value
from automation.urn import Urn
from providers.contract.cli import DeployedStack
from providers.contract.failover import Address
from tests.automation.command_line import write_stack_file
from tests.aws.test_failover_commands import ScriptedAws, stack
from tests.planning import JOBS, plan, production

HOME, STANDBY = "us-west-2", "us-east-1"
RECOVERY: Mapping[str, object] = {"mode": "warm", "standby_region": STANDBY}
DATABASE = (
    "urn:pulumi:prod::agent-platform::agent-platform:index:Database$aws:rds/instance:Instance::prod-us-east-1-database"
)


@cache
def declared(active: str) -> Inventory:
    return plan(production({"recovery": {**RECOVERY, "active_region": active}, "jobs": JOBS}, cloud="aws"))


@pytest.mark.long(reason="plans both regions several times")
@pytest.mark.parametrize(("source", "target"), [(HOME, STANDBY), (STANDBY, HOME)])
def test_the_targets_are_what_the_role_decides_in_one_region(source: str, target: str) -> None:
    targets = role_targets(declared(source), declared(target), f"prod-{target}", entry=False)
    types = {urn.type.rpartition(":")[2] for urn in targets}
    assert {"Instance", "Target", "Schedule", "ReplicationGroup"} <= types
    assert "Record" not in types
    assert {STANDBY in urn.name for urn in targets} == {target == STANDBY}
    # a target has the types of all its parents, as in the state
    assert all(
        urn.split("::")[2].startswith("agent-platform:index:AgentPlatform$agent-platform:index:") for urn in targets
    )


def test_nothing_of_the_standby_region_that_changes_refers_to_a_resource_of_the_home_region_but_its_password() -> None:
    """The program of the update registers nothing of the home region, so a target must not depend on anything there."""
    after = declared(STANDBY)
    changed = {urn.name for urn in role_targets(declared(HOME), after, f"prod-{STANDBY}", entry=False)}
    for resource in after.custom:
        if resource.name in changed and STANDBY in resource.name:
            for urn in resource.depends_on:
                found = after.by_urn[urn]
                assert (
                    STANDBY in found.name or found.type.startswith("random:") or "random" in (found.provider or "")
                ), (
                    resource.name,
                    found.name,
                )


@pytest.mark.parametrize(("source", "target"), [(HOME, STANDBY), (STANDBY, HOME)])
def test_no_target_is_an_object_of_the_other_region_with_the_provider_of_this_one(source: str, target: str) -> None:
    after = declared(target)
    changed = {urn.name for urn in role_targets(declared(source), after, f"prod-{target}", entry=False)}
    named = {each.inputs.get("region") for each in after.custom if each.name in changed}
    assert source not in named


def test_a_resource_belongs_to_its_provider_and_so_does_the_provider() -> None:
    provider = (
        "urn:pulumi:prod::agent-platform::agent-platform:index:AgentPlatform$pulumi:providers:aws::prod-us-west-2"
    )
    assert belongs_to({"urn": provider, "type": "pulumi:providers:aws"}, "prod-us-west-2")
    assert belongs_to({"urn": DATABASE, "type": "t", "provider": f"{provider}::1a2b"}, "prod-us-west-2")
    assert not belongs_to({"urn": DATABASE, "type": "t", "provider": f"{provider}::1a2b"}, "prod-us-east-1")
    assert not belongs_to({"urn": DATABASE, "type": "t"}, "prod-us-west-2")


def test_the_history_knows_an_update_of_one_region_as_a_partial_one() -> None:
    assert FAILOVER_MESSAGE in PARTIAL_MESSAGES


def answering(text: str) -> Callable[..., str]:
    """Return a command of the engine with one answer."""

    def run(*_arguments: str) -> str:
        return text

    return run


class FakeDeployment:
    """Deployment whose operations are recorded."""

    def __init__(self, folder: Path) -> None:
        write_stack_file(folder, "prod", production({"recovery": RECOVERY}, cloud="aws"))
        real = Deployment("prod", folder)
        self.name, self.folder, self.workdir, self.environment = "prod", folder, real.workdir, real.environment
        self.calls: list[str] = []
        self.engine = SimpleNamespace(
            name="prod",
            export_state=lambda: {
                "deployment": {"resources": [{"urn": DATABASE, "type": "aws:rds/instance:Instance"}]}
            },
            run_command=answering("{}"),
        )

    @property
    def file(self) -> object:
        return self.workdir.file

    @contextmanager
    def engine_errors(self) -> Generator[None]:
        yield

    def refresh(self, on_event: OnEvent | None = None, targets: Sequence[str] = ()) -> None:
        self.calls.append(f"refresh {len(targets)} with {self.workdir.file.spec.active_region}")

    def up(self, on_event: OnEvent | None = None) -> None:
        self.calls.append("up")


@contextmanager
def phase(_title: str) -> Generator[OnEvent]:
    yield lambda _event: None


@pytest.fixture
def failover(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StackFailover:
    deployment = FakeDeployment(tmp_path)

    def deploy(
        of: FakeDeployment, declared: Inventory, targets: tuple[Urn, ...], message: str, _on: OnEvent, *, without: str
    ) -> None:
        assert {urn.name for urn in targets} <= {each.name for each in declared.resources}
        of.calls.append(f"deploy {len(targets) > 10} without {without}")

    monkeypatch.setattr(partial_program, "deploy_targets", deploy)
    found = StackFailover(cast("Deployment", deployment), lambda _line: None, phase, shell=ScriptedAws())
    found.__dict__["stack"] = DeployedStack("prod", found.deployment.file.spec, stack().resources)
    return found


@pytest.mark.long(reason="plans both regions several times")
def test_the_file_names_the_region_before_the_database_is_read_and_the_region_updated(failover: StackFailover) -> None:
    failover.adopt(STANDBY)
    assert failover.active == STANDBY
    assert cast("FakeDeployment", failover.deployment).calls == [
        f"refresh 1 with {STANDBY}",
        "deploy True without prod-us-west-2",
    ]


def test_a_dry_run_has_the_commands_of_every_step_and_changes_nothing(failover: StackFailover) -> None:
    lines = list(step_lines(failover, next_record(failover, "failover", planned=True)))
    assert [line[:2] for line in lines if line[0].isdigit()] == ["1.", "2.", "3.", "4.", "5.", "6."]
    text = "\n".join(lines)
    for command in (
        "aws application-autoscaling register-scalable-target",
        "aws rds promote-read-replica --db-instance-identifier prod-database",
        "pulumi up --stack prod --target",
        "curl --connect-to agents.example.com:443:prod-us-east-1.elb.amazonaws.com:443 https://agents.example.com/",
        "aws route53 change-resource-record-sets",
        "agent-platform up prod",
    ):
        assert command in text, command
    assert "(about 10 min)" in text
    assert cast("ScriptedAws", failover.shell).commands == [] and failover.active == HOME


@pytest.mark.long(reason="plans both regions several times")
def test_a_dry_run_of_a_failback_deletes_and_renews(failover: StackFailover) -> None:
    record = FailoverRecord("failback", "seeding", STANDBY, HOME, planned=True, since="t")
    lines = list(step_lines(failover, record))
    assert len([line for line in lines if line[0].isdigit()]) == 8
    assert len([line for line in lines if "delete-db-instance" in line]) == 2


def test_the_entry_is_tested_with_the_name_of_the_domain(failover: StackFailover) -> None:
    requests: list[tuple[Address, str, str]] = []

    def probe(address: Address, domain: str, path: str) -> str:
        requests.append((address, domain, path))
        return "503"

    failover.probe = probe
    assert failover.test(STANDBY) == "503"
    assert requests[0][:2] == (Address("prod-us-east-1.elb.amazonaws.com", 443), "agents.example.com")


def test_up_is_refused_while_a_failover_is_in_progress(failover: StackFailover) -> None:
    deployment = cast("FakeDeployment", failover.deployment)
    refuse_open_failover(cast("Deployment", deployment), "agent-platform up prod")
    tags = {"failover": json.dumps(["failover", "routing", "a", "b", True, "t"])}
    deployment.engine.run_command = answering(json.dumps(tags))
    with pytest.raises(DeploymentFailed) as refused:
        refuse_open_failover(cast("Deployment", deployment), "agent-platform up prod")
    assert str(refused.value) == (
        "prod: a failover from a to b is in progress (routing). Complete it with `agent-platform failover prod`, then run "
        "`agent-platform up prod` again."
    )


THERE = "urn:pulumi:prod::agent-platform::pulumi:providers:aws::prod-us-east-1::1a2b"


def test_dependents_are_followed_over_others_and_to_children() -> None:
    state: list[Mapping[str, Value]] = [
        {"urn": "a"},
        {"urn": "b", "dependencies": ["a"]},
        {"urn": "c", "dependencies": ["b"]},
        {"urn": "d", "parent": "c"},
        {"urn": "e", "dependencies": ["x"]},
    ]
    assert [each["urn"] for each in dependents(state, ["a"])] == ["b", "c", "d"]
    assert dependents(state, ["e"]) == []


def test_no_resource_of_a_provider_depends_on_a_target_also_not_through_others() -> None:
    def resource(urn: str, *needs: str, provider: str = "p::i") -> Mapping[str, Value]:
        by_property: Mapping[str, Value] = {"one": list(needs), "two": ["kept"]}
        return {"urn": urn, "provider": provider, "dependencies": [*needs, "kept"], "propertyDependencies": by_property}

    there = THERE
    state: Mapping[str, Value] = {
        "version": 3,
        "deployment": {
            "resources": [
                resource("target"), resource("beside", "target"), resource("a", "target", "beside", provider=there),
                resource("b", "a", provider=there), {**resource("c", provider=there), "deletedWith": "target"},
            ]
        },
    }  # fmt: skip
    separated = without_dependencies(state, ["prod-us-east-1"], ["target"])
    kept = {str(each["urn"]): each for each in state_resources(separated)}
    assert kept["beside"] == resource("beside", "target")
    assert kept["a"] == {**resource("a", provider=there), "propertyDependencies": {"one": [], "two": ["kept"]}}
    assert kept["b"] == resource("b", "a", provider=there)
    assert kept["c"] == resource("c", provider=there)
    assert separated["version"] == 3
    assert without_dependencies(separated, ["prod-us-east-1"], ["target"]) == separated
