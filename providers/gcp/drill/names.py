"""Names of a drill: its workflows, its job, and the instances that it creates. Pure."""

from providers.gcp.naming import DRILL, run_name, workflow_id

COPY_DIGITS = 14
REPORT = "drill_report"


def drill_workflow(stack: str) -> str:
    """`prod_drill`: no job of a stack has a name with an underscore."""
    return workflow_id(stack, DRILL)


def query_job(stack: str) -> str:
    """`prod-drill`: Cloud Run job of the query; a service or job of this name is refused."""
    return run_name(stack, DRILL)


def copy_prefix(stack: str) -> str:
    """Prefix of an instance that a drill creates; 14 digits follow, with which no instance of a stack ends."""
    return f"{stack}-drill-"


def copy_pattern(stack: str) -> str:
    """Regular expression (RE2) of the names of instances that drills create."""
    return f"^{copy_prefix(stack)}20[0-9]{{{COPY_DIGITS - 2}}}$"
