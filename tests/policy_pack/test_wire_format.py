"""Pack over its wire format: what the engine sends to it in a preview, and what it answers."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from automation.plan.inventory import Secret, Unknown, Value
from automation.plan.sdk_internals import SECRET_SIGNATURE, SIGNATURE
from components.configuration import PLATFORM_KEY
from providers.contract.audit import CHECK_IDS
from tests.audits import inventory_of
from tests.contract.test_audit import FAULTS
from tests.planning import DROP, ROOT, SECRET, production
from tests.policy_stacks import StackResource, stack_resources

POLICIES = ROOT / "policies"
PYTHON = POLICIES / ".venv" / "bin" / "python"
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Unknown text on the wire."""
needs_pack = pytest.mark.skipif(not PYTHON.is_file(), reason="no environment of the policy pack: run `make policies`")


def on_the_wire(value: Value) -> Value:
    """Return a value as the engine marshals it."""
    if isinstance(value, Unknown):
        return UNKNOWN_TEXT
    if isinstance(value, Secret):
        return {SIGNATURE: SECRET_SIGNATURE, "value": on_the_wire(value.value)}
    if isinstance(value, dict):
        return {key: on_the_wire(each) for key, each in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return [on_the_wire(each) for each in value] if isinstance(value, list) else value  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def message(resource: StackResource) -> Mapping[str, object]:
    """Return a resource as `AnalyzerResource` in JSON."""
    provider = resource.provider
    return {
        "urn": resource.urn,
        "type": resource.resource_type,
        "name": resource.name,
        "parent": resource.parent.urn if resource.parent else "",
        "properties": on_the_wire(dict(resource.content)),
        "options": {"protect": resource.opts.protect},
        "dependencies": [each.urn for each in resource.dependencies],
        "propertyDependencies": {
            key: {"urns": [each.urn for each in targets]} for key, targets in resource.property_dependencies.items()
        },
        **(
            {"provider": {"urn": provider.urn, "type": provider.resource_type, "name": provider.name,
                          "properties": on_the_wire(dict(provider.content))}}
            if provider else {}
        ),
    }  # fmt: skip


def analyze(
    resources: list[StackResource], cloud: str, policies: Mapping[str, Mapping[str, object]] | None = None
) -> Any:
    """Return the answer of the pack about the resources of production on a cloud."""
    platform = json.dumps(production({"accept_checks": DROP}, cloud))
    request = {
        "config": {PLATFORM_KEY: platform, "agent-platform:OPENAI_API_KEY": SECRET},
        "policies": policies or {},
        "resources": [message(each) for each in resources],
    }
    command = [str(PYTHON), str(Path(__file__).parent / "analyze.py"), str(POLICIES)]
    process = subprocess.run(command, input=json.dumps(request), capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


@pytest.mark.long(reason="needs the environment of the policy pack")
@needs_pack
def test_the_pack_has_a_policy_for_each_check() -> None:
    policies = analyze([], "aws")["info"]["policies"]
    assert [each["name"] for each in policies] == list(CHECK_IDS)
    assert all(each["severity"] and each["remediationSteps"] and each["configSchema"] for each in policies)


@pytest.mark.long(reason="needs the environment of the policy pack")
@needs_pack
@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure"])
def test_a_preview_of_production_ends_no_policy_and_shows_no_secret(cloud: str) -> None:
    answer = analyze(stack_resources(inventory_of(cloud), "preview"), cloud)
    diagnostics = answer["response"]["diagnostics"]
    assert {each["policyName"] for each in diagnostics} >= {"restore-is-tested"}
    assert not [each for each in diagnostics if "can't run policy" in each["message"]]
    assert SECRET not in json.dumps(answer)
    assert {each["policyName"] for each in answer["response"]["notApplicable"]} >= {"people", "account-baseline"}


@pytest.mark.long(reason="needs the environment of the policy pack")
@needs_pack
def test_level_and_acceptances_come_from_the_configuration_of_the_pack() -> None:
    check = "data-stores-are-private"
    resources = stack_resources(FAULTS["aws"][check](inventory_of("aws")), "preview")

    def levels(settings: Mapping[str, object] | None) -> list[str | None]:
        answer = analyze(resources, "aws", {check: settings} if settings else {})
        found = [each for each in answer["response"]["diagnostics"] if each["policyName"] == check]
        assert all(each["urn"].endswith("::prod-database") for each in found)
        return [each.get("enforcementLevel", "ADVISORY") for each in found]

    assert levels(None) == ["MANDATORY"]
    assert levels({"enforcementLevel": "ADVISORY"}) == ["ADVISORY"]
    assert levels({"enforcementLevel": "DISABLED"}) == []
    assert levels({"enforcementLevel": "MANDATORY", "accepted": {"prod-database": "moves in May"}}) == []
