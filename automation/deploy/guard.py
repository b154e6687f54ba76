"""Checks before an operation changes anything: missing secrets, the host, stateful and protected resources.

Each check reports all of its findings at once: the engine would stop at the first, with a part of the stack changed. A
replacement that the preview could not see is found by `LossWatch` while the update runs.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from automation.deploy.changes import ResourceChange, change_in_state
from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.events import Event, OnEvent, StepStarted, normalize_operation
from automation.deploy.state import ExportedState, LockHolder, StateResource, state_resources, without_types
from automation.local.state import PASSPHRASE_VARIABLE, LocalState, declared_cloud
from automation.plan.tree import rank
from automation.stack.document import Stack
from automation.urn import Urn
from providers import AVAILABLE, host_checks, resource_traits
from providers.contract.declaration import Override
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, did_you_mean, displayed, listed
from providers.contract.resource_traits import CLIENT_KEYS, ReplacingChange

LOSING_OPERATIONS = {"replace": "replaced", "delete": "deleted"}


@dataclass(frozen=True)
class Loss:
    """Stateful resource that an update would replace or delete, and the data that it contains."""

    change: ResourceChange
    content: str


@dataclass
class LossWatch:
    """Watch over a running update, which cancels it before it replaces or deletes a stateful resource.

    The preview of a provider can report an update where the update itself replaces, when the new value of a property is not
    known before. The engine reports a step before it executes it, and it creates the new resource before it deletes the old
    one: the program asks for this order (components/replacement.py), and the old one is deleted at the end of an update.
    """

    contents: Mapping[str, str]
    """Data of each stateful type."""
    allowed: Collection[str]
    """Names of resources that may be lost."""
    cancel: Callable[[], object]
    losses: list[Loss] = field(default_factory=list[Loss])

    def before(self, on_event: OnEvent | None) -> OnEvent:
        """Return a callback that watches events and passes them to `on_event`."""

        def watched(event: Event) -> None:
            self.look_at(event)
            if on_event is not None:
                on_event(event)

        return watched

    def look_at(self, event: Event) -> None:
        """Cancel the update when a step starts that loses a stateful resource."""
        if isinstance(event, StepStarted) and not event.step.planning:
            change = ResourceChange(event.step.urn, normalize_operation(event.step.operation))
            losses = find_losses([change], self.contents, self.allowed)
            if losses and not self.losses:
                self.cancel()
            self.losses.extend(losses)

    def raise_stopped(self, stack: str, cause: DeploymentFailed | None) -> None:
        """Raise DeploymentFailed when there was a loss; `cause` is the failure of the update, if it failed."""
        if not self.losses:
            return
        names = list(dict.fromkeys(f"{loss.change.name} ({loss.change.short_type})" for loss in self.losses))
        verb, pronoun = ("were", "them") if len(names) > 1 else ("was", "it")
        lost = LOSING_OPERATIONS[self.losses[0].change.operation]
        # a resource that the program no longer declares is deleted at once
        state = "being" if lost == "deleted" else "about to be"
        outcome = "was cancelled" if cause is not None else "had ended before it could be cancelled"
        problem = f"{listed(names, 'and')} {verb} {state} {lost}, which the preview did not show; the update {outcome}"
        options = " ".join(dict.fromkeys(f"--allow-replace {loss.change.name}" for loss in self.losses))
        fix = (
            f"run `agent-platform recover {stack}` and revert the setting that causes it; to lose {pronoun} and the "
            f"data, run the command again with {options}"
        )
        raise DeploymentFailed(Failure.GUARDED, problem, fix, cause.log if cause else "", stack=stack) from cause


def refuse_missing_secrets(stack: Stack) -> None:
    """Raise InvalidConfiguration for listed secrets without a value, without which the program fails."""
    if stack.missing_secrets:
        raise InvalidConfiguration(_missing_secret(stack, name) for name in stack.missing_secrets)


def lock_held(stack: str, holder: LockHolder) -> DeploymentFailed:
    """Return the failure of an operation that waits for the lock of another one."""
    held = f"an update by {holder.process} has held the lock since {holder.since}"
    problem = held if holder.user else "another update is in progress"
    fix = f"wait until it ends; if that process no longer exists, run `agent-platform cancel {stack}`"
    return DeploymentFailed(Failure.LOCKED, problem, fix, stack=stack)


def lock_in_use(stack: str, holder: LockHolder) -> DeploymentFailed:
    """Return the failure of a release whose update still runs on this machine."""
    problem = f"the update by {holder} is running on this machine and would continue without its lock"
    fix = f"press Ctrl-C there, or stop process {holder.pid} with `kill -INT {holder.pid}`"
    return DeploymentFailed(Failure.LOCKED, problem, fix, stack=stack)


def refuse_lost_passphrase(state: LocalState, stack: str, environment: Mapping[str, str]) -> None:
    """Raise DeploymentFailed when the state on this machine has stacks and their passphrase is gone."""
    if state.is_locked_out and not environment.get(PASSPHRASE_VARIABLE):
        missing = state.passphrase.relative_to(state.root)
        stacks = listed(state.stacks, "and")
        problem = f"{missing} is missing, and without it the secrets of {stacks} cannot be decrypted"
        fix = (
            f"restore the file from a backup, or run `agent-platform destroy {stack} --force-by-label`, which removes "
            "containers and networks without the state and keeps the volumes"
        )
        raise DeploymentFailed(Failure.NO_PASSPHRASE, problem, fix, stack=stack)


def refuse_unready(stack: Stack, environment: Mapping[str, str]) -> None:
    """Raise InvalidConfiguration when the host of the platform is not ready; `environment` is the engine's."""
    results = host_checks(stack.spec.cloud).preflight(stack.spec, stack.name, environment)
    diagnostics = [diagnostic for result in results for diagnostic in result.diagnostics]
    if diagnostics:
        raise InvalidConfiguration(diagnostics)


