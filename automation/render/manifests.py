"""Complete manifests from the inventory of a stack on Kubernetes: names, namespaces and integers as an API server takes them.

The inputs that the recorder keeps are manifests except for three things: objects that Pulumi names have no name, the provider
adds the namespace, and integers of a CustomResource can be floats. A generated name ends with a hash of the content, so
that a changed ConfigMap or Job is another object, and the same stack has the same names on every machine.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from automation.plan.inventory import Declared, Inventory, Secret, Unknown, Value, walk
from automation.urn import Urn, short_type
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, listed
from providers.contract.json_data import is_list, is_mapping

PREFIX = "kubernetes:"
SECRET_TYPE = "kubernetes:core/v1:Secret"  # noqa: S105  # a type token
ENGINE_ANNOTATIONS = "pulumi.com/"
"""Beginning of annotations that are settings of the provider, such as what an update waits for."""
CLUSTER_KINDS = frozenset({"Namespace", "PriorityClass", "ClusterRole", "ClusterRoleBinding", "StorageClass"})
"""Kinds without a namespace that the platform can declare."""
GENERATED = re.compile(r"<(?P<subject>[^<>]+)>\.metadata\.name")
RANDOM_TEXT = re.compile(r"<(?P<subject>random:RandomString [^<>]+)>\.result")
PLACEHOLDER = re.compile(r"<(?P<subject>[\w./-]+:\w+ [^<>]+)>")
OBJECT_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
"""DNS subdomain: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/."""
MAX_NAME = 253
HASH_DIGITS = 10
FIRST_KEYS = ("apiVersion", "kind", "metadata")


@dataclass(frozen=True)
class Manifest:
    """Object of Kubernetes as data; `logical_name` is that of the resource in the stack."""

    logical_name: str
    body: Mapping[str, Value]

    @property
    def api_version(self) -> str:
        """Group and version, such as `apps/v1`."""
        return str(self.body["apiVersion"])

    @property
    def kind(self) -> str:
        """Kind, such as `Deployment`."""
        return str(self.body["kind"])

    @property
    def metadata(self) -> Mapping[str, Value]:
        """Metadata with at least the name."""
        return _mapping(self.body["metadata"])

    @property
    def name(self) -> str:
        """Name of the object."""
        return str(self.metadata["name"])

    @property
    def namespace(self) -> str:
        """Namespace; empty for an object of the cluster."""
        return str(self.metadata.get("namespace", ""))

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """Keys of a Secret; empty for any other object."""
        if self.kind != "Secret":
            return ()
        return tuple(sorted({key for part in ("data", "stringData") for key in _mapping(self.body.get(part) or {})}))


@dataclass(frozen=True)
class LeftOut:
    """Object that no manifest describes, because it is not a Secret and has secret values at `paths`."""

    kind: str
    name: str
    paths: tuple[str, ...]


@dataclass(frozen=True)
class RenderedStack:
    """Manifests of a stack, sorted by kind and name, in which the values of Secrets are None; and what they leave out."""

    manifests: tuple[Manifest, ...]
    left_out: tuple[LeftOut, ...] = ()


def render_stack(inventory: Inventory) -> RenderedStack:
    """Return the manifests of a stack.

    Raises InvalidConfiguration for an object that depends on a value which only a cluster knows, or whose name is not valid.
    """
    rendering = Rendering(inventory)
    manifests = rendering.manifests()
    errors = [
        *(error for each in manifests for error in rendering.later_values(each)),
        *_invalid_names(manifests),
        *_duplicates(manifests),
    ]
    if errors:
        raise InvalidConfiguration(errors)
    left_out = [LeftOut(each.kind, each.name, paths) for each in manifests if (paths := secret_paths(each))]
    return RenderedStack(tuple(each for each in manifests if not secret_paths(each)), tuple(left_out))


def writable_manifests(inventory: Inventory) -> tuple[Manifest, ...]:
    """Return those manifests of a stack whose values are all known and not secret."""
    rendering = Rendering(inventory)
    return tuple(
        each for each in rendering.manifests() if not secret_paths(each) and not list(rendering.later_values(each))
    )


def secret_paths(manifest: Manifest) -> tuple[str, ...]:
    """Return the paths of secret values; those of a Secret have been removed."""
    return tuple(path for path, value in _leaves(manifest.body, "") if isinstance(value, Secret))


@dataclass(frozen=True)
class Rendering:
    """Objects of one stack, and the names that they generate for each other."""

    inventory: Inventory

    @cached_property
    def declared(self) -> tuple[Declared, ...]:
        """Objects of Kubernetes."""
        return tuple(resource for resource in self.inventory.custom if resource.type.startswith(PREFIX))

    def manifests(self) -> tuple[Manifest, ...]:
        """Return the manifest of every object, sorted by kind and name."""
        manifests = (self._manifest(resource) for resource in self.declared)
        return tuple(sorted(manifests, key=lambda each: (each.kind, each.name)))

    def _manifest(self, resource: Declared) -> Manifest:
        body = self.body(resource)
        return Manifest(resource.name, _ordered({**body, "metadata": self._named(resource, body)}))

    def later_values(self, manifest: Manifest) -> Iterator[ConfigError]:
        """Yield the values that only the cluster knows."""
        leaves = _leaves(manifest.body, "")
        later = [path for path, value in leaves if isinstance(value, Unknown) or _has_placeholder(value, self.subjects)]
        if later:
            problem = f"{listed(later, 'and')} of {manifest.kind} {manifest.logical_name} is known only after another resource"
            yield ConfigError("render", f"{problem} has been created", "deploy this stack with `agent-platform up`")

    @cached_property
    def by_subject(self) -> Mapping[str, Declared]:
        """Objects by the subject of their placeholders: `core:Secret prod-secrets-key`."""
        return {_subject(resource): resource for resource in self.declared}

    @cached_property
    def subjects(self) -> frozenset[str]:
        """Subjects of the placeholders of every resource of the stack."""
        return frozenset(_subject(resource) for resource in self.inventory.resources if resource.custom)

    def name(self, resource: Declared) -> str:
        """Name of an object: its own, else its logical name, with a hash of the content except for a Secret.

        The provider of the values of a Secret needs a name that no value changes.
        """
        own = _mapping(resource.inputs.get("metadata") or {}).get("name")
        if isinstance(own, str):
            return own
        if resource.type == SECRET_TYPE:
            return resource.name
        return f"{resource.name}-{content_hash(self.body(resource))}"

    def body(self, resource: Declared) -> dict[str, Value]:
        """Inputs of an object with names for its references, namespace, and without settings of the provider."""
        inputs = self._named_references(_without_values(resource))
        body = {key: value for key, value in inputs.items() if value is not None}
        metadata = {key: value for key, value in _mapping(body.get("metadata") or {}).items() if value is not None}
        annotations = _mapping(metadata.pop("annotations", None) or {})
        kept = {key: value for key, value in annotations.items() if not key.startswith(ENGINE_ANNOTATIONS)}
        metadata |= {"annotations": kept} if kept else {}
        if body.get("kind") not in CLUSTER_KINDS:
            metadata.setdefault("namespace", self._namespace(resource))
        return {**body, "metadata": metadata}

    def _named(self, resource: Declared, body: Mapping[str, Value]) -> dict[str, Value]:
        rest = {key: value for key, value in _mapping(body["metadata"]).items() if key != "name"}
        return {"name": self.name(resource), **rest}

    def _named_references(self, inputs: Mapping[str, Value]) -> dict[str, Value]:
        def named(match: re.Match[str]) -> str:
            target = self.by_subject.get(match["subject"])
            return match[0] if target is None else self.name(target)

        def leaf(value: Value) -> Value:
            if isinstance(value, str):
                return RANDOM_TEXT.sub(self._generated_text, GENERATED.sub(named, value))
            return int(value) if isinstance(value, float) and value.is_integer() else value

        return dict(_mapping(walk(dict(inputs), leaf)))

    def _generated_text(self, match: re.Match[str]) -> str:
        """Text in place of a random one, the same on every machine."""
        declared = next((each for each in self.inventory.custom if _subject(each) == match["subject"]), None)
        length = declared.inputs.get("length") if declared else None
        digest = hashlib.sha256(f"{self.inventory.stack}/{match['subject']}".encode()).hexdigest()
        return digest[: int(length)] if isinstance(length, int | float) else match[0]

    def _namespace(self, resource: Declared) -> Value:
        provider = Urn.of_provider(resource.provider or "")
        found = next((each for each in self.inventory.resources if each.urn == provider), None)
        return (found.inputs.get("namespace") if found else None) or "default"


def content_hash(body: Mapping[str, Value]) -> str:
    """Return a short hash of an object's content, the same on every machine."""
    text = json.dumps(body, sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_DIGITS]


