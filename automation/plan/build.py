"""Plan of one stack: its inventory, adjustments, accepted risks, missing secrets and longest deploy chain."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from automation.plan.chain import ChainStep, longest_chain, total_minutes
from automation.plan.inventory import Inventory, Value, as_json
from automation.plan.recorder import Mode, record
from automation.stack.document import Stack
from automation.stack.workdir import program_path
from components.adjustments import adjustments
from components.program import run
from components.validation.risks import risks
from providers import limits
from providers.contract.diagnostics import Adjustment
from providers.contract.spec import Platform


@dataclass(frozen=True)
class AcceptedRisk:
    """Value that production refuses by default, and the reason for which this stack accepts it."""

    key: str
    value: object
    problem: str
    reason: str


@dataclass(frozen=True)
class PlanAdjustment:
    """Adjusted setting; `written` is true if the stack file has its key, false for a default."""

    adjustment: Adjustment
    written: bool


@dataclass(frozen=True)
class Plan:
    """Resources that a stack would declare, and the facts about them that an operator should know."""

    stack: Stack
    region: str
    inventory: Inventory
    adjustments: tuple[PlanAdjustment, ...]
    accepted_risks: tuple[AcceptedRisk, ...]
    chain: tuple[ChainStep, ...]


def plan_of(stack: Stack, folder: Path, mode: Mode = "symbolic") -> Plan:
    """Return the plan of a valid stack, by running the program of the folder, or the packaged one, without an engine.

    Raises InvalidConfiguration when the cloud's SDK is not installed.
    """
    program = program_path(folder) or run
    inventory = record(program, stack.name, stack.config, stack.secret_keys, mode)
    return Plan(
        stack=stack,
        region=limits(stack.spec.cloud).region(stack.spec),
        inventory=inventory,
        adjustments=plan_adjustments(stack),
        accepted_risks=accepted_risks(stack.spec),
        chain=longest_chain(inventory),
    )


def plan_adjustments(stack: Stack) -> tuple[PlanAdjustment, ...]:
    """Return the adjustments of the stack file and of its spec, marked by whether the file has the key."""
    return (
        *(PlanAdjustment(adjustment, written=True) for adjustment in stack.adjustments),
        *(PlanAdjustment(adjustment, stack.is_written(adjustment.key)) for adjustment in adjustments(stack.spec)),
    )


def accepted_risks(spec: Platform) -> tuple[AcceptedRisk, ...]:
    """Return the risks that the spec accepts; one that it does not accept is refused before."""
    return tuple(
        AcceptedRisk(risk.path, risk.value, risk.danger, spec.accept_risk[risk.path])
        for risk in risks(spec)
        if risk.path in spec.accept_risk
    )


def plan_json(plan: Plan) -> dict[str, Value]:
    """Return the plan as JSON data, secrets masked."""
    spec = plan.stack.spec
    return {
        "cloud": spec.cloud,
        "region": plan.region,
        "profile": spec.profile,
        **as_json(plan.inventory),
        "adjustments": [_adjustment_json(adjustment) for adjustment in plan.adjustments],
        "acceptedRisks": [vars(risk) for risk in plan.accepted_risks],
        "missingSecrets": list(plan.stack.missing_secrets),
        "generatedSecrets": list(plan.stack.generated_secrets),
        "chain": {
            "minutes": round(total_minutes(plan.chain), 2),
            "steps": [{"urn": step.resource.urn, "minutes": step.minutes} for step in plan.chain],
        },
    }


def _adjustment_json(entry: PlanAdjustment) -> Mapping[str, Value]:
    adjustment = entry.adjustment
    return {
        "key": adjustment.key,
        "requested": adjustment.requested,
        "effect": adjustment.effect.value,
        "reason": adjustment.reason,
        "written": entry.written,
    }
