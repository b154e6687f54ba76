"""checkov on production of each cloud that it can read: every failed rule is a failed check, or listed with the reason."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import cast

import pytest
import yaml

from automation.audit.document import AUDIT_FILE
from automation.audit.evaluation import CheckVerdict
from automation.plan.inventory import Inventory
from providers import other_controls
from tests.audits import audited, inventory_of, result_of, with_input
from tests.checkov.terraform_plan import singular, snake, terraform_plan, terraform_type
from tests.planning import ROOT

VERSION = "3.3.30"
LOCAL = ROOT / ".local" / "checkov" / "bin" / "checkov"
CHECKOV = os.environ.get("CHECKOV") or (str(LOCAL) if LOCAL.is_file() else shutil.which("checkov"))
CLOUDS = ("aws", "gcp", "azure")
TIMEOUT_SECONDS = 300
needs_checkov = pytest.mark.skipif(not CHECKOV, reason="no checkov: run `make checkov`")
Finding = Mapping[str, object]


@cache
def findings() -> Mapping[str, Mapping[str, Finding]]:
    """Return the listed findings by cloud and rule."""
    text = (Path(__file__).parent / "findings.yaml").read_text(encoding="utf-8")
    return cast("Mapping[str, Mapping[str, Finding]]", yaml.safe_load(text))


def scan(inventory: Inventory, folder: Path) -> tuple[Mapping[str, set[str]], Mapping[str, object]]:
    """Return the names of resources by failed rule, and the summary of a scan."""
    file = folder / "plan.json"
    file.write_text(json.dumps(terraform_plan(inventory)), encoding="utf-8")
    command = [str(CHECKOV), "-f", str(file), "--framework", "terraform_plan", "-o", "json", "--compact"]
    process = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, cwd=folder)
    document = json.loads(process.stdout)
    failed: dict[str, set[str]] = {}
    for each in document["results"]["failed_checks"]:
        failed.setdefault(each["check_id"], set()).add(each["resource"].partition(".")[2])
    return failed, document["summary"]


@pytest.mark.long(reason="needs checkov")
@needs_checkov
@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_failed_rule_is_listed_and_every_listed_rule_fails(cloud: str, tmp_path: Path) -> None:
    failed, summary = scan(inventory_of(cloud), tmp_path)
    assert summary["checkov_version"] == VERSION
    listed = {rule: set(cast("list[str]", each["resources"])) for rule, each in findings()[cloud].items()}
    assert failed == listed
    assert summary["parsing_errors"] == 0
    assert cast("int", summary["passed"]) > 50, "the plan has no resources that checkov knows"


@pytest.mark.long(reason="needs checkov")
@needs_checkov
def test_a_planted_fault_is_found_by_checkov(tmp_path: Path) -> None:
    inventory = with_input(inventory_of("aws"), "rds:Instance prod-database", "publiclyAccessible", True)
    failed, _ = scan(inventory, tmp_path)
    assert failed["CKV_AWS_17"] == {"prod-database"}


def _in_document(row: str) -> bool:
    return row in (ROOT / AUDIT_FILE).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("cloud", "rule"),
    [(cloud, rule) for cloud in CLOUDS for rule, finding in findings()[cloud].items() if "check" not in finding],
)
def test_a_listed_finding_without_a_check_is_a_control_without_one(cloud: str, rule: str) -> None:
    finding = findings()[cloud][rule]
    assert any(rule in other.controls for other in other_controls(cloud))
    assert _in_document(f"| {rule} | {len(cast('list[str]', finding['resources']))} | no check | {finding['reason']} |")


@pytest.mark.parametrize(
    ("cloud", "rule"),
    [(cloud, rule) for cloud in CLOUDS for rule, finding in findings()[cloud].items() if "check" in finding],
)
def test_a_listed_finding_has_the_verdict_of_the_audit_and_is_in_the_document(cloud: str, rule: str) -> None:
    finding = findings()[cloud][rule]
    check, verdict = str(finding["check"]), CheckVerdict(str(finding["verdict"]))
    result = result_of(audited(cloud), check)
    assert result.verdict is verdict
    assert rule in result.controls
    word = "fails" if verdict is CheckVerdict.FAIL else "passes"
    resources = len(cast("list[str]", finding["resources"]))
    assert _in_document(f"| {rule} | {resources} | `{check}` {word} | {finding['reason']} |")


@pytest.mark.parametrize(
    ("token", "name"),
    [
        ("aws:rds/instance:Instance", "aws_db_instance"),
        ("aws:ec2/networkAclRule:NetworkAclRule", "aws_network_acl_rule"),
        ("aws:lb/loadBalancer:LoadBalancer", "aws_lb"),
        ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "aws_vpc_security_group_ingress_rule"),
        ("gcp:sql/databaseInstance:DatabaseInstance", "google_sql_database_instance"),
        ("gcp:projects/iAMMember:IAMMember", "google_project_iam_member"),
        ("gcp:compute/uRLMap:URLMap", "google_compute_url_map"),
        ("azure-native:storage:StorageAccount", "azurerm_storage_account"),
        ("azure-native:app:ContainerApp", ""),
    ],
)
def test_a_type_has_the_name_of_terraform(token: str, name: str) -> None:
    assert terraform_type(token) == name


def test_properties_are_spelled_as_in_terraform() -> None:
    assert [snake(name) for name in ("multiAz", "IAMMember", "cidrIpv4")] == ["multi_az", "iam_member", "cidr_ipv4"]
    assert [singular(name) for name in ("rules", "policies", "ingress")] == ["rule", "policy", "ingres"]
