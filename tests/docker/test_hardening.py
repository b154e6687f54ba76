"""Hardening of a Docker host as checks: production passes, and each setting that is undone fails its check."""

import pytest

from automation.audit.evaluation import audit_site
from automation.plan.inventory import Inventory
from automation.stack.document import stack_of
from components.configuration import PLATFORM_KEY
from providers import audit, production_rules
from providers.contract.audit import CHECK_IDS, CloudCheck
from providers.docker.base.hardening import HARDENING
from tests.audits import with_input
from tests.planning import plan, production

CHAT = "docker:Container prod-compute-chat-1"
UNDONE = (
    (CHAT, "readOnly", False),
    (CHAT, "privileged", True),
    (CHAT, "capabilities.drops", []),
    (CHAT, "capabilities.adds", ["NET_ADMIN"]),
    (CHAT, "securityOpts", []),
    (CHAT, "user", "0:0"),
    (CHAT, "networkMode", "host"),
    (CHAT, "pidMode", "host"),
    (CHAT, "ipcMode", "host"),
    (CHAT, "usernsMode", "host"),
    (CHAT, "ports", [{"internal": 8000, "external": 8000, "ip": "0.0.0.0"}]),  # noqa: S104  # refused
    (CHAT, "memory", None),
    ("docker:Network prod-network-data", "internal", False),
)


def failures(inventory: Inventory) -> set[tuple[str, str]]:
    """Resource and property of every failed piece of evidence."""
    spec = stack_of("prod", {PLATFORM_KEY: production(cloud="docker")}).spec
    site = audit_site(spec, inventory)
    answers = [answer for answer in HARDENING.values() if isinstance(answer, CloudCheck)]
    return {(each.resource, each.property) for answer in answers for each in answer.run(site) if not each.passed}


def test_a_host_without_an_audit_has_rules_of_known_checks() -> None:
    assert audit("docker") is None
    assert production_rules("docker") is HARDENING
    assert set(HARDENING) <= set(CHECK_IDS)
    assert production_rules("aws") is audit("aws")


def test_the_services_and_the_data_network_of_production_pass() -> None:
    # the containers that hold files are never started
    failed = {each for each, _ in failures(plan(production(cloud="docker"))) if not each.endswith("-files")}
    assert not {each for each in failed if "-compute-" in each or each.endswith("-network-data")}


@pytest.mark.parametrize(("subject", "path", "value"), UNDONE, ids=[path for _, path, _ in UNDONE])
def test_a_setting_that_is_undone_fails(subject: str, path: str, value: object) -> None:
    inventory = plan(production(cloud="docker"))
    assert (subject, path) not in failures(inventory)
    assert (subject, path) in failures(with_input(inventory, subject, path, value))
