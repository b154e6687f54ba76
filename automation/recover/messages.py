"""The steps of a recovery as they are told, and the words for what a step is about."""

from collections.abc import Collection, Iterable, Mapping

from automation.deploy.changes import effective_changes
from automation.deploy.results import Outcome
from automation.engine.provider_errors import ProviderError
from automation.recover.importer import Imports
from automation.recover.match import Match, ObservedObject
from automation.recover.missing import Missing, Operation
from automation.recover.results import RECOVERED, OnStep, RecoveryStep, Topic
from automation.urn import short_type
from providers.contract.diagnostics import listed
from providers.contract.import_ids import LOCAL_TYPES, ImportTable

LATE = "the cloud's index lags by minutes: run `recover` again before `up` when it should be there"


class Log:
    """The steps told so far; `dry_run` where they tell what would be done."""

    def __init__(self, *, dry_run: bool = False, on_step: OnStep | None = None) -> None:
        self.dry_run, self.on_step = dry_run, on_step
        self.steps: list[RecoveryStep] = []

    def tell(self, topic: Topic, subject: str, told: str) -> None:
        """Keep a step, and hand it on."""
        step = RecoveryStep(topic, subject, told)
        self.steps.append(step)
        if self.on_step is not None:
            self.on_step(step)

    @property
    def found_anything(self) -> bool:
        """True when something was found that an undisturbed stack does not have."""
        return any(step.topic in RECOVERED for step in self.steps)


def tell_operations(log: Log, operations: Iterable[Operation], missing: Mapping[str, Missing]) -> None:
    """What was under way; what was being created is told when it was looked for."""
    for operation in operations:
        if operation.urn in missing:
            continue
        if operation.verb == "creating":
            told = "its replacement was being made, and the state cannot take that over: `up` makes another"
        else:
            told = f"the engine was {operation.verb} it: the refresh takes over how far that went"
        log.tell(Topic.PENDING, operation.name, told)


def tell_imports(log: Log, imports: Imports) -> None:
    """What came into the state, and what did not though it was looked for by its id."""
    for one in imports.imported:
        log.tell(Topic.IMPORTED, str(one.missing), f"stands in the cloud as {one.identity}: imported")
    for one in imports.refused:
        told = f"stands or may stand in the cloud as {one.identity}, and could not be imported: {imports.why(one)}"
        log.tell(Topic.UNSEARCHED, str(one.missing), told)


def tell_planned_imports(log: Log, matches: Iterable[Match]) -> None:
    """What would be imported."""
    for one in matches:
        if one.seen:
            log.tell(Topic.IMPORTED, str(one.missing), f"stands in the cloud as {one.identity}: would be imported")
        else:
            told = f"would be looked for as {one.identity}, and imported if it is there"
            log.tell(Topic.PENDING if one.missing.pending else Topic.LOOKED_FOR, str(one.missing), told)


def tell_not_found(log: Log, missing: Iterable[Missing], table: ImportTable) -> None:
    """What was being created and was not found."""
    for one in missing:
        if one.type in LOCAL_TYPES:
            told = "was being drawn: `up` draws it anew"
        elif one.type in table.again:
            told = "was being made, and is made again without harm by `up`"
        else:
            told = f"was being created, and nothing was found of it: `up` creates it; {LATE}"
        log.tell(Topic.PENDING, str(one), told)


def tell_orphans(log: Log, orphans: Iterable[ObservedObject], lacking: Collection[str]) -> None:
    """Objects that only people can settle; `lacking` are the types that the state still lacks resources of."""
    for one in orphans:
        kind = listed((short_type(token) for token in one.found.identities), "or")
        why = "bears the tags of this stack" if one.tagged else "is named like one of this stack"
        if one.found.identities.keys().isdisjoint(lacking):
            told = f"({kind}) {why} and is nowhere in its state or plan: look at it, and delete it when nobody needs it"
        else:
            told = (
                f"({kind}) {why} and may be a resource that the state lacks, but nothing tells which: look at it, then "
                "either import it with `pulumi import` before `up`, or delete it"
            )
        log.tell(Topic.ORPHAN, one.found.address, told)


def tell_unsearched(log: Log, troubles: Mapping[str, ProviderError], hidden: Iterable[Missing]) -> None:
    """What could not be searched: a search that failed, and types that no search tells of."""
    for name, trouble in troubles.items():
        log.tell(Topic.UNSEARCHED, name, f"was not searched, as {trouble.cause}; {trouble.fix}")
    kinds = sorted({short_type(one.type) for one in hidden})
    if kinds:
        told = (
            f"nothing that can be searched here tells of {listed(kinds, 'and')} without a name of its own: where the answer "
            "to a creation was lost, `up` makes it a second time"
        )
        log.tell(Topic.UNSEARCHED, "", told)


def tell_refresh(log: Log, refreshed: Outcome | None) -> None:
    """What the refresh took over; None where there was none."""
    if refreshed is None:
        log.tell(Topic.STATE, "", "would be refreshed, and with it goes what is pending (`drift` tells what differs)")
        return
    differing = [change for change in effective_changes(refreshed.changes) if change.operation != "import"]
    for change in differing:
        gone = change.operation == "delete"
        told = (
            "is gone from the cloud: taken out of the state"
            if gone
            else "differs in the cloud: taken over into the state"
        )
        log.tell(Topic.DRIFT, f"{change.name} ({change.short_type})", told)
    log.tell(Topic.STATE, "", "is what the cloud has, and nothing in it is pending")
