"""Discovery: the resources that a state lacks, and the objects of the cloud that they correspond to."""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

from pulumi import automation

from automation.deploy import Deployment
from automation.deploy.state import ExportedState, state_resources
from automation.engine.provider_errors import ProviderError
from automation.engine.target import CloudTarget, target_of
from automation.plan.build import plan_of
from automation.recover.match import (
    Location,
    Match,
    ObservedObject,
    index_state,
    match_by_inputs,
    match_by_similarity,
    match_objects,
    unsearchable,
)
from automation.recover.missing_resources import (
    MissingResource,
    RelatedResource,
    in_regions,
    other_regions,
    region_names,
    related_resources,
    resources_to_import,
)
from automation.recover.search import CloudSearcher, ClusterSearcher, HostSearcher, ReadTarget, SearchAnswers, Searcher
from providers import host_checks, import_table
from providers.contract.import_ids import ImportTable


@dataclass(frozen=True)
class DiscoveredObjects:
    """Objects that can be imported, objects of no resource, errors by search, and resources that no search returns."""

    matches: tuple[Match, ...] = ()
    orphans: tuple[ObservedObject, ...] = ()
    errors: Mapping[str, ProviderError] = field(default_factory=dict[str, ProviderError])
    unsearchable: tuple[MissingResource, ...] = ()


@dataclass(frozen=True)
class Discovery:
    """Missing resources, missing components and providers by URN, and the objects of the cloud."""

    missing: tuple[MissingResource, ...]
    related: Mapping[str, RelatedResource]
    objects: DiscoveredObjects


def discover(deployment: Deployment, state: ExportedState) -> Discovery:
    """Run a preview of the program and a search of the cloud at the same time; raises DeploymentFailed."""
    spec, target = deployment.file.spec, search_target(deployment)
    searcher = _searcher(deployment, target)
    events: list[automation.EngineEvent] = []
    with ThreadPoolExecutor(max_workers=1) as executor:
        search = executor.submit(searcher.search)
        with deployment.engine_errors():
            deployment.engine.preview(on_event=events.append)
        answers = search.result()
    missing = resources_to_import(state, events)
    objects = find_objects(searcher, answers, import_table(spec.cloud), state, missing, target)
    return Discovery(missing, related_resources(events), objects)


def search_target(deployment: Deployment) -> CloudTarget:
    """Return the target of a stack with every region in which its program declares resources."""
    target = target_of(deployment.file.spec, deployment.name)
    if not import_table(deployment.file.spec.cloud).in_region:
        return target
    planned = plan_of(deployment.file, deployment.folder).inventory
    return replace(target, others=other_regions(planned, target.regions))


def _searcher(deployment: Deployment, target: CloudTarget) -> Searcher:
    cloud, command = deployment.file.spec.cloud, deployment.engine.workspace.pulumi_command
    checks = host_checks(cloud)
    if checks.find is not None:
        return HostSearcher(deployment.name, deployment.host_environment, checks.find)
    if checks.list_objects is not None:
        return ClusterSearcher(
            partial(checks.list_objects, deployment.file.spec, deployment.name, deployment.host_environment)
        )
    environment = {**os.environ, **deployment.environment}
    return CloudSearcher(command.command, str(command.version), cloud, target, environment)


def find_objects(
    searcher: Searcher,
    answers: SearchAnswers,
    table: ImportTable,
    state: ExportedState,
    missing: Sequence[MissingResource],
    target: CloudTarget,
) -> DiscoveredObjects:
    """Find the objects of the missing resources in the answers of a search, and read single objects where necessary."""
    location = location_of(target)
    regions = region_names(target.stack, target.regions)
    missing = in_regions(missing, regions)
    index = index_state(state_resources(state), table, location, regions)
    result = match_objects(observed_objects(answers, table, location), missing, index, table, location)
    matched = {match.missing.urn for match in result.matches}
    remaining = [resource for resource in missing if resource.urn not in matched]
    uncertain = (*result.unnamed, *result.unmatched)
    read = searcher.read([read_target(each) for each in uncertain])
    similar = match_by_similarity(result.unnamed, remaining, read.outputs, table)
    resolved = {*read.absent, *(match.observed.address for match in similar if match.observed)}
    observed = (*result.matches, *similar)
    by_inputs = tuple(match_by_inputs(missing, observed, index, table, location, target.stack))
    all_matched = {match.missing.urn for match in (*observed, *by_inputs)}
    return DiscoveredObjects(
        matches=tuple(placed_match(match, table) for match in (*observed, *by_inputs)),
        orphans=tuple(
            each for each in uncertain if each.address not in resolved and (each.tagged or bool(each.cloud_object.name))
        ),
        errors={**answers.errors, **read.errors},
        unsearchable=unsearchable((resource for resource in missing if resource.urn not in all_matched), table),
    )


def placed_match(match: Match, table: ImportTable) -> Match:
    """Return a match whose import ID names the region, where the provider is one of another region."""
    region = match.missing.region
    if table.in_region is None or region == match.missing.provider_region:
        return match
    return replace(match, identity=table.in_region(match.identity, region))


def observed_objects(answers: SearchAnswers, table: ImportTable, location: Location) -> list[ObservedObject]:
    """Return each address of the answers once; it is tagged when any of the searches returned its tags."""
    objects: dict[str, ObservedObject] = {}
    for hit in answers.hits:
        before = objects.get(hit.address)
        tagged = hit.tagged or (before is not None and before.tagged)
        objects[hit.address] = ObservedObject(table.found_at(hit.address, hit.kind, hit.name, location), tagged)
    return list(objects.values())


def read_target(observed: ObservedObject) -> ReadTarget:
    """Return the target that reads an object as the first of its possible types."""
    token, identity = next(iter(observed.identities.items()))
    return ReadTarget(observed.address, token, identity, observed.cloud_object.region)


def location_of(target: CloudTarget) -> Location:
    """Return account and region of a target in the terms of the import rules."""
    return {
        "account": target.account,
        "project": target.account,
        "subscriptionId": target.account,
        "region": target.region,
        "location": target.region,
    }
