"""`python -m automation.recover.search_process`: searches a cloud, or reads objects of it, in previews that keep nothing."""

import json
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import cast

import pulumi
from pulumi import automation

from automation.deploy.engine_events import masked
from automation.engine.clouds import load_queries
from automation.engine.provider_errors import error_of_text
from automation.engine.scratch_stack import create_scratch_stack, remove_stack_variables
from automation.engine.target import CloudTarget
from automation.plan.inventory import Value
from automation.recover.clouds.searches import CloudSearch
from automation.recover.search import SearchReply, SearchRequest, SearchTarget

ROUNDS = 5
"""A preview ends at the first object that it cannot read, so those that it did not come to are read again."""
NOT_THERE = re.compile(r"resource '.*' does not exist")


def answer(request: SearchRequest, folder: Path) -> SearchReply:
    """Search, or read what is wanted."""
    reply: SearchReply = {"told": [], "troubles": {}, "read": {}, "gone": []}
    try:
        if request["read"]:
            _read(request, folder, reply)
        else:
            _search(request, folder, reply)
    except automation.CommandError as error:
        reply["troubles"]["the search"] = error_of_text(str(error)).kind
    return reply


def _search(request: SearchRequest, folder: Path, reply: SearchReply) -> None:
    place, provider = _place(request)
    searched = cast("CloudSearch", import_module(f"automation.recover.clouds.{request['cloud']}"))

    def program() -> None:
        opts = pulumi.InvokeOptions(provider=provider())
        for name, search in searched.searches(place).items():
            try:
                reply["told"].extend(search(opts))
            # A provider's failure comes as a bare Exception, an answer of another shape as almost anything.
            except Exception as error:
                reply["troubles"][name] = error_of_text(str(error)).kind

    create_scratch_stack(request["program"], request["version"], folder, program).preview()


def _read(request: SearchRequest, folder: Path, reply: SearchReply) -> None:
    _, provider = _place(request)
    left = list(request["read"])
    for turn in range(ROUNDS):
        own = folder / str(turn)
        own.mkdir()
        done = _read_once(request, own, provider, left)
        reply["read"].update({address: outputs for address, outputs in done.items() if outputs})
        reply["gone"].extend(address for address, outputs in done.items() if outputs is None)
        left = [one for one in left if one["address"] not in done]
        if not left or not done:
            return


def _read_once(
    request: SearchRequest,
    folder: Path,
    provider: Callable[[], pulumi.ProviderResource],
    wanted: Sequence[SearchTarget],
) -> dict[str, Mapping[str, Value] | None]:
    """What was read by address; None where nothing stands, an empty object for what failed otherwise."""
    found: dict[str, Mapping[str, Value] | None] = {}

    def program() -> None:
        asked = provider()
        for number, one in enumerate(wanted):
            pulumi.CustomResource(one["type"], str(number), {}, pulumi.ResourceOptions(id=one["id"], provider=asked))

    def take(event: automation.EngineEvent) -> None:
        if event.res_outputs_event and (told := event.res_outputs_event.metadata.new):
            name = event.res_outputs_event.metadata.urn.rpartition("::")[2]
            if name.isdigit():
                outputs = cast("Mapping[str, Value]", masked(dict(told.outputs or {})))
                found[wanted[int(name)]["address"]] = outputs
        if event.diagnostic_event and event.diagnostic_event.severity == "error" and event.diagnostic_event.urn:
            name = event.diagnostic_event.urn.rpartition("::")[2]
            if name.isdigit():
                found[wanted[int(name)]["address"]] = None if NOT_THERE.search(event.diagnostic_event.message) else {}

    try:
        create_scratch_stack(request["program"], request["version"], folder, program).preview(on_event=take)
    except automation.CommandError:
        if not found:
            raise
    return found


def _place(request: SearchRequest) -> tuple[CloudTarget, Callable[[], pulumi.ProviderResource]]:
    asks = load_queries(request["cloud"])
    place = CloudTarget(**request["place"])
    return place, lambda: asks.provider(place)


def main() -> None:
    """Read the request, write the reply."""
    remove_stack_variables(os.environ)
    print(json.dumps(answer(cast("SearchRequest", json.load(sys.stdin)), Path.cwd())), flush=True)
    # As in `automation.engine.query_process`: a refused question waits for ever, and its thread with it.
    os._exit(0)


if __name__ == "__main__":
    main()
