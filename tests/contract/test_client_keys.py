"""Generated key of clients on the clouds: who can read it, where its value is, and what a change of the mode loses."""

from collections.abc import Mapping
from functools import cache

import pytest

from automation.cli.deployment_text import outcome_text
from automation.deploy.changes import ResourceChange
from automation.deploy.guard import find_losses
from automation.deploy.results import Outcome
from automation.plan.inventory import Inventory, Secret, Value, walk
from automation.stack.document import stack_of
from components.configuration import PLATFORM_KEY, PROJECT
from providers import resource_traits
from providers.contract.resource_traits import KEY_TYPE
from providers.contract.spec.defaults import is_mapping
from tests.automation.event_fixtures import urn_of
from tests.engine.fake_cloud.steps import steps
from tests.planning import plan, production, revealed

CLOUDS = ("aws", "gcp", "azure")
OPEN: Mapping[str, object] = {"services.gateway.secrets": ["OPENAI_API_KEY"]}
KEYED: Mapping[str, object] = {
    **OPEN,
    "ingress.auth": {"mode": "api_key"},
    "services.chat.path": "/chat",
    "services.chat.auth": "app",
}
VALUE = "<random:RandomBytes prod-secrets-api-key>.hex"
KEY_BYTES = 24
"""Each byte is two hexadecimal digits: a key has 48 characters."""


@cache
def with_key(cloud: str) -> Inventory:
    """Plan of production with a generated key."""
    return plan(production(OPEN, cloud=cloud))


def holders(inventory: Inventory) -> set[str]:
    """Names of the resources with the key in an input, without the suffix of a version; it is a secret in each."""
    shown = {each.urn: str(walk(dict(each.inputs), hidden)) for each in inventory.resources}
    assert [urn for urn, text in shown.items() if VALUE in text] == []
    names = (each.name for each in inventory.resources if VALUE in str(revealed(dict(each.inputs))))
    return {name.removesuffix("-value") for name in names}


def hidden(leaf: Value) -> Value:
    return "<secret>" if isinstance(leaf, Secret) else leaf


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_key_has_48_characters_and_only_the_secret_store_has_its_value(cloud: str) -> None:
    inventory = with_key(cloud)
    (key,) = inventory.of_type("random:RandomBytes")
    assert key.inputs["length"] == KEY_BYTES
    assert holders(inventory) == {"prod-secrets-OS_SECURITY_KEY"}
    output = inventory.outputs["api_key"]
    assert isinstance(output, Secret) and output.value == VALUE


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_value_in_the_stack_file_is_used_instead(cloud: str) -> None:
    read = stack_of("prod", {PLATFORM_KEY: production(OPEN, cloud=cloud)})
    assert "OS_SECURITY_KEY" not in read.missing_secrets
    listed = plan(production({**OPEN, "services.gateway.secrets": ["OPENAI_API_KEY", "OS_SECURITY_KEY"]}, cloud=cloud))
    assert not listed.of_type("random:RandomBytes") and "api_key" not in listed.outputs
    assert f"{PROJECT}:OS_SECURITY_KEY" not in read.config


@pytest.mark.parametrize("cloud", CLOUDS)
def test_applications_of_two_kinds_have_one_key(cloud: str) -> None:
    inventory = plan(production(KEYED, cloud=cloud))
    assert len(inventory.of_type("random:RandomBytes")) == 1
    assert holders(inventory) == {"prod-secrets-OS_SECURITY_KEY", "prod-secrets-API_KEY"}


def test_both_regions_accept_the_same_key() -> None:
    recovery = {"mode": "warm", "standby_region": "us-east-1"}
    inventory = plan(production({**OPEN, "recovery": recovery}, cloud="aws"))
    assert len(inventory.of_type("random:RandomBytes")) == 1


@pytest.mark.parametrize("cloud", (*CLOUDS, "docker"))
def test_a_change_of_the_mode_loses_no_data(cloud: str) -> None:
    accepted = production(cloud=cloud).get("accept_risk")
    others = accepted if is_mapping(accepted) else {}
    risk = {"accept_risk": {**others, "ingress.auth": "a demo of one day"}}
    modes = [
        plan(production({**OPEN, **risk, "ingress.auth": {"mode": "none"}}, cloud=cloud)),
        plan(production({**OPEN, "ingress.auth": {"mode": "api_key"}}, cloud=cloud)),
    ]
    for before, after in (modes, modes[::-1]):
        taken = steps(before, after)
        assert taken
        changes = [ResourceChange(urn_of(step.type, step.name), step.operation) for step in taken]
        assert find_losses(changes, resource_traits(cloud).holds) == ()
        assert [step for step in taken if step.refusal] == []
        if cloud != "docker":
            assert KEY_TYPE in {step.type for step in taken}


@pytest.mark.parametrize(("operation", "printed"), [("create", True), ("replace", True), ("same", False)])
def test_the_command_that_reads_a_new_key_is_printed(operation: str, printed: bool) -> None:
    change = ResourceChange(urn_of(KEY_TYPE, "prod-secrets-api-key", "Secrets"), operation)
    text = str(outcome_text(Outcome("prod", (change,), {"api_key": "[secret]"}, 1.0), "is up"))
    assert ("pulumi stack output api_key --show-secrets --stack prod" in text) == printed
