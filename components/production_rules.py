"""Production rules that an override undoes: the security checks, over the declared inputs with and without it.

The program compares them itself, so that `pulumi up`, a program of a user and a plan refuse the same. It reads the inputs before
they are sent: a reference to another resource is a placeholder as in a plan, and a text that is made from several is `<computed>`.
`agent-platform audit` has the complete values, and fails for what these do not show.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

import pulumi

from components.sdk_inputs import inputs_of, is_arguments, mapping_of, nested_class, value_hint, wire_name
from providers import production_rules
from providers.contract.audit import CHECKS, AuditSite, Check, CheckEvidence, CloudCheck
from providers.contract.declaration import DeclaredResource, kind_of, short_type
from providers.contract.diagnostics import ConfigError, listed
from providers.contract.spec import Platform

COMPUTED = "<computed>"
Failures = Mapping[tuple[str, str, str], tuple[Check, CheckEvidence]]
"""Failed evidence by check, resource and property."""


@dataclass(frozen=True)
class DeclaredInputs:
    """Resource with its inputs by Python name, as the platform declares them, and with each override alone."""

    resource: pulumi.Resource
    type: str
    name: str
    inputs: Mapping[str, object]
    opts: pulumi.ResourceOptions
    by_override: dict[str, Mapping[str, object]] = field(default_factory=dict[str, Mapping[str, object]])

    @property
    def is_managed(self) -> bool:
        """True for a resource that a provider creates: neither a component nor a provider."""
        return isinstance(self.resource, pulumi.CustomResource) and not isinstance(
            self.resource, pulumi.ProviderResource
        )

    @property
    def urn(self) -> str:
        """Type and logical name, which are unique in a platform, in place of a URN."""
        return f"{self.type} {self.name}"


def undone_rules(spec: Platform, declared: Sequence[DeclaredInputs]) -> Iterator[ConfigError]:
    """Yield overrides by which a check of production fails, and acceptances of overrides that undo none."""
    used = dict.fromkeys(path for each in declared for path in each.by_override)
    before = _failures(spec, declared, "") if used and spec.profile == "production" else {}
    for path in used if spec.profile == "production" else ():
        after = _failures(spec, declared, path)
        undone = [found for key, found in after.items() if key not in before]
        if undone and path not in spec.accept_risk:
            fix = f'remove it, or accept it by `accept_risk: {{"{path}": "<reason>"}}`'
            yield ConfigError(path, f"it undoes {_rules(undone)}", fix)
        elif path in spec.accept_risk and not undone:
            yield ConfigError(
                f"accept_risk.{path}", "accepts nothing: the override undoes no rule of production", "remove it"
            )


def _rules(undone: Collection[tuple[Check, CheckEvidence]]) -> str:
    """Return `the rule "Objects cannot be made public" (acl of s3:Bucket prod-storage: anyone can read)`."""
    by_title: dict[str, CheckEvidence] = {}
    for check, evidence in undone:
        by_title.setdefault(check.title, evidence)
    rules = (
        f'"{title}" ({each.property} of {each.resource or "the stack"}: {each.why})' for title, each in by_title.items()
    )
    return f"the rule{'s' if len(by_title) > 1 else ''} {listed(rules, 'and')}"


def _failures(spec: Platform, declared: Sequence[DeclaredInputs], override: str) -> Failures:
    """Return the failures of every check over the resources with one override, or with none."""
    site = AuditSite(tuple(_declared_resources(declared, override)), spec)
    answers = production_rules(spec.cloud)
    return {
        (check.id, evidence.resource, evidence.property): (check, evidence)
        for check in CHECKS
        if isinstance(answer := answers.get(check.id), CloudCheck)
        for evidence in answer.run(site)
        if not evidence.passed
    }


def _declared_resources(declared: Sequence[DeclaredInputs], override: str) -> Iterator[DeclaredResource]:
    references = _references(declared)
    parents = {id(each.resource): each for each in declared}
    for each in declared:
        if not isinstance(each.resource, pulumi.CustomResource):
            continue
        reader = WireReader(references)
        inputs = reader.mapping(type(each.resource), each.by_override.get(override, each.inputs))
        yield DeclaredResource(
            each.urn,
            short_type(each.type),
            each.name,
            _component(each, parents),
            inputs,
            frozenset(reader.used),
            protect=each.opts.protect is True,
        )


def _references(declared: Sequence[DeclaredInputs]) -> Mapping[int, tuple[str, str]]:
    """Return URN and placeholder of every output of every resource, by the identity of the object."""
    return {
        id(value): (each.urn, f"<{short_type(each.type)} {each.name}>.{wire_name(type(each.resource), name)}")
        for each in declared
        for name, value in vars(each.resource).items()
        if isinstance(value, pulumi.Output)
    }


def _component(each: DeclaredInputs, parents: Mapping[int, DeclaredInputs]) -> str:
    """Return the kind of the nearest component above a resource."""
    above = parents.get(id(each.opts.parent))
    while above is not None and isinstance(above.resource, pulumi.CustomResource):
        above = parents.get(id(above.opts.parent))
    return kind_of(above.type) if above is not None else ""


@dataclass
class WireReader:
    """Reader of inputs by their names on the wire; `used` are the URNs of the resources that they refer to."""

    references: Mapping[int, tuple[str, str]]
    used: set[str] = field(default_factory=set[str])

    def mapping(self, owner: type, inputs: Mapping[str, object]) -> dict[str, object]:
        """Return the inputs of a resource or of a nested class that are set."""
        hints = inputs_of(owner)
        return {
            wire_name(owner, name): self.value(value, hints.get(name, object))
            for name, value in inputs.items()
            if value is not None
        }

    def value(self, value: object, hint: object) -> object:
        """Return an input of a type as data."""
        if isinstance(value, pulumi.Output):
            urn, text = self.references.get(id(value), ("", COMPUTED))
            self.used |= {urn} - {""}
            return text
        if isinstance(value, Enum):
            return value.value
        owner = type(value) if is_arguments(value) else nested_class(hint)
        if is_arguments(value) or isinstance(value, Mapping):
            parts = mapping_of(value)
            if owner is not None:
                return self.mapping(owner, parts)
            return {key: self.value(part, value_hint(hint)) for key, part in parts.items() if part is not None}
        if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            return [self.value(part, value_hint(hint)) for part in value]
        return value
