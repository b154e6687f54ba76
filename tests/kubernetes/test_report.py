"""Facts of the report and the recovery plan of a platform on a cluster."""

from automation.plan.inventory import Inventory, declared_resources
from providers.contract.recovery_plan import RecoverySite
from providers.contract.report import ReportSite
from providers.contract.spec import Platform
from providers.kubernetes import report
from providers.kubernetes.recovery.plan import questions
from tests.kubernetes.platforms import GATEWAY, SIMPLE_INGRESS, prod, prod_plan, spec_of, staging, staging_plan
from tests.planning import DRILL, DROP, plan


def site(inventory: Inventory, spec: Platform) -> ReportSite:
    """Return the site of a plan; names of components are those of their owners."""
    owners = {str(each.urn): next((a.name for a in inventory.ancestors(each)), "") for each in inventory.resources}
    return ReportSite(tuple(declared_resources(inventory)), inventory.stack, spec, owners, {})


def test_connections_are_those_of_calls_and_uses() -> None:
    found = {
        (each.source, each.target, each.ports) for each in report.connections(site(staging_plan(), spec_of(staging())))
    }
    assert {
        ("gateway", "chat", "8001"),
        ("chat", "database", "5432"),
        ("worker", "cache", "6379"),
        ("entry", "gateway", "7777"),
    } <= found
    assert not {each for each in found if each[:2] in {("chat", "cache"), ("worker", "gateway")}}


def test_only_the_entry_is_open_to_the_internet() -> None:
    found = report.connections(site(staging_plan(), spec_of(staging())))
    assert {each.target for each in found if each.open and each.source == "internet"} == {"entry"}


def test_outbound_access_is_open_and_an_external_store_is_not() -> None:
    found = {(each.source, each.target): each.open for each in report.connections(site(prod_plan(), spec_of(prod())))}
    assert found["chat", "internet"] is True
    assert found["gateway", "storage"] is False


def test_an_external_data_store_is_the_target_of_its_rule() -> None:
    found = {(each.source, each.target, each.ports) for each in report.connections(site(prod_plan(), spec_of(prod())))}
    assert ("gateway", "cache", "6379") in found
    assert ("gateway", "storage", "443") in found


def test_a_gateway_without_a_namespace_opens_public_services() -> None:
    block = {**GATEWAY, "gateway_namespace": None}
    spec = spec_of(staging(SIMPLE_INGRESS, block))
    found = report.connections(site(plan(staging(SIMPLE_INGRESS, block), stack="staging"), spec))
    assert {each.target for each in found if each.open and each.source == "internet"} == {"gateway"}


def test_readers_of_a_secret_are_the_pods_that_mount_it() -> None:
    found = {
        each.name: {reader.name for reader in each.readers}
        for each in report.secrets(site(prod_plan(), spec_of(prod())))
    }
    assert found["openai-api-key"] == {"gateway"}
    assert found["database-owner"] == {"database"}


def test_only_a_drill_has_rights_in_the_api_server() -> None:
    assert not list(report.rights(site(staging_plan(), spec_of(staging()))))
    changes = {"recovery": {"drill": DRILL}}
    found = list(report.rights(site(plan(staging(changes), stack="staging"), spec_of(staging(changes)))))
    assert {(each.identity, each.rights, each.target) for each in found} == {
        ("drill", ("create",), "clusters of the namespace"),
        ("drill", ("get", "delete"), "clusters database-drill"),
    }


def test_no_fact_contains_a_value_of_a_secret() -> None:
    of = site(prod_plan(), spec_of(prod()))
    text = str([*report.secrets(of), *report.data(of), *report.identities(of), *report.connections(of)])
    assert "the value of every listed secret" not in text


def test_the_plan_asks_for_backups_where_there_are_any() -> None:
    spec = spec_of(staging())
    (question,) = questions(RecoverySite("staging", spec, "cluster"))
    assert "--context=acme-prod" in question.commands[0].text
    assert "--namespace=agent-platform-staging" in question.commands[0].text
    without = spec_of(staging({"database.backup.retention_days": 0, "recovery": DROP}))
    assert not list(questions(RecoverySite("staging", without, "cluster")))
