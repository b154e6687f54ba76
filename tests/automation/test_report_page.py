"""Page of a report: every section on every cloud, agreement with the inventory, no secret, the same bytes twice, its size."""

import re
import time
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import pytest

from automation.plan.build import plan_of
from automation.plan.docs.recovery import in_mode
from automation.report.content import BulletList, Drawing, Prose, ReportSection, ReportTable
from automation.report.digest import inventory_text, plan_digest
from automation.report.facts import ReportFacts, facts_of, mismatches
from automation.report.graph import graph_of
from automation.report.page import sections_of
from automation.stack.document import stack_of
from components.settings import PLATFORM_KEY
from providers import AVAILABLE
from providers.contract.report import EVERY_SERVICE, INTERNET
from providers.contract.spec.defaults import Raw
from tests.planning import JOBS, ROOT, SECRET, production
from tests.reports import TODAY, facts, fifty_services, page_of, planned_stack

IDS = (
    "summary", "architecture", "reach", "access", "data", "failures", "audit", "alarms", "adjustments", "cost", "changes", "resources",
)  # fmt: skip
MAX_BYTES = 1_000_000
HOSTILE = "</td><script>alert(1)</script>"


class Page(HTMLParser):
    """Reader of a page: ids, links, tags and their attributes; fails for tags that are not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self.attributes |= values.keys()
        self.ids += [values["id"]] if "id" in values else []
        self.links += [values["href"]] if "href" in values else []
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def text_of(section: ReportSection) -> str:
    """Return everything that a section says."""
    lines: list[str] = []
    for part in section.parts:
        if isinstance(part, ReportTable):
            lines += [" | ".join(cell.text for cell in row.cells) for row in part.rows] or [part.none]
        elif isinstance(part, BulletList):
            lines += part.items
        elif isinstance(part, Prose | Drawing):
            lines.append(part.text if isinstance(part, Prose) else part.caption)
    return "\n".join(lines)


def section(of: ReportFacts, name: str) -> ReportSection:
    return next(each for each in sections_of(of) if each.id == name)


def table_of(of: ReportFacts, name: str, title: str) -> list[tuple[str, ...]]:
    """Return the rows of a table as texts."""
    (table,) = [each for each in section(of, name).parts if isinstance(each, ReportTable) and each.title == title]
    return [tuple(cell.text for cell in row.cells) for row in table.rows]


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_a_page_is_complete_in_order_and_refers_to_nothing_outside(cloud: str) -> None:
    page = Page(page_of(facts(cloud)))
    assert [each for each in page.ids if each in IDS] == list(IDS)
    assert len(page.ids) == len(set(page.ids))
    assert {f"#{name}" for name in IDS} <= set(page.links)
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(page.tags)
    assert not {name for name in page.attributes if name.startswith("on")} | {"src", "action"} & page.attributes


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_two_runs_make_the_same_bytes(cloud: str) -> None:
    first = page_of(facts(cloud))
    assert first == page_of(facts_of(planned_stack(production({"jobs": JOBS}, cloud)), TODAY))
    assert len(first.encode()) < MAX_BYTES


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_no_value_of_a_secret_is_in_the_page_or_the_inventory(cloud: str) -> None:
    of = facts(cloud)
    assert of.plan.stack.secret_keys
    for text in (page_of(of), inventory_text(of.plan)):
        assert SECRET not in unescape(text)


def test_the_digest_changes_with_an_input_and_not_with_a_secret() -> None:
    first = plan_digest(facts("aws").plan)
    assert plan_digest(planned_stack(production({"jobs": JOBS, "database.storage_gib": 120}))) != first
    stack = stack_of("prod", {PLATFORM_KEY: production({"jobs": JOBS})})
    assert plan_digest(plan_of(stack, ROOT)) == first


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_the_picture_has_every_service_store_call_and_use(cloud: str) -> None:
    of, spec = facts(cloud), facts(cloud).spec
    graph = graph_of(of)
    lane = graph.lanes[0][0]
    keys = {node.key for node in graph.nodes}
    stores = {name for name in ("database", "cache", "storage") if getattr(spec, name) is not None}
    assert {f"{lane}/{name}" for name in (*spec.services, *stores)} <= keys
    edges = {(edge.source, edge.target) for edge in graph.edges if edge.what in ("calls", "uses")}
    assert edges == {
        (f"{lane}/{name}", f"{lane}/{target}")
        for name, service in spec.services.items()
        for target in (*service.calls, *service.uses)
        if target != "models" or spec.models
    }
    rows = table_of(of, "architecture", "Parts")
    assert [row[0] for row in rows] == [node.title for node in graph.nodes]


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_each_fact_names_a_resource_of_the_inventory(cloud: str) -> None:
    of = facts(cloud)
    declared = {f"{each.short_type} {each.name}" for each in of.plan.inventory.custom}
    proofs = [each.resource for each in (*of.connections, *of.rights, *of.identities, *of.data, *of.keys)]
    proofs += [each.resource for each in of.secrets if each.resource != "stack file"]
    proofs += [
        reader.resource for each in of.secrets for reader in each.readers if not reader.resource.startswith("services.")
    ]
    # a rule of a security group of Azure is named after the group
    assert proofs and not [each for each in proofs if each not in declared and each.rpartition(" ")[0] not in declared]


SECRET_TYPES = {"aws": "secretsmanager:Secret", "gcp": "secretmanager:Secret", "azure": "keyvault:Secret"}


@pytest.mark.parametrize("cloud", SECRET_TYPES)
def test_the_readers_of_a_listed_secret_are_the_services_that_list_it(cloud: str) -> None:
    of = facts(cloud)
    stored = {each.name: {reader.name for reader in each.readers} for each in of.secrets}
    assert len(stored) == len(of.plan.inventory.of_type(SECRET_TYPES[cloud]))
    for name in of.spec.secrets:
        assert stored[name] == set(of.spec.readers_of(name))
    (url,) = [name for name in stored if name.endswith("database-url")]
    assert stored[url] == set(of.spec.users_of("database"))


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_rules_and_permissions_allow_what_the_stack_file_says(cloud: str) -> None:
    of = facts(cloud)
    assert of.mismatches == ()
    allowed = {(each.source, each.target) for each in of.connections}
    called = {(name, callee) for name, service in of.spec.services.items() for callee in service.calls}
    assert called <= allowed or (EVERY_SERVICE, EVERY_SERVICE) in allowed
    assert [each for each in of.connections if each.source == INTERNET or each.target == "entry"]


@pytest.mark.parametrize("cloud", [cloud for cloud in AVAILABLE if cloud != "azure"])
def test_a_missing_and_an_additional_rule_are_differences(cloud: str) -> None:
    of = facts(cloud)
    call = next(each for each in of.connections if (each.source, each.target) == ("gateway", "chat"))
    others = tuple(each for each in of.connections if each != call)
    assert [(each.source, each.target) for each in mismatches(of.spec, others)] == [("gateway", "chat")]
    more = replace(call, source="worker")
    (wider,) = mismatches(of.spec, (*of.connections, more))
    assert (wider.source, wider.target, wider.resource) == ("worker", "chat", call.resource)
    shown = text_of(section(replace(of, mismatches=(wider,)), "reach"))
    assert "worker | chat | a rule allows it, and the stack file does not" in shown


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_every_alarm_rule_names_its_resource_or_prometheus(cloud: str) -> None:
    of = facts(cloud)
    rows = table_of(of, "alarms", "Alarm rules")
    assert [row[0] for row in rows] == [f"`{rule.key}`" for rule in of.alarms]
    assert all(row[-1] for row in rows)
    if cloud not in ("docker", "kubernetes"):
        unproved = [row[0] for row in rows if row[-1] == "rule of Prometheus"]
        assert unproved == [f"`{rule.key}`" for rule in of.alarms if rule.needs_prometheus]


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_the_tables_agree_with_audit_cost_recovery_and_inventory(cloud: str) -> None:
    of = facts(cloud)
    if of.audit is not None:
        shown = text_of(section(of, "audit"))
        assert all(f"{each.check.title} | {each.verdict}" in shown for each in of.audit.results)
    else:
        assert "No audit: there are no security checks for docker." in text_of(section(of, "audit"))
    if of.cost is not None:
        assert f"Total | {of.cost.total.minimum:,.2f} | {of.cost.total.maximum:,.2f}" in text_of(section(of, "cost"))
    failures = table_of(of, "failures", "Failures")
    assert [row[0] for row in failures] == [each.title for each in of.recovery.scenarios]
    count = len(of.plan.inventory.custom)
    assert len(table_of(of, "resources", f"{count} resources")) == count


def test_an_empty_platform_says_none_in_every_table() -> None:
    raw: Raw = {
        "cloud": "docker", "profile": "development", "network": {"egress": "none", "private_endpoints": True},"monitoring": {"dashboards": False},
        "services": {"worker": {"app": "celery", "image": "worker:1.0"}},
    }  # fmt: skip
    of = facts_of(planned_stack(raw, "empty"), TODAY)
    page = page_of(of)
    empty = [part for each in sections_of(of) for part in each.parts if isinstance(part, ReportTable) and not part.rows]
    assert {"Entry", "Outbound", "Data stores", "Keys", "Identities", "Accepted risks"} <= {
        each.title for each in empty
    }
    assert page.count('<p class="none">None. ') >= len(empty)
    assert "No service has a `path`" in text_of(section(of, "summary"))
    assert "Secrets: none are stored." in text_of(section(of, "summary")) or of.secrets


@pytest.mark.parametrize("mode", ["backup", "warm"])
def test_a_standby_region_is_a_second_lane(mode: str) -> None:
    of = facts("aws")
    spec = in_mode(of.plan.stack.spec, mode)
    changed = replace(of, plan=replace(of.plan, stack=replace(of.plan.stack, spec=spec)))
    graph = graph_of(changed)
    assert [lane for lane, _title in graph.lanes] == ["us-west-2", spec.standby_region]
    second = {node.title for node in graph.nodes if node.lane == spec.standby_region}
    assert second >= ({"gateway", "chat", "worker"} if mode == "warm" else {"Database copies", "Object copies"})
    assert {edge.what for edge in graph.edges} >= {"copies"}


def test_what_users_write_is_escaped_everywhere() -> None:
    changes = {
        "tags": {"team": "a"}, "accept_checks": {"flow-is-logged": {"reason": f"reason {HOSTILE}"}}, "network.flow_logs": False,
        "monitoring.emails": ["a@example.com"],
    }  # fmt: skip
    of = facts_of(planned_stack(production(changes)), TODAY)
    hostile = replace(of, recovery=replace(of.recovery, contacts=(f"`{HOSTILE}",)), cost=None, cost_problem=HOSTILE)
    page = page_of(hostile)
    assert "<script" not in page and "alert(1)" in page
    Page(page)


@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure"])
def test_a_page_takes_less_than_a_second_of_cpu_time_beside_its_plan(cloud: str) -> None:
    plan = facts(cloud).plan
    page_of(facts_of(plan, TODAY))
    started = time.process_time()
    page_of(facts_of(plan, TODAY))
    assert time.process_time() - started < 1


@pytest.mark.long(reason="draws platforms of fifty services")
def test_fifty_services_are_readable_and_below_the_size() -> None:
    of = fifty_services()
    page = page_of(of)
    assert len(page.encode()) < MAX_BYTES
    assert of.mismatches == ()
    assert [name for name in of.spec.services if not re.search(rf'class="title"[^>]*>{name}<', page)] == []
