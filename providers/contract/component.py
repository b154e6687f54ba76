"""Where a resource stands: its name, its parent, its tags, handed to an adapter so that it cannot forget them.

A room is opened by `scope.room(...)`: the component of the room, the call of the cloud's `create_<room>` with a scope
beneath it, and `register_outputs` are one step.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Concatenate, ParamSpec, TypedDict, TypeVar, Unpack, cast

import pulumi

P = ParamSpec("P")
T = TypeVar("T")

TYPE_PREFIX = "agent-platform:index"


class Options(TypedDict, total=False):
    """Resource options that rooms set; parent and provider come from the scope."""

    aliases: Sequence[pulumi.Alias]
    additional_secret_outputs: list[str]
    custom_timeouts: pulumi.CustomTimeouts
    delete_before_replace: bool
    depends_on: Sequence[pulumi.Resource]
    ignore_changes: list[str]
    protect: bool
    provider: pulumi.ProviderResource
    retain_on_delete: bool


class Component(pulumi.ComponentResource):
    """One room of the house: a named component whose children are one cloud's resources."""

    def __init__(self, kind: str, name: str, opts: pulumi.ResourceOptions) -> None:
        super().__init__(type_token(kind), name, {}, opts)


@dataclass(frozen=True)
class Scope:
    """A place in the tree. `name` prefixes logical names, which never change once released."""

    name: str
    parent: pulumi.Resource
    tags: Mapping[str, str]
    providers: tuple[pulumi.ProviderResource, ...] = ()
    """Explicit providers that components opened here inherit to everything beneath them."""

    def named(self, part: str = "") -> str:
        """Logical name of a resource in this scope; without a part, the room's main resource."""
        return f"{self.name}-{part}" if part else self.name

    def opts(self, **extra: Unpack[Options]) -> pulumi.ResourceOptions:
        """Options with this scope's parent, and so its provider."""
        return pulumi.ResourceOptions(parent=self.parent, **extra)

    def was(self, part: str) -> pulumi.Alias:
        """Alias of a resource that an earlier release named `part` in this scope."""
        return pulumi.Alias(name=self.named(part))

    def component_opts(self) -> pulumi.ResourceOptions:
        """Options of a component opened in this scope: its parent, and the providers its children inherit."""
        return pulumi.ResourceOptions(parent=self.parent, providers=list(self.providers))

    def within(self, parent: pulumi.Resource) -> "Scope":
        """The same names, tags and providers beneath another parent."""
        return replace(self, parent=parent)

    def with_provider(self, provider: pulumi.ProviderResource) -> "Scope":
        """The same place with one more provider to inherit."""
        return replace(self, providers=(*self.providers, provider))

    def room(self, kind: str, create: Callable[Concatenate["Scope", P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Open the room `kind` beneath this scope, let `create` fill it, register what it gives."""
        room = Component(kind, self.named(kind), self.component_opts())
        result = create(replace(self, name=self.named(kind), parent=room), *args, **kwargs)
        room.register_outputs(outputs_of(result))
        return result


def type_token(kind: str) -> str:
    """FIXED once released: `agent-platform:index:<Kind>`."""
    return f"{TYPE_PREFIX}:{''.join(word.capitalize() for word in kind.split('-'))}"


def outputs_of(result: object) -> dict[str, pulumi.Input[object]]:
    """The plain values and Outputs of a result, for the component's outputs; resources and nested facts stay inside."""
    if not is_dataclass(result):
        return {}
    values = {field.name: cast("object", getattr(result, field.name)) for field in fields(result)}
    return {name: value for name, value in values.items() if isinstance(value, pulumi.Output | str | int | bool)}
