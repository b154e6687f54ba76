"""Deployment of a stack by the engine: one method for each command, with typed results.

Operations that run the program check the stack file first, so that an error in it is reported without the engine.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial

from automation.deploy import guard as checks
from automation.deploy.changes import planned_changes
from automation.deploy.classification import EngineOperation
from automation.deploy.database import enlarge_disk, refuse_older_version, refuse_other_creation
from automation.deploy.engine_events import EventCollector
from automation.deploy.engine_stack import EngineStack
from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.events import OnEvent
from automation.deploy.failover_record import FailoverStore
from automation.deploy.regions import refuse_old_data
from automation.deploy.results import Drift, Outcome, Preview, Update, drift_from_events, updates_from_history
from automation.deploy.rollout import wait_for_rollout
from automation.deploy.start_watch import StartWatch
from automation.deploy.state import ExportedState, LockHolder
from automation.deploy.workspace import PARALLEL_OPERATIONS, copy_secrets
from automation.plan.inventory import Value
from automation.render.dry_run import refuse_rejected_objects
from automation.stack.file_checks import EXPIRES_KEY
from providers.contract.region_specs import is_warm
from providers.contract.rollout import RolloutPosition

ROLLOUT_TIMEOUT_SECONDS = 300.0


class Deployment(EngineStack):
    """Stack of the file `Pulumi.<stack>.yaml` in `folder` (default: the working directory).

    `name` creates another stack from that file, which expires `ttl_hours` (24) after its last `up`; `overrides` sets
    values of the platform by dotted path; `environment` overrides variables of this process. Every operation raises
    DeploymentFailed, and InvalidConfiguration for an invalid stack file or argument.
    """

    def set_images(self, images: Mapping[str, str]) -> None:
        """Write the images of services into the stack file; into the engine's copy only, where it has one."""
        self.workdir.set_values({f"services.{name}.image": image for name, image in images.items()})

    def set_positions(self, positions: Mapping[str, RolloutPosition]) -> None:
        """Declare these positions of rollouts from the next operation on."""
        self.workdir.set_positions(positions)

    def use_values(self, values: Mapping[str, object]) -> None:
        """Deploy with other values of the platform, by dotted path, without writing them to the stack file."""
        self.workdir.use_values(values)

    def preview(
        self, on_event: OnEvent | None = None, *, create: bool = True, replace: Collection[str] = ()
    ) -> Preview:
        """Return the changes that `up` would make.

        A stack that the backend does not have is created, or reported as a failure when `create` is False. `replace`
        contains URNs of resources to replace.
        """
        # no other user shares the state on this machine, so the stack cannot be another one
        create, new = create or self.local_state is not None, False
        if self.workdir.to_reseal:
            with self.engine_errors():
                new = copy_secrets(self.engine, self.workdir, self.create if create else None)
        with suppress(DeploymentFailed), self.engine_errors():  # a stack that does not exist has deployed none
            self.use_values(self.engine.unbuilt_images(self.file.spec))
        checks.refuse_missing_secrets(self.file)
        checks.refuse_unready(self.file, self.host_environment)
        refuse_rejected_objects(self.file, self.folder, self.host_environment)

        def run() -> EventCollector:
            return self._run(
                EngineOperation.PREVIEW,
                on_event,
                lambda add: self.engine.preview(
                    on_event=add,
                    replace=list(replace),
                    policy_packs=self.policies.packs,
                    policy_pack_configs=self.policies.configs,
                ),
            )

        try:
            collector = run()
        except DeploymentFailed as failure:
            if failure.kind is not Failure.NO_STACK or not create:
                raise
            self.create()
            new, collector = True, run()
        refuse_older_version(collector.events, self.file.spec)
        refuse_other_creation(collector.events, self.file.spec)
        with self.engine_errors():
            if enlarge_disk(collector.events, self.file.spec, self.workdir, self.engine.deployed_disk):
                collector = run()
        return Preview(self.name, planned_changes(collector.events), new)

    def allow_losses(self, names: Collection[str]) -> None:
        """Remove the protection of resources that the next update may delete or replace.

        The engine refuses such an update in its preview already. An update protects again what the program still declares.
        """
        if names:
            with self.engine_errors():
                self.engine.unprotect(names)

    def up(
        self,
        on_event: OnEvent | None = None,
        allow_replace: Collection[str] = (),
        *,
        preview: Preview | None = None,
        rollout_timeout_seconds: float = ROLLOUT_TIMEOUT_SECONDS,
        replace: Collection[str] = (),
    ) -> Outcome:
        """Update the cloud to the stack file; `preview` is a current preview, otherwise one is made.

        `replace` contains URNs of resources to replace. Fails before any change when a stateful resource that
        `allow_replace` does not name would be lost, and at the end when a service does not run its desired revision
        within `rollout_timeout_seconds`.
        """
        self.guard(preview or self.preview(replace=replace), allow_replace)
        self.workdir.renew(self.clock.now())
        replaced, message = list(replace), self._message("up")
        update = partial(
            self.run_patiently,
            on_event,
            lambda add: self.engine.up(
                on_event=add,
                message=message,
                replace=replaced,
                parallel=PARALLEL_OPERATIONS,
                policy_packs=self.policies.packs,
                policy_pack_configs=self.policies.configs,
            ),
            lambda: self.guard(self.preview(replace=replace), allow_replace),
            allow_replace=allow_replace,
        )
        collector = StartWatch(self.file, self.host_environment, self.clock, on_event).run(update)
        with self.engine_errors():
            wait_for_rollout(self.engine, self.traits.services, self.clock, rollout_timeout_seconds, on_event)
            return self.outcome(collector, self.engine.outputs())

    def guard(self, preview: Preview, allow_replace: Collection[str] = ()) -> None:
        """Raise DeploymentFailed when the changes would lose a stateful resource that `allow_replace` does not name."""
        traits = self.traits
        if is_warm(self.file.spec):
            refuse_old_data(self.name, self.file.spec, self._served(), preview.changes, traits.replica_source)
        replacing = (*checks.override_causes(self.file.spec.overrides, preview.changes), *traits.losing)
        checks.refuse_losses(self.name, preview.changes, traits.holds, allow_replace, replacing)

    def _served(self) -> str:
        """Return the region that serves: that of the last failover, else that of the last update; empty for none."""
        with self.engine_errors():
            record = FailoverStore(self.engine).read()
        if record is not None:
            return record.serving
        return str(self.outputs().get("region") or "")

    def refresh(self, on_event: OnEvent | None = None, targets: Sequence[str] = ()) -> Outcome:
        """Update the state from the cloud: of all resources, or of those with these URNs."""
        message, target = self._message("refresh"), list(targets) or None
        collector = self._run(
            EngineOperation.REFRESH,
            on_event,
            lambda add: self.engine.refresh(on_event=add, message=message, target=target),
        )
        return self.outcome(collector)

    def drift(self, on_event: OnEvent | None = None) -> tuple[Drift, ...]:
        """Return the resources that differ between cloud and state, without changing either."""
        collector = self._run(EngineOperation.DRIFT, on_event, lambda add: self.engine.preview_refresh(on_event=add))
        return tuple(drift_from_events(collector.events, checks.content_types(self.folder, self.stack)))

    def preview_destroy(self, unprotect: Collection[str] = (), *, keep_data: bool = False) -> Preview:
        """Return what `destroy` would delete, from the state; fails when another resource is protected."""
        return Preview(self.name, checks.planned_deletions(self._to_delete(unprotect, keep_data=keep_data)))

    def destroy(
        self, on_event: OnEvent | None = None, unprotect: Collection[str] = (), *, keep_data: bool = False
    ) -> Outcome:
        """Delete all resources of the stack; its history and its file remain, unless it is ephemeral.

        `keep_data` keeps the volumes of a Docker stack, and their keys in the state. Fails before any change when another
        resource is protected and `unprotect` does not name it.
        """
        exported = self._to_delete(unprotect, keep_data=keep_data)
        urns = checks.deletable_urns(exported) if keep_data else None
        if urns == []:  # without a target the engine deletes all resources
            return self.outcome(EventCollector(self.clock))
        with self.engine_errors():
            self.engine.unprotect_all(exported)
        message = self._message("destroy")
        collector = self._run(
            EngineOperation.DELETION,
            on_event,
            lambda add: self.engine.destroy(on_event=add, message=message, parallel=PARALLEL_OPERATIONS, target=urns),
        )
        if self.ephemeral:
            with self.engine_errors():
                self.engine.workspace.remove_stack(self.name)
        return self.outcome(collector)

    def _to_delete(self, unprotect: Collection[str], *, keep_data: bool) -> ExportedState:
        with self.engine_errors():
            exported = self.engine.export_state()
        kept = checks.kept_types(self.folder, self.stack) if keep_data else ()
        return checks.state_to_delete(self.name, exported, kept, unprotect)

    def outputs(self) -> Mapping[str, Value]:
        """Return the stack's outputs, secrets masked."""
        with self.engine_errors():
            return {key: output.value for key, output in self.engine.outputs().items()}

    def history(self) -> tuple[Update, ...]:
        """Return the stack's updates, the latest first."""
        with self.engine_errors():
            return updates_from_history(self.engine.history(page_size=0, show_secrets=False))  # 0: all, not ten

    def lock_holder(self) -> LockHolder | None:
        """Return the holder of the stack's lock, or None when the stack is not locked."""
        with self.engine_errors():
            return self.engine.lock_holder()

    def cancel(self, *, force: bool = False) -> LockHolder | None:
        """Release a stale lock and return its holder; None when the stack is not locked.

        Fails when the holder runs on this machine, as its update would continue without the lock, unless `force` is set.
        """
        holder = self.lock_holder()
        if holder is None:
            return None
        if holder.runs_on_this_machine and not force:
            raise checks.lock_in_use(self.name, holder)
        with self.engine_errors():
            self.engine.cancel()
        return holder

    def create(self) -> None:
        """Create an empty stack in the backend; an ephemeral stack is tagged with its expiry."""
        with self.engine_errors():
            self.engine.workspace.create_stack(self.name)
            self.workdir.keep_salt()
            until = self.workdir.expires_at(self.clock.now())
            if until is not None:
                self.engine.run_command("stack", "tag", "set", EXPIRES_KEY, until.isoformat())

    def refuse_locked(self) -> None:
        """Raise DeploymentFailed when another operation holds the lock; a stack that does not exist is not locked."""
        if self.engine and self.local_state and not self.local_state.may_be_locked(self.name):  # the first may raise
            return
        try:
            holder = self.lock_holder()
        except DeploymentFailed as failure:
            if failure.kind is Failure.NO_STACK:
                return
            raise
        if holder is not None:
            raise checks.lock_held(self.name, holder)
