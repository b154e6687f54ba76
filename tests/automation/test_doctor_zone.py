"""Checks of the doctor on the DNS zone: it exists, and the Internet reaches it."""

import json
from pathlib import Path

import pytest

from automation.engine.checks import zone
from automation.engine.cloud_queries import QueryAnswers
from automation.engine.dns import RESOLVERS, public_name_servers
from automation.engine.network import HttpReply
from automation.engine.provider_errors import error_of_kind
from automation.processes import CompletedCommand
from automation.stack.document import Stack
from tests.automation.check_inputs import answers, check_input, replies, stack, tool

OWN = "ns-1.example.net. ns-2.example.net."
CREATE = {
    "aws": "aws route53 create-hosted-zone --name example.com",
    "gcp": "gcloud dns managed-zones create example-com --project=acme-agents --dns-name=example.com.",
    "azure": "az network dns zone create --name example.com --resource-group dns",
}


def routed(cloud: str = "aws") -> Stack:
    return stack(cloud, {"services.web.path": "/", "ingress.domain": "agents.example.com"})


def resolved(*servers: str, status: int = 0) -> HttpReply:
    records = [{"name": "example.com.", "type": 2, "data": server} for server in servers]
    return HttpReply(200, {}, json.dumps({"Status": status, "Answer": records}).encode())


@pytest.mark.parametrize("cloud", CREATE)
def test_a_zone_exists_or_is_created_by_a_command(tmp_path: Path, cloud: str) -> None:
    found = check_input(tmp_path, answers=answers(zone={"values": OWN}))
    assert zone.check_zone(found, routed(cloud)).verdict == "ok"
    absent = check_input(tmp_path, answers=QueryAnswers({}, {"zone": error_of_kind("missing")}))
    finding = zone.check_zone(absent, routed(cloud))
    assert finding.verdict == "failed"
    assert CREATE[cloud] in finding.fix
    assert zone.check_zone(check_input(tmp_path), routed(cloud)).verdict == "unknown"


@pytest.mark.parametrize(("cloud", "program"), [("aws", "aws"), ("gcp", "gcloud"), ("azure", "az")])
def test_the_command_line_finds_the_zone(tmp_path: Path, cloud: str, program: str) -> None:
    listed = check_input(tmp_path, run_tool=tool({program: CompletedCommand(0, "ns-1.example.net.\n", "")}))
    empty = check_input(tmp_path, run_tool=tool({program: CompletedCommand(0, "\n", "")}))
    assert [zone.check_zone(each, routed(cloud)).verdict for each in (listed, empty)] == ["ok", "failed"]


def test_a_delegation_to_the_zones_own_servers_is_ok(tmp_path: Path) -> None:
    network = replies({RESOLVERS[0]: resolved("NS-1.example.net.")})
    facts = check_input(tmp_path, answers=answers(zone={"values": OWN}), fetch=network)
    assert zone.check_delegation(facts, routed()).verdict == "ok"


@pytest.mark.parametrize("servers", [(), ("ns.registrar.example.",)])
def test_a_zone_that_is_not_delegated_fails_with_its_name_servers(tmp_path: Path, servers: tuple[str, ...]) -> None:
    network = replies({RESOLVERS[0]: resolved(*servers)})
    facts = check_input(tmp_path, answers=answers(zone={"values": OWN}), fetch=network)
    finding = zone.check_delegation(facts, routed())
    assert finding.verdict == "failed"
    assert finding.fix.endswith("to ns-1.example.net and ns-2.example.net")


def test_without_a_resolver_or_the_zones_servers_a_delegation_is_unknown(tmp_path: Path) -> None:
    offline = check_input(tmp_path, answers=answers(zone={"values": OWN}))
    unanswered = check_input(tmp_path, fetch=replies({RESOLVERS[0]: resolved("ns-1.example.net.")}))
    for facts in (offline, unanswered):
        finding = zone.check_delegation(facts, routed())
        assert (finding.verdict, finding.fix) == ("unknown", "check it with `dig +short NS example.com`")


@pytest.mark.parametrize("unused", [stack(), stack("docker", {"services.web.path": "/"})])
def test_a_stack_without_records_needs_no_zone(tmp_path: Path, unused: Stack) -> None:
    facts = check_input(tmp_path)
    assert (zone.check_zone(facts, unused).verdict, zone.check_delegation(facts, unused).verdict) == ("ok", "ok")


def test_the_second_resolver_answers_where_the_first_does_not() -> None:
    broken = {RESOLVERS[0]: HttpReply(200, {}, b"<html>"), RESOLVERS[1]: resolved("ns-1.example.net.")}
    assert public_name_servers("example.com", replies(broken)) == {"ns-1.example.net"}
    assert public_name_servers("example.com", replies({RESOLVERS[0]: resolved(status=2)})) is None
    assert public_name_servers("example.com", replies({RESOLVERS[0]: resolved(status=3)})) == frozenset()


def test_name_servers_of_a_parent_zone_are_no_delegation() -> None:
    records = [{"name": "com.", "type": 2, "data": "a.gtld.example."}]
    reply = HttpReply(200, {}, json.dumps({"Status": 0, "Answer": records}).encode())
    assert public_name_servers("example.com", replies({RESOLVERS[0]: reply})) == frozenset()
