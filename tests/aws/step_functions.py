"""Interpreter of the parts of the Amazon States Language that drills use, with JSONata, and services that tests provide.

Parameters of each call are checked with the service models of botocore. Names are those of the SDK for Java in a state
machine (`DbInstanceIdentifier`) and those of the API in the models (`DBInstanceIdentifier`), which differ in case only.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, cast

import botocore.session
from botocore.validate import ParamValidator
from jsonata.jsonata import Jsonata

EXPRESSION = re.compile(r"\{%(.*)%\}", re.DOTALL)
MODELS = {"sfn": "stepfunctions"}
MAX_STEPS = 5000
Service = Callable[[Any], Any]


class ServiceError(Exception):
    """Error of a service: its name in the state language, such as `Rds.DbInstanceNotFoundException`."""

    def __init__(self, name: str, cause: str = "") -> None:
        self.name, self.cause = name, cause
        super().__init__(name)


def mapping(value: Any) -> dict[str, Any] | None:
    return cast("dict[str, Any]", value) if isinstance(value, Mapping) else None


def sequence(value: Any) -> list[Any] | None:
    return list(cast("list[Any]", value)) if isinstance(value, (list, tuple)) else None


@cache
def model(service: str) -> Any:
    session: Any = cast("Any", botocore.session).get_session()
    return session.get_service_model(MODELS.get(service, service))


def checked(service: str, action: str, arguments: Mapping[str, Any]) -> None:
    """Raise AssertionError unless the arguments fit the model of the API."""
    names = {name.lower(): name for name in model(service).operation_names}
    shape = model(service).operation_model(names[action.lower()]).input_shape
    report: Any = ParamValidator().validate(_renamed(arguments, shape), shape)
    assert not report.has_errors(), f"{service}:{action}: {report.generate_report()}"


def _renamed(value: Any, shape: Any) -> Any:
    """Return arguments with the names of the API, which begin in the case of the service."""
    parts, items = mapping(value), sequence(value)
    if shape.type_name == "structure" and parts is not None:
        members = {name.lower(): name for name in shape.members}
        named = {members.get(key.lower(), key): part for key, part in value.items()}
        return {
            key: _renamed(part, shape.members[key]) if key in shape.members else part for key, part in named.items()
        }
    if shape.type_name == "list" and items is not None:
        return [_renamed(part, shape.member) for part in items]
    return value


@dataclass
class Execution:
    """One execution; `services` answers by `service:action`, and `now` is its clock."""

    machine: Mapping[str, Any]
    services: Mapping[str, Service]
    now: datetime = datetime(2026, 11, 29, 4, 0, tzinfo=UTC)
    name: str = "1a2b"
    variables: dict[str, Any] = field(default_factory=dict[str, Any])
    calls: list[tuple[str, Any]] = field(default_factory=list[tuple[str, Any]])
    status: str = "RUNNING"
    error: str = ""

    def run(self, machine_input: Mapping[str, Any] | None = None) -> Any:
        """Return the output, or the cause of a failure; both are evidence in JSON or as a value."""
        self.started = self.now
        try:
            output = self._states(self.machine, dict(machine_input or {}))
        except ServiceError as error:
            self.status, self.error = "FAILED", error.name
            return error.cause
        self.status = "SUCCEEDED"
        return output

    def _states(self, machine: Mapping[str, Any], machine_input: Any) -> Any:
        name, value = machine["StartAt"], machine_input
        for _ in range(MAX_STEPS):
            state = machine["States"][name]
            value, following = self._step(state, value)
            if following is None:
                return value
            name = following
        raise AssertionError("the execution does not end")

    def _step(self, state: Mapping[str, Any], machine_input: Any) -> tuple[Any, str | None]:
        following = None if state.get("End") else state.get("Next")
        match state["Type"]:
            case "Succeed":
                return self.value(state["Output"], machine_input), None
            case "Fail":
                raise ServiceError(state["Error"], self.value(state["Cause"], machine_input))
            case "Wait":
                self.now += timedelta(seconds=state["Seconds"])
            case "Choice":
                chosen = [rule["Next"] for rule in state["Choices"] if self.value(rule["Condition"], machine_input)]
                return machine_input, (chosen or [state["Default"]])[0]
            case "Map":
                items = self.value(state["Items"], machine_input)
                return [self._states(state["ItemProcessor"], item) for item in items], following
            case "Task":
                return self._task(state, machine_input, following)
            case _:
                self._assign(state, machine_input, None)
        return machine_input, following

    def _task(self, state: Mapping[str, Any], machine_input: Any, following: str | None) -> tuple[Any, str | None]:
        action = state["Resource"].partition(":::")[2].removeprefix("aws-sdk:").removesuffix(".sync")
        arguments = self.value(state["Arguments"], machine_input)
        service, _, operation = action.partition(":")
        checked(service, operation, arguments)
        attempts = 1 + max((rule["MaxAttempts"] for rule in state.get("Retry", ())), default=0)
        error = ServiceError("none")
        for _ in range(attempts):
            self.calls.append((action, arguments))
            try:
                result = json.loads(json.dumps(self.services[action](arguments), default=str))
            except ServiceError as failure:
                error = failure
                rule = next((r for r in state.get("Retry", ()) if _matches(r, failure)), None)
                if rule is None or rule["MaxAttempts"] == 0:
                    break
                self.now += timedelta(seconds=rule["IntervalSeconds"])
                continue
            self._assign(state, machine_input, result)
            return result, following
        rule = next((rule for rule in state.get("Catch", ()) if _matches(rule, error)), None)
        if rule is None:
            raise error
        self._assign(rule, machine_input, None)
        return machine_input, rule["Next"]

    def _assign(self, state: Mapping[str, Any], machine_input: Any, result: Any) -> None:
        # every expression sees the values from before the state
        self.variables |= {
            key: self.value(part, machine_input, result) for key, part in state.get("Assign", {}).items()
        }

    def value(self, template: Any, machine_input: Any, result: Any = None) -> Any:
        """Value of a template with expressions; an expression without a value is an error, as in Step Functions."""
        parts, items = mapping(template), sequence(template)
        if parts is not None:
            return {key: self.value(part, machine_input, result) for key, part in parts.items()}
        if items is not None:
            return [self.value(part, machine_input, result) for part in items]
        match = EXPRESSION.fullmatch(template) if isinstance(template, str) else None
        if match is None:
            return template
        entered = self.now.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        started = self.started.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        context = {"State": {"EnteredTime": entered}, "Execution": {"StartTime": started, "Name": self.name}}
        expression: Any = Jsonata(match[1])
        expression.register_lambda("parse", json.loads)
        expression.assign("states", {"input": machine_input, "result": result, "context": context})
        for name, variable in self.variables.items():
            expression.assign(name, variable)
        computed = expression.evaluate(None)
        assert computed is not None, f"no value: {match[1]}"
        return json.loads(json.dumps(computed))


def _matches(rule: Mapping[str, Any], error: ServiceError) -> bool:
    return bool({error.name, "States.ALL"} & set(rule["ErrorEquals"]))
