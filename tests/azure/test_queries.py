"""Log queries of alarms and dashboard, parsed by Microsoft's parser."""

import json
from collections.abc import Iterator

import pytest

from automation.plan.inventory import Inventory
from providers.azure.monitoring.metrics import QUERIES, burn_rate_query
from providers.contract.burn_rates import BURN_RATES
from providers.contract.signals import BETWEEN_REGIONS
from tests.azure.kql import faults, parses_queries
from tests.azure.plans import context_of, mappings_at, revealed_inputs


def queries(plan: Inventory) -> Iterator[tuple[str, str]]:
    """Name and text of every query of a plan."""
    for alarm in plan.of_type("monitor:ScheduledQueryRule"):
        for condition in mappings_at(alarm, "criteria.allOf"):
            yield alarm.name, str(condition["query"])
    for workbook in plan.of_type("applicationinsights:Workbook"):
        for item in json.loads(str(revealed_inputs(workbook)["serializedData"]))["items"]:
            if "query" in item["content"]:
                yield f"{workbook.name} {item['name']}", item["content"]["query"]


@parses_queries
def test_every_query_is_valid(prod: Inventory) -> None:
    named = list(queries(prod))
    # production has nothing in a standby location; those queries are parsed in test_recovery.py and test_warm_roles.py
    assert len(named) >= 2 * len(QUERIES.keys() - BETWEEN_REGIONS) + len(BURN_RATES) + 1
    results = faults([query for _, query in named])
    assert {name: found for (name, _), found in zip(named, results, strict=True) if found} == {}


@parses_queries
@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("AzureDiagnostics | summarize long = count() | project value = long", "'long' needs to be bracketed"),
        ("AzureDiagnostics | where Status == 1", "'Status' does not refer to any known column"),
        ("ContainerAppLogs | count", "'ContainerAppLogs' does not refer to any known table"),
    ],
)
def test_the_parser_finds_keywords_unknown_columns_and_unknown_tables(query: str, fault: str) -> None:
    (found,) = faults([query])
    assert any(fault in message for message in found), found


@parses_queries
def test_a_burn_rate_query_of_every_pair_is_valid() -> None:
    written = [burn_rate_query(context_of(), pair.error_percent(99.9), pair.short_seconds) for pair in BURN_RATES]
    assert faults(written) == [[] for _ in written]
