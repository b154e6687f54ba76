"""Queries and results of the searches of each cloud."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace

import pytest

from automation.engine.clouds import aws, azure, gcp, stack_tags
from automation.engine.target import CloudTarget
from automation.processes import CompletedCommand
from automation.recover import search
from automation.recover.discovery import find_objects, observed_objects
from automation.recover.missing_resources import MissingResource
from automation.recover.search import WHOLE_SEARCH, CloudSearcher, HostSearcher, ReadTarget, SearchReply, command_of
from automation.recover.steps import StepLog, log_unsearched
from automation.stack.document import stack_of
from automation.urn import Urn
from components.agent_platform import tags_of
from components.configuration import PLATFORM_KEY
from components.settings import Settings
from providers import import_table
from providers.contract.preflight import Environment, HostObject, HostUnreachable
from providers.docker.resource_traits import CONTAINER, NETWORK, VOLUME
from tests.automation.event_fixtures import urn_of
from tests.planning import production

TARGET = CloudTarget("us-central1", "acme-agents", "", "prod")
TAGS = {"project": "agent-platform", "stack": "prod", "managed-by": "pulumi"}
ADDRESS = "//run.googleapis.com/projects/acme-agents/locations/us-central1/services/"


def test_the_search_uses_the_tags_that_the_platform_sets() -> None:
    spec = stack_of("prod", {PLATFORM_KEY: production({"tags": {}})}).spec
    assert tags_of(Settings("prod", spec, {})) == stack_tags(TARGET)


def test_the_query_for_google_cloud_contains_labels_and_names() -> None:
    query = gcp.query_for(TARGET)
    assert all(f"labels.{key}={value}" in query for key, value in TAGS.items())
    assert "OR name:prod*" in query


@pytest.mark.parametrize(
    ("name", "labels", "tagged"),
    [
        ("prod-chat", TAGS, True),
        ("anything", TAGS, True),
        ("prod-chat", {}, False),
        ("prod-chat", {"team": "agents"}, False),
        ("production", {}, None),
        ("prod-chat", {**TAGS, "stack": "staging"}, None),
        ("prod-chat", {"project": "another-project"}, None),
    ],
)  # fmt: skip
def test_a_result_of_google_cloud_is_accepted_by_its_labels_or_its_whole_name(
    name: str, labels: dict[str, str], tagged: bool | None
) -> None:
    hit = gcp.hit_of(f"{ADDRESS}{name}", "run.googleapis.com/Service", name, labels, TARGET)
    assert (hit.tagged if hit else None) is tagged


def test_the_endpoint_of_azure_depends_on_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARM_ENDPOINT", raising=False)
    monkeypatch.setenv("ARM_ENVIRONMENT", "usgovernment")
    assert azure.endpoint() == "https://management.usgovcloudapi.net"


def test_a_token_is_not_sent_without_encryption(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARM_ENDPOINT", "http://management.example.com")
    with pytest.raises(ValueError, match="https://"):
        azure.endpoint()


FOUND = (
    HostObject("container", "prod-compute-web-1-1a2b3c4", "c1"),
    HostObject("network", "prod-network-web-2b3c4d5", "n1"),
    HostObject("volume", "prod-database-data-3c4d5e6", "prod-database-data-3c4d5e6", has_data=True),
)


def find(_stack: str, _environment: Environment) -> tuple[HostObject, ...]:
    return FOUND


def test_a_machine_is_searched_by_its_own_list_and_its_objects_have_import_ids() -> None:
    answers = HostSearcher("prod", {}, find).search()
    observed = observed_objects(answers, import_table("docker"), {})
    assert answers.errors == {}
    assert [(each.cloud_object.name, dict(each.identities), each.tagged) for each in observed] == [
        ("prod-compute-web-1-1a2b3c4", {CONTAINER: "c1"}, True),
        ("prod-network-web-2b3c4d5", {NETWORK: "n1"}, True),
        ("prod-database-data-3c4d5e6", {VOLUME: "prod-database-data-3c4d5e6"}, True),
    ]


def test_a_container_that_was_being_created_is_matched_by_its_name() -> None:
    urn = Urn(urn_of(CONTAINER, "prod-compute-web-1"))
    pending = MissingResource(urn, "", "", {"name": "prod-compute-web-1-1a2b3c4"}, pending=True)
    searcher, table = HostSearcher("prod", {}, find), import_table("docker")
    objects = find_objects(searcher, searcher.search(), table, {}, (pending,), TARGET)
    assert [(match.missing, match.identity) for match in objects.matches] == [(pending, "c1")]
    assert [each.cloud_object.name for each in objects.orphans] == [each.name for each in FOUND[1:]]
    other = replace(pending, inputs={"name": "prod-compute-web-1-ffffff0"})
    assert find_objects(searcher, searcher.search(), table, {}, (other,), TARGET).matches == ()


def test_a_machine_that_does_not_answer_is_reported_with_its_reason() -> None:
    def unreachable(_stack: str, _environment: Environment) -> tuple[HostObject, ...]:
        raise HostUnreachable("no Docker daemon answers")

    log = StepLog()
    log_unsearched(log, HostSearcher("prod", {}, unreachable).search().errors, ())
    assert [str(step) for step in log.steps] == [
        "objects on this host: search failed: no Docker daemon answers; start Docker, or set DOCKER_HOST to its address"
    ]


BY_HAND = {
    (
        "aws",
        "tagged resources in us-east-1",
    ): "aws resourcegroupstaggingapi get-resources --region us-east-1 --tag-filters Key=stack,Values=prod",
    (
        "aws",
        WHOLE_SEARCH,
    ): "aws resourcegroupstaggingapi get-resources --region us-central1 --tag-filters Key=stack,Values=prod",
    ("aws", "roles by name"): "aws iam list-roles --query \"Roles[?starts_with(RoleName, 'prod-')].Arn\"",
    (
        "gcp",
        "Cloud Asset Inventory",
    ): "gcloud asset search-all-resources --scope=projects/acme-agents --query=labels.stack=prod",
    ("azure", "resources of the Resource Manager"): "az resource list --subscription acme-agents --tag stack=prod",
    ("azure", "resourcegroups of the Resource Manager"): "az group list --subscription acme-agents --tag stack=prod",
}


@pytest.mark.parametrize(("cloud", "name"), BY_HAND)
def test_an_error_of_unknown_cause_is_reported_with_the_command_that_shows_it(
    cloud: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply = json.dumps(asdict(SearchReply(errors={name: "other"})))

    def run_module(*_arguments: object) -> CompletedCommand:
        return CompletedCommand(0, f"{reply}\n", "")

    monkeypatch.setattr(search, "run_module", run_module)
    log = StepLog()
    log_unsearched(log, CloudSearcher("pulumi", "3.0.0", cloud, TARGET, {}).search().errors, ())
    command = BY_HAND[cloud, name]
    assert [str(step) for step in log.steps] == [
        f"{name}: search failed: the cause is not known; run `{command}` to read it"
    ]


def test_both_regions_of_a_stack_are_searched_and_each_reads_its_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    target = CloudTarget("us-west-2", "111122223333", "", "prod", standby="eu-west-1")
    assert tuple(aws.searches(target)) == (
        "tagged resources in us-west-2", "tagged resources in eu-west-1", "tagged resources in us-east-1", "roles by name",
    )  # fmt: skip
    asked: list[tuple[str, list[str]]] = []

    def run_module(
        _module: str, request: Mapping[str, Mapping[str, str] | list[Mapping[str, str]]], *_: object
    ) -> CompletedCommand:
        of, read = request["target"], request["read"]
        assert isinstance(of, dict) and isinstance(read, list)
        asked.append((of["region"], [each["id"] for each in read]))
        outputs: dict[str, Mapping[str, object]] = {each["address"]: {"in": of["region"]} for each in read}
        return CompletedCommand(0, f"{json.dumps(asdict(SearchReply(outputs=outputs)))}\n", "")

    monkeypatch.setattr(search, "run_module", run_module)
    regions = ("us-west-2", "eu-west-1", "", "us-east-1")
    targets = [ReadTarget(f"address {number}", "type", str(number), region) for number, region in enumerate(regions)]
    answers = CloudSearcher("pulumi", "3.0.0", "aws", target, {}).read(targets)
    assert asked == [("us-west-2", ["0", "2", "3"]), ("eu-west-1", ["1"])], "global objects are read in the home region"
    assert answers.outputs["address 1"] == {"in": "eu-west-1"} and len(answers.outputs) == 4


def test_every_search_of_a_cloud_has_a_command_of_its_own() -> None:
    for cloud, module in (("aws", aws), ("gcp", gcp), ("azure", azure)):
        names = tuple(module.searches(TARGET))
        commands = {command_of(cloud, TARGET, name) for name in names}
        assert len(commands) == len(names), commands
