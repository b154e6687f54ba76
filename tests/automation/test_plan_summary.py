"""Summary of a plan: one screen for production on every cloud, the facts in it, and Markdown that users cannot break."""

import io
import json
from collections.abc import Mapping

import pytest
from rich.console import Console

from automation.cli.formats import PIPED_WIDTH
from automation.cli.plan_text import MAX_SUMMARY_LINES, summary_text
from automation.plan.build import plan_of
from automation.plan.markdown import escape, plan_markdown
from automation.plan.spec_keys import BASE
from automation.plan.summary import PlanSummary, summary_json, summary_of
from automation.plan.tree import component_counts
from automation.stack.document import stack_of, with_values
from components.configuration import PLATFORM_KEY
from providers import AVAILABLE
from providers.contract.spec.defaults import Raw, is_mapping
from tests.planning import ROOT, SECRET, production

HOSTILE = "a | b <script>alert(1)</script> @everyone #1 `x` [y](https://evil.example) ![z](q)\n# heading"


def summary(platform: Raw, **values: object) -> PlanSummary:
    return summary_of(plan_of(stack_of("prod", {PLATFORM_KEY: platform, **values}), ROOT))


def small(changes: Mapping[str, object] | None = None) -> PlanSummary:
    return summary(with_values(BASE, changes or {}))


def service(name: str, of: Raw, **values: object) -> Raw:
    """Return a service of a platform with other values."""
    services = of["services"]
    assert is_mapping(services)
    written = services[name]
    assert is_mapping(written)
    return {**written, **values}


def lines(of: PlanSummary) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=PIPED_WIDTH, highlight=False).print(summary_text(of))
    return stream.getvalue().splitlines()


def row(of: PlanSummary, label: str) -> str:
    """Return the first line of a row, without its label."""
    return next(line for line in lines(of) if line.startswith(label)).removeprefix(label).strip()


@pytest.fixture(scope="module", params=AVAILABLE)
def of_production(request: pytest.FixtureRequest) -> PlanSummary:
    """Production on each cloud."""
    return summary(production(cloud=request.param))


def test_production_fits_one_screen(of_production: PlanSummary) -> None:
    text = lines(of_production)
    assert len(text) <= MAX_SUMMARY_LINES == 40
    assert max(map(len, text)) <= PIPED_WIDTH == 120


def test_production_names_everything_that_an_operator_decides_on(of_production: PlanSummary) -> None:
    assert row(of_production, "URL") == "https://agents.example.com"
    assert row(of_production, "Public") == "gateway at /, authentication by OS_SECURITY_KEY"
    assert row(of_production, "Guarded by") == "WAF; 600 requests per minute and address; clients from any address"
    assert row(of_production, "Calls") == "internet -> gateway"
    assert "backups kept 7 days, deletion protection" in row(of_production, "Data")
    assert "OPENAI_API_KEY" in row(of_production, "No value")
    assert lines(of_production)[-2].strip() == "agent-platform up prod --create"


def test_outbound_access_is_that_of_the_declared_rules() -> None:
    by_cloud = {cloud: summary(production(cloud=cloud)) for cloud in AVAILABLE}
    ports = {cloud: [each.internet for each in one.connections] for cloud, one in by_cloud.items()}
    expected = {
        "aws": ["443", "443", ""], "gcp": ["", "443", ""], "azure": ["443"] * 3, "docker": ["any port"] * 3,
        "kubernetes": ["443"] * 3,
    }  # fmt: skip
    assert ports == {cloud: expected[cloud] for cloud in AVAILABLE}
    gateways = {"aws": "3 NAT gateways", "gcp": "1 Cloud NAT gateway", "azure": "1 NAT gateway"}
    assert {cloud: one.gateways for cloud, one in by_cloud.items()} == {
        cloud: gateways.get(cloud, "") for cloud in AVAILABLE
    }


def test_a_platform_without_outbound_access_says_so() -> None:
    closed = small({"network.egress": "none", "network.private_endpoints": True, "services.web.image": "web:1.0"})
    assert row(closed, "Outbound") == "web: none"


def test_a_large_platform_still_fits_one_screen() -> None:
    services = {
        f"agent-{n}": service(
            "gateway", production(), calls=[], uses=["database"], path=f"/{n}", secrets=[f"KEY_{n}"], image=f"agent:{n}"
        )
        for n in range(12)
    }
    risks = {f"services.agent-{n}.image": f"reason {n} " * 30 for n in range(12)} | {"ingress.auth": "an open trial"}
    changes = {"services": services, "accept_risk": risks, "cache": None, "database.parameters.max_connections": 400}
    large = summary(production(changes, "gcp"))
    assert len(lines(large)) <= MAX_SUMMARY_LINES
    assert max(map(len, lines(large))) <= PIPED_WIDTH
    assert "agent-platform secret import prod .env" in " ".join(lines(large))


def test_an_entry_without_a_domain_is_reported_as_not_encrypted() -> None:
    assert row(small({"services.web.path": "/"}), "URL").startswith("http://<assigned by aws>  not encrypted")


def test_a_platform_without_a_route_is_private() -> None:
    private = small({"services.web.path": None})
    assert (private.url, row(private, "Public"), row(private, "Guarded by")) == ("", "nothing", "no entry")


def test_authentication_of_an_agentos_is_named_by_its_variable() -> None:
    keyed = service("web", BASE, app="agentos", path="/", secrets=["OS_SECURITY_KEY"])
    assert row(small({"services.web": keyed}), "Public") == "web at /, authentication by OS_SECURITY_KEY"