def refuse_unreachable(stack: Stack, environment: Mapping[str, str]) -> None:
    """Raise InvalidConfiguration when the host does not answer or is of an unsupported version: its first check.

    The others need the images of the stack, which are built on the host.
    """
    results = host_checks(stack.spec.cloud).preflight(stack.spec, stack.name, environment)
    if results and results[0].diagnostics:
        raise InvalidConfiguration(results[0].diagnostics)


def find_losses(
    changes: Iterable[ResourceChange], contents: Mapping[str, str], allowed: Collection[str] = ()
) -> tuple[Loss, ...]:
    """Return the stateful resources that the changes would replace or delete, except those with an allowed name.

    `contents` describes the data of each stateful type.
    """
    return tuple(
        Loss(change, contents[change.type])
        for change in changes
        if change.operation in LOSING_OPERATIONS and change.type in contents and change.name not in allowed
        if not _is_unused_key(change)
    )


def _is_unused_key(change: ResourceChange) -> bool:
    """True for the deletion of a stored key of clients, whose value is generated, or is in the stack file.

    A change of `ingress.auth.mode` ends the use of the key, and nothing else can be lost with it.
    """
    place, _, name = change.name.rpartition("-secrets-")
    return change.operation == "delete" and bool(place) and name.removesuffix("-value") in CLIENT_KEYS


def override_causes(
    overrides: Mapping[str, Mapping[str, object]], changes: Iterable[ResourceChange]
) -> Iterator[ReplacingChange]:
    """Yield the overrides of a stack file that name a resource which an operation replaces."""
    why = "an input that the stack file overrides cannot change in place"
    entries = [Override(key, inputs) for key, inputs in overrides.items()]
    for change in changes:
        if change.operation == "replace":
            keys = (entry.path for entry in entries if entry.names(change.type, change.name))
            yield from (ReplacingChange(key, change.type, why) for key in keys)


def refuse_losses(
    stack: str,
    changes: Iterable[ResourceChange],
    contents: Mapping[str, str],
    allowed: Collection[str],
    replacing: Collection[ReplacingChange] = (),
) -> None:
    """Raise DeploymentFailed for losses that are not allowed, InvalidConfiguration for allowed names that do not exist."""
    changes = tuple(changes)
    names = {change.name for change in changes}
    unknown = [name for name in allowed if name not in names]
    if unknown:
        known = sorted({change.name for change in changes if change.managed})
        raise InvalidConfiguration(_unknown_resource("--allow-replace", name, known) for name in unknown)
    losses = find_losses(changes, contents, allowed)
    if losses:
        options = " ".join(f"--allow-replace {loss.change.name}" for loss in losses)
        fix = f"revert {_cause(losses, replacing)}; to lose the data anyway, run the command again with {options}"
        raise DeploymentFailed(Failure.GUARDED, "; ".join(_loss_clauses(losses)), fix, stack=stack)


