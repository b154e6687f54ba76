"""Inventories written by hand: resources and components as a program would declare them, without an SDK."""

from collections.abc import Mapping

from automation.plan.inventory import Declared, Inventory, Value
from automation.urn import Urn

STACK = "prod"
INSTANCE = "aws:rds/instance:Instance"
KEY = "aws:kms/key:Key"
ROLE = "aws:iam/role:Role"
SERVICE = "aws:ecs/service:Service"
SUBNET = "aws:ec2/subnet:Subnet"


def urn(token: str, name: str, stack: str = STACK) -> Urn:
    return Urn(f"urn:pulumi:{stack}::agent-platform::{token}::{name}")


def resource(
    token: str, name: str, *needs: Declared, within: Declared | None = None, stack: str = STACK, **inputs: Value
) -> Declared:
    """Return a resource of a type token that depends on `needs`, in the component `within`."""
    return Declared(
        urn=urn(token, name, stack),
        type=token,
        name=name,
        parent=within.urn if within else "",
        provider="",
        custom=True,
        inputs=inputs,
        depends_on=tuple(need.urn for need in needs),
    )


def component_resource(kind: str, name: str, within: Declared | None = None, stack: str = STACK) -> Declared:
    """Return a component of the platform."""
    token = f"agent-platform:index:{kind}"
    parent = within.urn if within else ""
    return Declared(urn(token, name, stack), token, name, parent, provider="", custom=False, inputs={})


def inventory(*resources: Declared, stack: str = STACK, outputs: Mapping[str, Value] | None = None) -> Inventory:
    return Inventory(stack, resources, outputs or {})
