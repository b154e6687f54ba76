"""What the checks look at, gathered once: files, environment, the engine, what the cloud answered.

Checks are functions of a case, so a test hands them one it made up and needs no engine, no cloud and no network.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

import yaml

from automation.engine.cloud_queries import QueryAnswers
from automation.engine.run import Ran
from automation.stack.document import Stack
from providers import limits
from providers.contract.preflight import CheckResult
from providers.contract.spec import Platform
from providers.contract.spec.clouds import AwsBlock, AzureBlock, GcpBlock

if TYPE_CHECKING:
    from automation.engine.locate import EngineLocation

    pass

Run = Callable[[Sequence[str], float], Ran]
"""Runs the CLI with arguments, for at most that many seconds, in the project's folder."""
Raw = Mapping[str, object]


@dataclass(frozen=True)
class Case:
    """One stack of one folder; `spec` facts are absent where its file is mistaken."""

    name: str
    folder: Path
    environment: Mapping[str, str]
    home: Path
    stack: Stack | None
    mistakes: tuple[str, ...]
    engine: "EngineLocation | None"
    without_engine: str
    language_host: str | None
    run: Run
    reachable: Callable[[str], bool]
    answers: QueryAnswers = field(default_factory=lambda: QueryAnswers({}, {}))
    declared: Mapping[str, int] | None = field(default_factory=dict[str, int])
    """Resources of the plan, counted by type token; empty where no check asks, None where the program fails."""
    seen: Sequence[CheckResult] = ()
    """What the machine beneath told, where it is nobody else's."""

    @property
    def project_file(self) -> Raw | None:
        """Pulumi.yaml as data; None where there is none that can be read."""
        return document(self.folder / "Pulumi.yaml")

    @property
    def stack_file(self) -> Raw:
        """The stack file as data, with what the engine itself keeps there."""
        return document(self.folder / f"Pulumi.{self.name}.yaml") or {}


def document(path: Path) -> Raw | None:
    """A YAML file that holds an object, or None."""
    try:
        read = cast("object", yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, yaml.YAMLError):
        return None
    return cast("Raw", read) if isinstance(read, dict) else None


def place_of(spec: Platform, stack: str) -> dict[str, str]:
    """Region; account, project or subscription; tenant; stack: what a cloud is asked about."""
    account, tenant = account_of(spec)
    return {"region": limits(spec.cloud).region(spec), "account": account, "tenant": tenant, "stack": stack}


def account_of(spec: Platform) -> tuple[str, str]:
    """Account, project or subscription of the stack, and its tenant where the cloud knows such a thing."""
    block = spec.block
    if isinstance(block, AwsBlock):
        return block.account_id, ""
    if isinstance(block, GcpBlock):
        return block.project, ""
    return (block.subscription_id, block.tenant_id) if isinstance(block, AzureBlock) else ("", "")
