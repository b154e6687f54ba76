"""Every object of production, staging and variants against the strict schemas of two servers and of the CRDs."""

import kubernetes_validate
import pytest

from providers.contract.json_data import Raw, is_mapping
from tests.kubernetes.manifests import NAMESPACE, SCHEMAS, custom_errors, objects
from tests.kubernetes.platforms import CASES, plan_of_case, staging_plan

pytestmark = pytest.mark.long(reason="checks each object of many platforms with the schemas")

SERVERS = ("1.33", "1.37")
"""Oldest server that the platform supports, and the newest of which schemas exist."""


def errors_of(document: Raw, server: str) -> list[str]:
    """Return what the server of this version refuses."""
    errors = custom_errors(document)
    if errors is not None:
        return errors
    try:
        kubernetes_validate.validate(document, server, strict=True)
    except kubernetes_validate.ValidationError as error:
        return [f"{'.'.join(map(str, error.path))}: {error.message}"]
    return []


@pytest.mark.parametrize("name", CASES)
def test_every_object_is_valid_on_the_oldest_and_the_newest_server(name: str) -> None:
    found = {
        f"{resource.short_type} {resource.name} ({server})": errors
        for resource, document in objects(plan_of_case(name))
        for server in SERVERS
        if (errors := errors_of(document, server))
    }
    assert not found


@pytest.mark.parametrize("name", CASES)
def test_every_object_is_in_the_namespace_of_the_stack(name: str) -> None:
    for resource, document in objects(plan_of_case(name)):
        metadata = document["metadata"]
        assert is_mapping(metadata)
        named = metadata.get("name") if resource.type == NAMESPACE else metadata.get("namespace")
        assert named == f"agent-platform-{'prod' if name == 'production' else 'staging'}", resource.name


def test_plans_declare_every_custom_resource_that_has_a_schema() -> None:
    declared = {str(document["kind"]) for name in CASES for _, document in objects(plan_of_case(name))}
    assert {path.stem for path in SCHEMAS.glob("*.json")} <= declared


def test_an_unknown_field_of_a_custom_resource_is_refused() -> None:
    cluster = next(document for _, document in objects(staging_plan()) if document["kind"] == "Cluster")
    spec = cluster["spec"]
    assert is_mapping(spec)
    assert custom_errors(cluster) == []
    assert custom_errors({**cluster, "spec": {**spec, "instancez": 3}})


def test_an_unknown_field_of_an_object_of_kubernetes_is_refused() -> None:
    deployment = next(document for _, document in objects(staging_plan()) if document["kind"] == "Deployment")
    assert errors_of({**deployment, "spezification": {}}, SERVERS[0])
