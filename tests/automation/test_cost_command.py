"""The command `cost`, the cost in plans and comparisons, usage files, and what is said without prices."""

import json
from pathlib import Path

import pytest

from automation.cost.prices import price_table, priced_regions
from automation.cost.summary import CostSummary, rounded
from automation.cost.usage import DEFAULTS, read_usage
from automation.plan.spec_keys import BASE
from automation.stack.document import with_values
from providers.contract.cost import USAGE
from providers.contract.diagnostics import InvalidConfiguration
from tests.automation.command_line import Run, runner, write_project, write_stack_file
from tests.planning import ROOT


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with the real program and the small stack `trial`, as the working directory."""
    write_project(tmp_path, "trial", BASE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)


def usage_file(folder: Path, text: str) -> Path:
    file = folder / "usage.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_an_estimate_has_components_assumptions_and_the_date_of_its_prices(run: Run) -> None:
    result = run("cost", "trial")
    assert (result.code, result.errors) == (0, [])
    assert result.out.startswith("trial  aws us-west-2  about ")
    assert "\nCompute " in result.out
    assert "\nTotal " in result.out
    assert "  hours" in result.out
    assert "Not included: tokens of models," in result.out
    assert "Prices of 2026-11-27 in us-west-2;" in result.out


def test_a_full_estimate_has_every_line_with_its_price(run: Run) -> None:
    """One or two tasks of 1 vCPU, the default size."""
    lines = run("cost", "trial", "--full").out.splitlines()
    vcpu = "730 to 1,460 x 0.04048 per vCPU-hour = 29.55 to 59.10"
    assert f"  trial-compute-web, Fargate vcpu: {vcpu}" in lines


def test_the_amounts_of_the_json_are_quantities_times_prices(run: Run) -> None:
    document = json.loads(run("cost", "trial", "--json").out)
    assert (document["schema"], document["currency"], document["asOf"]) == (1, "USD", "2026-11-27")
    lines = [line for component in document["components"] for line in component["lines"]]
    for line in lines:
        assert line["min"] == pytest.approx(line["quantityMin"] * line["unitUsd"], abs=0.0001)
        assert line["source"] in document["sources"]
    assert document["totals"]["min"] == pytest.approx(sum(line["min"] for line in lines), abs=0.01)
    assert document["totals"]["max"] == pytest.approx(sum(line["max"] for line in lines), abs=0.01)
    assert document["usage"]["hours"] == {"value": 730, "from": "default"}


def test_a_usage_file_changes_the_estimate_and_is_named_as_the_origin(folder: Path, run: Run) -> None:
    before = json.loads(run("cost", "trial", "--json").out)
    file = usage_file(folder, "nat_gb: 1050\n")
    after = json.loads(run("cost", "trial", "--usage", str(file), "--json").out)
    assert after["totals"]["min"] - before["totals"]["min"] == pytest.approx(1000 * 0.045)
    assert after["usage"]["nat_gb"] == {"value": 1050, "from": "usage.yaml"}
    assert "1050  data of outbound connections through the NAT gateways, in GB (usage.yaml)" in " ".join(
        run("cost", "trial", "--usage", str(file)).out.split("\n")
    )


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            "nat_gib: 1\n",
            "nat_gib: unknown key (did you mean nat_gb). Remove it; docs/cost.md lists the keys of a usage file.",
        ),
        ("nat_gb: -1\n", "nat_gb: -1 is not a number of 0 or more. Use such a number."),
        ("nat_gb: .inf\n", 'nat_gb: ".inf" is not a number of 0 or more. Use such a number.'),
        ("nat_gb: many\n", 'nat_gb: "many" is not a number of 0 or more. Use such a number.'),
        ("nat_gb: true\n", "nat_gb: true is not a number of 0 or more. Use such a number."),
        ("hours: 0\n", "hours: a month of 0 hours has no cost. Use a number above 0."),
        ("price_region: 5\n", "price_region: 5 is not a region. Use the name of a region."),
        ("- nat_gb\n", "usage.yaml: not a mapping. Write it as keys and values."),
        ("", "usage.yaml: not a mapping. Write it as keys and values."),
    ],
)
def test_a_usage_file_that_is_not_valid_is_refused(folder: Path, run: Run, text: str, error: str) -> None:
    result = run("cost", "trial", "--usage", str(usage_file(folder, text)))
    assert (result.code, result.errors) == (2, [error])


def test_every_error_of_a_usage_file_is_reported(folder: Path, run: Run) -> None:
    result = run("cost", "trial", "--usage", str(usage_file(folder, "nat_gb: -1\nspeed: 3\n")))
    assert [line.partition(":")[0] for line in result.errors] == ["nat_gb", "speed"]


def test_a_missing_usage_file_is_refused(run: Run) -> None:
    result = run("cost", "trial", "--usage", "none.yaml")
    assert (result.code, result.errors) == (2, ["none.yaml: cannot be read: no such file or directory."])


def test_a_region_without_prices_is_refused_with_the_ones_that_have_some(folder: Path, run: Run) -> None:
    write_stack_file(folder, "far", with_values(BASE, {"aws.region": "ap-south-1"}))
    result = run("cost", "far")
    assert result.code == 2
    assert result.errors == [
        "aws.region: there are no prices for ap-south-1. Set price_region in the file of --usage to ap-northeast-1, "
        "ap-southeast-1, ap-southeast-2, eu-central-1, eu-west-1, eu-west-2, sa-east-1, us-east-1, us-east-2 or us-west-2, "
        "whose prices are then used."
    ]
    assert "Cost        unknown: there are no prices for ap-south-1" in run("plan", "far").out


def test_a_region_is_priced_as_another_one_if_the_usage_file_says_so(folder: Path, run: Run) -> None:
    write_stack_file(folder, "far", with_values(BASE, {"aws.region": "ap-south-1"}))
    result = run("cost", "far", "--usage", str(usage_file(folder, "price_region: us-west-2\n")))
    assert result.code == 0
    assert "Prices of 2026-11-27 in us-west-2 instead of ap-south-1;" in result.out
    unknown = run("cost", "far", "--usage", str(usage_file(folder, "price_region: mars-1\n")))
    assert unknown.errors[0].startswith("price_region: there are no prices for mars-1.")


def test_a_region_without_own_rows_multiplies_those_of_another_and_says_so(folder: Path, run: Run) -> None:
    write_stack_file(folder, "london", with_values(BASE, {"aws.region": "eu-west-2"}))
    document = json.loads(run("cost", "london", "--json").out)
    (line,) = [
        line for component in document["components"] for line in component["lines"] if line["sku"] == "fargate.vcpu"
    ]
    assert line["unitUsd"] == pytest.approx(0.04048 * 1.16)
    assert (line["verified"], line["note"]) == (False, "1.16 times the price of us-east-1")


def test_a_count_is_not_multiplied() -> None:
    assert price_table("aws", "eu-west-2").usd("rds.multi_az_factor") == 2


def test_a_stack_that_does_not_plan_is_refused_as_by_plan(folder: Path, run: Run) -> None:
    write_stack_file(folder, "broken", with_values(BASE, {"services.web.port": 70000}))
    assert run("cost", "broken").errors == run("plan", "broken").errors
    assert run("cost", "broken").code == 2


def test_docker_has_no_price_list(folder: Path, run: Run) -> None:
    result = run("cost", "trial", "--cloud", "docker")
    assert (result.code, result.errors) == (
        2,
        ["cloud: a Docker host has no price list. Use --cloud aws, gcp or azure."],
    )
    assert "Cost        unknown: a Docker host has no price list" in run("plan", "trial", "--cloud", "docker").out


def test_a_comparison_has_a_column_for_each_cloud(run: Run) -> None:
    result = run("cost", "trial", "--compare")
    assert result.code == 0
    head = next(line for line in result.out.splitlines() if line.startswith("COMPONENT"))
    assert head.split() == ["COMPONENT", "aws", "us-west-2", "gcp", "us-central1", "azure", "westus3"]
    clouds = json.loads(run("cost", "trial", "--compare", "--json").out)["clouds"]
    assert [each["cloud"] for each in clouds] == ["aws", "gcp", "azure"]
    one = json.loads(run("cost", "trial", "--cloud", "gcp", "--json").out)
    assert clouds[1] == one


def test_a_comparison_names_why_a_cloud_has_no_estimate(folder: Path, run: Run) -> None:
    platform = {key: value for key, value in BASE.items() if key != "azure"}
    write_stack_file(folder, "two", platform)
    result = run("cost", "two", "--compare")
    assert result.code == 0
    problem = "azure: azure: missing; cloud azure needs this block. Add it with account and region."
    assert problem in result.out.splitlines()
    assert json.loads(run("cost", "two", "--compare", "--json").out)["clouds"][2] == {
        "cloud": "azure",
        "problems": [problem.removeprefix("azure: ")],
    }


def test_options_that_a_comparison_cannot_have_are_refused(folder: Path, run: Run) -> None:
    fix = "Leave one of the two out."
    assert run("cost", "trial", "--compare", "--cloud", "gcp").errors == [
        f"--cloud: not possible with --compare. {fix}"
    ]
    assert run("cost", "trial", "--compare", "--full").errors == [f"--full: not possible with --compare. {fix}"]
    file = usage_file(folder, "price_region: us-east-1\n")
    assert run("cost", "trial", "--compare", "--usage", str(file)).errors == [
        f"price_region: a region of one cloud cannot be used with --compare. {fix}"
    ]


@pytest.mark.parametrize(
    ("budget", "note"),
    [
        (1, "the budget of 1 is below the minimum"),
        (100_000, None),
    ],
)
def test_a_budget_below_the_estimate_is_said_in_plan_and_cost(
    folder: Path, run: Run, budget: float, note: str | None
) -> None:
    write_stack_file(folder, "paid", with_values(BASE, {"budget": {"monthly_usd": budget}}))
    for output in (run("plan", "paid").out, run("cost", "paid").out):
        assert ("the budget of" in output) == (note is not None)
        assert note is None or note in output
    document = json.loads(run("cost", "paid", "--json").out)
    assert (document["budgetUsd"], document["budgetNote"]) == (budget, note)


def test_a_budget_between_minimum_and_maximum_is_said_too(folder: Path, run: Run) -> None:
    scaled = with_values(BASE, {"services.web.replicas": {"min": 1, "max": 20}})
    write_stack_file(folder, "scaled", scaled)
    totals = json.loads(run("cost", "scaled", "--json").out)["totals"]
    between = round((totals["min"] + totals["max"]) / 2)
    write_stack_file(folder, "scaled", with_values(scaled, {"budget": {"monthly_usd": between}}))
    assert f"the budget of {between:,} is below the maximum; agent-platform cost scaled" in run("plan", "scaled").out


def test_a_comparison_of_plans_ends_with_the_cost_of_both(folder: Path, run: Run) -> None:
    write_stack_file(folder, "larger", with_values(BASE, {"services.web.replicas": {"min": 9, "max": 9}}))
    output = run("plan", "trial", "--diff", "larger").out
    small, large = (json.loads(run("plan", name, "--json").out)["summary"]["cost"] for name in ("trial", "larger"))
    costs = (CostSummary(**small).text, CostSummary(**large).text)
    assert f"Cost  {costs[0]} -> {costs[1]}" in output
    document = json.loads(run("plan", "trial", "--diff", "larger", "--json").out)
    assert (document["left"]["cost"], document["right"]["cost"]) == (small, large)


def test_the_unknown_mode_of_a_plan_has_the_same_cost(run: Run) -> None:
    """References are unknown in this mode, and the dependencies that they make are not."""
    known, unknown = (run("plan", "trial", *mode, "--json") for mode in ((), ("--unknown",)))
    assert json.loads(known.out)["summary"]["cost"] == json.loads(unknown.out)["summary"]["cost"]


def test_a_part_without_a_price_is_named_and_not_free(folder: Path, run: Run) -> None:
    write_stack_file(folder, "own", with_values(BASE, {"services.web.image": "web:1.0", "cloud": "azure"}))
    lines = run("cost", "own").out.splitlines()
    assert "  Registry: own-registry, registry: no price of acr.standard in westus3" in lines
    assert lines[0].startswith("own  azure westus3  at least ")
    assert lines[0].endswith("; 1 part has no known price")
    document = json.loads(run("cost", "own", "--json").out)
    assert document["totals"]["complete"] is False
    assert not [line for each in document["components"] for line in each["lines"] if line["sku"] == "acr.standard"]


def test_an_old_price_list_is_said(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795824000")
    assert "older than" not in run("cost", "trial").out
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1827360000")
    assert "The prices are older than 180 days." in run("cost", "trial").out.splitlines()


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        (0, "0"),
        (0.4, "less than 1"),
        (1, "1"),
        (9.6, "10"),
        (87.4, "87"),
        (149, "150"),
        (1194.12, "1,200"),
        (99_600, "100,000"),
    ],
)
def test_an_amount_in_one_line_has_two_digits(usd: float, text: str) -> None:
    assert rounded(usd) == text


def test_the_defaults_are_those_of_the_table() -> None:
    assert read_usage(None).values == DEFAULTS == {key.name: key.default for key in USAGE}
    assert len(DEFAULTS) == len(USAGE)


def test_only_priced_regions_have_a_table() -> None:
    assert "us-west-2" in priced_regions("aws")
    with pytest.raises(LookupError, match="there are no prices for mars"):
        price_table("aws", "mars")
    with pytest.raises(InvalidConfiguration):
        read_usage(ROOT / "pyproject.toml")
