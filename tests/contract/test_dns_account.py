"""DNS zone of another account, project or subscription: who writes its records on each cloud, refusals, and the doctor."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from automation.engine.checks import zone
from automation.engine.cloud_queries import QueryAnswers
from automation.engine.doctor import query_target
from automation.engine.provider_errors import error_of_kind
from automation.plan.existing_places import ZONES
from automation.plan.inventory import Declared, Inventory
from automation.plan.spec_keys import BASE
from automation.processes import CompletedCommand
from automation.stack.document import Stack, stack_of, with_values
from automation.urn import Urn
from components.configuration import PLATFORM_KEY
from providers import AVAILABLE
from providers.contract.diagnostics import InvalidConfiguration
from tests.automation.check_inputs import answers, check_input, tool
from tests.planning import plan, production, recorded

CLOUDS = tuple(ZONES)
RECORDS: Mapping[str, str] = {"aws": "route53:Record", "gcp": "dns:RecordSet", "azure": "dns:RecordSet"}
ROUTED: Mapping[str, object] = {"services.web.path": "/", "ingress.domain": "agents.example.com"}
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
OTHER_GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/names"


def stack(cloud: str, account: Mapping[str, object] | None, changes: Mapping[str, object] | None = None) -> Stack:
    there = {} if account is None else {"ingress.dns_account": account}
    return stack_of("trial", {PLATFORM_KEY: with_values(BASE, {"cloud": cloud, **ROUTED, **there, **(changes or {})})})


def elsewhere(cloud: str) -> Inventory:
    return recorded(stack(cloud, {cloud: ZONES[cloud]}))


def records(inventory: Inventory, cloud: str) -> tuple[Declared, ...]:
    found = tuple(inventory.of_type(RECORDS[cloud]))
    assert len(found) == 2, "the record of the domain, and the one that validates its certificate"
    return found


def provider(inventory: Inventory, resource: Declared) -> Declared:
    return inventory.by_urn[str(Urn.of_provider(resource.provider or ""))]


def errors(cloud: str, account: Mapping[str, object], changes: Mapping[str, object] | None = None) -> list[str]:
    with pytest.raises(InvalidConfiguration) as refused:
        stack(cloud, account, changes)
    return [str(each) for each in refused.value.diagnostics]


def test_on_aws_a_provider_with_the_role_writes_every_record_and_nothing_else() -> None:
    inventory = elsewhere("aws")
    with_role = {str(each.urn) for each in inventory.resources if "assumeRoles" in each.inputs}
    users = {each.name for each in inventory.custom if str(Urn.of_provider(each.provider or "")) in with_role}
    assert users == {each.name for each in records(inventory, "aws")}
    for record in records(inventory, "aws"):
        inputs = provider(inventory, record).inputs
        # settings of a provider are JSON in its inputs
        assert json.loads(str(inputs["allowedAccountIds"])) == ["444455556666"]
        roles = json.loads(str(inputs["assumeRoles"]))
        assert roles == [{"roleArn": ZONES["aws"], "sessionName": "agent-platform-trial"}]


def test_on_google_cloud_the_records_are_in_the_other_project_and_the_certificate_is_not() -> None:
    inventory = elsewhere("gcp")
    assert {each.inputs["project"] for each in records(inventory, "gcp")} == {"acme-dns"}
    (proof,) = inventory.of_type("certificatemanager:DnsAuthorization")
    assert proof.inputs["project"] == "acme-agents"


@pytest.mark.parametrize("entry", ["front_door", "gateway"])
def test_on_azure_a_provider_of_the_other_subscription_writes_the_records(entry: str) -> None:
    changes = {
        "azure.entry": entry,
        **({"ingress.certificate": {"azure": "certs/acme-certs/agents"}} if entry == "gateway" else {}),
    }
    inventory = recorded(stack("azure", {"azure": ZONES["azure"]}, changes))
    written = inventory.of_type("dns:RecordSet")
    assert written
    for record in written:
        assert record.inputs["resourceGroupName"] == "dns"
        assert provider(inventory, record).inputs["subscriptionId"] == ZONES["azure"].split("/")[2]
    domains = inventory.of_type("cdn:AFDCustomDomain")
    assert all("azureDnsZone" not in each.inputs for each in domains)
    others = [each for each in inventory.custom if each.type.startswith("azure-native:") and each not in written]
    assert ZONES["azure"].split("/")[2] not in {
        str(provider(inventory, each).inputs["subscriptionId"]) for each in others
    }


def test_on_azure_a_group_of_the_same_subscription_needs_no_provider() -> None:
    inventory = recorded(stack("azure", {"azure": OTHER_GROUP}))
    for record in records(inventory, "azure"):
        assert record.inputs["resourceGroupName"] == "names"
        assert provider(inventory, record).inputs["subscriptionId"] == SUBSCRIPTION
    (domain,) = inventory.of_type("cdn:AFDCustomDomain")
    assert domain.inputs["azureDnsZone"] == {"id": f"{OTHER_GROUP}/providers/Microsoft.Network/dnszones/example.com"}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_without_the_key_the_plan_is_as_before(cloud: str) -> None:
    own, there = recorded(stack(cloud, None)), elsewhere(cloud)
    providers = [each.name for each in own.resources if each.type.startswith("pulumi:providers:")]
    others = [each.name for each in there.resources if each.type.startswith("pulumi:providers:")]
    assert set(others) - set(providers) == {name for name in others if name.endswith("-dns")}
    assert not [name for name in providers if name.endswith("-dns")]


def test_both_regions_of_aws_read_the_zone_by_the_role() -> None:
    warm = {"recovery": {"mode": "warm", "standby_region": "us-east-1"}, "ingress.dns_account": {"aws": ZONES["aws"]}}
    inventory = plan(production(warm, cloud="aws"))
    with_role = [each for each in inventory.resources if "assumeRoles" in each.inputs]
    assert sorted(str(each.inputs["region"]) for each in with_role) == ["us-east-1", "us-west-2", "us-west-2"]
    (name,) = [each for each in inventory.of_type("route53:Record") if each.inputs["name"] == "agents.example.com"]
    assert provider(inventory, name).inputs["region"] == "us-west-2"


REFUSED: Mapping[str, tuple[str, Mapping[str, object], Mapping[str, object], str]] = {
    "another cloud": (
        "gcp", {"aws": ZONES["aws"]}, {},
        "ingress.dns_account: it names the place of a zone on aws, and the cloud is gcp. Set ingress.dns_account.gcp alone, or "
        "remove it.",
    ),
    "docker": (
        "docker", {"gcp": "acme-dns"}, {},
        "ingress.dns_account: it names the place of a zone on gcp, and the cloud is docker. Remove it; docker creates no DNS record.",
    ),
    "kubernetes": (
        "kubernetes", {"gcp": "acme-dns"}, {},
        "ingress.dns_account: it names the place of a zone on gcp, and the cloud is kubernetes. Remove it; kubernetes creates no DNS record.",
    ),
    "nothing": ("aws", {}, {}, "ingress.dns_account: it names no place. Set ingress.dns_account.aws, or remove it."),
    "no domain": (
        "aws", {"aws": ZONES["aws"]}, {"ingress.domain": None},
        "ingress.dns_account: no effect without `ingress.domain`. Set the domain, or remove it.",
    ),
    "two groups": (
        "azure", {"azure": OTHER_GROUP}, {"azure.dns_group": "dns"},
        "azure.dns_group: ingress.dns_account.azure names the resource group already. Remove one of the two.",
    ),
    "an account in place of a role": ("aws", {"aws": "444455556666"}, {}, "ingress.dns_account.aws:"),
    "a name in place of an ID": ("azure", {"azure": "dns"}, {}, "ingress.dns_account.azure:"),
}  # fmt: skip


@pytest.mark.parametrize(("cloud", "account", "changes", "sentence"), REFUSED.values(), ids=REFUSED)
def test_a_place_that_does_not_fit_is_refused(
    cloud: str, account: Mapping[str, object], changes: Mapping[str, object], sentence: str
) -> None:
    assert any(each.startswith(sentence) for each in errors(cloud, account, changes))


def test_every_cloud_is_tested() -> None:
    assert {*CLOUDS, "docker", "kubernetes"} == set(AVAILABLE)


PLACES: Mapping[str, Mapping[str, str]] = {
    "aws": {"dns_account": "444455556666", "dns_role": ZONES["aws"]},
    "gcp": {"dns_account": "acme-dns"},
    "azure": {"dns_account": ZONES["azure"].split("/")[2], "dns_group": "dns"},
}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_doctor_queries_the_place_of_the_zone(tmp_path: Path, cloud: str) -> None:
    there = stack(cloud, {cloud: ZONES[cloud]})
    assert PLACES[cloud].items() <= query_target(there).subjects.items()
    absent = check_input(tmp_path, answers=QueryAnswers({}, {"zone": error_of_kind("missing")}))
    assert zone.check_zone(absent, there).observed == f"example.com does not exist in {PLACES[cloud]['dns_account']}"
    assert zone.check_zone(check_input(tmp_path, answers=answers(zone={"values": "ns-1"})), there).verdict == "ok"


def test_the_command_line_of_aws_is_no_evidence_about_a_zone_of_another_account(tmp_path: Path) -> None:
    facts = check_input(tmp_path, run_tool=tool({"aws": CompletedCommand(0, "", "")}))
    finding = zone.check_zone(facts, stack("aws", {"aws": ZONES["aws"]}))
    assert finding.verdict == "unknown"
    assert f"aws sts assume-role --role-arn {ZONES['aws']}" in finding.fix


@pytest.mark.parametrize("cloud", ["gcp", "azure"])
def test_other_command_lines_name_the_place(tmp_path: Path, cloud: str) -> None:
    commands: list[str] = []

    def run(arguments: object, _seconds: float) -> CompletedCommand:
        commands.append(" ".join(arguments))  # type: ignore[arg-type]
        return CompletedCommand(0, "ns-1.example.net.\n", "")

    assert zone.check_zone(check_input(tmp_path, run_tool=run), stack(cloud, {cloud: ZONES[cloud]})).verdict == "ok"
    assert PLACES[cloud]["dns_account"] in commands[0]
