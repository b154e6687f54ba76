"""Objects with a tag that the state lacks: found by the command line of a cloud, and taken over by the real engine."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from automation.deploy.deployment import Deployment
from automation.plan.inventory import Value
from automation.recover.handmade import import_objects
from automation.recover.importer import previewed_events
from automation.recover.missing_resources import planned_creations
from automation.recover.tag_import import find_tagged
from providers.contract.tag_search import Tag
from tests.contract.test_live_audit import ACCOUNTS, LOGINS, FakeAccount
from tests.engine.fake_cloud.addresses import address_of
from tests.engine.project import STACK, EngineProject

Answer = Callable[[str, str], object]


@dataclass(frozen=True)
class Handmade:
    """Resource of the small platform that is treated as made by hand: an input that differs, and the answer of the search."""

    type: str
    name: str
    input: str
    value: Value
    answer: Answer
    """Output of the command line for an address and a display name."""


def aws_answer(address: str, _name: str) -> object:
    return {"ResourceTagMappingList": [{"ResourceARN": address, "Tags": []}]}


def google_answer(address: str, name: str) -> object:
    return [{"name": address, "assetType": "monitoring.googleapis.com/AlertPolicy", "displayName": name}]


def azure_answer(address: str, name: str) -> object:
    return [{"id": address, "name": name}]


HANDMADE: Mapping[str, Handmade] = {
    "aws": Handmade(
        "aws:rds/eventSubscription:EventSubscription", "prod-database-critical-events", "enabled", False, aws_answer
    ),
    "gcp": Handmade(
        "gcp:monitoring/alertPolicy:AlertPolicy", "prod-monitoring-chat-cpu-percent", "userLabels", {}, google_answer
    ),
    "azure": Handmade(
        "azure-native:monitor:MetricAlert", "prod-monitoring-chat-cpu-percent", "description", "by hand", azure_answer
    ),
}


@pytest.mark.long(reason="commands/test_import.py takes over an object with a tag on AWS")
def test_an_object_with_a_tag_is_taken_over_without_replacement(cloud: str, small_copy: EngineProject) -> None:
    handmade = HANDMADE[cloud]
    (resource,) = [
        each
        for each in small_copy.state()
        if each["type"] == handmade.type and str(each["urn"]).endswith(f"::{handmade.name}")
    ]
    small_copy.run("state", "delete", str(resource["urn"]), "--yes")
    small_copy.cloud.change(handmade.type, handmade.name, handmade.input, handmade.value)
    identity, inputs = str(resource["id"]), resource["inputs"]
    assert isinstance(inputs, dict)
    address = address_of(handmade.type, identity, inputs, {})
    name = str(inputs.get("displayName") or address.rpartition("/")[2])
    answer = json.dumps(handmade.answer(address, name))
    shell = FakeAccount(
        {LOGINS[cloud]: ACCOUNTS[cloud], "get-resources": answer, "search-all": answer, "resource list": answer,
         "group list": "[]"}
    )  # fmt: skip
    deployment = Deployment(STACK, small_copy.folder, environment=small_copy.environment)
    events = previewed_events(deployment)
    found = find_tagged(deployment, Tag("app", "agents"), planned_creations(events), shell)
    assert [(each.match.missing.urn, each.match.identity) for each in found.matches] == [(resource["urn"], identity)]
    before = small_copy.cloud.objects()
    imported = import_objects(deployment, [each.match for each in found.matches], events)
    assert small_copy.cloud.objects() == before
    changes = [(each.urn, each.operation, [path.path for path in each.properties]) for each in imported.changes]
    assert changes == [(resource["urn"], "update", [handmade.input])]
    small_copy.up()
    after = small_copy.cloud.find(handmade.type, identity)
    assert after is not None and after.input(handmade.input) != handmade.value
    assert len(small_copy.cloud.objects()) == len(before)
