"""Audit checks over the resources that the engine passes to a policy pack. Imports no policy SDK.

In a preview most references are unknown, and reading an unknown property raises an error that ends the whole policy. So each
leaf is read separately. A reference becomes the placeholder of a plan, `<kms:Key prod-keys-data>.id`, from the dependencies of its
property; other unknown values are `[unknown]`. The engine passes secrets as plain text, so no value is part of a message.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol, cast

from automation.audit.evaluation import PLATFORM_CHECKS, Acceptances, audit_site
from automation.plan.inventory import Declared, Inventory, Secret, Unknown, Value
from automation.urn import COMPONENT_PREFIX, STACK_TYPE, Urn, short_type
from components.configuration import PLATFORM_KEY, spec_of
from providers import audit
from providers.contract.audit import (
    Answer,
    AuditSite,
    Check,
    CheckEvidence,
    CloudCheck,
    NotApplicable,
    identity,
    is_secret_name,
)
from providers.contract.declaration import DeclaredResource
from providers.contract.json_data import is_list, is_mapping
from providers.contract.spec import Platform

ACCEPTED = "accepted"
"""Key of a policy's configuration: reason by logical name of a resource, or by `*` for every resource."""
EVERY_RESOURCE = "*"
SECRET_INPUTS = frozenset({"secretString", "secretData", "result", "bcryptHash", "plaintext"})
"""Inputs and outputs with a secret whose names do not say so."""
UNKNOWN_MARK = repr(Unknown())
IDENTIFIERS = ("id", "arn", "name", "uri", "url", "link", "email", "member")
"""Ends of the names of outputs that identify a resource."""


class ResourceOptions(Protocol):
    """Options of a resource."""

    @property
    def protect(self) -> bool:
        """True for a resource that cannot be deleted."""
        ...


class StackProvider(Protocol):
    """Provider of a resource."""

    @property
    def resource_type(self) -> str:
        """Type token."""
        ...

    @property
    def props(self) -> Mapping[str, object]:
        """Properties; reading an unknown one raises an error."""
        ...

    @property
    def urn(self) -> str:
        """URN."""
        ...

    @property
    def name(self) -> str:
        """Logical name."""
        ...


class StackResource(StackProvider, Protocol):
    """Resource as `pulumi_policy.PolicyResource` has it."""

    @property
    def opts(self) -> ResourceOptions:
        """Options."""
        ...

    @property
    def provider(self) -> StackProvider | None:
        """Provider of the resource."""
        ...

    @property
    def parent(self) -> "StackResource | None":
        """Parent of the resource."""
        ...

    @property
    def dependencies(self) -> "Sequence[StackResource]":
        """Resources that this one refers to."""
        ...

    @property
    def property_dependencies(self) -> "Mapping[str, Sequence[StackResource]]":
        """Resources that each property refers to."""
        ...


@dataclass(frozen=True)
class Violation:
    """Failed evidence; `urn` is empty for a fact about the whole stack."""

    message: str
    urn: str = ""


@dataclass(frozen=True)
class Examination:
    """Violations of one check, or the reason why it does not apply."""

    violations: tuple[Violation, ...] = ()
    not_applicable: str = ""


def examine(
    check: Check,
    resources: Sequence[StackResource],
    platform: str | None,
    settings: Mapping[str, object],
    unknown_error: type[Exception],
    today: date,
) -> Examination:
    """Return what a check finds in a stack; `platform` is the JSON text of its configuration, `settings` the policy's."""
    if platform is None:
        return Examination(not_applicable=f"the stack has no {PLATFORM_KEY}")
    if not resources:
        return Examination(not_applicable="the stack has no resources")
    stack = Urn(resources[0].urn).stack
    spec = spec_of(platform, stack)
    answer = _answer(check, spec)
    if not isinstance(answer, CloudCheck):
        return Examination(not_applicable=answer.reason)
    site = tracked(audit_site(spec, inventory_of(stack, resources, unknown_error)))
    accepted, reasons = Acceptances(spec, today), settings.get(ACCEPTED)
    own = set(reasons) if is_mapping(reasons) else set[str]()
    evidence = tuple(answer.run(site))
    failed = (each for each in evidence if not each.passed and not _is_undecided(site, each))
    return Examination(
        tuple(
            Violation(f"{each.property}: {each.why}", _urn(site, each))
            for each in failed
            if not accepted.reason(check.id, each.resource)
            and not {EVERY_RESOURCE, each.resource.rpartition(" ")[2]} & own
        )
    )


def inventory_of(stack: str, resources: Sequence[StackResource], unknown_error: type[Exception]) -> Inventory:
    """Return the resources of a policy pack as an inventory, with the providers that they name."""
    reader = LeafReader(unknown_error)
    declared = {each.urn: _declared(each, reader) for each in resources}
    for each in resources:
        if each.provider is not None and each.provider.urn not in declared:
            declared[each.provider.urn] = _provider(each.provider, reader)
    return Inventory(stack, tuple(sorted(declared.values(), key=lambda each: each.urn)), {})


def _answer(check: Check, spec: Platform) -> Answer:
    answers = audit(spec.cloud)
    if answers is None:
        return NotApplicable(f"there are no security checks for {spec.cloud}")
    return {**answers, **PLATFORM_CHECKS}[check.id]


