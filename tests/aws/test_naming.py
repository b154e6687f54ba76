"""Physical names within the limits of AWS."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.plan.inventory import Inventory
from providers.aws.naming import (
    LIMITS,
    LONGEST_ROLES,
    cache_identifier,
    database_identifier,
    load_balancer_name,
    naming_refusals,
    service_names,
    stack_names,
    target_group_name,
)
from tests.aws.plans import spec_of
from tests.planning import DROP

slugs = st.from_regex(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?", fullmatch=True)
stacks = st.from_regex(r"[a-z](-?[a-z0-9]){0,50}", fullmatch=True)
ports = st.integers(1, 65535)
SPEC = spec_of()


def with_service(name: str, path: str | None = "/extra") -> dict[str, object]:
    image = "extra@sha256:" + "7" * 64
    return {f"services.{name}": {"app": "fastapi", "image": image} | ({"path": path} if path else {})}


@given(stacks)
def test_a_stack_that_is_not_refused_has_names_that_fit(stack: str) -> None:
    if not naming_refusals(SPEC, stack):
        names = [*stack_names(SPEC, stack), *service_names(SPEC, stack)]
        assert all(len(name.text) <= LIMITS[name.kind] for name in names)


@given(stacks, slugs, ports)
def test_a_target_group_name_is_valid(stack: str, service: str, port: int) -> None:
    assert re.fullmatch(r"[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])", target_group_name(stack, service, port))


def test_a_target_group_on_another_port_has_another_name() -> None:
    assert target_group_name("prod", "gateway", 7777) != target_group_name("prod", "gateway", 8000)


def test_a_name_is_the_same_every_time() -> None:
    assert target_group_name("prod", "gateway", 7777) == "prod-gateway-4845"
    assert load_balancer_name("prod") == "prod-agents-6f4b"


def test_identifiers_of_database_and_cache_are_readable() -> None:
    assert (database_identifier("prod"), cache_identifier("prod")) == ("prod-database", "prod-cache")


def test_production_has_names_that_fit() -> None:
    assert naming_refusals(SPEC, "prod") == []


@pytest.mark.parametrize("stack", ["Prod", "prod_eu", "1prod", "prod--eu", "prod-", "prod.eu", "internal-prod", ""])
def test_an_invalid_stack_name_is_refused(stack: str) -> None:
    (refusal,) = naming_refusals(SPEC, stack)
    assert refusal.key == "stack"
    assert "lower-case letters" in str(refusal)


def test_a_stack_name_too_long_for_the_load_balancer_is_refused_with_the_excess() -> None:
    (refusal,) = naming_refusals(SPEC, "p" * 24)
    assert refusal.key == "stack"
    assert all(number in refusal.problem for number in ("36", "32"))
    assert "load balancer" in refusal.problem
    assert "stack" in refusal.fix and "4" in refusal.fix


def test_a_service_name_too_long_for_its_target_group_is_refused_with_the_excess() -> None:
    name = "a" * 25
    (refusal,) = naming_refusals(spec_of(with_service(name)), "prod")
    assert refusal.key == f"services.{name}"
    assert all(number in refusal.problem for number in ("35", "32"))
    assert "target group" in refusal.problem
    assert "service or the stack" in refusal.fix and "3" in refusal.fix


def test_a_private_service_may_be_longer_than_a_target_group() -> None:
    assert naming_refusals(spec_of(with_service("a" * 25, path=None)), "prod") == []


def test_a_service_too_long_for_its_roles_is_refused() -> None:
    (refusal,) = naming_refusals(spec_of(with_service("a" * 40, path=None)), "prod")
    assert all(word in refusal.problem for word in ("role", "72", "64"))


def test_a_stack_without_routed_services_may_be_longer_than_a_load_balancer() -> None:
    stack = "p" * 25
    private = {"services.gateway.path": DROP, "ingress.domain": DROP, "ingress.dns_zone": DROP}
    assert naming_refusals(SPEC, stack)
    assert naming_refusals(spec_of(private), stack) == []


def test_the_roles_of_a_service_are_those_whose_length_is_checked(prod: Inventory) -> None:
    roles = {role.name for role in prod.of_type("iam:Role") if "gateway" in role.name}
    assert roles == {f"prod-{part.format(service='gateway')}" for part in LONGEST_ROLES}
