"""Log queries of the runs of jobs and of restore drills: failures, a success that is missing, what a drill reports. Pure.

An execution of a job is named after the job, a replica of it after the execution, each with a suffix of letters and digits.
The system log has one event for each container that ends, with its exit code. The job that reports on drills prints age and
leftovers every hour, in a line of JSON (`providers/azure/drill/report.sh`).
"""

from collections.abc import Callable, Mapping

from providers.azure.context import AzureContext
from providers.azure.naming import job_name, report_job
from providers.contract.alarms import AlarmRule, Signal
from providers.contract.drill import AGE_METRIC, LEFTOVERS_METRIC
from providers.contract.spec import Platform

WINDOWS_MINUTES = (10, 15, 30, 45, 60, 120, 180, 240, 300, 360, 1440, 2880)
"""Windows of a log alert from the ingestion delay on: Azure Monitor API, `ScheduledQueryRuleProperties.windowSize`."""
INGESTION_MINUTES = 10
MAX_WINDOW_MINUTES = WINDOWS_MINUTES[-1]


def replicas_of(stack: str, job: str) -> str:
    """Return the regular expression of the names of a job's replicas."""
    return f"^{job_name(stack, job)}-[a-z0-9]+-[a-z0-9]+$"


def exits(stack: str, job: str) -> str:
    """Return the query of the ended containers of a job, with execution and exit code."""
    return (
        f'ContainerAppSystemLogs | where ReplicaName matches regex "{replicas_of(stack, job)}" and Log has "exit code" '
        "| extend code = toint(extract(\"exit code '([0-9]+)'\", 1, Log)), "
        'execution = extract("^(.*)-[^-]+$", 1, ReplicaName)'
    )


def _failed_runs(spec: Platform, stack: str, rule: AlarmRule) -> str:
    """Query of the number of executions whose attempts have all failed."""
    retries = spec.jobs[rule.name].retries
    return (
        f"{exits(stack, rule.name)} | summarize failures = countif(code != 0), successes = countif(code == 0) by execution "
        f"| where failures > {retries} and successes == 0 | summarize value = todouble(count())"
    )


def _missing_success(_: Platform, stack: str, rule: AlarmRule) -> str:
    """Query that returns 1 when the job has succeeded in the window, but not in the hours of the rule.

    A new job has no success yet, so the alarm begins with the first one.
    """
    recent = f"countif(code == 0 and TimeGenerated > ago({rule.periods}h))"
    return (
        f"{exits(stack, rule.name)} | summarize total = countif(code == 0), recent = {recent} "
        "| project value = iff(total > 0 and recent == 0, 1.0, 0.0)"
    )


JOB_QUERIES: Mapping[Signal, Callable[[Platform, str, AlarmRule], str]] = {
    Signal.JOB_FAILED: _failed_runs,
    Signal.JOB_MISSED: _missing_success,
}
"""Log query of a rule on a job: its result is one row with one number, `value`."""


def runs_over_time(stack: str, rule: AlarmRule) -> str:
    """Return the query of a graph: failed or successful attempts by hour."""
    comparison = "!=" if rule.signal is Signal.JOB_FAILED else "=="
    return (
        f"{exits(stack, rule.name)} | where code {comparison} 0 | summarize value = count() by bin(TimeGenerated, 1h)"
    )


def window_minutes(spec: Platform, rule: AlarmRule) -> int:
    """Return the window of a query: all attempts of a run, or the longest one where a success may be missing."""
    if rule.signal is Signal.JOB_MISSED:
        return MAX_WINDOW_MINUTES
    retries = spec.jobs[rule.name].retries
    needed = INGESTION_MINUTES + (spec.jobs[rule.name].max_minutes if retries else 0)
    return next((window for window in WINDOWS_MINUTES if window >= needed), MAX_WINDOW_MINUTES)


REPORT_WINDOW_SECONDS = 7200
"""Window of a query, which holds a report of an hourly job in spite of the delay of its log."""


def reports(context: AzureContext, metric: str) -> str:
    """Return the query of the reports of a metric, as `reported`."""
    return (
        f'ContainerAppConsoleLogs | where ContainerGroupName startswith "{report_job(context)}-" and Log has "{metric}" '
        f"| extend reported = todouble(parse_json(Log)['{metric}']) | where isnotnull(reported)"
    )


def _age(context: AzureContext, rule: AlarmRule) -> str:
    """Query of the youngest reported age; without a report it is above the threshold."""
    silence = f"iff(count() == 0, {rule.threshold + 1:.1f}, min(reported))"
    return f"{reports(context, AGE_METRIC)} | summarize value = {silence}"


def _leftovers(context: AzureContext, _: AlarmRule) -> str:
    return f"{reports(context, LEFTOVERS_METRIC)} | summarize value = min(reported)"


DRILL_QUERIES: Mapping[Signal, Callable[[AzureContext, AlarmRule], str]] = {
    Signal.DATABASE_BACKUP_AGE_SECONDS: _age,
    Signal.DATABASE_DRILL_LEFTOVERS: _leftovers,
}
"""Log query of a rule on drills: its result is one row with one number, `value`."""
METRIC_NAMES: Mapping[Signal, str] = {
    Signal.DATABASE_BACKUP_AGE_SECONDS: AGE_METRIC,
    Signal.DATABASE_DRILL_LEFTOVERS: LEFTOVERS_METRIC,
}


def reports_over_time(context: AzureContext, rule: AlarmRule) -> str:
    """Return the query of a graph: what was reported, by hour."""
    source = reports(context, METRIC_NAMES[rule.signal])
    return f"{source} | summarize value = max(reported) by bin(TimeGenerated, 1h)"
