"""Guide of the first day: it names every resource provider that a stack needs."""

from automation.engine.checks.account import resource_providers
from automation.plan.inventory import Inventory
from tests.planning import ROOT

ALWAYS_REGISTERED = {"Microsoft.Authorization", "Microsoft.Consumption", "Microsoft.Resources"}
"""Registered in every subscription: Microsoft Learn, "Azure resource providers and types"."""
GUIDE = (ROOT / "docs" / "first-day-azure.md").read_text("utf-8")


def test_the_guide_names_every_resource_provider_of_production(prod: Inventory) -> None:
    table = GUIDE.partition("| stack | namespaces |")[2].partition("## ")[0]
    named = {word.strip("|,; ").removeprefix("Microsoft.") for word in table.replace(",", " ").split()}
    needed = set(resource_providers({resource.type for resource in prod.custom})) - ALWAYS_REGISTERED
    assert {name.removeprefix("Microsoft.") for name in needed} <= named


def test_the_guide_has_at_most_ten_commands() -> None:
    block = GUIDE.partition("## Commands\n\n")[2].partition("\n\n")[0].replace("\\\n", "")
    assert 0 < len(block.splitlines()) <= 10
