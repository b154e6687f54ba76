"""Secrets for a stack made from another one's file, where only the backend can open them, and for that one stack alone.

Pulumi Cloud keeps such keys. The engine itself opens each value and seals it anew for the other stack, so that it is
never an argument, never printed, and never in a file in clear.
"""

import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING

from automation.stack.folders import sealed_in, stack_file

if TYPE_CHECKING:
    from automation.deploy.workspace import ProjectStack
    from automation.stack.workdir import Workdir


def take_over_secrets(engine: "ProjectStack", layout: "Workdir", create: Callable[[], object] | None) -> bool:
    """Give an ephemeral stack the values that its own file cannot open; True when the stack had to be made for that.

    Raises CommandError, also where the stack is not there and `create` is None.
    """
    new = create is not None and all(stack.name != layout.name for stack in engine.workspace.list_stacks())
    if new and create is not None:
        create()
    source = stack_file(layout.folder, layout.stack)
    shutil.copy(source, layout.work_folder)
    for key in layout.to_reseal:
        engine.workspace.ask("config", "cp", key, "--stack", layout.stack, "--dest", layout.name)
    layout.sealed = sealed_in(stack_file(layout.work_folder, layout.name))
    return new