def planned_deletions(exported: ExportedState) -> tuple[ResourceChange, ...]:
    """Return what a deletion of the stack would do to every resource of an exported state, ordered by component."""
    changes = (_deletion(resource) for resource in state_resources(exported))
    return tuple(sorted(changes, key=lambda change: (rank(change.component), change.urn)))


def kept_types(folder: Path, stack: str) -> frozenset[str]:
    """Return the types that a deletion can keep, by the cloud in a stack file, which may be invalid otherwise."""
    cloud = declared_cloud(folder, stack)
    return resource_traits(cloud).kept if cloud in AVAILABLE else frozenset()


def content_types(folder: Path, stack: str) -> Mapping[str, str] | None:
    """Return the property with the content of a type, by the cloud in a stack file, which may be invalid otherwise."""
    cloud = declared_cloud(folder, stack)
    return resource_traits(cloud).content if cloud in AVAILABLE else None


def deletable_urns(exported: ExportedState) -> list[str]:
    """Return the URNs of the resources of an exported state that a provider deletes."""
    return [change.urn for change in planned_deletions(exported) if change.managed]


def protected_urns(exported: ExportedState) -> tuple[Urn, ...]:
    """Return the URNs of the resources that are protected from deletion."""
    return tuple(Urn(resource["urn"]) for resource in state_resources(exported) if resource.get("protect"))


def refuse_protected(stack: str, exported: ExportedState, names: Collection[str]) -> None:
    """Raise DeploymentFailed for protected resources without a name in `names`, InvalidConfiguration for other names."""
    protected = [urn.name for urn in protected_urns(exported)]
    unknown = [name for name in names if name not in protected]
    if unknown:
        raise InvalidConfiguration(_unknown_resource("--unprotect", name, protected) for name in unknown)
    remaining = [name for name in protected if name not in names]
    if remaining:
        verb, pronoun = ("are", "them") if len(remaining) > 1 else ("is", "it")
        problem = f"{listed(remaining, 'and')} {verb} protected and would be lost permanently"
        options = " ".join(f"--unprotect {name}" for name in protected)
        fix = f"to delete {pronoun} anyway, run the command again with {options}"
        raise DeploymentFailed(Failure.PROTECTED, problem, fix, stack=stack)


def state_to_delete(
    stack: str, exported: ExportedState, kept: Collection[str], unprotect: Collection[str]
) -> ExportedState:
    """Return a state without the types that a deletion keeps; raises DeploymentFailed for a protected resource in it."""
    remaining = without_types(exported, kept)
    refuse_protected(stack, remaining, unprotect)
    return remaining


def _missing_secret(stack: Stack, name: str) -> ConfigError:
    readers = stack.spec.readers_of(name)
    key = f"services.{readers[0]}.secrets" if readers else "cloud"
    fix = f"run `agent-platform secret set {stack.name} {name}`"
    if name in stack.generated_secrets:
        fix = f"run `agent-platform up {stack.name}`, which generates it for a state in .local, or `{fix[5:-1]}`"
    return ConfigError(key, f"the secret {name} has no value", fix)


def _cause(losses: Iterable[Loss], replacing: Iterable[ReplacingChange]) -> str:
    """Return the setting to revert, with the keys that can replace resources of these types on this cloud."""
    types = {loss.change.type for loss in losses}
    keys = dict.fromkeys(change.key for change in replacing if change.type in types)
    return f"the setting that causes it (such as {listed(keys)})" if keys else "the setting that causes it"


def _loss_clauses(losses: Iterable[Loss]) -> Iterator[str]:
    """Yield one clause for all losses of the same type, operation and cause."""
    groups: dict[tuple[str, str, tuple[str, ...], str], list[str]] = {}
    for loss in losses:
        change = loss.change
        groups.setdefault((change.short_type, change.operation, change.replaces, loss.content), []).append(change.name)
    for (short_type, operation, paths, content), names in groups.items():
        cause = f" (because of {listed(paths, 'and')})" if paths else ""
        verb = LOSING_OPERATIONS[operation]
        yield f"{listed(names, 'and')} ({short_type}) would be {verb}{cause}, which deletes {content}"


def _deletion(resource: StateResource) -> ResourceChange:
    return change_in_state(resource, "forget" if resource.get("retainOnDelete") else "delete")


def _unknown_resource(option: str, name: str, known: Iterable[str]) -> ConfigError:
    kind = "protected resource" if option == "--unprotect" else "resource"
    return ConfigError(option, f"the stack has no {kind} {displayed(name)}{did_you_mean(name, known)}")
