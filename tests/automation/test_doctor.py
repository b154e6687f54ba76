"""The doctor, check by check: what is allowed, what is refused, and what nobody could be asked."""

import json
from pathlib import Path

import pytest

from automation.engine.case import Case
from automation.engine.checks import CHECKS, STACK_CHECKS, cloud, engine, findings, project
from automation.engine.checks.quotas import QUOTAS, quota_checks
from automation.engine.error_text import LATE, trouble_of
from automation.engine.findings import Finding
from automation.engine.locate import EngineLocation, sdk_version
from automation.engine.run import Ran
from providers import AVAILABLE
from tests.automation.examined import answers, case, reaching, running, stack

MISSING = {
    "engine": None,
    "without_engine": "The Pulumi CLI is not installed; run `agent-platform engine install` (`plan` works without it).",
    "language_host": None,
}


def quota(told: Case, subject: str) -> Finding:
    assert told.stack is not None
    checks = quota_checks(told.stack.spec.cloud)
    return next(found for check in checks if (found := check(told, told.stack)).subject.startswith(subject))


def test_a_whole_stack_file_is_allowed_and_told_with_its_place(tmp_path: Path) -> None:
    found = project.stack_file(case(tmp_path))
    assert (found.verdict, found.told) == ("allowed", "Pulumi.trial.yaml is whole: development on aws us-west-2")


def test_a_mistaken_stack_file_is_refused_in_its_own_words(tmp_path: Path) -> None:
    found = project.stack_file(case(tmp_path, stack=None, mistakes=("network.zones: 9 does not fit.",)))
    assert found.verdict == "refused"
    assert "network.zones: 9 does not fit" in found.told


def test_of_many_mistakes_the_first_are_told_and_the_others_counted(tmp_path: Path) -> None:
    found = project.stack_file(case(tmp_path, stack=None, mistakes=tuple(f"key{number}: no." for number in range(5))))
    assert found.told == "key0: no. key1: no. key2: no. And 2 more"


def test_of_a_mistaken_stack_nothing_is_asked_that_hangs_on_its_cloud(tmp_path: Path) -> None:
    assert len(findings(case(tmp_path, stack=None, mistakes=("no.",)))) == len(CHECKS)


@pytest.mark.parametrize("name", AVAILABLE)
def test_a_whole_stack_is_looked_at_from_every_side(tmp_path: Path, name: str) -> None:
    found = findings(case(tmp_path, stack=stack(name)))
    assert len(found) == len(CHECKS) + len(STACK_CHECKS) + len(QUOTAS.get(name, ()))
    assert len({finding.subject for finding in found}) == len(found)


@pytest.mark.parametrize("name", AVAILABLE)
def test_what_is_not_allowed_says_what_to_do(tmp_path: Path, name: str) -> None:
    found = findings(case(tmp_path, stack=stack(name, {"services.web.secrets": ["A"]}), **MISSING))
    assert {finding.verdict for finding in found} >= {"refused", "unknown"}
    assert [finding for finding in found if (finding.verdict == "allowed") == bool(finding.advice)] == []


def test_a_listed_secret_without_a_value_is_refused_with_the_command_that_sets_it(tmp_path: Path) -> None:
    lacking = stack(changes={"services.web.secrets": ["API_KEY"]})
    found = project.secrets(case(tmp_path), lacking)
    assert (found.verdict, found.told) == ("refused", "API_KEY has no value")
    assert "`pulumi config set --stack trial --secret agent-platform:API_KEY`" in found.advice


def test_a_listed_secret_with_a_value_is_allowed_and_not_shown(tmp_path: Path) -> None:
    having = stack(changes={"services.web.secrets": ["API_KEY"]}, **{"agent-platform:API_KEY": "hunter2"})
    found = project.secrets(case(tmp_path), having)
    assert (found.verdict, found.told) == ("allowed", "1 of 1 listed have a value")
    assert "hunter2" not in str(findings(case(tmp_path, stack=having)))


def test_a_folder_without_a_project_file_is_refused(tmp_path: Path) -> None:
    assert project.virtualenv(case(tmp_path)).verdict == "refused"


def test_an_environment_that_is_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("runtime: {name: python, options: {virtualenv: .venv}}")
    found = project.virtualenv(case(tmp_path))
    assert (found.verdict, found.told) == ("refused", "the environment .venv of Pulumi.yaml is not there")


