"""One look at program and cloud: what the state lacks, what that stands on, and what of it the cloud has."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from pulumi import automation

from automation.deploy import Deployment
from automation.engine.target import target_of
from automation.recover.find import Objects, find, place_for
from automation.recover.missing import Exported, Missing, RelatedResources, all_missing, related_resources
from automation.recover.search import Searcher
from providers import import_table


@dataclass(frozen=True)
class Look:
    """What a state lacks, components and providers that it lacks by urn, and what of all that the cloud has."""

    missing: tuple[Missing, ...]
    ground: Mapping[str, RelatedResources]
    objects: Objects


def look(deployment: Deployment, exported: Exported) -> Look:
    """Ask the program by a preview and the cloud by a search, at the same time; raises DeploymentFailed."""
    spec, command = deployment.file.spec, deployment.engine.workspace.pulumi_command
    place = asdict(target_of(spec, deployment.name))
    environment = {**os.environ, **deployment.environment}
    searcher = Searcher(command.command, str(command.version), spec.cloud, place, environment)
    events: list[automation.EngineEvent] = []
    with ThreadPoolExecutor(max_workers=1) as beside:
        searched = beside.submit(searcher.search)
        with deployment.engine_errors():
            deployment.engine.preview(on_event=events.append)
        answers = searched.result()
    missing = all_missing(exported, events)
    objects = find(searcher, answers, import_table(spec.cloud), place_for(place), exported, missing)
    return Look(missing, related_resources(events), objects)