def test_a_service_without_known_authentication_says_so() -> None:
    assert row(small({"services.web.path": "/"}), "Public") == "web at /, no authentication by the platform"


def test_limits_of_keys_and_paths_are_named() -> None:
    limits = {"per_key": 120, "paths": [{"prefix": "/chat", "per_address": 30}]}
    limited = small({"services.web.path": "/", "ingress.rate_limit": limits})
    assert row(limited, "Guarded by") == (
        "WAF; 600 requests per minute and address, 120 per key, on /chat 30; clients from any address"
    )


def test_allowed_clients_and_a_missing_waf_are_named() -> None:
    limited = small({"services.web.path": "/", "ingress": {"allowed_cidrs": ["10.0.0.0/8"], "waf": False}})
    assert row(limited, "Guarded by") == "no WAF; 600 requests per minute and address; clients 10.0.0.0/8"


def test_images_are_grouped_by_where_they_come_from() -> None:
    services: Raw = {
        "built": {"app": "fastapi", "build": {"context": "."}},
        "hosted": service("web", BASE, image="ghcr.io/acme/web:1"),
        "own": service("web", BASE, image="web:1"),
    }
    made = small({"services": services})
    assert [(each.service, each.source) for each in made.images] == [
        ("built", "to build"), ("hosted", "hosted"), ("own", "own registry"),
    ]  # fmt: skip
    assert row(made, "Images") == "built: built and pushed by `up`, or before by `agent-platform images push prod`"


def test_a_data_store_that_is_adjusted_says_so() -> None:
    azure = summary(production(cloud="azure"))
    assert {store.name: store.adjusted for store in azure.stores} == {
        "PostgreSQL 17": True, "Redis": True, "bucket": True,
    }  # fmt: skip


def test_no_backup_and_one_zone_are_named() -> None:
    data = {"high_availability": False, "backup": {"retention_days": 0}, "deletion_protection": False}
    text = row(small({"database": data, "services.web.uses": ["database"]}), "Data")
    assert "1 zone, no backup, no deletion protection" in text


@pytest.mark.parametrize(("cloud", "copies"), [
    ("aws", "daily snapshots kept 7 days, deleted with it"), ("gcp", "snapshots every 12 hours, deleted with it"),
    ("azure", "every change in its files, deleted with it"),
])  # fmt: skip
def test_the_copies_of_a_cache_are_those_of_its_cloud(cloud: str, copies: str) -> None:
    made = summary(production({"cache.eviction": "noeviction"}, cloud=cloud))
    assert [store.backup for store in made.stores if store.name == "Redis"] == [copies]


def test_the_next_command_moves_the_stack_to_the_planned_cloud() -> None:
    moved = summary_of(plan_of(stack_of("prod", {PLATFORM_KEY: production(cloud="gcp")}), ROOT), "gcp")
    assert moved.next_commands[0] == "set `cloud: gcp` in Pulumi.prod.yaml"


def test_without_adjustments_risks_and_missing_secrets_each_is_none() -> None:
    made = small()
    assert (row(made, "Risks"), row(made, "No value")) == ("none", "none")
    assert row(made, "Adjusted") == "none" or made.adjustments


def test_the_json_of_a_summary_has_no_secret_and_no_unknown_type(of_production: PlanSummary) -> None:
    document = json.dumps(summary_json(of_production))
    assert json.loads(document)["url"] == "https://agents.example.com"
    assert SECRET not in document


def markdown(of: PlanSummary) -> str:
    return plan_markdown(of, (("Network", 3),))


def test_markdown_has_one_table_row_for_each_row_and_collapsed_details(of_production: PlanSummary) -> None:
    text = markdown(of_production)
    assert text.startswith("### Plan of prod: production on ")
    assert text.count("<details><summary>") == 2
    table = [line for line in text.splitlines() if line.startswith("| ")]
    assert {line.count("|") for line in table} == {3}


def test_text_of_a_user_can_neither_break_the_table_nor_mention_anybody() -> None:
    reason = HOSTILE.replace("\n", " ")
    risky = production({"accept_risk": {"network.zones": reason}, "network.zones": 1}, "gcp")
    text = markdown(summary(risky))
    for part in ("<script", "@everyone", "#1 ", "`x`", "[y](", "https://evil", "\n# heading"):
        assert part not in text
    assert "@<!-- -->everyone" in text
    assert {line.count("|") for line in text.splitlines() if line.startswith("| ")} == {3}


def test_escaped_text_is_one_line() -> None:
    assert "\n" not in escape(HOSTILE)
    assert escape("a_b") == "a&#95;b"


def test_no_secret_is_in_the_markdown_or_on_the_screen() -> None:
    made = summary(production(), **{f"agent-platform:{name}": SECRET for name in ("OPENAI_API_KEY", "OS_SECURITY_KEY")})
    assert SECRET not in markdown(made) + "\n".join(lines(made))
    assert row(made, "No value") == "none"


def test_components_are_counted_where_their_resources_are() -> None:
    inventory = plan_of(stack_of("prod", {PLATFORM_KEY: production()}), ROOT).inventory
    counts = component_counts(inventory)
    assert sum(count for _, count in counts) == len(inventory.custom)
    assert [name for name, _ in counts][:2] == ["Keys", "Network"]
