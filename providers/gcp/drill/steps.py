"""Steps of Workflows that the drill and its report share: calls of connectors, and the list of copies. Pure.

Expressions: Workflows documentation, "Expressions"; functions of its standard library, "Standard library overview".
"""

from collections.abc import Mapping

from providers.gcp.base.workflows import Steps
from providers.gcp.drill.names import copy_pattern
from providers.gcp.naming import metric_type

Step = Mapping[str, object]
MAX_PAGES = 100


def expression(text: str) -> str:
    """Expression in a step."""
    return f"${{{text}}}"


def assign(**values: object) -> Step:
    """Step that sets variables, one after the other."""
    return {"assign": [{name: value} for name, value in values.items()]}


def call(method: str, args: Mapping[str, object], result: str = "", seconds: int = 0) -> Step:
    """Call of a connector, such as `sqladmin.v1.instances.get`; it waits for a long-running operation, up to `seconds`."""
    waited = {"connector_params": {"timeout": seconds}} if seconds else {}
    step = {"call": f"googleapis.{method}", "args": {**args, **waited}}
    return {**step, "result": result} if result else step


def when(condition: str, *steps: Mapping[str, Step]) -> Step:
    """Steps under a condition."""
    return {"switch": [{"condition": expression(condition), "steps": list(steps)}]}


def seconds_since(time: str) -> str:
    """Expression of the seconds from a time to now."""
    return f"sys.now() - time.parse({time})"


def old_copies(project: str, stack: str, seconds: int) -> Steps:
    """Subworkflow that returns the names of instances of drills which are older than some seconds."""
    is_copy = f'text.match_regex(instance.name, "{copy_pattern(stack)}")'
    old = f"{is_copy} and {seconds_since('instance.createTime')} > {seconds}"
    listed = call(
        "sqladmin.v1.instances.list",
        {"project": project, "pageToken": expression("page"), "maxResults": 100},
        "answer",
    )
    keep = {"keep": when(old, {"add": assign(found=expression("list.concat(found, instance.name)"))})}
    each = {"for": {"value": "instance", "in": expression('default(map.get(answer, "items"), [])'), "steps": [keep]}}
    next_page = expression('default(map.get(answer, "nextPageToken"), "")')
    more = {"condition": expression(f'page != "" and pages < {MAX_PAGES}'), "next": "list_page"}
    return {
        "steps": [
            {"begin_list": assign(found=[], page="", pages=0)},
            {"list_page": listed},
            {"look_at_page": each},
            {"turn_page": assign(page=next_page, pages=expression("pages + 1"))},
            {"more_pages": {"switch": [more]}},
            {"all_pages": {"return": expression("found")}},
        ]
    }


def put_metrics(project: str, stack: str, values: Mapping[str, str]) -> Step:
    """Call that writes metrics, by name the expression of a number."""
    now = expression("time.format(sys.now())")
    series = [
        {
            "metric": {"type": metric_type(name), "labels": {"stack": stack}},
            "resource": {"type": "global", "labels": {"project_id": project}},
            "points": [{"interval": {"endTime": now}, "value": {"doubleValue": expression(f"double({value})")}}],
        }
        for name, value in values.items()
    ]
    body = {"timeSeries": series}
    return call("monitoring.v3.projects.timeSeries.create", {"name": f"projects/{project}", "body": body})
