"""Plans of a stack after each change of its file or of a build folder, in one process, so that the SDK is loaded once."""

import gc
import signal
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from watchfiles import Change, DefaultFilter, watch

from automation.plan.build import Plan, plan_of
from automation.plan.diff import ComponentDiff, compare
from automation.plan.recorder import Mode
from automation.shell import interrupts_deferred
from automation.stack.document import StackDocument, stack_file
from providers.contract.diagnostics import Diagnostic, InvalidConfiguration

DEBOUNCE_MILLISECONDS = 100
"""Time in which changes are taken together: editors write a file in several steps."""
TOOLS_IGNORED = DefaultFilter()
"""Filter without the files of tools, such as .git, .venv and __pycache__."""


@dataclass(frozen=True)
class Replan:
    """Plan after a change, or the errors of the stack file; `differences` are those to the last valid plan."""

    changed: tuple[Path, ...]
    plan: Plan | None
    diagnostics: tuple[Diagnostic, ...]
    before: Plan | None
    cpu_seconds: float

    @property
    def differences(self) -> tuple[ComponentDiff, ...]:
        """Components that differ from the plan before; none for the first plan."""
        if self.plan is None or self.before is None:
            return ()
        components = compare(self.before.inventory, self.plan.inventory)
        return tuple(component for component in components if not component.same)


class PlanWatch:
    """Watch of the stack `name`, on its own cloud or on `cloud`."""

    def __init__(self, folder: Path, name: str, cloud: str | None = None, mode: Mode = "symbolic") -> None:
        self.folder, self.name, self.cloud = folder, name, cloud
        self.mode: Mode = mode
        self.file = stack_file(folder, name)
        self.valid: Plan | None = None
        self.planned_text: str | None = None
        """Text of the stack file that the latest plan or error belongs to."""

    @property
    def build_folders(self) -> frozenset[Path]:
        """Build contexts of the last valid plan's services that exist."""
        services = self.valid.stack.spec.services.values() if self.valid else ()
        contexts = {(self.folder / service.build.context).resolve() for service in services if service.build}
        return frozenset(context for context in contexts if context.is_dir())

    def plan_again(self, changed: Iterable[Path] = ()) -> Replan:
        """Return the plan of the stack file as it is now; an invalid file leaves the last valid plan in place."""
        start, before = time.process_time(), self.valid
        self.planned_text = self._text()
        try:
            stack = StackDocument.load(self.file).stack(self.name, self.cloud)
            self.valid = plan = plan_of(stack, self.folder, self.mode)
        except InvalidConfiguration as invalid:
            return Replan(tuple(changed), None, tuple(invalid.diagnostics), before, time.process_time() - start)
        return Replan(tuple(changed), plan, (), before, time.process_time() - start)

    def answer(self, changed: Iterable[Path] = ()) -> Iterator[Replan]:
        """Yield the plan, and let its garbage be collected, which takes 0.2 s, after the caller has printed it."""
        gc.disable()
        try:
            yield self.plan_again(changed)
        finally:
            # an exception in a finalizer is lost, so Ctrl-C takes effect after the collection
            with interrupts_deferred((signal.SIGINT,)):
                gc.collect()
                gc.enable()

    def plans(self) -> Iterator[Replan]:
        """Yield the first plan and one after each change; raises KeyboardInterrupt on Ctrl-C."""
        yield self.plan_again()
        while True:
            yield from self._plans_until_folders_change()

    def _plans_until_folders_change(self) -> Iterator[Replan]:
        folders = self.build_folders
        # the folder and not the file: most editors replace a file, and a watch of the old one ends there
        batches = watch(
            self.folder, *folders, recursive=bool(folders), watch_filter=self.is_relevant,
            debounce=DEBOUNCE_MILLISECONDS, yield_on_timeout=True, rust_timeout=1000,
        )  # fmt: skip
        for batch in batches:
            changed = sorted({Path(path) for _, path in batch})
            # on a timeout the batch is empty: a change before the watch began shows in the text alone
            if changed or self._text() != self.planned_text:
                yield from self.answer(changed or [self.file])
                if self.build_folders != folders:
                    return

    def is_relevant(self, change: Change, path: str) -> bool:
        """Return whether a changed path is the stack file, or below a build folder and not of a tool such as git."""
        changed = Path(path)
        if changed == self.file or changed.resolve() == self.file.resolve():
            return True
        below = any(changed.resolve().is_relative_to(folder) for folder in self.build_folders)
        return below and TOOLS_IGNORED(change, path)

    def _text(self) -> str | None:
        try:
            return self.file.read_text(encoding="utf-8", errors="replace")
        except OSError:  # an editor replaces the file at this moment, or it was deleted
            return None
