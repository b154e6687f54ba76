"""Values that a Python module assigns, read without running it. Pure.

Only what a declaration of resources consists of is understood: constants, f-strings, lists, mappings, names and calls of
classes. A value that is known only when the module runs becomes the text `<expression>`.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeGuard

from providers.contract.diagnostics import ConfigError, InvalidConfiguration


@dataclass(frozen=True)
class Instance:
    """Call of a class, with the name of the variable that it is assigned to."""

    variable: str
    kind: str
    arguments: Mapping[str, object] = field(default_factory=dict[str, object])

    def text(self, key: str, default: str = "") -> str:
        """Return an argument as text; `default` where it is absent or no scalar."""
        value = self.arguments.get(key)
        return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else default

    def number(self, key: str) -> int | None:
        """Return an argument as a whole number; None where it is none."""
        text = self.text(key)
        return int(text) if text.isdigit() else None

    def is_true(self, key: str) -> bool:
        """Return whether an argument is True."""
        return self.arguments.get(key) is True

    def instances(self, key: str) -> list["Instance"]:
        """Return the instances in a list."""
        value = self.arguments.get(key)
        return [each for each in value if isinstance(each, Instance)] if isinstance(value, list) else []


@dataclass(frozen=True)
class FromEnvironment:
    """Value that the module takes from an environment variable."""

    name: str


def is_instance(value: object) -> TypeGuard[Instance]:
    """Return whether a value is a call of a class."""
    return isinstance(value, Instance)


def assigned_values(text: str, file: str, imported: Mapping[str, object] | None = None) -> dict[str, object]:
    """Return the values that the top level of a module assigns, by name; raises InvalidConfiguration for a syntax error.

    `imported` has values of other modules by the names under which this one imports them.
    """
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError) as error:
        problem = f"no valid Python at line {getattr(error, 'lineno', 1)}"
        raise InvalidConfiguration([ConfigError(file, problem, "correct it")]) from None
    values = dict(imported or {})
    for statement in module.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                values[name] = _value(value, values, name)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                values[name] = _value(value, values, name)
            case _:
                pass  # imports, functions and statements that assign nothing
    return values


def _value(node: ast.expr, values: Mapping[str, object], variable: str = "") -> object:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return values.get(name, f"<{name}>")
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            return [_value(item, values) for item in items if not isinstance(item, ast.Starred)]
        case ast.Dict(keys=keys, values=items):
            return {
                str(_value(key, values)): _value(item, values)
                for key, item in zip(keys, items, strict=True)
                if key is not None
            }
        case ast.JoinedStr(values=parts):
            return "".join(_text(part, values) for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            first, second = _value(left, values), _value(right, values)
            return (
                f"{first}{second}" if isinstance(first, str) and isinstance(second, str) else f"<{ast.unparse(node)}>"
            )
        case ast.Attribute(value=owner, attr=name):
            return _attribute(_value(owner, values), name, node)
        case ast.Call():
            return _call(node, values, variable)
        case _:
            return f"<{ast.unparse(node)}>"


def _attribute(owner: object, name: str, node: ast.expr) -> object:
    if not is_instance(owner):
        return f"<{ast.unparse(node)}>"
    if name == "enabled":
        return owner.arguments.get("enabled", True)
    return owner.arguments.get(name, f"<{owner.variable}.{name}>")


def _call(node: ast.Call, values: Mapping[str, object], variable: str) -> object:
    name = (
        node.func.attr
        if isinstance(node.func, ast.Attribute)
        else node.func.id
        if isinstance(node.func, ast.Name)
        else ""
    )
    arguments = [_value(argument, values) for argument in node.args if not isinstance(argument, ast.Starred)]
    if (
        name in ("getenv", "get")
        and arguments
        and ast.unparse(node.func).rpartition(".")[0] in ("", "os", "os.environ", "environ")
    ):
        return FromEnvironment(str(arguments[0]))
    if name in ("str", "AwsReference") and arguments:
        return arguments[0]
    if name == "joinpath" and arguments:
        return f"<path>/{arguments[0]}"
    if name[:1].isupper():
        keywords = {keyword.arg: _value(keyword.value, values) for keyword in node.keywords if keyword.arg}
        return Instance(variable, name, keywords)
    if isinstance(node.func, ast.Attribute):
        owner = _value(node.func.value, values)
        return f"<{owner.variable}.{name}>" if is_instance(owner) else f"<{ast.unparse(node)}>"
    return f"<{ast.unparse(node)}>"


def _text(part: ast.expr, values: Mapping[str, object]) -> str:
    value = _value(part.value if isinstance(part, ast.FormattedValue) else part, values)
    return str(value)
