"""Checks of the doctor on the account: every verdict, by the provider's answer, by the command line, and without either."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from automation.engine.checks import account
from automation.engine.cloud_queries import WHOLE_PREVIEW, QueryAnswers
from automation.engine.doctor import query_target
from automation.engine.findings import CheckInput, Finding
from automation.engine.provider_errors import error_of_kind
from automation.plan.build import plan_of
from automation.processes import CompletedCommand
from automation.stack.document import Stack, stack_of
from components.configuration import PLATFORM_KEY
from tests.automation.check_inputs import answers, check_input, stack, tool
from tests.planning import ROOT, production

Check = Callable[[CheckInput, Stack], Finding]
WITH_MODEL = {
    "aws": {"services.web.uses": ["models"], "aws.models": ["anthropic.claude-x"]},
    "gcp": {"services.web.uses": ["models"], "gcp.models": ["publishers/google/models/gemini-x"]},
    "azure": {"services.web.uses": ["models"], "azure.models": ["gpt-x"]},
}


def output(text: str) -> CompletedCommand:
    return CompletedCommand(0, text, "")


def facts(folder: Path, **fields: object) -> CheckInput:
    """Return facts without an answer of the provider and without any program, with `fields` replaced."""
    return check_input(folder, **{"answers": answers(), "planned": None, **fields})


def answered(query: str, values: str) -> QueryAnswers:
    return QueryAnswers({query: {"values": values}}, {})


def private(cloud: str) -> Stack:
    return stack(cloud, {"network.private_endpoints": True})


def missing(query: str) -> QueryAnswers:
    return QueryAnswers({}, {query: error_of_kind("missing")})


CASES: list[tuple[str, Check, str, str, str, str]] = [
    ("aws", account.check_organization, "organization", "111122223333", "999988887777", "remove `budget`"),
    ("gcp", account.check_billing, "billing", "billingAccounts/1", "", "gcloud billing projects link acme-agents"),
    (
        "azure", account.check_network_watcher, "network watcher", "NetworkWatcher_westus3", "other",
        "az network watcher configure --resource-group NetworkWatcherRG --locations westus3 --enabled true",
    ),
    ("azure", account.check_registry_closed, "registry", "Disabled", "Enabled", "run `agent-platform up trial`"),
]  # fmt: skip
"""Cloud, check, query, an answer that passes, one that fails, and a part of the fix."""
PLANNED = {account.ANOMALY_MONITOR: 1, account.FLOW_LOG: 1}


@pytest.mark.parametrize(("cloud", "check", "query", "good", "bad", "fix"), CASES)
def test_an_answer_of_the_provider_passes_or_fails(
    tmp_path: Path, cloud: str, check: Check, query: str, good: str, bad: str, fix: str
) -> None:
    passed = check(facts(tmp_path, planned=PLANNED, answers=answered(query, good)), private(cloud))
    refused = check(facts(tmp_path, planned=PLANNED, answers=answered(query, bad)), private(cloud))
    assert (passed.verdict, refused.verdict) == ("ok", "failed")
    assert fix in refused.fix


@pytest.mark.parametrize(("cloud", "check", "query", "good", "bad", "fix"), CASES)
def test_the_command_line_answers_where_the_provider_does_not(
    tmp_path: Path, cloud: str, check: Check, query: str, good: str, bad: str, fix: str
) -> None:
    program = {"aws": "aws ", "gcp": "gcloud ", "azure": "az "}[cloud]
    verdicts = [
        check(facts(tmp_path, planned=PLANNED, run_tool=tool({program: output(f"{text}\n")})), private(cloud)).verdict
        for text in (good, bad)
    ]
    assert verdicts == ["ok", "failed"]


def test_an_open_registry_is_closed_with_its_address_rules(tmp_path: Path) -> None:
    finding = account.check_registry_closed(facts(tmp_path, answers=answered("registry", "Enabled")), private("azure"))
    up, remove, close = re.findall(r"`([^`]*)`", finding.fix)
    assert up == "agent-platform up trial"
    assert remove.startswith("az acr show --name trialimages") and "networkRuleSet.ipRules" in remove
    assert " | xargs -r -n1 az acr network-rule remove " in remove and remove.endswith(" --ip-address")
    assert close.startswith("az acr update ") and "--public-network-enabled false" in close


@pytest.mark.parametrize(("cloud", "check", "query", "good", "bad", "fix"), CASES)
def test_without_an_answer_it_is_unknown_with_the_command_to_check(
    tmp_path: Path, cloud: str, check: Check, query: str, good: str, bad: str, fix: str
) -> None:
    finding = check(facts(tmp_path, planned=PLANNED), private(cloud))
    assert finding.verdict == "unknown"
    assert finding.fix.startswith(f"check it with `{ {'aws': 'aws', 'gcp': 'gcloud', 'azure': 'az'}[cloud] } ")


def services(*enabled: str) -> Mapping[str, Mapping[str, str]]:
    return {f"service {name}.googleapis.com": {"values": f"{name}.googleapis.com"} for name in enabled}


def test_services_that_enable_the_others_must_be_enabled(tmp_path: Path) -> None:
    both = facts(tmp_path, answers=QueryAnswers(services("cloudresourcemanager", "serviceusage"), {}))
    assert account.check_google_services(both, stack("gcp")).verdict == "ok"
    disabled = {"service serviceusage.googleapis.com": error_of_kind("service")}
    one = facts(tmp_path, answers=QueryAnswers(services("cloudresourcemanager"), disabled))
    finding = account.check_google_services(one, stack("gcp"))
    assert finding.verdict == "failed"
    assert "gcloud services enable serviceusage.googleapis.com --project=acme-agents" in finding.fix
    assert account.check_google_services(facts(tmp_path), stack("gcp")).verdict == "unknown"
    listed = tool(
        {"gcloud services list": output("serviceusage.googleapis.com\ncloudresourcemanager.googleapis.com\n")}
    )
    assert account.check_google_services(facts(tmp_path, run_tool=listed), stack("gcp")).verdict == "ok"


def test_every_resource_provider_of_the_plan_must_be_registered(tmp_path: Path) -> None:
    planned = {"azure-native:network:VirtualNetwork": 1, "azure-native:app:ContainerApp": 2}
    registered = answered("resource providers", "Microsoft.Network microsoft.app")
    assert (
        account.check_resource_providers(facts(tmp_path, answers=registered, planned=planned), stack("azure")).verdict
        == "ok"
    )
    less = answered("resource providers", "Microsoft.Network")
    finding = account.check_resource_providers(facts(tmp_path, answers=less, planned=planned), stack("azure"))
    assert (finding.verdict, finding.observed) == ("failed", "Microsoft.App is not registered")
    assert "az provider register --namespace Microsoft.App --subscription" in finding.fix
    assert account.check_resource_providers(facts(tmp_path, planned=planned), stack("azure")).verdict == "unknown"
    assert account.check_resource_providers(facts(tmp_path), stack("azure")).observed == "the plan failed"


def test_the_resource_providers_of_production_are_those_of_its_types() -> None:
    planned = plan_of(stack_of("prod", {PLATFORM_KEY: production(cloud="azure")}), ROOT).inventory.custom
    assert account.resource_providers({resource.type for resource in planned}) == [
        "Microsoft.AlertsManagement", "Microsoft.App", "Microsoft.Authorization", "Microsoft.Cache", "Microsoft.Cdn",
        "Microsoft.CognitiveServices", "Microsoft.Consumption", "Microsoft.ContainerRegistry", "Microsoft.DBforPostgreSQL",
        "Microsoft.Dashboard", "Microsoft.Insights", "Microsoft.KeyVault", "Microsoft.Logic", "Microsoft.ManagedIdentity",
        "Microsoft.Monitor", "Microsoft.Network", "Microsoft.OperationalInsights", "Microsoft.Storage",
    ]  # fmt: skip


def test_a_network_watcher_of_the_stack_file_is_looked_up_by_its_own_name(tmp_path: Path) -> None:
    own = stack("azure", {"azure.network_watcher": "watchers/west"})
    found = answered("network watcher", "West")
    assert account.check_network_watcher(facts(tmp_path, answers=found, planned=PLANNED), own).verdict == "ok"
    assert account.check_network_watcher(facts(tmp_path, planned={}), own).observed == "not needed: no flow logs"


def test_a_registry_that_does_not_exist_yet_is_ok(tmp_path: Path) -> None:
    finding = account.check_registry_closed(facts(tmp_path, answers=missing("registry")), private("azure"))
    assert (finding.verdict, finding.observed.endswith("does not exist yet")) == ("ok", True)


def test_a_registry_that_the_stack_keeps_open_is_ok(tmp_path: Path) -> None:
    open_stack = stack("azure", {"network.private_endpoints": False})
    assert account.check_registry_closed(facts(tmp_path), open_stack).verdict == "ok"


def test_an_account_without_an_organization_is_ok(tmp_path: Path) -> None:
    finding = account.check_organization(facts(tmp_path, planned=PLANNED, answers=missing("organization")), stack())
    assert finding.observed == "111122223333 is in no organization"


ZONES = {"names": "us-west-2a us-west-2b us-west-2c", "ids": "usw2-az1 usw2-az2 usw2-az3"}


def test_zones_without_endpoints_fail_with_the_zones_to_use(tmp_path: Path) -> None:
    two = stack(changes={"network.zones": 2})
    every = answers(zones={**ZONES, "endpoints": ZONES["names"]})
    assert account.check_zones(facts(tmp_path, answers=every), two).verdict == "ok"
    some = answers(zones={**ZONES, "endpoints": "us-west-2b us-west-2c"})
    finding = account.check_zones(facts(tmp_path, answers=some), two)
    assert (finding.verdict, finding.fix) == ("failed", "set aws.zone_names to [us-west-2b, us-west-2c]")
    chosen = stack(changes={"network.zones": 2, "aws.zone_names": ["us-west-2b", "us-west-2c"]})
    assert account.check_zones(facts(tmp_path, answers=some), chosen).verdict == "ok"
    assert account.check_zones(facts(tmp_path), two).verdict == "unknown"


def test_zones_without_fargate_are_known_by_their_ids(tmp_path: Path) -> None:
    tokyo = stack(changes={"network.zones": 2, "aws.region": "ap-northeast-1"})
    names = "ap-northeast-1a ap-northeast-1c ap-northeast-1d"
    zones = answers(zones={"names": names, "ids": "apne1-az3 apne1-az1 apne1-az2", "endpoints": names})
    finding = account.check_zones(facts(tmp_path, answers=zones), tokyo)
    assert finding.fix == "set aws.zone_names to [ap-northeast-1c, ap-northeast-1d]"
    one = answers(zones={"names": names, "ids": "apne1-az3 apne1-az1 apne1-az9", "endpoints": names})
    assert account.check_zones(facts(tmp_path, answers=one), tokyo).fix == "set network.zones to 1"


MODELS = [
    ("aws", "model anthropic.claude-x", "ON_DEMAND INFERENCE_PROFILE", "ok", ""),
    ("aws", "model anthropic.claude-x", "AUTHORIZED AVAILABLE", "ok", ""),
    ("aws", "model anthropic.claude-x", "INFERENCE_PROFILE", "failed", "us.anthropic.claude-x"),
    (
        "aws",
        "model anthropic.claude-x",
        "NOT_AUTHORIZED AVAILABLE",
        "failed",
        "request access at https://us-west-2.console",
    ),
    ("gcp", "model publishers/google/models/gemini-x", "publishers/google/models/gemini-x", "ok", ""),
    ("azure", "model gpt-x", "50", "ok", ""),
    ("azure", "model gpt-x", "0", "failed", "request a quota at"),
    ("azure", "model gpt-x", "", "failed", "choose a model at"),
]


@pytest.mark.parametrize(("cloud", "query", "state", "verdict", "fix"), MODELS)
def test_a_model_must_exist_and_be_callable(
    tmp_path: Path, cloud: str, query: str, state: str, verdict: str, fix: str
) -> None:
    used = stack(cloud, WITH_MODEL[cloud])
    finding = account.check_models(facts(tmp_path, answers=answered(query, state)), used)
    assert finding.verdict == verdict
    assert fix in finding.fix


@pytest.mark.parametrize("cloud", WITH_MODEL)
def test_a_model_that_does_not_exist_fails_and_one_without_an_answer_is_unknown(tmp_path: Path, cloud: str) -> None:
    used = stack(cloud, WITH_MODEL[cloud])
    query = f"model {used.spec.models[0]}"
    absent = account.check_models(facts(tmp_path, answers=missing(query)), used)
    assert absent.verdict == ("unknown" if cloud == "gcp" else "failed")
    assert "https://" in absent.fix
    assert account.check_models(facts(tmp_path), used).verdict == "unknown"
    assert account.check_models(facts(tmp_path), stack(cloud)).verdict == "ok"


def test_access_to_a_partners_model_is_unknown_because_its_terms_are_accepted_in_the_console(tmp_path: Path) -> None:
    model = "publishers/anthropic/models/claude-x"
    used = stack("gcp", {"services.web.uses": ["models"], "gcp.models": [model]})
    finding = account.check_models(facts(tmp_path, answers=answered(f"model {model}", model)), used)
    assert (finding.verdict, "model-garden" in finding.fix) == ("unknown", True)


def test_the_error_of_the_whole_preview_is_no_proof_that_something_is_missing(tmp_path: Path) -> None:
    failed = QueryAnswers({}, {WHOLE_PREVIEW: error_of_kind("missing"), "billing": error_of_kind("network")})
    assert account.check_billing(facts(tmp_path, answers=failed), stack("gcp")).verdict == "unknown"


def test_the_queries_ask_about_the_names_of_the_stack() -> None:
    azure = query_target(stack_of("prod", {PLATFORM_KEY: production(cloud="azure")})).subjects
    assert (azure["zone"], azure["dns_group"], azure["registry"][:4]) == ("example.com", "dns", "prod")
    assert "zone" not in query_target(stack()).subjects
