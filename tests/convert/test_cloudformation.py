"""`convert cloudformation`: functions of templates, services on ECS, stores, and what stays in the template."""

import json
from pathlib import Path

import pytest

from automation.convert.cloudformation import convert_template
from automation.convert.conversion import SettingOutcome
from automation.convert.schedules import every, from_copilot, from_event_bridge
from automation.convert.stack_file import ConvertedStack
from automation.convert.stores import database_size
from automation.convert.template import read_template
from automation.stack.document import StackDocument
from automation.stack.yaml_reader import parse
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.json_data import is_mapping
from tests.convert.projects import PASSWORD, TEMPLATE, outcomes, stack_of, write


@pytest.fixture
def stack(tmp_path: Path) -> ConvertedStack:
    write(tmp_path, {"template.yaml": TEMPLATE})
    return stack_of(convert_template(tmp_path / "template.yaml", tmp_path), tmp_path)


def test_a_service_has_the_settings_of_its_task_and_balancer(stack: ConvertedStack, tmp_path: Path) -> None:
    assert stack.decisions == ()
    platform = StackDocument.parse(stack.text, tmp_path / "Pulumi.dev.yaml").platform
    services = platform["services"]
    assert is_mapping(services) and services["api"] == {
        "app": "fastapi",
        "image": "ghcr.io/acme/api:2.1",
        "command": ["uvicorn", "main:app"],
        "port": 8080,
        "size": {"vcpu": 0.5, "memory_gib": 1.0},
        "architecture": "arm64",
        "health": {"path": "/ready"},
        "replicas": {"min": 2, "max": 6},
        "environment": {"LOG_LEVEL": "info"},
        "uses": ["database", "cache", "storage"],
        "secrets": ["ADMIN_TOKEN", "OPENAI_API_KEY"],
        "path": "/api",
        "autoscaling": {"cpu_percent": 60.0},
    }
    assert platform["database"] == {
        "version": "16",
        "size": {"vcpu": 2, "memory_gib": 4},
        "storage_gib": 40,
        "max_storage_gib": 80,
        "high_availability": True,
        "backup": {"retention_days": 14},
    }
    assert platform["cache"] == {"high_availability": True}
    assert platform["jobs"] == {
        "nightly": {"service": "api", "schedule": "0 3 * * 1-5", "command": ["python", "report.py"]}
    }


def test_what_is_unsafe_in_the_template_is_named(stack: ConvertedStack) -> None:
    omitted, adjusted = outcomes(stack, SettingOutcome.OMITTED), outcomes(stack, SettingOutcome.ADJUSTED)
    assert omitted["Db.PubliclyAccessible"].startswith("public database")
    assert omitted["Db.MasterUserPassword"].startswith("plain password in the template")
    assert adjusted["Service.LaunchType"].startswith("EC2 launch type")
    assert adjusted["Db.StorageEncrypted"].startswith("unencrypted disk")
    assert adjusted["Task.Environment.ADMIN_TOKEN"].startswith("plain secret in template.yaml")
    assert PASSWORD not in stack.text + "".join(map(str, stack.notes))


def test_every_resource_has_a_note(stack: ConvertedStack) -> None:
    sources = " ".join(f"{note.source} {note.target}" for note in stack.notes)
    for word in ("AWS::EC2::VPC (1)", "AWS::SQS::Queue (1)", "AWS::AutoScaling::AutoScalingGroup (1)", "Nightly", "Bucket",
                 "AWS::SecretsManager::Secret (1)", "AWS::IAM::Role (1)", "Task.ContainerDefinitions.xray"):  # fmt: skip
        assert word in sources, word
    assert outcomes(stack, SettingOutcome.OMITTED)["AWS::SQS::Queue (1)"].endswith("keep it in its template")


FUNCTIONS = {
    "Ref of a parameter": ("!Ref Name", "acme"),
    "Ref of a resource": ("!Ref Thing", "<Thing>"),
    "Ref of a hidden parameter": ("!Ref Hidden", "<Hidden>"),
    "GetAtt": ("!GetAtt Thing.Arn", "<Thing.Arn>"),
    "GetAtt as a list": ("!GetAtt [Thing, Arn]", "<Thing.Arn>"),
    "Sub": ('!Sub "${Name}-${Thing.Arn}-${!kept}"', "acme-<Thing.Arn>-${kept}"),
    "Sub with values": ('!Sub ["${a}-${Name}", {a: !Ref Name}]', "acme-acme"),
    "Join": ("!Join ['-', [a, !Ref Name]]", "a-acme"),
    "Select and Split": ("!Select [1, !Split [',', 'a,b']]", "b"),
    "FindInMap": ("!FindInMap [Sizes, !Ref Name, cpu]", 512),
    "If": ("!If ['Yes', a, b]", "a"),
    "If not": ("!If ['No', a, b]", "b"),
    "And and Or": ("!If [Both, a, !If [Either, b, c]]", "b"),
    "ImportValue": ("!ImportValue x", "<ImportValue>"),
    "a pseudo parameter": ('!Sub "${AWS::Region}"', "us-east-1"),
    "quoted text with a tag": ('!Sub "8000"', "8000"),
    "long form": ("{'Fn::Join': ['', [a, b]]}", "ab"),
}


