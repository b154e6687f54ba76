"""Run a stack program: `program.py <settings as JSON> <program>`, in the environment and the folder of the project."""

import asyncio
import json
import logging
import os
import runpy
import sys
import traceback
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pulumi
from pulumi import runtime

BAIL_EXIT_CODE = 32
"""The error has been printed; the engine prints nothing more about it."""
THREADS_PER_OPERATION = 4
WAIT = asyncio.wait
Waited = TypeVar("Waited", bound="asyncio.Future[Any]")
AS_SHIPPED = "LANGUAGE_HOST_AS_SHIPPED"
"""Environment variable with which a program costs what it costs with the host that Pulumi ships: it starts in a new interpreter and
sends its debug messages to the engine. Without it, tests save the time of both."""


def main(settings: runtime.Settings, parallel: int, program: str) -> int:
    """Run the program until all of its resources are registered, and return the exit code."""
    runtime.configure(settings)
    if AS_SHIPPED not in os.environ:
        # the engine shows these messages with --debug only; the program waits for each of them, for a seventh of its CPU time
        pulumi.log.debug = _no_message
        asyncio.wait = _wait_for_the_first_error
    runtime.set_all_config(runtime.get_config_env(), runtime.get_config_secret_keys_env())
    # a failed program leaves futures that are not awaited, which asyncio would report
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    with ThreadPoolExecutor(max(parallel, 1) * THREADS_PER_OPERATION) as executor:
        loop.set_default_executor(executor)
        try:
            loop.run_until_complete(runtime.run_in_stack(lambda: _run(program)))
        except pulumi.RunError as error:
            pulumi.log.error(str(error))
            return 1
        # a program may raise anything, and the engine must learn of it
        except Exception:
            pulumi.log.error(f"Program failed with an unhandled exception:\n{program_traceback(program)}")
            return BAIL_EXIT_CODE
    loop.close()
    return 0


def _no_message(
    msg: str, resource: pulumi.Resource | None = None, stream_id: int | None = None, ephemeral: bool | None = None
) -> None:
    """Send no message to the engine."""


async def _wait_for_the_first_error(
    fs: Iterable[Waited], *, timeout: float | None = None, return_when: str = asyncio.ALL_COMPLETED
) -> tuple[set[Waited], set[Waited]]:
    """Wait for futures as `asyncio.wait`, but not for the first one to end: for all, or the first that fails.

    The SDK waits for all outputs of a program again when one of them has its value, which is a third of the CPU time of a program
    with 644 resources.
    """
    first = return_when == asyncio.FIRST_COMPLETED
    return await WAIT(fs, timeout=timeout, return_when=asyncio.FIRST_EXCEPTION if first else return_when)


def _run(program: str) -> None:
    runpy.run_path(program, run_name="__main__")


def program_traceback(program: str) -> str:
    """Return the traceback of the current exception from the first frame of the program on."""
    main_file = os.path.join(program, "__main__.py") if os.path.isdir(program) else program
    files = [os.path.abspath(frame.filename) for frame in traceback.extract_tb(sys.exc_info()[2])]
    start = next((index for index, file in enumerate(files) if file == os.path.abspath(main_file)), 0)
    return traceback.format_exc(limit=start - len(files))


def run_command_line(arguments: Sequence[str]) -> int:
    """Run the program of the arguments and return its exit code."""
    settings_json, program_path = arguments
    sys.argv = [program_path]
    values = json.loads(settings_json)
    return main(runtime.Settings(**values), values["parallel"], program_path)


if __name__ == "__main__":
    exit_code = run_command_line(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    sys.exit(exit_code)
