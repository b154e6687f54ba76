"""Plan of one stack: its inventory, adjustments, accepted risks, overrides, missing secrets and longest deploy chain."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from automation.plan.chain import ChainStep, longest_chain, total_minutes
from automation.plan.diff import input_changes
from automation.plan.inventory import Inventory, Value, as_json
from automation.plan.recorder import Mode, record
from automation.stack.document import Stack
from automation.stack.workdir import program_path
from components.adjustments import adjustments
from components.configuration import PLATFORM_KEY
from components.program import run
from components.validation.risks import risks
from providers import limits
from providers.contract.declaration import Override
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
class OverriddenInput:
    """Input that an override of the stack file changes, with its values without and with it; secrets are masked."""

    key: str
    type: str
    name: str
    path: str
    before: Value
    after: Value


@dataclass(frozen=True)
class Plan:
    """Resources that a stack would declare, and the facts about them that an operator should know."""

    stack: Stack
    region: str
    inventory: Inventory
    adjustments: tuple[PlanAdjustment, ...]
    accepted_risks: tuple[AcceptedRisk, ...]
    overridden: tuple[OverriddenInput, ...]
    chain: tuple[ChainStep, ...]


def plan_of(stack: Stack, folder: Path, mode: Mode = "symbolic") -> Plan:
    """Return the plan of a valid stack, by running the program of the folder, or the packaged one, without an engine.

    Raises InvalidConfiguration when the cloud's SDK is not installed.
    """
    program = program_path(folder) or run

    def recorded(config: Mapping[str, str]) -> Inventory:
        return record(program, stack.name, config, stack.secret_keys, mode)

    inventory = recorded(stack.config)
    return Plan(
        stack=stack,
        region=limits(stack.spec.cloud).region(stack.spec),
        inventory=inventory,
        adjustments=plan_adjustments(stack),
        accepted_risks=accepted_risks(stack.spec),
        overridden=overridden_inputs(stack, inventory, recorded),
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
    accepted = (
        AcceptedRisk(risk.path, risk.value, risk.danger, spec.accept_risk[risk.path])
        for risk in risks(spec)
        if risk.path in spec.accept_risk
    )
    entries = (Override(key, inputs) for key, inputs in spec.overrides.items())
    overrides = (
        AcceptedRisk(each.path, each.inputs, "the override undoes a production rule", spec.accept_risk[each.path])
        for each in entries
        if each.path in spec.accept_risk
    )
    return (*accepted, *overrides)


def overridden_inputs(
    stack: Stack, inventory: Inventory, recorded: Callable[[Mapping[str, str]], Inventory]
) -> tuple[OverriddenInput, ...]:
    """Return the inputs that overrides change; with any, `recorded` runs the program once more, without them."""
    entries = [Override(key, inputs) for key, inputs in stack.spec.overrides.items()]
    if not entries:
        return ()
    accepted = {
        key: value for key, value in stack.spec.accept_risk.items() if key not in {each.path for each in entries}
    }
    raw = {**stack.platform, "overrides": {}, "accept_risk": accepted}
    without = recorded({**stack.config, PLATFORM_KEY: json.dumps(raw)})
    return tuple(_overridden(sorted(entries, key=lambda each: each.rank), without, inventory))


def _overridden(entries: list[Override], without: Inventory, inventory: Inventory) -> Iterator[OverriddenInput]:
    for resource in inventory.custom:
        keys = [entry.path for entry in entries if entry.names(resource.type, resource.name)]
        if keys:
            for path, before, after in input_changes(without.by_urn[resource.urn], resource):
                yield OverriddenInput(keys[-1], resource.short_type, resource.name, path, before, after)


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
        "overridden": [asdict(each) for each in plan.overridden],
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
