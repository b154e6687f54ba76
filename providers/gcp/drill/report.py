"""Workflow that puts the metrics of drills every hour. Pure.

Cloud Monitoring computes no age of a value, so the age of the last success is put as a value. An execution of the drill that
succeeded has the evidence as its result, and is kept for 90 days (Workflows documentation, "Quotas and limits").
"""

from providers.contract.drill import AGE_METRIC, LEFTOVER_SECONDS, LEFTOVERS_METRIC
from providers.gcp.base.workflows import Steps
from providers.gcp.drill.names import drill_workflow
from providers.gcp.drill.steps import assign, call, expression, old_copies, put_metrics, seconds_since, when

SCHEDULE = "0 * * * *"


def report_workflow(project: str, region: str, stack: str) -> Steps:
    """Return the workflow in the syntax of Workflows."""
    drill = f"projects/{project}/locations/{region}/workflows/{drill_workflow(stack)}"
    last = call(
        "workflowexecutions.v1.projects.locations.workflows.executions.list",
        {"parent": drill, "filter": 'state="SUCCEEDED"', "view": "FULL", "pageSize": 1},
        "answer",
    )
    # before the first success the age counts from the declaration of the drill
    declared = [
        {"read_declaration": call("workflows.v1.projects.locations.workflows.get", {"name": drill}, "declared")},
        {"since_declaration": assign(verified=expression("declared.createTime"))},
    ]
    succeeded = assign(verified=expression("json.decode(executions[0].result).recovery_point_time"))
    values = {AGE_METRIC: seconds_since("verified"), LEFTOVERS_METRIC: "len(left)"}
    steps = [
        {"begin": assign(verified="")},
        {"last_success": last},
        {"found": assign(executions=expression('default(map.get(answer, "executions"), [])'))},
        {"any_success": when("len(executions) > 0", {"read_evidence": succeeded})},
        {"no_success": when('verified == ""', *declared)},
        {"find_leftovers": {"call": "old_copies", "result": "left"}},
        {"put": put_metrics(project, stack, values)},
    ]
    return {"main": {"steps": steps}, "old_copies": old_copies(project, stack, LEFTOVER_SECONDS)}
