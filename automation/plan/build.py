"""The plan of one stack: its inventory, and everything about it that the inventory does not say."""

from dataclasses import dataclass
from pathlib import Path

from automation.plan.chain import ChainStep, longest_chain, total_minutes
from automation.plan.inventory import Inventory, Value, as_json
from automation.plan.recorder import Mode, record
from automation.stack.document import Stack
from components.adjustments import adjustments
from components.validation.risks import risks
from providers import limits
from providers.contract.diagnostics import Adjustment
from providers.contract.spec import Platform

PROGRAM = "__main__.py"


@dataclass(frozen=True)
class AcceptedRisk:
    """A value that production refuses by default, and why this stack takes it."""

    path: str
    value: object
    danger: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """What a stack would declare and what its readers should know beside that."""

    stack: Stack
    region: str
    inventory: Inventory
    adjustments: tuple[Adjustment, ...]
    accepted_risks: tuple[AcceptedRisk, ...]
    chain: tuple[ChainStep, ...]


def plan_of(stack: Stack, folder: Path, mode: Mode = "symbolic") -> Plan:
    """The plan of a checked stack, by running the program of the project folder without an engine."""
    inventory = record(folder / PROGRAM, stack.name, stack.config, stack.secret_keys, mode)
    return Plan(
        stack=stack,
        region=limits(stack.spec.cloud).region(stack.spec),
        inventory=inventory,
        adjustments=tuple(adjustments(stack.spec)),
        accepted_risks=accepted_risks(stack.spec),
        chain=longest_chain(inventory),
    )


def accepted_risks(spec: Platform) -> tuple[AcceptedRisk, ...]:
    """Risks that the spec takes knowingly; a risk that it does not accept never comes this far."""
    return tuple(
        AcceptedRisk(risk.path, risk.value, risk.danger, spec.accept_risk[risk.path])
        for risk in risks(spec)
        if risk.path in spec.accept_risk
    )


def plan_json(plan: Plan) -> dict[str, Value]:
    """The plan as JSON data, secrets masked."""
    spec = plan.stack.spec
    return {
        "cloud": spec.cloud,
        "region": plan.region,
        "profile": spec.profile,
        **as_json(plan.inventory),
        "adjustments": [vars(adjustment) for adjustment in plan.adjustments],
        "acceptedRisks": [vars(risk) for risk in plan.accepted_risks],
        "missingSecrets": list(plan.stack.missing_secrets),
        "chain": {
            "minutes": round(total_minutes(plan.chain), 2),
            "steps": [{"urn": step.resource.urn, "minutes": step.minutes} for step in plan.chain],
        },
    }
