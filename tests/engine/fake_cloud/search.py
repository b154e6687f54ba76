"""Searches for fake objects by tag, label or name.

The setting `search` of the cloud is `off` to reject every search, or `late` for an index without any object yet.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import cast

from google.protobuf import struct_pb2

from automation.plan.inventory import Value
from automation.plan.sdk_internals import decode, encode
from tests.engine.fake_cloud.addresses import ACCOUNT, REGION, address_of
from tests.engine.fake_cloud.cloud import FakeCloud, FakeObject
from tests.engine.fake_cloud.sdk_schema import shape_of

TOKEN = "a token of the fake cloud"
Values = Mapping[str, Value]
TAGS = ("tagsAll", "effectiveLabels", "tags", "labels")
ROLE = "aws:iam/role:Role"
"""Type that the search by tag does not return."""
BY_NAME = re.compile(r"(?<!\w)(?P<field>name|displayName):(?P<start>[\w-]+)\*")
BY_LABEL = re.compile(r"labels\.(?P<key>[\w-]+)=(?P<value>[\w-]+)")


def search_outputs(token: str, identity: str, inputs: struct_pb2.Struct, config: Values) -> struct_pb2.Struct:
    """Return the outputs of a new object for searches: its address, and its tags with the default tags of the provider."""
    values, outputs = decode(inputs), shape_of(token).outputs
    tags = {**_defaults(config), **_first(values, ("tags", "labels", "userLabels"))}
    tag_outputs: dict[str, Value] = {
        key: tags for key in ("tagsAll", "effectiveLabels", "pulumiLabels") if key in outputs
    }
    address = address_of(token, identity, values, config)
    return encode({**tag_outputs, **({"arn": address} if "arn" in outputs and address.startswith("arn:") else {})})


def tagged(cloud: FakeCloud, arguments: Values, config: Values) -> dict[str, Value]:
    """Return the objects of AWS in a region with all of the tags."""
    filters = cast("list[Mapping[str, Value]]", arguments.get("tagFilters") or [])
    requested = {str(one["key"]): cast("list[str]", one["values"]) for one in filters}
    region = str(arguments.get("region") or config.get("region"))
    found: list[Values] = [
        {"resourceArn": address, "tags": tags, "complianceDetails": list[Value]()}
        for item, address, tags in _searched(cloud, config)
        if item.token.partition("@")[0] != ROLE and all(tags.get(key) in values for key, values in requested.items())
        if address.split(":")[3] == region
        or (address.split(":")[3] == "" and region == "us-east-1")
        or ":s3:" in address
    ]
    return {"id": region, "region": region, "resourceTagMappingLists": found}


def roles(cloud: FakeCloud, arguments: Values, config: Values) -> dict[str, Value]:
    """Return the roles of AWS whose name matches."""
    found = [(address, item) for item, address, _ in _searched(cloud, config) if item.token.partition("@")[0] == ROLE]
    named = [(address, str(item.input("name"))) for address, item in found]
    kept = [(address, name) for address, name in named if re.search(str(arguments["nameRegex"]), name)]
    return {"id": "roles", "arns": [address for address, _ in kept], "names": [name for _, name in kept]}


def assets(cloud: FakeCloud, arguments: Values, config: Values) -> dict[str, Value]:
    """Return the objects of Google Cloud with the labels or the name prefix of the query."""
    query = str(arguments["query"])
    labels = {found["key"]: found["value"] for found in BY_LABEL.finditer(query)}
    starts = {found["field"]: found["start"] for found in BY_NAME.finditer(query)}
    every = [_asset(item, address, tags) for item, address, tags in _searched(cloud, config)]
    found = [asset for asset in every if _matches(asset, labels, starts)]
    return {"id": query, "query": query, "scope": arguments["scope"], "results": found}


def _matches(asset: Values, labels: Mapping[str, str], starts: Mapping[str, str]) -> bool:
    """True for an asset with all of the labels, or with a word that has the prefix."""
    if labels and labels.items() <= cast("Mapping[str, str]", asset["labels"]).items():
        return True
    return any(re.search(rf"\b{start}", str(asset[key])) for key, start in starts.items())


def managed(cloud: FakeCloud, tag: str, value: str) -> list[dict[str, Value]]:
    """Return the objects that the Resource Manager lists for a tag."""
    return [{"id": address, "tags": tags} for _, address, tags in _searched(cloud, {}) if tags.get(tag) == value]


def _searched(cloud: FakeCloud, config: Values) -> Iterator[tuple[FakeObject, str, Values]]:
    if cloud.setting("search") == "off":
        raise LookupError("403: the search is not enabled")
    for item in cloud.objects() if cloud.setting("search") != "late" else []:
        inputs, outputs = (cast("Values", json.loads(text)) for text in (item.inputs, item.outputs))
        tags = _first(outputs, TAGS)
        # objects of the second region are stored with it
        token, _, region = item.token.partition("@")
        place = {**config, "region": region or REGION} if token.startswith("aws:") else config
        address = address_of(token, item.id, inputs, place)
        if address:
            yield item, address, tags


def _first(values: Values, keys: tuple[str, ...]) -> Values:
    """Return the first of the values that is a mapping."""
    return next((cast("Values", values[key]) for key in keys if isinstance(values.get(key), dict)), dict[str, Value]())


def _asset(item: FakeObject, address: str, tags: Values) -> dict[str, Value]:
    texts = (
        "assetType",
        "createTime",
        "description",
        "kmsKey",
        "location",
        "parentAssetType",
        "project",
        "state",
        "updateTime",
    )
    return {
        **dict.fromkeys((*texts, "kmsKeys", "parentFullResourceName"), ""),
        "name": address,
        "displayName": item.input("displayName") or address.rpartition("/")[2],
        "labels": tags,
        "networkTags": [],
        "additionalAttributes": [],
        "folders": [],
        "organization": ACCOUNT,
    }


def _defaults(config: Values) -> Mapping[str, Value]:
    """Return the default tags of the provider."""
    aws, google = config.get("defaultTags"), config.get("defaultLabels")
    tags = cast("Values", aws).get("tags") if isinstance(aws, dict) else google
    return cast("Values", tags) if isinstance(tags, dict) else {}
