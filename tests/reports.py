"""Reports for tests: production on one cloud, and a platform of fifty services, with a known value of every secret."""

from datetime import date
from functools import cache

from automation.plan.build import Plan, plan_of
from automation.report.facts import ReportFacts, facts_of
from automation.report.page import report_page
from automation.report.posture import posture_of
from automation.stack.document import Stack, stack_of
from components.settings import PLATFORM_KEY, PROJECT
from providers.contract.json_data import is_mapping
from providers.contract.spec.defaults import Raw
from tests.planning import JOBS, ROOT, SECRET, production

TODAY = date(2026, 11, 28)


def planned_stack(raw: Raw, name: str = "prod") -> Plan:
    """Return the plan of a platform in which every listed secret has the value SECRET."""
    stack = stack_of(name, {PLATFORM_KEY: raw})
    config = {**stack.config, **{f"{PROJECT}:{secret}": SECRET for secret in stack.missing_secrets}}
    return plan_of(Stack(name, stack.spec, config, stack.secret_keys, ()), ROOT)


@cache
def facts(cloud: str) -> ReportFacts:
    return facts_of(planned_stack(production({"jobs": JOBS}, cloud)), TODAY)


def page_of(of: ReportFacts) -> str:
    return report_page(of, today=TODAY, version="1.2.3", commit="`0123abc`", before=posture_of(of))


@cache
def fifty_services() -> ReportFacts:
    """Return the facts of a platform with fifty services on AWS, most of which call two others."""
    size = {"vcpu": 16, "memory_gib": 128}
    raw = production({"jobs": {}, "database.parameters": {"max_connections": 5000}, "database.size": size})
    services = raw["services"]
    assert is_mapping(services)
    chat, gateway = services["chat"], services["gateway"]
    assert is_mapping(chat) and is_mapping(gateway)
    chat["replicas"] = {"min": 2, "max": 2}
    names = [f"service-{number:02}" for number in range(49)]
    raw["services"] = {
        "gateway": {**gateway, "calls": names[:10]},
        **{name: {**chat, "calls": names[index + 1 : index + 3]} for index, name in enumerate(names)},
    }
    return facts_of(planned_stack(raw), TODAY)
