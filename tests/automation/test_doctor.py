"""Checks of the doctor: every verdict of the project, engine and cloud checks."""

import json
from pathlib import Path

import pytest

from automation.engine import cloud_queries
from automation.engine.checks import cloud, project
from automation.engine.cloud_queries import WHOLE_PREVIEW, QueryAnswers
from automation.engine.doctor import CHECKS, findings_of, stack_checks
from automation.engine.findings import CheckInput, Finding
from automation.engine.installation import EngineLocation, EngineMissing, sdk_version
from automation.engine.provider_errors import TIMEOUT, error_of_text
from automation.engine.target import target_of
from automation.processes import CompletedCommand
from providers import AVAILABLE
from tests.automation.check_inputs import ENGINE, answers, check_input, cli_result, network, stack

NO_ENGINE = {
    "engine": None,
    "engine_error": EngineMissing("the Pulumi CLI is not installed", "run `agent-platform engine install`"),
    "language_host": None,
}


def quota(facts: CheckInput, subject: str) -> Finding:
    assert facts.stack is not None
    checks = cloud.quota_checks(facts.stack.spec.cloud)
    return next(finding for check in checks if (finding := check(facts, facts.stack)).subject.startswith(subject))


def test_a_valid_stack_file_is_ok_and_reported_with_cloud_and_region(tmp_path: Path) -> None:
    finding = project.check_stack_file(check_input(tmp_path))
    assert (finding.verdict, finding.observed) == (
        "ok", "Pulumi.trial.yaml is valid: development on aws us-west-2",
    )  # fmt: skip


def test_an_invalid_stack_file_fails_with_its_errors(tmp_path: Path) -> None:
    finding = project.check_stack_file(check_input(tmp_path, stack=None, errors=("network.zones: 9 does not fit.",)))
    assert finding.verdict == "failed"
    assert "network.zones: 9 does not fit" in finding.observed


def test_the_first_errors_of_a_stack_file_are_reported_and_the_others_counted(tmp_path: Path) -> None:
    errors = tuple(f"key{number}: no." for number in range(5))
    finding = project.check_stack_file(check_input(tmp_path, stack=None, errors=errors))
    assert finding.observed == "key0: no. key1: no. key2: no. 2 more errors."


def test_an_invalid_stack_file_skips_the_checks_that_need_its_cloud(tmp_path: Path) -> None:
    assert len(findings_of(check_input(tmp_path, stack=None, errors=("no.",)))) == len(CHECKS)


@pytest.mark.parametrize("name", AVAILABLE)
def test_every_check_of_a_valid_stack_reports_one_subject(tmp_path: Path, name: str) -> None:
    findings = findings_of(check_input(tmp_path, stack=stack(name)))
    assert len(findings) == len(CHECKS) + len(stack_checks(name))
    assert len({finding.subject for finding in findings}) == len(findings)


@pytest.mark.parametrize("name", AVAILABLE)
def test_only_findings_that_are_not_ok_have_a_fix(tmp_path: Path, name: str) -> None:
    findings = findings_of(check_input(tmp_path, stack=stack(name, {"services.web.secrets": ["A"]}), **NO_ENGINE))
    assert {finding.verdict for finding in findings} >= {"failed", "unknown"}
    assert [finding for finding in findings if (finding.verdict == "ok") == bool(finding.fix)] == []


def test_a_listed_secret_without_a_value_fails_with_the_command_that_sets_it(tmp_path: Path) -> None:
    without_value = stack(changes={"services.web.secrets": ["API_KEY"]})
    finding = project.check_secrets(check_input(tmp_path), without_value)
    assert (finding.verdict, finding.observed) == ("failed", "no value for API_KEY")
    assert finding.fix == "run `agent-platform secret set trial API_KEY`"


