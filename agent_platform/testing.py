"""Resources that a program declares, for its tests: no engine, no cloud, no network.

    from agent_platform.testing import record

    def program() -> None:
        AgentPlatform("search", spec, secrets={"OPENAI_API_KEY": "any"})

    def test_the_database_is_protected() -> None:
        database = record(program).one("search-database", "rds:Instance")
        assert database.protect

Values that only a cloud can compute are readable placeholders, such as `<rds:Instance search-database>.endpoint`; with `mode="unknown"`
they are unknown, as in a preview. Secrets are wrapped in `Secret`.

Tests with `pulumi.runtime.Mocks` call `set_mocks` of this module instead of Pulumi's: outputs and functions of which the mocks
answer nothing have the same placeholders, so that the mocks need to know only what the test is about.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import pulumi
from pulumi.runtime import mocks

from automation.plan.inventory import Declared, Inventory, Secret, Unknown
from automation.plan.recorder import Mode, MonitorWithPlaceholders
from automation.plan.recorder import record as record_stack
from automation.plan.sdk_internals import use_callbacks

__all__ = ["Declared", "Inventory", "Secret", "Unknown", "record", "set_mocks"]


def record(
    program: Callable[[], object],
    *,
    project: str = "project",
    stack: str = "stack",
    config: Mapping[str, str] | None = None,
    secret_config: Mapping[str, str] | None = None,
    mode: Mode = "symbolic",
) -> Inventory:
    """Return the resources that `program` declares; keys of the configuration are `project:name`.

    Raises the exceptions of the program. The calls of a process do not affect each other.
    """
    sealed = dict(secret_config or {})
    values = {**(config or {}), **sealed}
    # a run of the SDK ends the event loop of its thread, which Pulumi's own mocks need
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(record_stack, program, stack, values, tuple(sealed), mode, project=project).result()


def set_mocks(user: mocks.Mocks, project: str = "project", stack: str = "stack", *, preview: bool = False) -> None:
    """Set the mocks of a test, as `pulumi.runtime.set_mocks` does, with placeholders for what they leave out."""
    monitor = MonitorWithPlaceholders(user)
    mocks.set_mocks(user, project, stack, preview, monitor=monitor)
    use_callbacks(monitor.callbacks)
    pulumi.runtime.register_stack_transformation(monitor.prepare)
