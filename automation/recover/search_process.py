"""Search a cloud or read objects in previews that store nothing: `python -m automation.recover.search_process`."""

import json
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pulumi
from pulumi import automation
from pydantic import TypeAdapter

from automation.deploy.engine_events import masked
from automation.engine.clouds import load_cloud
from automation.engine.provider_errors import error_of_text
from automation.engine.query_process import create_scratch_stack, remove_stack_variables
from automation.plan.inventory import Value
from automation.recover.search import WHOLE_SEARCH, ReadTarget, SearchReply, SearchRequest
from automation.urn import Urn
from providers.contract.spec.defaults import is_mapping

MAX_ROUNDS = 5
"""A preview ends at the first object that it cannot read; the remaining objects are read in the next round."""
ABSENT = re.compile(r"resource '.*' does not exist")
Outputs = dict[str, Value] | None
"""Outputs of an object; None when it does not exist, empty when it could not be read."""


def answer(request: SearchRequest, folder: Path) -> SearchReply:
    """Search the cloud, or read the requested objects."""
    reply = SearchReply()
    try:
        if request.read:
            _read(request, folder, reply)
        else:
            _search(request, folder, reply)
    except automation.CommandError as error:
        reply.errors[WHOLE_SEARCH] = error_of_text(str(error)).kind
    return reply


def _search(request: SearchRequest, folder: Path, reply: SearchReply) -> None:
    target, cloud = request.target, load_cloud(request.cloud)

    def program() -> None:
        opts = pulumi.InvokeOptions(provider=cloud.provider(target))
        for name, search in cloud.searches(target).items():
            try:
                reply.hits.extend(search(opts))
            # A provider's failure is a bare Exception, and an unexpected answer can raise almost anything.
            except Exception as error:
                reply.errors[name] = error_of_text(str(error)).kind

    create_scratch_stack(request.program, request.version, folder, program).preview()


def _read(request: SearchRequest, folder: Path, reply: SearchReply) -> None:
    remaining = list(request.read)
    for number in range(MAX_ROUNDS):
        round_folder = folder / str(number)
        round_folder.mkdir()
        results = _read_once(request, round_folder, remaining)
        reply.outputs.update({address: outputs for address, outputs in results.items() if outputs})
        reply.absent.extend(address for address, outputs in results.items() if outputs is None)
        remaining = [target for target in remaining if target.address not in results]
        if not remaining or not results:
            return


def _read_once(request: SearchRequest, folder: Path, targets: Sequence[ReadTarget]) -> dict[str, Outputs]:
    """Return the result by address of every object that one preview came to."""
    results: dict[str, Outputs] = {}
    cloud = load_cloud(request.cloud)

    def program() -> None:
        provider = cloud.provider(request.target)
        for number, target in enumerate(targets):
            options = pulumi.ResourceOptions(id=target.id, provider=provider)
            pulumi.CustomResource(target.type, str(number), {}, options)

    def record(urn: str, outputs: Outputs) -> None:
        name = Urn(urn).name
        if name.isdigit():
            results[targets[int(name)].address] = outputs

    def take(event: automation.EngineEvent) -> None:
        outputs, diagnostic = event.res_outputs_event, event.diagnostic_event
        if outputs and outputs.metadata.new:
            values = masked(dict(outputs.metadata.new.outputs or {}))
            record(outputs.metadata.urn, values if is_mapping(values) else {})
        if diagnostic and diagnostic.severity == "error" and diagnostic.urn:
            record(diagnostic.urn, None if ABSENT.search(diagnostic.message) else {})

    try:
        create_scratch_stack(request.program, request.version, folder, program).preview(on_event=take)
    except automation.CommandError:
        if not results:
            raise
    return results


def main() -> None:
    """Read the request from the standard input and print the reply."""
    remove_stack_variables(os.environ)
    request = TypeAdapter(SearchRequest).validate_json(sys.stdin.read())
    print(json.dumps(asdict(answer(request, Path.cwd()))), flush=True)
    # As in `automation.engine.query_process`: the thread of a rejected query never ends.
    os._exit(0)


if __name__ == "__main__":
    main()
