"""Naming, parents, tags and providers of resources, and the components that group them.

`scope.component(kind, create, ...)` opens a component, calls the cloud's `create` function with a scope inside it and
registers its outputs. A component is registered with its first child, so one without children is never declared.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Concatenate, ParamSpec, TypedDict, TypeVar, Unpack, cast

import pulumi

from providers.contract.context import ProgramValues

P = ParamSpec("P")
T = TypeVar("T")

TYPE_PREFIX = "agent-platform:index"


class Options(TypedDict, total=False):
    """Resource options that an adapter may set; parent and provider come from the scope."""

    aliases: Sequence[pulumi.Alias]
    additional_secret_outputs: list[str]
    custom_timeouts: pulumi.CustomTimeouts
    delete_before_replace: bool
    depends_on: Sequence[pulumi.Resource]
    ignore_changes: list[str]
    protect: bool
    provider: pulumi.ProviderResource | None
    replacement_trigger: pulumi.Input[str]
    retain_on_delete: bool


class Component(pulumi.ComponentResource):
    """One capability of the platform; its children are the resources of one cloud."""

    def __init__(self, kind: str, name: str, opts: pulumi.ResourceOptions) -> None:
        super().__init__(type_token(kind), name, {}, opts)


class DeferredComponent:
    """Component that is registered when its first child needs a parent."""

    def __init__(self, kind: str, name: str, opts: Callable[[], pulumi.ResourceOptions]) -> None:
        self._kind, self._name, self._opts = kind, name, opts
        self._component: Component | None = None

    @property
    def resource(self) -> Component:
        """The component, registered on first use."""
        if self._component is None:
            self._component = Component(self._kind, self._name, self._opts())
        return self._component

    def finish(self, outputs: Mapping[str, pulumi.Input[object]]) -> None:
        """Register the outputs of a component that has children."""
        if self._component is not None:
            self._component.register_outputs(dict(outputs))


@dataclass(frozen=True)
class Scope:
    """Position in the resource tree. `name` prefixes logical names, which never change once released."""

    name: str
    owner: pulumi.Resource | DeferredComponent
    """Parent of the resources declared here."""
    tags: Mapping[str, pulumi.Input[str]]
    providers: tuple[pulumi.ProviderResource, ...] = ()
    """Explicit providers that components opened here pass to their children."""
    applied: frozenset[str] = frozenset()
    """Properties whose changes this update does not ignore."""
    values: ProgramValues = field(default_factory=ProgramValues, compare=False, repr=False)
    platform: str = ""
    """Name of the platform, with which the names of all scopes begin; that of this scope when it is the first."""

    def __post_init__(self) -> None:
        if not self.platform:
            object.__setattr__(self, "platform", self.name)

    @property
    def parent(self) -> pulumi.Resource:
        """Parent of the resources declared here; registers a deferred component."""
        return self.owner.resource if isinstance(self.owner, DeferredComponent) else self.owner

    def named(self, part: str = "") -> str:
        """Logical name of a resource in this scope; without a part, that of the component's main resource."""
        return f"{self.name}-{part}" if part else self.name

    def opts(self, **extra: Unpack[Options]) -> pulumi.ResourceOptions:
        """Options with this scope's parent, and so its provider."""
        if self.applied and "ignore_changes" in extra:
            extra["ignore_changes"] = [path for path in extra["ignore_changes"] if path not in self.applied]
        return pulumi.ResourceOptions(parent=self.parent, **extra)

    def was(self, part: str) -> pulumi.Alias:
        """Alias of a resource that an earlier release named `part` in this scope."""
        return pulumi.Alias(name=self.named(part))

    def component_opts(self) -> pulumi.ResourceOptions:
        """Options of a component opened in this scope: its parent, and the providers its children inherit."""
        return pulumi.ResourceOptions(parent=self.parent, providers=list(self.providers))

    def within(self, parent: pulumi.Resource) -> "Scope":
        """Return the same names, tags and providers under another parent."""
        return replace(self, owner=parent)

    def in_region(self, region: str) -> "Scope":
        """Return the scope of another region than the home region; names of what is there begin with the region."""
        return replace(self, name=self.named(region))

    def with_provider(self, provider: pulumi.ProviderResource) -> "Scope":
        """Return the same scope with one more provider to inherit."""
        return replace(self, providers=(*self.providers, provider))

    def component(
        self, kind: str, create: Callable[Concatenate["Scope", P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Open the component `kind` in this scope, let `create` declare its resources, register its outputs."""
        return self.instance(kind, kind, create, *args, **kwargs)

    def instance(
        self, kind: str, part: str, create: Callable[Concatenate["Scope", P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Open one of several components of a kind, whose names begin with `part`; see `component`."""
        component = DeferredComponent(kind, self.named(part), self.component_opts)
        result = create(replace(self, name=self.named(part), owner=component), *args, **kwargs)
        component.finish(outputs_of(result))
        return result


@dataclass(frozen=True)
class KeptScopes:
    """Components of a scope whose inner scopes are kept, so that resources can be declared in them later."""

    scope: Scope
    inner: dict[str, Scope] = field(default_factory=dict[str, Scope])
    """Scope inside each component by its kind."""

    def component(self, kind: str, create: Callable[Concatenate[Scope, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See `Scope.component`."""

        def declare(inner: Scope) -> T:
            self.inner[kind] = inner
            return create(inner, *args, **kwargs)

        return self.scope.component(kind, declare)


def type_token(kind: str) -> str:
    """FIXED once released: `agent-platform:index:<Kind>`."""
    return f"{TYPE_PREFIX}:{''.join(word.capitalize() for word in kind.split('-'))}"


def outputs_of(result: object) -> dict[str, pulumi.Input[object]]:
    """Plain values and Outputs of a result, for the component's outputs; resources and nested values are left out."""
    if not is_dataclass(result):
        return {}
    values = {field.name: cast("object", getattr(result, field.name)) for field in fields(result)}
    return {name: value for name, value in values.items() if isinstance(value, (pulumi.Output, str, int, bool))}