def test_an_environment_without_the_sdk_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("runtime: {name: python, options: {virtualenv: .venv}}")
    (tmp_path / ".venv").mkdir()
    assert project.virtualenv(case(tmp_path)).told.endswith("holds no Pulumi SDK")
    package = tmp_path / ".venv" / "lib" / "python3.11" / "site-packages" / "pulumi"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    assert project.virtualenv(case(tmp_path)).verdict == "allowed"


def test_a_project_that_names_no_environment_is_allowed(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("runtime: python")
    assert project.virtualenv(case(tmp_path)).verdict == "allowed"


def test_a_missing_cli_is_refused_and_named_with_its_cure(tmp_path: Path) -> None:
    found = engine.cli(case(tmp_path, **MISSING))
    assert (found.verdict, found.told) == ("refused", "The Pulumi CLI is not installed")
    assert found.advice.startswith("run `agent-platform engine install`")


@pytest.mark.parametrize(
    ("version", "verdict"), [("4.0.0", "refused"), ("2.9.1", "refused"), ("3.0.9", "refused"), ("3.1.0", "allowed")]
)
def test_the_cli_must_be_of_the_sdks_major_version_and_not_too_old(tmp_path: Path, version: str, verdict: str) -> None:
    assert sdk_version().startswith("3.")
    assert engine.cli(case(tmp_path, engine=EngineLocation(Path("pulumi"), version))).verdict == verdict


def test_a_cli_without_its_language_host_is_refused(tmp_path: Path) -> None:
    assert engine.language_host(case(tmp_path, language_host=None)).verdict == "refused"
    assert engine.language_host(case(tmp_path)).verdict == "allowed"


def listing(*plugins: tuple[str, str]) -> Ran:
    return Ran(0, json.dumps([{"name": name, "version": f"v{number}"} for name, number in plugins]), "")


def test_plugins_that_are_not_here_and_cannot_be_downloaded_are_refused(tmp_path: Path) -> None:
    told = case(tmp_path, reachable=reaching(False), run=running(listing(("aws", "1.0.0"))))
    found = engine.plugins(told, stack())
    assert found.verdict == "refused"
    assert "pulumi plugin install resource aws 7." in found.advice


def test_plugins_that_can_be_downloaded_are_allowed(tmp_path: Path) -> None:
    asked: list[str] = []
    told = case(tmp_path, reachable=reaching(True, asked))
    assert engine.plugins(told, stack("azure")).told.endswith("will be downloaded at first use")
    assert asked[0].startswith("https://get.pulumi.com/releases/plugins/pulumi-resource-azure-native-v3.")


def test_plugins_on_the_path_are_allowed_without_asking_anyone(tmp_path: Path) -> None:
    for name in ("gcp", "random"):
        plugin = tmp_path / f"pulumi-resource-{name}"
        plugin.touch(0o755)
    told = case(tmp_path, environment={"PATH": str(tmp_path)}, reachable=reaching(False))
    assert engine.plugins(told, stack("gcp")).verdict == "allowed"


def test_a_cloud_whose_sdk_is_not_installed_is_refused_with_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(engine.PACKAGES, "gcp", ("nowhere",))
    found = engine.plugins(case(tmp_path), stack("gcp"))
    assert (found.verdict, found.advice) == ("refused", "run `pip install -e '.[gcp]'`")


def test_no_credentials_at_all_are_unknown_for_a_machine_may_have_a_role(tmp_path: Path) -> None:
    found = cloud.credentials(case(tmp_path), stack("gcp"))
    assert found.verdict == "unknown"
    assert "gcloud auth application-default login" in found.advice


def test_half_a_pair_of_credentials_is_refused(tmp_path: Path) -> None:
    found = cloud.credentials(case(tmp_path, environment={"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE"}), stack())
    assert (found.verdict, found.told) == ("refused", "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not")


def test_credentials_are_told_by_kind_and_never_by_value(tmp_path: Path) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hunter2"}
    found = cloud.credentials(case(tmp_path, environment=keys), stack())
    assert (found.verdict, found.told) == ("allowed", "here: an access key in the environment")


ACCOUNTS = {"aws": "111122223333", "gcp": "acme-agents", "azure": "00000000-0000-0000-0000-000000000001"}
TENANT = "00000000-0000-0000-0000-000000000002"


@pytest.mark.parametrize("name", ACCOUNTS)
def test_credentials_of_the_stacks_own_account_are_allowed(tmp_path: Path, name: str) -> None:
    identity = {"account": ACCOUNTS[name], "tenant": TENANT, "principal": "role/ci"}
    found = cloud.identity(case(tmp_path, answers=answers(identity=identity)), stack(name))
    assert (found.verdict, found.told) == ("allowed", f"role/ci acts in {ACCOUNTS[name]}")


@pytest.mark.parametrize("name", ACCOUNTS)
def test_credentials_of_another_account_are_refused_with_both_named(tmp_path: Path, name: str) -> None:
    identity = {"account": "another", "tenant": TENANT, "principal": "role/ci"}
    found = cloud.identity(case(tmp_path, answers=answers(identity=identity)), stack(name))
    assert found.verdict == "refused"
    assert "another" in found.told
    assert ACCOUNTS[name] in found.told


def test_a_login_in_another_directory_is_refused(tmp_path: Path) -> None:
    identity = {"account": ACCOUNTS["azure"], "tenant": "elsewhere", "principal": "object 1"}
    assert cloud.identity(case(tmp_path, answers=answers(identity=identity)), stack("azure")).verdict == "refused"


@pytest.mark.parametrize(("whole", "verdict"), [(1.0, "refused"), (0.0, "allowed")])
def test_a_subscription_that_the_login_does_not_list_is_refused_when_the_list_is_whole(
    tmp_path: Path, whole: float, verdict: str
) -> None:
    identity = {"account": ACCOUNTS["azure"], "tenant": TENANT, "principal": "object 1"}
    told = answers(identity=identity, subscriptions={"seen": 0.0, "whole": whole})
    assert cloud.identity(case(tmp_path, answers=told), stack("azure")).verdict == verdict


@pytest.mark.parametrize(
    ("text", "verdict"),
    [("ExpiredToken: the security token is expired", "refused"), ("dial tcp: no such host", "unknown")],
)
def test_credentials_that_the_cloud_refuses_are_refused_and_silence_is_unknown(
    tmp_path: Path, text: str, verdict: str
) -> None:
    found = cloud.identity(case(tmp_path, answers=answers(trouble_of(text))), stack())
    assert found.verdict == verdict
    assert text not in str(found)


def test_a_quota_that_holds_what_the_plan_needs_is_allowed(tmp_path: Path) -> None:
    told = case(tmp_path, answers=answers(vpcs={"limit": 5.0, "used": 4.0}), declared={"aws:ec2/vpc:Vpc": 1})
    assert quota(told, "VPCs").told == "the plan needs 1, the quota is 5 and 4 are taken"
    assert quota(told, "VPCs").verdict == "allowed"


def test_a_quota_that_others_have_used_up_is_refused_with_the_number_to_ask_for(tmp_path: Path) -> None:
    told = case(tmp_path, answers=answers(addresses={"limit": 5.0, "used": 4.0}), declared={"aws:ec2/eip:Eip": 3})
    found = quota(told, "Elastic IP addresses")
    assert found.verdict == "refused"
    assert found.advice.startswith("ask for 7 at https://")


def test_compute_is_counted_at_full_scale_in_the_quotas_own_unit(tmp_path: Path) -> None:
    large = {"services.web.replicas": {"min": 1, "max": 9}, "services.web.size": {"vcpu": 4, "memory_gib": 8}}
    told = case(tmp_path, stack=stack("gcp", large), answers=answers(run_cpu={"limit": 20000.0}))
    found = quota(told, "Cloud Run vCPUs")
    assert (found.verdict, found.told) == ("refused", "the plan needs 36, the quota is 20")


def test_a_quota_that_nobody_tells_is_unknown_with_the_page_to_look_at(tmp_path: Path) -> None:
    late = quota(case(tmp_path, answers=answers(LATE)), "Fargate")
    azure = quota(case(tmp_path, stack=stack("azure")), "Container Apps")
    assert (late.verdict, azure.verdict) == ("unknown", "unknown")
    assert "no answer came in time" in late.told
    assert "the SDK has no function" in azure.told
    assert late.advice.startswith("look at https://")
