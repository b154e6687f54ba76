"""Inventories made by hand: what the plan's own code needs of a program, and no SDK."""

from collections.abc import Mapping

from automation.plan.inventory import Declared, Inventory, Value

STACK = "prod"


def urn(token: str, name: str, stack: str = STACK) -> str:
    return f"urn:pulumi:{stack}::agent-platform::{token}::{name}"


def resource(
    token: str, name: str, *needs: Declared, within: Declared | None = None, stack: str = STACK, **inputs: Value
) -> Declared:
    """A resource of a type token, depending on `needs`, inside the component `within`."""
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
    """A component of the platform's own."""
    token = f"agent-platform:index:{kind}"
    parent = within.urn if within else ""
    return Declared(urn(token, name, stack), token, name, parent, provider="", custom=False, inputs={})


def inventory(*resources: Declared, stack: str = STACK, outputs: Mapping[str, Value] | None = None) -> Inventory:
    return Inventory(stack, resources, outputs or {})


INSTANCE = "aws:rds/instance:Instance"
KEY = "aws:kms/key:Key"
ROLE = "aws:iam/role:Role"
SERVICE = "aws:ecs/service:Service"
SUBNET = "aws:ec2/subnet:Subnet"
