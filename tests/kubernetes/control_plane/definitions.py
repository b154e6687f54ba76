"""Definitions of custom resources (CRDs) from the schemas of the test data, and those that only have to be served.

The schemas have no rules in CEL and no keys of lists, which a server of an operator has; everything else is validated alike.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from providers.contract.json_data import Raw, is_list, is_mapping
from tests.kubernetes.manifests import SCHEMAS

ANY: Mapping[str, object] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
"""Schema of an object whose fields are not checked."""
PROTECTED = ".k8s.io"
APPROVAL = {"api-approved.kubernetes.io": "unapproved, for tests"}
"""Annotation that a server requires for groups of the Kubernetes project."""
KEPT = (
    "enum", "maxItems", "maxLength", "maxProperties", "maximum", "minItems", "minLength", "minProperties", "minimum",
    "multipleOf", "pattern", "required", "type",
)  # fmt: skip


@dataclass(frozen=True)
class Definition:
    """Custom resource; `schema` is that of its `spec`."""

    group: str
    version: str
    kind: str
    plural: str
    schema: Mapping[str, object]
    scope: str = "Namespaced"

    @property
    def name(self) -> str:
        """Name of the definition."""
        return f"{self.plural}.{self.group}"

    @property
    def manifest(self) -> Raw:
        """Manifest of the definition."""
        names = {
            "kind": self.kind,
            "listKind": f"{self.kind}List",
            "plural": self.plural,
            "singular": self.kind.lower(),
        }
        properties = {"spec": dict(self.schema), "status": dict(ANY)}
        version = {
            "name": self.version,
            "served": True,
            "storage": True,
            "schema": {"openAPIV3Schema": {"type": "object", "properties": properties}},
            "subresources": {"status": {}},
        }
        return {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": self.name, "annotations": APPROVAL if self.group.endswith(PROTECTED) else {}},
            "spec": {"group": self.group, "scope": self.scope, "names": names, "versions": [version]},
        }


SERVED = (
    Definition("gateway.networking.k8s.io", "v1", "GatewayClass", "gatewayclasses", ANY, "Cluster"),
    Definition("cert-manager.io", "v1", "ClusterIssuer", "clusterissuers", ANY, "Cluster"),
    # metrics of pods, which the preflight requires; no metrics exist, so autoscalers keep the number of replicas
    Definition("metrics.k8s.io", "v1beta1", "PodMetrics", "pods", ANY),
)
"""Custom resources that the platform reads and does not declare."""


def definitions() -> Iterator[Definition]:
    """Yield the definition of each schema of the test data, and those that only have to be served."""
    for path in sorted(SCHEMAS.glob("*.json")):
        document: object = json.loads(path.read_text(encoding="utf-8"))
        assert is_mapping(document)
        group, _, version = str(document["apiVersion"]).partition("/")
        kind = str(document["kind"])
        yield Definition(group, version, kind, f"{kind.lower()}s", structural(document["spec"]))
    yield from SERVED


def structural(schema: object) -> Raw:
    """Return a JSON schema in the form that a server accepts: with a type, and without alternatives.

    https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
    """
    if not is_mapping(schema) or not schema:
        return {"x-kubernetes-preserve-unknown-fields": True}
    if is_list(schema.get("type")):
        return {"x-kubernetes-int-or-string": True}
    kept: Raw = {key: value for key, value in schema.items() if key in KEPT}
    properties, others = schema.get("properties"), schema.get("additionalProperties")
    if is_mapping(properties):
        kept["properties"] = {name: structural(each) for name, each in properties.items()}
    elif is_mapping(others):
        kept["additionalProperties"] = structural(others)
    elif schema.get("type") == "object":
        kept["x-kubernetes-preserve-unknown-fields"] = True
    if "items" in schema:
        kept["items"] = structural(schema["items"])
    return kept
