"""Import of what the owner of a cluster has created for a stack: only what the update would create, and with a line for each."""

from collections.abc import Mapping, Sequence

import pytest

from automation.deploy.changes import ResourceChange
from automation.deploy.deployment import Deployment
from automation.deploy.results import Preview
from automation.recover import prepared_objects
from automation.recover.prepared_objects import import_prepared
from providers.contract.preflight import Environment, HostChecks, HostUnreachable, PreparedObject
from providers.contract.spec import Platform
from tests.automation.event_fixtures import urn_of
from tests.planning import ROOT

NAMESPACE = "kubernetes:core/v1:Namespace"


class Owner:
    """Cluster whose owner has created a namespace; records the imported ids."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, answers: bool = True) -> None:
        self.answers, self.ids, self.notes = answers, dict[str, str](), list[str]()
        monkeypatch.setattr(prepared_objects, "host_checks", self.checks)
        monkeypatch.setattr(prepared_objects, "planned_imports", self.planned)
        monkeypatch.setattr(prepared_objects, "import_objects", self.imported)

    def listed(self, _spec: Platform, _stack: str, _environment: Environment) -> Sequence[PreparedObject]:
        if not self.answers:
            raise HostUnreachable("no answer")
        return [PreparedObject(NAMESPACE, "prod-network-namespace", "agents")]

    def checks(self, _cloud: str) -> HostChecks:
        return HostChecks(list_prepared=self.listed)

    def imported(self, _deployment: Deployment, matches: tuple[()], events: list[object]) -> None:
        assert (matches, events) == ((), [])

    def planned(self, _deployment: Deployment, ids: Mapping[str, str]) -> tuple[tuple[()], list[object]]:
        self.ids.update(ids)
        return (), []

    def imports(self, operation: str) -> bool:
        change = ResourceChange(urn_of(NAMESPACE, "prod-network-namespace", "Network"), operation)
        return import_prepared(Deployment("prod", ROOT), Preview("prod", (change,)), self.notes.append)


def test_a_namespace_that_the_update_would_create_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = Owner(monkeypatch)
    assert owner.imports("create")
    assert owner.ids == {"prod-network-namespace": "agents"}
    assert owner.notes == [
        "prod-network-namespace exists in the cluster as agents, with the labels of the stack; imported into the state"
    ]


@pytest.mark.parametrize(("operation", "answers"), [("same", True), ("update", True), ("create", False)])
def test_nothing_is_imported_for_a_deployed_stack_or_from_a_cluster_without_an_answer(
    monkeypatch: pytest.MonkeyPatch, operation: str, answers: bool
) -> None:
    owner = Owner(monkeypatch, answers=answers)
    assert not owner.imports(operation)
    assert (owner.ids, owner.notes) == ({}, [])