def _subject(resource: Declared) -> str:
    return f"{short_type(resource.type)} {resource.name}"


def _without_values(resource: Declared) -> Mapping[str, Value]:
    """Inputs of an object; those of a Secret have its keys without values."""
    if resource.type != SECRET_TYPE:
        return resource.inputs
    emptied = {key: _keys_alone(resource.inputs.get(key)) for key in ("data", "stringData") if key in resource.inputs}
    return {**resource.inputs, **emptied}


def _keys_alone(values: Value) -> Mapping[str, Value]:
    plain = values.value if isinstance(values, Secret) else values
    return dict.fromkeys(_mapping(plain)) if is_mapping(plain) else {}


def _has_placeholder(value: Value, subjects: frozenset[str]) -> bool:
    return isinstance(value, str) and any(match["subject"] in subjects for match in PLACEHOLDER.finditer(value))


def _leaves(value: Value, path: str) -> Iterator[tuple[str, Value]]:
    if is_mapping(value):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else key)
    elif is_list(value):
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{index}]")
    else:
        yield path, value


def _ordered(body: Mapping[str, Value]) -> dict[str, Value]:
    """Keys in the usual order at the top, sorted below, and empty values left out."""
    first = {key: body[key] for key in FIRST_KEYS if key in body}
    rest = {key: body[key] for key in sorted(body) if key not in FIRST_KEYS}
    return {key: _sorted(value) for key, value in {**first, **rest}.items()}


def _sorted(value: Value) -> Value:
    if is_mapping(value):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(inner) for inner in value] if is_list(value) else value


def _invalid_names(manifests: Iterable[Manifest]) -> Iterator[ConfigError]:
    for manifest in manifests:
        if not OBJECT_NAME.fullmatch(manifest.name) or len(manifest.name) > MAX_NAME:
            problem = f"{manifest.name} is no valid name of a {manifest.kind}"
            yield ConfigError(
                "render", problem, "use lower-case letters, digits and hyphens in the name that it comes from"
            )


def _duplicates(manifests: Iterable[Manifest]) -> Iterator[ConfigError]:
    seen: set[tuple[str, str, str]] = set()
    for manifest in manifests:
        key = (manifest.kind, manifest.namespace, manifest.name)
        if key in seen:
            yield ConfigError("render", f"two objects are {manifest.kind} {manifest.name}", "rename one of them")
        seen.add(key)


def _mapping(value: Value) -> dict[str, Value]:
    return dict(value) if is_mapping(value) else {}


def with_body(manifest: Manifest, body: Mapping[str, Value]) -> Manifest:
    """Return the manifest with another body."""
    return replace(manifest, body=_ordered(body))
