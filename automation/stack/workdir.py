"""Where the engine works for one stack, and the file it reads there: the project's own, or a copy that is changed."""

import shutil
import weakref
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from automation.plan.inventory import Value
from automation.stack.document import Stack, read_stack, stack_names
from automation.stack.ephemeral import TTL_HOURS, laid_over, refuse_own_file, refuse_production
from automation.stack.folders import Sealed, folder_for, platform_in, sealed_in, stack_file, write_stack_file


class Workdir:
    """The stack `name` made from the file of `stack` in the project's `folder`, with `overrides` by dotted path."""

    def __init__(
        self, folder: Path, stack: str, name: str, overrides: Mapping[str, Value], ttl_hours: float | None = None
    ) -> None:
        self.folder, self.stack, self.name = folder, stack, name
        self.overrides, self.ttl_hours = dict(overrides), ttl_hours
        self.sealed: Sealed | None = None
        """The sealed values where they are not those of the file that the stack is made from."""

    @property
    def ephemeral(self) -> bool:
        """True for a stack with a name of its own."""
        return self.name != self.stack

    @cached_property
    def work_folder(self) -> Path:
        """The project's folder, or one that goes with this object; raises InvalidConfiguration."""
        source = stack_file(self.folder, self.stack)
        if not self.ephemeral and not self.overrides:
            return self.folder
        if self.ephemeral:
            refuse_own_file(self.name, stack_names(self.folder))
        own = self.own_folder()
        if self.to_reseal:
            self.sealed = Sealed()
        write_stack_file(own, source, self.name, self.settings, sealed=self.sealed)
        return own

    def own_folder(self) -> Path:
        """A new folder with the project's program, which goes with this object."""
        own = folder_for(self.folder, self.name)
        weakref.finalize(self, shutil.rmtree, own, ignore_errors=True)
        return own

    @cached_property
    def settings(self) -> Mapping[str, Value]:
        """What the stack has otherwise than the file that it is made from, by dotted path."""
        if not self.ephemeral:
            return self.overrides
        return laid_over(platform_in(stack_file(self.folder, self.stack)), self.name, self.overrides)

    @cached_property
    def file(self) -> Stack:
        """The checked stack file; raises InvalidConfiguration."""
        if self.ephemeral:
            refuse_production(platform_in(stack_file(self.work_folder, self.name)), self.stack, self.name)
        return read_stack(self.work_folder, self.name)

    @property
    def to_reseal(self) -> tuple[str, ...]:
        """Keys of sealed values that only the backend can open, and only for the stack whose file they stand in."""
        if not self.ephemeral:
            return ()
        found, taken = sealed_in(stack_file(self.folder, self.stack)), (self.sealed or Sealed()).values
        return () if found.opens_here else tuple(key for key in found.values if key not in taken)

    def expires_at(self, now: datetime) -> datetime | None:
        """When the time of an ephemeral stack that begins now is over; None for any other."""
        if not self.ephemeral:
            return None
        hours = TTL_HOURS if self.ttl_hours is None else self.ttl_hours
        return (now + timedelta(hours=hours)).replace(microsecond=0)

    def renew(self, now: datetime) -> None:
        """Let the time of an ephemeral stack begin anew, which its configuration tells."""
        until = self.expires_at(now)
        if until is not None:
            source = stack_file(self.folder, self.stack)
            write_stack_file(self.work_folder, source, self.name, self.settings, until, self.sealed)
