"""Search by tag on AWS: the Resource Groups Tagging API of each region. Pure.

It answers for one region; global resources are in us-east-1 ("GetResources"). IAM roles are in no answer.
https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

import json
import re
from collections.abc import Iterator

from providers.aws.cli import NO_PAGER
from providers.contract.cli import CliCommand
from providers.contract.live_audit import answer_of, items
from providers.contract.tag_search import TaggedObject, TagQuery, TagScope, TagSearch

GLOBAL_REGION = "us-east-1"
NAME = "Name"
"""Tag that the console shows as the name of an object that has none of its own, such as a subnet."""


def _queries(scope: TagScope) -> Iterator[TagQuery]:
    filters = json.dumps([{"Key": scope.tag.key, "Values": [scope.tag.value]}])
    for region in dict.fromkeys((*scope.regions, GLOBAL_REGION)):
        place = ("--region", region, "--output", "json")
        words = ("aws", "resourcegroupstaggingapi", "get-resources", "--tag-filters", filters, *place)
        yield TagQuery(CliCommand(words, environment=NO_PAGER), _read)


def _read(text: str) -> Iterator[TaggedObject]:
    for row in items(answer_of(text), "ResourceTagMappingList"):
        tags = {each.get("Key"): each.get("Value") for each in items(row, "Tags")}
        yield TaggedObject(str(row.get("ResourceARN")), name=str(tags.get(NAME) or ""))


TAG_SEARCH = TagSearch(
    _queries,
    key=re.compile(r"[\w .:/=+@-]{1,128}"),
    value=re.compile(r"[\w .:/=+@-]{1,256}"),
    characters="letters, digits, spaces and _ . : / = + - @",
    untagged=frozenset({"aws:iam/role:Role"}),
)
