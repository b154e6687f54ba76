"""What the clouds' own searches tell of the stand-ins' objects: by tags, by labels, by name.

`search` is a setting of the cloud: `off` refuses every search, `late` is an index that has nothing yet.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import cast

from google.protobuf import struct_pb2

from automation.plan.inventory import Value
from automation.plan.sdk_internals import decode, encode
from tests.engine.fake_cloud.addresses import ACCOUNT, address_of
from tests.engine.fake_cloud.cloud import FakeCloud, FakeObject
from tests.engine.fake_cloud.sdk_schema import shape_of

TOKEN = "a token of the stand-in"
Values = Mapping[str, Value]
TAGS = ("tagsAll", "effectiveLabels", "tags", "labels")
ROLE = "aws:iam/role:Role"
"""A type that the index of tags does not have."""
BY_NAME = re.compile(r"(?<!\w)(?P<field>name|displayName):(?P<start>[\w-]+)\*")
BY_LABEL = re.compile(r"labels\.(?P<key>[\w-]+)=(?P<value>[\w-]+)")


def search_outputs(token: str, identity: str, inputs: struct_pb2.Struct, config: Values) -> struct_pb2.Struct:
    """Outputs by which a search finds a new object: its address, its tags with those that its provider adds."""
    given, outputs = decode(inputs), shape_of(token).outputs
    tags = {**_defaults(config), **_first(given, ("tags", "labels", "userLabels"))}
    made: dict[str, Value] = {key: tags for key in ("tagsAll", "effectiveLabels", "pulumiLabels") if key in outputs}
    address = address_of(token, identity, given, config)
    return encode({**made, **({"arn": address} if "arn" in outputs and address.startswith("arn:") else {})})


def tagged(cloud: FakeCloud, given: Values, config: Values) -> dict[str, Value]:
    """AWS: everything in a region with all of the tags."""
    filters = cast("list[Mapping[str, Value]]", given.get("tagFilters") or [])
    wanted = {str(one["key"]): cast("list[str]", one["values"]) for one in filters}
    region = str(given.get("region") or config.get("region"))
    found: list[Values] = [
        {"resourceArn": address, "tags": tags, "complianceDetails": list[Value]()}
        for thing, address, tags in _searched(cloud, config)
        if thing.token != ROLE and all(tags.get(key) in values for key, values in wanted.items())
        if address.split(":")[3] == region
        or (address.split(":")[3] == "" and region == "us-east-1")
        or ":s3:" in address
    ]
    return {"id": region, "region": region, "resourceTagMappingLists": found}


def roles(cloud: FakeCloud, given: Values, config: Values) -> dict[str, Value]:
    """AWS: the roles whose name matches."""
    found = [(address, thing) for thing, address, _ in _searched(cloud, config) if thing.token == ROLE]
    named = [(address, str(thing.input("name"))) for address, thing in found]
    kept = [(address, name) for address, name in named if re.search(str(given["nameRegex"]), name)]
    return {"id": "roles", "arns": [address for address, _ in kept], "names": [name for _, name in kept]}


def assets(cloud: FakeCloud, given: Values, config: Values) -> dict[str, Value]:
    """Google Cloud: everything with the labels of the query, or whose name begins as the query says."""
    query = str(given["query"])
    labels = {found["key"]: found["value"] for found in BY_LABEL.finditer(query)}
    starts = {found["field"]: found["start"] for found in BY_NAME.finditer(query)}
    every = [_asset(thing, address, tags) for thing, address, tags in _searched(cloud, config)]
    found = [asset for asset in every if _asked_for(asset, labels, starts)]
    return {"id": query, "query": query, "scope": given["scope"], "results": found}


def _asked_for(asset: Values, labels: Mapping[str, str], starts: Mapping[str, str]) -> bool:
    """True for an asset with all of the labels, or with a word that begins as asked for."""
    if labels and labels.items() <= cast("Mapping[str, str]", asset["labels"]).items():
        return True
    return any(re.search(rf"\b{start}", str(asset[key])) for key, start in starts.items())


def managed(cloud: FakeCloud, tag: str, value: str) -> list[dict[str, Value]]:
    """Azure: what the Resource Manager lists with a tag."""
    return [{"id": address, "tags": tags} for _, address, tags in _searched(cloud, {}) if tags.get(tag) == value]


def _searched(cloud: FakeCloud, config: Values) -> Iterator[tuple[FakeObject, str, Values]]:
    if cloud.setting("search") == "off":
        raise LookupError("403: the search is not enabled here")
    for thing in cloud.objects() if cloud.setting("search") != "late" else []:
        inputs, outputs = (cast("Values", json.loads(text)) for text in (thing.inputs, thing.outputs))
        tags = _first(outputs, TAGS)
        address = address_of(thing.token, thing.id, inputs, config)
        if address:
            yield thing, address, tags


def _first(values: Values, keys: tuple[str, ...]) -> Values:
    """The first bag among the values."""
    return next((cast("Values", values[key]) for key in keys if isinstance(values.get(key), dict)), dict[str, Value]())


def _asset(thing: FakeObject, address: str, tags: Values) -> dict[str, Value]:
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
        "displayName": thing.input("displayName") or address.rpartition("/")[2],
        "labels": tags,
        "networkTags": [],
        "additionalAttributes": [],
        "folders": [],
        "organization": ACCOUNT,
    }


def _defaults(config: Values) -> Mapping[str, Value]:
    """Tags that the provider is set to put on everything."""
    aws, google = config.get("defaultTags"), config.get("defaultLabels")
    told = cast("Values", aws).get("tags") if isinstance(aws, dict) else google
    return cast("Values", told) if isinstance(told, dict) else {}