def test_a_listed_secret_with_a_value_is_ok_and_not_printed(tmp_path: Path) -> None:
    with_value = stack(changes={"services.web.secrets": ["API_KEY"]}, **{"agent-platform:API_KEY": "hunter2"})
    finding = project.check_secrets(check_input(tmp_path), with_value)
    assert (finding.verdict, finding.observed) == ("ok", "1 of 1 listed secrets have a value")
    assert "hunter2" not in str(findings_of(check_input(tmp_path, stack=with_value)))


def test_a_folder_without_a_project_file_runs_the_packaged_program(tmp_path: Path) -> None:
    finding = project.check_virtualenv(check_input(tmp_path))
    assert (finding.verdict, finding.observed.startswith("no Pulumi.yaml")) == ("ok", True)


def test_a_project_file_that_is_no_mapping_fails(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("[1]")
    assert project.check_virtualenv(check_input(tmp_path)).verdict == "failed"


def test_an_environment_that_does_not_exist_fails(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("runtime: {name: python, options: {virtualenv: .venv}}")
    finding = project.check_virtualenv(check_input(tmp_path))
    assert (finding.verdict, finding.observed) == ("failed", "the environment .venv in Pulumi.yaml does not exist")


def test_an_environment_without_the_sdk_fails(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("runtime: {name: python, options: {virtualenv: .venv}}")
    (tmp_path / ".venv").mkdir()
    assert project.check_virtualenv(check_input(tmp_path)).observed.endswith("does not contain the Pulumi SDK")
    package = tmp_path / ".venv" / "lib" / "python3.11" / "site-packages" / "pulumi"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    assert project.check_virtualenv(check_input(tmp_path)).verdict == "ok"


def test_a_project_without_an_environment_is_ok(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("runtime: python")
    assert project.check_virtualenv(check_input(tmp_path)).verdict == "ok"


def test_a_missing_cli_fails_with_the_command_that_installs_it(tmp_path: Path) -> None:
    finding = project.check_cli(check_input(tmp_path, **NO_ENGINE))
    assert (finding.verdict, finding.observed) == ("failed", "the Pulumi CLI is not installed")
    assert finding.fix == "run `agent-platform engine install`"


@pytest.mark.parametrize(
    ("version", "verdict"), [("4.0.0", "failed"), ("2.9.1", "failed"), ("3.0.9", "failed"), ("3.1.0", "ok")]
)
def test_the_cli_must_have_the_major_version_of_the_sdk_and_the_minimum_version(
    tmp_path: Path, version: str, verdict: str
) -> None:
    assert sdk_version().startswith("3.")
    facts = check_input(tmp_path, engine=EngineLocation(Path("pulumi"), version))
    assert project.check_cli(facts).verdict == verdict


def test_a_cli_without_its_language_host_fails(tmp_path: Path) -> None:
    assert project.check_language_host(check_input(tmp_path, language_host=None)).verdict == "failed"
    assert project.check_language_host(check_input(tmp_path)).verdict == "ok"


def plugin_list(*plugins: tuple[str, str]) -> CompletedCommand:
    listed = [{"name": name, "version": f"v{number}"} for name, number in plugins]
    return CompletedCommand(0, json.dumps(listed), "")


def test_plugins_that_are_neither_installed_nor_downloadable_fail(tmp_path: Path) -> None:
    facts = check_input(tmp_path, is_reachable=network(reachable=False), run=cli_result(plugin_list(("aws", "1.0.0"))))
    finding = project.check_plugins(facts, stack())
    assert finding.verdict == "failed"
    assert "`/opt/pulumi/bin/pulumi plugin install resource aws 7." in finding.fix


def test_plugins_that_can_be_downloaded_are_ok(tmp_path: Path) -> None:
    requests: list[str] = []
    facts = check_input(tmp_path, is_reachable=network(reachable=True, requests=requests))
    assert project.check_plugins(facts, stack("azure")).observed.endswith("will be downloaded at first use")
    assert requests[0].startswith("https://get.pulumi.com/releases/plugins/pulumi-resource-azure-native-v3.")


def test_plugins_on_the_path_are_ok_without_a_network(tmp_path: Path) -> None:
    for name in ("gcp", "random"):
        plugin = tmp_path / f"pulumi-resource-{name}"
        plugin.touch(0o755)
    facts = check_input(tmp_path, environment={"PATH": str(tmp_path)}, is_reachable=network(reachable=False))
    assert project.check_plugins(facts, stack("gcp")).verdict == "ok"


def test_a_cloud_whose_sdk_is_not_installed_fails_with_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(project.PACKAGES, "gcp", ("missing",))
    finding = project.check_plugins(check_input(tmp_path), stack("gcp"))
    assert (finding.verdict, finding.fix) == (
        "failed",
        "run `pip install 'agent-platform[gcp] @ git+https://github.com/acme/agent-platform'`",
    )


def test_no_credentials_are_unknown_because_a_machine_may_have_a_role(tmp_path: Path) -> None:
    finding = cloud.check_credentials(check_input(tmp_path), stack("gcp"))
    assert finding.verdict == "unknown"
    assert "gcloud auth application-default login" in finding.fix


def test_an_incomplete_pair_of_credentials_fails(tmp_path: Path) -> None:
    facts = check_input(tmp_path, environment={"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE"})
    finding = cloud.check_credentials(facts, stack())
    assert (finding.verdict, finding.observed) == (
        "failed", "AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not",
    )  # fmt: skip


def test_credentials_are_reported_by_source_and_never_by_value(tmp_path: Path) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hunter2"}
    finding = cloud.check_credentials(check_input(tmp_path, environment=keys), stack())
    assert (finding.verdict, finding.observed) == ("ok", "found an access key in the environment")


ACCOUNTS = {"aws": "111122223333", "gcp": "acme-agents", "azure": "00000000-0000-0000-0000-000000000001"}
TENANT = "00000000-0000-0000-0000-000000000002"


@pytest.mark.parametrize("name", ACCOUNTS)
def test_credentials_of_the_stacks_account_are_ok(tmp_path: Path, name: str) -> None:
    identity = {"account": ACCOUNTS[name], "tenant": TENANT, "principal": "role/ci"}
    finding = cloud.check_identity(check_input(tmp_path, answers=answers(identity=identity)), stack(name))
    assert (finding.verdict, finding.observed) == ("ok", f"role/ci in {ACCOUNTS[name]}")


@pytest.mark.parametrize("name", ACCOUNTS)
def test_credentials_of_another_account_fail_with_both_accounts_named(tmp_path: Path, name: str) -> None:
    identity = {"account": "another", "tenant": TENANT, "principal": "role/ci"}
    finding = cloud.check_identity(check_input(tmp_path, answers=answers(identity=identity)), stack(name))
    assert finding.verdict == "failed"
    assert "another" in finding.observed
    assert ACCOUNTS[name] in finding.observed


def test_a_login_in_another_tenant_fails(tmp_path: Path) -> None:
    identity = {"account": ACCOUNTS["azure"], "tenant": "elsewhere", "principal": "object 1"}
    facts = check_input(tmp_path, answers=answers(identity=identity))
    assert cloud.check_identity(facts, stack("azure")).verdict == "failed"


@pytest.mark.parametrize(("complete", "verdict"), [(1.0, "failed"), (0.0, "ok")])
def test_a_subscription_that_the_login_does_not_list_fails_when_the_list_is_complete(
    tmp_path: Path, complete: float, verdict: str
) -> None:
    identity = {"account": ACCOUNTS["azure"], "tenant": TENANT, "principal": "object 1"}
    facts = answers(identity=identity, subscriptions={"listed": 0.0, "complete": complete})
    assert cloud.check_identity(check_input(tmp_path, answers=facts), stack("azure")).verdict == verdict


@pytest.mark.parametrize(
    ("text", "verdict"),
    [("ExpiredToken: the security token is expired", "failed"), ("dial tcp: no such host", "unknown")],
)
def test_credentials_that_the_cloud_rejects_fail_and_a_network_error_is_unknown(
    tmp_path: Path, text: str, verdict: str
) -> None:
    finding = cloud.check_identity(check_input(tmp_path, answers=answers(error_of_text(text))), stack())
    assert finding.verdict == verdict
    assert text not in str(finding)


def test_a_quota_that_is_sufficient_for_the_plan_is_ok(tmp_path: Path) -> None:
    facts = check_input(
        tmp_path, answers=answers(vpcs={"limit": 5.0, "used": 4.0}), planned={"aws:ec2/vpc:Vpc": 1}
    )  # fmt: skip
    assert quota(facts, "VPCs").observed == "the plan needs 1; the quota is 5, 4 in use"
    assert quota(facts, "VPCs").verdict == "ok"


def test_a_quota_that_is_used_up_fails_with_the_number_to_request(tmp_path: Path) -> None:
    facts = check_input(
        tmp_path, answers=answers(addresses={"limit": 5.0, "used": 4.0}), planned={"aws:ec2/eip:Eip": 3}
    )  # fmt: skip
    finding = quota(facts, "Elastic IP addresses")
    assert finding.verdict == "failed"
    assert finding.fix.startswith("request a quota of 7 at https://")


def test_compute_is_counted_at_full_scale_in_the_unit_of_the_quota(tmp_path: Path) -> None:
    large = {"services.web.replicas": {"min": 1, "max": 9}, "services.web.size": {"vcpu": 4, "memory_gib": 8}}
    facts = check_input(tmp_path, stack=stack("gcp", large), answers=answers(run_cpu={"limit": 20000.0}))
    finding = quota(facts, "Cloud Run vCPUs")
    assert (finding.verdict, finding.observed) == ("failed", "the plan needs 36; the quota is 20")


def test_a_quota_without_an_answer_is_unknown_with_the_page_to_check(tmp_path: Path) -> None:
    late = quota(check_input(tmp_path, answers=answers(TIMEOUT)), "Fargate")
    azure = quota(check_input(tmp_path, stack=stack("azure")), "Container Apps")
    assert (late.verdict, azure.verdict) == ("unknown", "unknown")
    assert "no response before the timeout" in late.observed
    assert "the SDK has no function" in azure.observed
    assert late.fix.startswith("check the quota at https://")


def test_answers_before_the_timeout_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    early = json.dumps({"answers": {"identity": {"account": "1"}}, "errors": {"zones": "denied"}})
    killed = CompletedCommand(None, f'{{"answers": {{}}, "errors": {{}}}}\n{early}\n', "")
    results = iter((killed, CompletedCommand(None, "", "")))

    def run_module(*_arguments: object) -> CompletedCommand:
        return next(results)

    monkeypatch.setattr(cloud_queries, "run_module", run_module)
    found = cloud_queries.run_queries(ENGINE, {}, "aws", target_of(stack().spec, "trial"))
    assert found.answers == {"identity": {"account": "1"}}
    assert found.error("models") == TIMEOUT
    assert cloud_queries.run_queries(ENGINE, {}, "aws", target_of(stack().spec, "trial")).error("identity") == TIMEOUT


@pytest.mark.parametrize("ended", ["Resource monitor has terminated", "connection refused"])
def test_the_error_of_a_preview_is_the_cause_of_the_errors_of_its_queries(ended: str) -> None:
    expired = error_of_text("ExpiredToken: the security token is expired")
    errors = {"identity": error_of_text(ended)}
    failed_preview = QueryAnswers({}, {**errors, WHOLE_PREVIEW: expired})
    assert [failed_preview.error(query) for query in ("identity", "vpcs")] == [expired, expired]
    assert QueryAnswers({}, errors).error("identity") == error_of_text(ended)
