"""Search for the objects with a tag, and the file of ids that it gives, as `import STACK --from FILE` takes it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from automation.audit.live import wrong_account
from automation.deploy.errors import DeploymentFailed
from automation.deploy.state import state_resources
from automation.recover.discovery import location_of, placed_match, search_target
from automation.recover.handmade import RESOURCES
from automation.recover.match import ObservedObject, index_state
from automation.recover.missing_resources import MissingResource, in_regions, region_names
from automation.recover.tag_match import (
    TaggedObjects,
    Undecided,
    first_of,
    match_tagged,
    placed_in,
    unsearched_types,
)
from automation.shell import LocalShell
from automation.urn import short_type
from providers import command_line, import_table, live_audit, tag_search
from providers.contract.cli import DeployedStack, Shell
from providers.contract.diagnostics import ConfigError, InvalidConfiguration
from providers.contract.tag_search import OPTION, Tag, TaggedObject, TagQuery, TagScope

if TYPE_CHECKING:  # the SDK is loaded with a deployment
    from automation.deploy.deployment import Deployment


def find_tagged(
    deployment: "Deployment", tag: Tag, missing: Sequence[MissingResource], shell: Shell | None = None
) -> TaggedObjects:
    """Return the objects of the account with a tag, matched with the resources that the stack lacks.

    Raises DeploymentFailed when a search fails, and InvalidConfiguration for the login of another account: an answer that is not
    complete could make one of several objects look like the only one.
    """
    spec, target = deployment.file.spec, search_target(deployment)
    search, table, regions = (
        tag_search(spec.cloud),
        import_table(spec.cloud),
        region_names(target.stack, target.regions),
    )
    stack = DeployedStack(deployment.name, spec)
    programs = command_line(spec.cloud).programs
    shell = shell or LocalShell(programs, deployment.folder, deployment.host_environment)
    _refuse_other_account(stack, shell)
    scope = TagScope(stack, tag, target.regions, frozenset(each.urn.type for each in missing))
    answers = [found for query in search.queries(scope) for found in _answers(query, shell)]
    location, missing = location_of(target), in_regions(missing, regions)
    observed = {
        each.address: ObservedObject(table.found_at(each.address, each.kind, each.name, location)) for each in answers
    }
    with deployment.engine_errors():
        state = deployment.engine.export_state()
    index = index_state(state_resources(state), table, location, regions)
    result = match_tagged(tuple(observed.values()), missing, index, table, location)
    placed = placed_in(result, partial(placed_match, table=table))
    return replace(placed, unsearched=unsearched_types(missing, table, search))


def _refuse_other_account(stack: DeployedStack, shell: Shell) -> None:
    live = live_audit(stack.spec.cloud)
    if live is None or not live.expected(stack):
        return
    problem = wrong_account(live, stack, shell)
    if problem is not None:
        raise InvalidConfiguration([problem])


def _answers(query: TagQuery, shell: Shell) -> Sequence[TaggedObject]:
    try:
        return tuple(query.read(shell.output(query.command)))
    except DeploymentFailed as failure:
        if query.absent and query.absent in failure.log + failure.problem:
            return ()
        raise


def match_lines(result: TaggedObjects) -> Iterator[str]:
    """Yield a line for each match, and for each object that is left out."""
    for each in result.matches:
        yield f"{each.match.missing}: {each.match.identity}, {each.reason}"
    for each in result.left_out:
        yield f"{_shown(each.object)}: left out; {each.reason}"
    if result.unsearched:
        yield f"not searched by a tag: {', '.join(result.unsearched)}; name those that exist in a file for --from"


def undecided_errors(result: TaggedObjects, stack: str, tag: str) -> list[ConfigError]:
    """Return an error for each group of objects and resources that fit in more than one way."""
    fix = f"run `agent-platform import {stack} {OPTION} {tag} --write FILE`, choose in the file, and import with --from"
    return [ConfigError(OPTION, _ambiguity(each), fix) for each in result.undecided]


def _ambiguity(group: Undecided) -> str:
    objects = first_of([_shown(each) for each in group.objects])
    resources = first_of([str(each) for each in group.resources])
    verb = "fits" if len(group.objects) == 1 else "fit"
    return f"{objects} {verb} {resources}"


def _shown(found: ObservedObject) -> str:
    kinds = " or ".join(short_type(token) for token in found.identities)
    identity = next(iter(found.identities.values()), found.address)
    name = found.cloud_object.name
    details = ", ".join(part for part in (kinds, name if name not in identity else "") if part)
    return f"{identity} ({details})" if details else identity


def import_file(result: TaggedObjects, tag: Tag) -> str:
    """Return a file with the ids of the matches, and as comments the objects that need a choice."""
    lines = [f"# objects with the tag {tag}", f"{RESOURCES}:"]
    for each in result.matches:
        lines.append(f"  {_key(each.match.missing)}: {json.dumps(each.match.identity)}  # {each.reason}")
    for group in result.undecided:
        lines.append("  # choose at most one object for each name, and remove the # before it")
        pairs = ((each, found) for each in group.resources for found in group.candidates(each))
        lines += [_choice(each, found) for each, found in pairs]
    renamed = [(each, skipped.object) for skipped in result.left_out for each in skipped.resources]
    if renamed:
        lines.append("  # these have another name than the stack sets; remove the # if the next update may rename them")
        lines += [_choice(each, found) for each, found in renamed]
    return "\n".join(lines) + "\n"


def _choice(resource: MissingResource, found: ObservedObject) -> str:
    """Return the line of a file that imports an object as a resource, as a comment."""
    name = f"  # {found.cloud_object.name}" if found.cloud_object.name else ""
    return f"  # {_key(resource)}: {json.dumps(found.identities[resource.urn.type])}{name}"


def _key(resource: MissingResource) -> str:
    return json.dumps(f"{resource.urn.short_type} {resource.urn.name}")