@dataclass(frozen=True)
class TrackedResource(DeclaredResource):
    """Resource that notes its type when a check reads an input that only the cloud can compute."""

    unknown_reads: set[str] = field(default_factory=set[str])

    def value(self, *path: str) -> object:
        """Return an input by its path; None when it is not set."""
        prefixes = (super(TrackedResource, self).value(*path[:length]) for length in range(1, len(path)))
        value = super().value(*path)
        if UNKNOWN_MARK in prefixes or _has_unknown(value):
            self.unknown_reads.add(self.type)
        return value


def tracked(site: AuditSite) -> AuditSite:
    """Return the same resources, which share a note of the types with unknown inputs that a check has read."""
    reads = set[str]()
    return AuditSite(tuple(TrackedResource(**vars(each), unknown_reads=reads) for each in site.resources), site.spec)


def _has_unknown(value: object) -> bool:
    """Return whether a value, or a part of it, is unknown and no reference."""
    if is_mapping(value):
        return any(_has_unknown(each) for each in value.values())
    return any(_has_unknown(each) for each in value) if is_list(value) else value == UNKNOWN_MARK


def _is_undecided(site: AuditSite, evidence: CheckEvidence) -> bool:
    """Return whether evidence fails for an input that only the cloud can compute, of its resource or of related ones."""
    resource = _subject(site, evidence)
    if UNKNOWN_MARK in evidence.value:
        return True
    inputs = {each.partition(".")[0] for each in evidence.property.split(", ")}
    if resource is not None and any(UNKNOWN_MARK in str(resource.inputs.get(name)) for name in inputs):
        return True
    own = {resource.type} if resource is not None else set[str]()
    first = site.resources[0]
    return isinstance(first, TrackedResource) and bool(first.unknown_reads - own)


def _subject(site: AuditSite, evidence: CheckEvidence) -> DeclaredResource | None:
    return next((each for each in site.resources if identity(each) == evidence.resource), None)


def _urn(site: AuditSite, evidence: CheckEvidence) -> str:
    resource = _subject(site, evidence)
    return resource.urn if resource else ""


def _declared(resource: StackResource, reader: "LeafReader") -> Declared:
    by_property = resource.property_dependencies
    targets = (*resource.dependencies, *(each for several in by_property.values() for each in several))
    return Declared(
        urn=Urn(resource.urn),
        type=resource.resource_type,
        name=resource.name,
        parent=resource.parent.urn if resource.parent else "",
        provider=resource.provider.urn if resource.provider else "",
        custom=not resource.resource_type.startswith(COMPONENT_PREFIX) and resource.resource_type != STACK_TYPE,
        inputs={key: reader.read(resource.props, key, by_property.get(key, ())) for key in resource.props},
        depends_on=tuple(sorted({each.urn for each in targets})),
        protect=resource.opts.protect,
    )


def _provider(provider: StackProvider, reader: "LeafReader") -> Declared:
    inputs = {key: reader.read(provider.props, key, ()) for key in provider.props}
    return Declared(Urn(provider.urn), provider.resource_type, provider.name, "", "", custom=True, inputs=inputs)


@dataclass(frozen=True)
class LeafReader:
    """Properties read leaf by leaf: references as placeholders, secrets masked, whole numbers as integers."""

    unknown_error: type[Exception]
    _outputs: dict[str, Mapping[str, Value]] = field(default_factory=dict[str, Mapping[str, Value]])
    """Outputs by URN of resources that others refer to."""

    def read(self, holder: object, key: object, targets: Sequence[StackResource]) -> Value:
        """Return the value at a key or position of an object or a list, whose property refers to `targets`."""
        try:
            value = _item(holder, key)
        except self.unknown_error:
            return _references(targets) if targets else Unknown()
        if isinstance(value, Mapping):
            return {str(name): self.read(value, name, targets) for name in _names(value)}
        if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            return [self.read(value, index, targets) for index in range(len(_sized(value)))]
        if isinstance(key, str) and (key in SECRET_INPUTS or is_secret_name(key)) and value is not None:
            return Secret(value)
        return self._leaf(value, targets)

    def _leaf(self, value: object, targets: Sequence[StackResource]) -> Value:
        if isinstance(value, float):
            return int(value) if value.is_integer() else value
        if isinstance(value, str):
            target = next((each for each in targets if self._identifies(value, each)), None)
            return value if target is None else _reference(target)
        return value if value is None or isinstance(value, bool | int) else type(value).__name__

    def _identifies(self, text: str, target: StackResource) -> bool:
        """Return whether a known text is an ID, ARN or path of a resource."""
        if target.urn not in self._outputs:
            self._outputs[target.urn] = {key: self.read(target.props, key, ()) for key in target.props}
        outputs = self._outputs[target.urn]
        named = "/" in text and text.rpartition("/")[2] == outputs.get("name")
        return named or any(text == value and key.lower().endswith(IDENTIFIERS) for key, value in outputs.items())


def _item(holder: object, key: object) -> object:
    return cast("Mapping[object, object]", holder)[key]


def _names(value: object) -> Iterator[object]:
    return iter(cast("Mapping[object, object]", value))


def _sized(value: object) -> Sequence[object]:
    return cast("Sequence[object]", value)


def _reference(target: StackResource) -> str:
    return f"<{short_type(target.resource_type)} {target.name}>.id"


def _references(targets: Sequence[StackResource]) -> str:
    """Return the placeholders of unknown references; the mark keeps a check from failing for such a value."""
    return " ".join(map(_reference, targets)) + UNKNOWN_MARK
