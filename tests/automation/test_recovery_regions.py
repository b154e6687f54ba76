"""Objects that a program declares in another region than that of its provider: searched, read and imported there."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from automation.engine.clouds import SearchHit, aws
from automation.engine.target import CloudTarget
from automation.recover.discovery import find_objects
from automation.recover.missing_resources import MissingResource, other_regions
from automation.recover.search import ReadTarget, SearchAnswers
from automation.urn import Urn
from providers import import_table
from tests.automation.event_fixtures import urn_of
from tests.planning import plan, production

HOME, OTHER = "us-west-2", "us-east-1"
TARGET = CloudTarget(HOME, "111122223333", "", "prod", others=(OTHER,))
RULE = "aws:cloudwatch/eventRule:EventRule"
PROVIDER = "urn:pulumi:prod::agent-platform::pulumi:providers:aws::prod-us-west-2"
NAME = "prod-monitoring-iam-changes-1a2b3c4"


@dataclass
class Answering:
    """Search with the same hits for every question."""

    hits: tuple[SearchHit, ...] = ()
    reads: list[ReadTarget] = field(default_factory=list[ReadTarget])

    def search(self) -> SearchAnswers:
        """Return the hits."""
        return SearchAnswers(self.hits)

    def read(self, targets: Sequence[ReadTarget]) -> SearchAnswers:
        """Keep what is read."""
        self.reads += targets
        return SearchAnswers()


def missing(region: str | None, name: str = "prod-monitoring-iam-changes") -> MissingResource:
    inputs: dict[str, object] = {"name": f"{name}-1a2b3c4", **({"region": region} if region else {})}
    return MissingResource(Urn(urn_of(RULE, name)), "", PROVIDER, inputs)


def test_the_regions_of_the_program_are_searched_besides_those_of_the_stack() -> None:
    inventory = plan(production(cloud="aws"))
    assert other_regions(inventory, (HOME,)) == (OTHER,)
    assert other_regions(inventory, (HOME, OTHER)) == ()
    assert other_regions(plan(production(cloud="gcp")), ("us-central1",)) == ()
    assert TARGET.regions == (HOME, OTHER)
    assert f"tagged resources in {OTHER}" in aws.searches(TARGET)
    assert CloudTarget("cn-northwest-1", "1", "", "prod", others=("cn-north-1",)).regions == (
        "cn-northwest-1",
        "cn-north-1",
    )


def test_an_object_in_another_region_is_imported_with_that_region() -> None:
    hits = tuple(
        SearchHit(f"arn:aws:events:{region}:111122223333:rule/{NAME}", tagged=True) for region in (HOME, OTHER)
    )
    table = import_table("aws")
    for region, identity in ((OTHER, f"{NAME}@{OTHER}"), (None, NAME)):
        searcher = Answering(hits)
        found = find_objects(searcher, searcher.search(), table, {}, (missing(region),), TARGET)
        (match,) = found.matches
        assert match.identity == identity
        assert match.observed is not None and f":{region or HOME}:" in match.observed.address


def test_an_object_whose_region_does_not_match_is_no_match() -> None:
    hits = (SearchHit(f"arn:aws:events:{HOME}:111122223333:rule/{NAME}", tagged=True),)
    searcher = Answering(hits)
    found = find_objects(searcher, searcher.search(), import_table("aws"), {}, (missing(OTHER),), TARGET)
    assert [match for match in found.matches if match.observed] == []


def test_an_object_of_another_region_is_read_there() -> None:
    hits = (SearchHit(f"arn:aws:events:{OTHER}:111122223333:rule/another", tagged=True),)
    searcher = Answering(hits)
    find_objects(searcher, searcher.search(), import_table("aws"), {}, (missing(OTHER),), TARGET)
    assert [each.region for each in searcher.reads] == [OTHER]
    assert OTHER in TARGET.regions