@pytest.mark.parametrize("case", FUNCTIONS)
def test_functions_are_resolved(tmp_path: Path, case: str) -> None:
    expression, expected = FUNCTIONS[case]
    text = f"""
        Parameters: {{Name: {{Type: String, Default: acme}}, Hidden: {{Type: String, NoEcho: true, Default: x}}}}
        Mappings: {{Sizes: {{acme: {{cpu: 512}}}}}}
        Conditions:
          "Yes": !Equals [!Ref Name, acme]
          "No": !Not [!Condition "Yes"]
          Both: !And [!Condition "Yes", !Condition "No"]
          Either: !Or [!Condition "Yes", !Condition "No"]
        Resources: {{Thing: {{Type: T, Properties: {{Value: {expression}}}}}}}
    """
    write(tmp_path, {"t.yaml": text})
    assert read_template(tmp_path / "t.yaml").resources["Thing"].properties == {"Value": expected}


def test_a_template_in_json_is_read(tmp_path: Path) -> None:
    resources = {"A": {"Type": "T", "Properties": {"Value": {"Fn::Sub": "${AWS::Partition}"}}}}
    (tmp_path / "t.json").write_text(json.dumps({"Resources": resources}))
    assert read_template(tmp_path / "t.json").resources["A"].properties == {"Value": "aws"}


BROKEN = {
    "no resources": ("t.yaml", "Parameters: {}", "t.yaml: no section Resources"),
    "no services": ("t.yaml", "Resources: {A: {Type: T}}", "t.yaml: no resource of type AWS::ECS::Service"),
    "broken YAML": ("t.yaml", "Resources: [", "t.yaml"),
    "broken JSON": ("t.json", "{", "t.json: no valid JSON at line 1"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_template_is_refused(tmp_path: Path, case: str) -> None:
    name, text, message = BROKEN[case]
    (tmp_path / name).write_text(text)
    with pytest.raises(InvalidConfiguration) as refused:
        convert_template(tmp_path / name, tmp_path)
    assert str(refused.value).startswith(message)


def test_tags_are_refused_in_stack_files() -> None:
    with pytest.raises(InvalidConfiguration, match="tags are not supported"):
        parse("a: !Ref b", "Pulumi.dev.yaml")


@pytest.mark.parametrize(
    ("expression", "schedule"),
    [("cron(0 3 * * ? *)", "0 3 * * *"), ("cron(15 10 ? * 2-6 *)", "15 10 * * 1-5"), ("rate(5 minutes)", "*/5 * * * *"),
     ("rate(1 hour)", "0 * * * *"), ("rate(2 hours)", "0 */2 * * *"), ("rate(1 day)", "0 0 * * *"), ("rate(7 minutes)", None),
     ("cron(0 0 L * ? *)", None), ("cron(0 0 1 1 ? 2030)", None), ("cron(0 8 ? * MON-FRI *)", "0 8 * * MON-FRI")],
)  # fmt: skip
def test_schedules_of_event_bridge(expression: str, schedule: str | None) -> None:
    assert from_event_bridge(expression) == schedule


@pytest.mark.parametrize(
    ("expression", "schedule"),
    [("@daily", "0 0 * * *"), ("0 12 * * MON", "0 12 * * MON"), ("@every 1h", "0 * * * *"), ("2h", "0 */2 * * *"),
     ("1h30m", None), ("rate(30 minutes)", "*/30 * * * *"), ("nonsense", None)],
)  # fmt: skip
def test_schedules_of_copilot(expression: str, schedule: str | None) -> None:
    assert from_copilot(expression) == schedule
    assert every(59) is None


@pytest.mark.parametrize(
    ("name", "size"),
    [("db.t3.medium", (2, 4)), ("db.r5.xlarge", (4, 32)), ("db.m6g.2xlarge", (8, 32)), ("db.t4g.micro", (2, 1)), ("db.z9", None)],
)  # fmt: skip
def test_sizes_of_instance_classes(name: str, size: tuple[int, int] | None) -> None:
    assert database_size(name) == ({"vcpu": size[0], "memory_gib": size[1]} if size else {})
