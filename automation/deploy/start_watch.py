"""Containers that end at their start during an update of a stack on one machine.

The engine waits until a new container is healthy, and learns nothing from one that is started again and again before its
time is over. The first end of a container is reported with its log at once; one that keeps ending is removed, which ends
the engine's wait, and the update fails with its log. Earlier replicas keep running: the engine deletes them after the new ones
are healthy (docs/adr/0025-end-an-update-when-a-container-crashes-at-start.md). Clouds do the same by themselves.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.events import EngineMessage, OnEvent
from automation.deploy.results import Clock
from automation.stack.document import Stack
from providers import host_checks
from providers.contract.preflight import Diagnosis, HostChecks, HostUnreachable, StartingPart

Result = TypeVar("Result")

POLL_SECONDS = 1.0
TOLERATED_SECONDS = 10.0
"""Time in which a container may end, since it may need another one that starts at the same time. Docker, too, takes a
container that runs for ten seconds as started (https://docs.docker.com/engine/containers/start-containers-automatically/)."""
MIN_ENDS = 2


@dataclass
class Start:
    """Start of one container: when it began, on the caller's clock, and how often it has ended."""

    began: float
    ends: int = 0


class StartWatch:
    """Watch of the containers that one update of a stack creates; `on_event` gets a message for each that ends."""

    def __init__(
        self,
        stack: Stack,
        environment: Mapping[str, str],
        clock: Clock,
        on_event: OnEvent | None = None,
        checks: HostChecks | None = None,
    ) -> None:
        self.stack, self.environment, self.clock = stack, environment, clock
        self.on_event, self.checks = on_event, checks or host_checks(stack.spec.cloud)
        self.failures: dict[str, Diagnosis] = {}
        self._known = frozenset[str]()
        self._starts: dict[str, Start] = {}
        self._began = clock.seconds()
        self._ended = threading.Event()

    def run(self, update: Callable[[], Result]) -> Result:
        """Run an update under the watch; raises DeploymentFailed for a container that keeps ending."""
        if self.checks.list_starting is None:
            return update()
        self._known = frozenset(part.found.id for part in self._parts())
        thread = threading.Thread(target=self._poll_until_ended, daemon=True)
        thread.start()
        try:
            result = update()
        except DeploymentFailed as failure:
            raise self._explained(failure) from None
        finally:
            self._ended.set()
            thread.join()
        self._settle()
        if self.failures:
            raise self._failure("")
        return result

    def poll(self) -> bool:
        """Look at the new containers once; False when none of those without a health check may end any more."""
        now, unsettled = self.clock.seconds(), False
        for part in self._parts():
            start = self._starts.setdefault(part.found.id, Start(now))
            if part.healthy or part.name in self.failures:
                continue
            self._look(part, start, now)
            unsettled = unsettled or (not part.awaited and now - start.began < TOLERATED_SECONDS)
            start.ends = part.ends
        return unsettled

    def _look(self, part: StartingPart, start: Start, now: float) -> None:
        if part.ends and not start.ends:
            self._report(part)
        if part.waiting and not self.failures:
            start.began = now
            return
        has_ended = part.ends > start.ends or not part.running
        if has_ended and part.ends >= MIN_ENDS and now - start.began >= TOLERATED_SECONDS:
            self._give_up(part)

    def _parts(self) -> list[StartingPart]:
        """New containers; none when the daemon does not answer, which the engine reports itself."""
        if self.checks.list_starting is None:
            return []
        try:
            return list(self.checks.list_starting(self.stack.spec, self.stack.name, self._known, self.environment))
        except HostUnreachable:
            return []

    def _report(self, part: StartingPart) -> None:
        diagnosis = self._diagnosis(part)
        if diagnosis is not None:
            lines = "".join(f"\n    {line}" for line in diagnosis.log_lines)
            self._print(f"{part.found.name} ended at its start and is started again; the end of its log:{lines}")

    def _give_up(self, part: StartingPart) -> None:
        diagnosis = self._diagnosis(part)
        if diagnosis is None:
            return
        self.failures[part.name] = diagnosis
        if part.awaited:
            # its log has been read, and the engine waits for nothing else
            self.checks.remove(part.found, self.environment)

    def _diagnosis(self, part: StartingPart) -> Diagnosis | None:
        try:
            return self.checks.explain_start(self.stack.spec, self.stack.name, part, self.environment)
        except HostUnreachable:
            return None

    def _print(self, text: str) -> None:
        if self.on_event is not None:
            self.on_event(EngineMessage(self.clock.seconds() - self._began, "info", text, from_engine=False))

    def _poll_until_ended(self) -> None:
        while not self._ended.wait(POLL_SECONDS):
            self.poll()

    def _settle(self) -> None:
        """Wait for containers without a health check, for which the engine does not wait."""
        while self.poll() and not self.failures:
            self.clock.sleep(POLL_SECONDS)

    def _explained(self, failure: DeploymentFailed) -> DeploymentFailed:
        return self._failure(failure.log) if self.failures and failure.kind is not Failure.CANCELLED else failure

    def _failure(self, log: str) -> DeploymentFailed:
        """Return the failure of the containers that kept ending; replicas of a service share their cause."""
        by_key = {diagnosis.problem.partition(":")[0]: diagnosis for diagnosis in self.failures.values()}
        problem = "; ".join(diagnosis.problem for diagnosis in by_key.values())
        fix = "; ".join(dict.fromkeys(diagnosis.fix for diagnosis in by_key.values()))
        return DeploymentFailed(Failure.NOT_RUNNING, problem, fix, log, stack=self.stack.name)
