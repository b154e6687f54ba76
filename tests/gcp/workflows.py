"""Interpreter of the parts of Workflows that this project uses, and services that tests provide.

Parameters and bodies of each call of a connector are checked with Google's discovery documents. Steps: assign, call with a
result, switch, for over a list, try with retry and except, raise, return, next. Functions: those of the standard library
that the project calls. Expressions are almost those of Python.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from tests.gcp.google_apis import call_errors

Service = Callable[[Mapping[str, Any]], Any]
Values = dict[str, Any]
EXPRESSION = re.compile(r"\$\{(.*)\}", re.DOTALL)
LITERALS = {"null": "None", "true": "True", "false": "False"}
CONNECTOR = "googleapis."
MAX_STEPS = 100_000
KEYS = frozenset(
    {"assign", "call", "args", "result", "switch", "for", "try", "retry", "except", "raise", "return", "next", "steps"}
)


class WorkflowError(Exception):
    """Error of a call, or one that a workflow has raised; `value` is what `except` receives."""

    def __init__(self, value: Any) -> None:
        super().__init__(str(value))
        self.value = value


class _ReturnError(Exception):
    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class _JumpError(Exception):
    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.target = target


class _Fields:
    """Map whose fields are attributes in an expression; a missing one is a KeyError of Workflows."""

    def __init__(self, values: Values) -> None:
        self.values = values

    def __getattr__(self, name: str) -> Any:
        if name not in self.values:
            raise WorkflowError({"message": f"key not found: {name}", "tags": ["KeyError"]})
        return wrapped(self.values[name])


class _Functions:
    def __init__(self, **members: Any) -> None:
        self.__dict__.update(members)


def wrapped(value: Any) -> Any:
    """Return a value as expressions see it."""
    if isinstance(value, dict):
        return _Fields(cast("Values", value))
    return [wrapped(each) for each in cast("list[Any]", value)] if isinstance(value, list) else value


def unwrapped(value: Any) -> Any:
    """Return a value of an expression as JSON."""
    if isinstance(value, _Fields):
        return value.values
    return [unwrapped(each) for each in cast("list[Any]", value)] if isinstance(value, list) else value


@dataclass
class Execution:
    """One execution of a workflow; `services` are called by the name of a connector without `googleapis.`."""

    workflow: Mapping[str, Any]
    services: Mapping[str, Service]
    now: datetime
    calls: list[tuple[str, Any]] = field(default_factory=list[tuple[str, Any]])
    steps: int = 0

    def run(self) -> Any:
        """Return the result of the workflow; raises WorkflowError when it fails."""
        return self._block(self.workflow["main"], {})

    def _block(self, block: Mapping[str, Any], variables: Values) -> Any:
        try:
            self._sequence(block["steps"], variables)
        except _ReturnError as returned:
            return returned.value
        return None

    def _sequence(self, steps: list[Mapping[str, Any]], variables: Values) -> None:
        names = [next(iter(step)) for step in steps]
        position = 0
        while position < len(steps):
            self.steps += 1
            assert self.steps < MAX_STEPS, "the workflow does not end"
            target = self._target(steps[position][names[position]], variables)
            if target is not None and target not in names:
                raise _JumpError(target)
            position = position + 1 if target is None else names.index(target)

    def _target(self, step: Mapping[str, Any], variables: Values) -> str | None:
        """Run a step, and return the name of the one that it continues with; None for the next one."""
        try:
            self._act(step, variables)
        except _JumpError as jump:
            return jump.target
        return step.get("next")

    def _act(self, step: Mapping[str, Any], variables: Values) -> None:
        assert set(step) <= KEYS, set(step) - KEYS
        if "assign" in step:
            for assignment in step["assign"]:
                ((name, value),) = assignment.items()
                variables[name] = self._value(value, variables)
        elif "call" in step:
            answer = self._call(step["call"], self._value(step.get("args", {}), variables))
            variables |= {step["result"]: answer} if "result" in step else {}
        elif "switch" in step:
            self._switch(step["switch"], variables)
        elif "for" in step:
            for item in self._value(step["for"]["in"], variables):
                variables[step["for"]["value"]] = item
                self._sequence(step["for"]["steps"], variables)
        elif "try" in step:
            self._try(step, variables)
        elif "steps" in step:
            self._sequence(step["steps"], variables)
        elif "raise" in step:
            raise WorkflowError(self._value(step["raise"], variables))
        elif "return" in step:
            raise _ReturnError(self._value(step["return"], variables))

    def _switch(self, cases: list[Mapping[str, Any]], variables: Values) -> None:
        for case in cases:
            if self._value(case["condition"], variables):
                self._sequence(case.get("steps", []), variables)
                if "next" in case:
                    raise _JumpError(case["next"])
                return

    def _try(self, step: Mapping[str, Any], variables: Values) -> None:
        retry = step.get("retry", {"max_retries": 0})
        for attempt in range(retry["max_retries"] + 1):
            try:
                body = step["try"]
                self._sequence(body.get("steps", [{"body": body}]), variables)
            except WorkflowError as error:
                if attempt < retry["max_retries"] and self._repeats(retry["predicate"], error):
                    self.now += timedelta(seconds=retry["backoff"]["initial_delay"])
                    continue
                if "except" not in step:
                    raise
                variables[step["except"]["as"]] = error.value
                self._sequence(step["except"]["steps"], variables)
            return

    def _repeats(self, predicate: str, error: WorkflowError) -> bool:
        match = EXPRESSION.fullmatch(predicate)
        assert match is not None
        block = self.workflow[match[1]]
        return bool(self._block(block, {block["params"][0]: error.value}))

    def _call(self, name: str, arguments: Any) -> Any:
        self.calls.append((name, arguments))
        if name in self.workflow:
            return self._block(self.workflow[name], dict(arguments))
        method = name.removeprefix(CONNECTOR)
        assert name.startswith(CONNECTOR), name
        errors = call_errors(method, arguments)
        assert errors == [], name
        return self.services[method](arguments)

    def _value(self, value: Any, variables: Values) -> Any:
        if isinstance(value, dict):
            return {key: self._value(each, variables) for key, each in cast("Values", value).items()}
        if isinstance(value, list):
            return [self._value(each, variables) for each in cast("list[Any]", value)]
        match = EXPRESSION.fullmatch(value) if isinstance(value, str) else None
        return self._evaluated(match[1], variables) if match else value

    def _evaluated(self, text: str, variables: Values) -> Any:
        python = re.sub(r'("(?:[^"\\]|\\.)*")|\b(?:null|true|false)\b', lambda m: m[1] or LITERALS[m[0]], text)
        names = {**self._library(), **{name: wrapped(value) for name, value in variables.items()}}
        return unwrapped(eval(python, {"__builtins__": {}}, names))  # noqa: S307 - a workflow of this project

    def _library(self) -> Values:
        return {
            "sys": _Functions(now=lambda: self.now.timestamp()),
            "time": _Functions(format=self._format, parse=_timestamp),
            "text": _Functions(
                substring=_substring, replace_all=str.replace, replace_all_regex=_replace, match_regex=_matches
            ),
            "json": _Functions(decode=_decoded),
            "list": _Functions(concat=_appended),
            "map": _Functions(get=_get),
            "default": _default, "len": len, "int": int, "string": str, "double": float,
        }  # fmt: skip

    def _format(self, seconds: float) -> str:
        return datetime.fromtimestamp(seconds, tz=self.now.tzinfo).isoformat()


def _timestamp(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _substring(text: str, start: int, end: int) -> str:
    return text[start:end]


def _replace(text: str, pattern: str, new: str) -> str:
    return re.sub(pattern, new, text)


def _matches(text: str, pattern: str) -> bool:
    return re.search(pattern, text) is not None


def _decoded(text: str) -> Any:
    return wrapped(json.loads(text))


def _appended(values: list[Any], value: Any) -> list[Any]:
    return [*values, value]


def _default(value: Any, other: Any) -> Any:
    return other if value is None else value


def _get(value: Any, keys: str | list[str]) -> Any:
    for key in [keys] if isinstance(keys, str) else keys:
        value = wrapped(value.values.get(key)) if isinstance(value, _Fields) else None
    return value


def step_names(value: Any) -> Iterator[str]:
    """Yield the name of every step in a list of steps, nested ones too."""
    if isinstance(value, list):
        for each in cast("list[Any]", value):
            yield from _own_name(each)
            yield from step_names(each)
    elif isinstance(value, dict):
        for key, each in cast("Values", value).items():
            if key not in ("args", "assign", "return", "raise"):
                yield from step_names(each)


def _own_name(step: Any) -> Iterator[str]:
    if isinstance(step, dict) and len(cast("Values", step)) == 1:
        ((name, body),) = cast("Values", step).items()
        if isinstance(body, dict):
            yield name
