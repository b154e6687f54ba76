"""Answers to the provider functions that programs call, so that a plan needs no cloud.

A function that is not in the table raises: an invented answer would make a plan that no cloud would give.
"""

from collections.abc import Callable, Mapping

from automation.inventory import Value

Arguments = Mapping[str, Value]

ANSWERS: dict[str, Callable[[Arguments], dict[str, Value]]] = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": lambda _: {
        "id": "<zones>",
        "names": [f"<zone {letter}>" for letter in "abcdef"],
        "zoneIds": [f"<zone id {letter}>" for letter in "abcdef"],
    },
    "gcp:organizations/getProject:getProject": lambda given: {
        "id": f"projects/{given.get('projectId')}",
        "projectId": given.get("projectId"),
        "name": given.get("projectId"),
        "number": "111111111111",
    },
    "aws:route53/getZone:getZone": lambda given: {
        "id": f"<route53:Zone {given.get('name')}>.id",
        "zoneId": f"<route53:Zone {given.get('name')}>.zoneId",
        "name": given.get("name"),
        "arn": f"<route53:Zone {given.get('name')}>.arn",
    },
}


def answer(token: str, arguments: Arguments) -> dict[str, Value]:
    """The answer of the function `token`; raises LookupError for one without an entry."""
    try:
        return ANSWERS[token](arguments)
    except KeyError as missing:
        raise LookupError(
            f"no recorded answer for the provider function {token}; add it to automation/invokes.py"
        ) from missing
