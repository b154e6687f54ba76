"""Charges of each cloud: every declared type is classified, and every price has a unit, a source and a date."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date

import pytest

from automation.cost.prices import ESTIMATE, price_table, priced_regions, sources_of
from automation.plan.docs.recovery import in_mode
from automation.plan.inventory import Inventory
from automation.plan.spec_keys import BASE
from automation.stack.document import stack_names, stack_of, with_values
from components.settings import PLATFORM_KEY
from providers import AVAILABLE, cost, limits, recovery
from providers.contract.cost import USAGE, CloudCost, is_local, runs_per_month
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.schedule import parse_schedule
from providers.contract.spec import Platform
from tests.planning import DRILL, JOBS, ROOT, plan, production, raw_of
from tools.wheel import BELOW

PRICED_CLOUDS = ("aws", "gcp", "azure")
STANDBY: Mapping[str, object] = {
    "recovery": {"mode": "backup", "standby_region": "us-east-1"},
    "gcp.standby_region": "us-east1",
    "azure.location": "eastus",
    "azure.standby_location": "westus",
}
CHANGES: Mapping[str, Mapping[str, object]] = {
    "production": {},
    "jobs": {"jobs": JOBS, "services.gateway.release": {"command": ["alembic", "upgrade", "head"]}},
    "drill": {"recovery.drill": DRILL},
    "copies": STANDBY,
    "drill and copies": {**STANDBY, "recovery.drill": DRILL},
    "warm": {**STANDBY, "recovery": {"mode": "warm", "standby_region": "us-east-1"}},
    "canary": {"services.gateway.rollout.strategy": "canary"},
    "names": {
        "network.egress_control": "names",
        "services.gateway.image": "gateway@sha256:" + "1" * 64,
        "monitoring.prometheus": False,
        **{
            f"services.{name}.egress": [{"host": "db.example.com", "port": 5432}]
            for name in ("gateway", "chat", "worker")
        },
    },
    "credentials": {"services.gateway.image_credentials": "REGISTRY_LOGIN"},
}
"""Production with parts that it does not have; a cloud may refuse some of them."""
SMALL: Mapping[str, object] = {
    "services.web.path": "/",
    "database": {},
    "cache": {},
    "storage": {},
    "services.web.uses": ["database", "cache", "storage"],
    "deployer": {"github": "acme/agents"},
}


def charges_of(cloud: str) -> CloudCost:
    charges = cost(cloud)
    assert charges is not None
    return charges


def inventories(cloud: str) -> Iterator[tuple[str, Inventory]]:
    """Yield the shipped stacks of a cloud, and production and a small platform on it."""
    for name in stack_names(ROOT):
        raw = raw_of(ROOT / f"Pulumi.{name}.yaml")
        if raw["cloud"] == cloud:
            yield name, plan(raw, stack=name)
    yield "small", plan(with_values(BASE, {"cloud": cloud, **SMALL}), stack="trial")
    for name, changes in CHANGES.items():
        try:
            yield name, plan(production(changes, cloud))
        except InvalidConfiguration as refused:
            assert all("not supported" in str(each) or "not available" in str(each) for each in refused.diagnostics), (
                name
            )


@pytest.mark.long(reason="plans every variant of each cloud")
@pytest.mark.parametrize("cloud", PRICED_CLOUDS)
def test_every_declared_type_is_priced_free_or_excluded(cloud: str) -> None:
    known = set(charges_of(cloud).types)
    missing = {
        f"{resource.short_type} (declared by {name})"
        for name, inventory in inventories(cloud)
        for resource in inventory.custom
        if resource.short_type not in known and not is_local(resource.short_type)
    }
    assert not missing, (
        f"{sorted(missing)}: unclassified on {cloud}, so `cost` reports them as unknown. Add each type to PRICED in "
        f"providers/{cloud}/cost/charges.py with a function that yields its charges, and its prices to every "
        f"providers/{cloud}/cost/prices/<region>.json; or to FREE or EXCLUDED in providers/{cloud}/cost/free_types.py with "
        "the reason. The key is the short type, such as rds:Instance"
    )


@pytest.mark.parametrize("cloud", PRICED_CLOUDS)
def test_no_type_is_classified_twice(cloud: str) -> None:
    types = charges_of(cloud).types
    assert len(types) == len(set(types))
    assert charges_of(cloud).read <= set(types)


@pytest.mark.parametrize("cloud", PRICED_CLOUDS)
def test_a_type_without_a_price_has_a_reason(cloud: str) -> None:
    charges = charges_of(cloud)
    assert [name for name, reason in {**charges.free, **charges.excluded}.items() if not reason.strip()] == []


def test_a_cloud_without_a_price_list_has_no_charges() -> None:
    assert {cloud for cloud in AVAILABLE if cost(cloud) is None} == {"docker", "kubernetes"} & set(AVAILABLE)
    assert priced_regions("docker") == ()


@pytest.mark.parametrize("cloud", PRICED_CLOUDS)
def test_every_price_has_a_unit_a_known_source_and_a_date(cloud: str) -> None:
    sources = sources_of(cloud)
    assert ESTIMATE in sources
    assert all(sources.values())
    for region in priced_regions(cloud):
        table = price_table(cloud, region)
        assert table.as_of >= date(2026, 11, 27)
        for sku, price in table.prices.items():
            assert price.usd > 0, (sku, region)
            assert price.unit, (sku, region)
            assert price.date, (sku, region)
            assert price.source in sources, (sku, region)


@pytest.mark.parametrize("cloud", PRICED_CLOUDS)
def test_regions_with_their_own_prices_have_the_same_skus(cloud: str) -> None:
    """A region that lacks a row would have an unknown cost that another region knows."""
    skus = {region: frozenset(price_table(cloud, region).prices) for region in priced_regions(cloud)}
    assert len(set(skus.values())) == 1, {region: len(each) for region, each in skus.items()}


@pytest.mark.parametrize("cloud", PRICED_CLOUDS)
def test_a_price_file_has_each_row_on_its_own_line_and_no_row_twice(cloud: str) -> None:
    folder = ROOT / "providers" / cloud / "cost" / "prices"
    for file in sorted(folder.glob("*.json")):
        pairs: list[list[str]] = []

        def keys(content: list[tuple[str, object]], pairs: list[list[str]] = pairs) -> dict[str, object]:
            pairs.append([key for key, _ in content])
            return dict(content)

        text = file.read_text(encoding="utf-8")
        rows = json.loads(text, object_pairs_hook=keys)
        assert all(len(names) == len(set(names)) for names in pairs), file
        if file.name != "index.json":
            assert len(text.splitlines()) == len(rows) + 2, file


@pytest.mark.parametrize("cloud", PRICED_CLOUDS)
def test_the_cost_of_copies_and_the_estimate_have_one_price_list(cloud: str) -> None:
    spec = spec_with_copies(cloud)
    items = tuple(recovery(cloud).costs(spec))
    table = price_table(cloud, limits(cloud).region(spec))
    assert [item.sku for item in items if item.sku]
    assert [item.sku for item in items if item.sku and table.usd(item.sku) is None] == []


def spec_with_copies(cloud: str) -> Platform:
    return in_mode(stack_of("prod", {PLATFORM_KEY: production(cloud=cloud)}).spec, "backup")


@pytest.mark.parametrize(
    ("schedule", "runs"),
    [
        ("0 3 * * *", 365 / 12),
        ("*/5 * * * *", 12 * 730),
        ("0 0 1 * *", 1.0),
        ("30 5 * * 1,4", 104 / 12),
    ],
)
def test_runs_of_a_month_are_the_average_of_a_year(schedule: str, runs: float) -> None:
    assert runs_per_month(parse_schedule(schedule), 730) == pytest.approx(runs, abs=0.05)


def test_the_wheel_has_the_price_files() -> None:
    """The build hook copies every file of the packages, and git ignores none of them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    build = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert build["exclude"] == ["*"] and "custom" in build["hooks"], "tools/wheel.py writes the packages"
    assert "providers" in BELOW
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert [pattern for pattern in ignored if not pattern.endswith("/")] == []
    parts = {part for cloud in PRICED_CLOUDS for part in (ROOT / "providers" / cloud / "cost" / "prices").parts}
    assert not parts & {pattern.rstrip("/") for pattern in ignored}


def test_the_document_has_every_assumption_with_its_default() -> None:
    document = (ROOT / "docs" / "cost.md").read_text(encoding="utf-8").splitlines()
    rows = [f"| `{key.name}` | {key.default:g} | {key.meaning} |" for key in USAGE]
    listed = [
        line for line in document if line.startswith("| `") and line.count("|") == 4 and "price_region" not in line
    ]
    assert [line for line in listed if not line.startswith("| `agent-platform")] == rows
