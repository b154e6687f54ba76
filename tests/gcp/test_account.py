"""What the project must have first: its services enabled, its audit log on."""

from automation.plan.inventory import Inventory
from providers.gcp.base.enabled_services import services
from tests.gcp.asked import spec_of
from tests.gcp.lighter import lighter
from tests.planning import DROP


def enabled(plan: Inventory) -> set[object]:
    return {service.inputs["service"] for service in plan.of_type("projects:Service")}


def test_a_part_that_is_not_asked_for_enables_nothing() -> None:
    assert not {"certificatemanager.googleapis.com", "billingbudgets.googleapis.com"} & enabled(lighter())
    assert not {"aiplatform.googleapis.com", "sts.googleapis.com"} & enabled(lighter())


def test_every_asked_part_enables_its_services(prod: Inventory) -> None:
    asked = (
        "sqladmin",
        "redis",
        "servicenetworking",
        "aiplatform",
        "certificatemanager",
        "sts",
        "billingbudgets",
        "cloudbilling",
    )
    assert {f"{name}.googleapis.com" for name in asked} <= enabled(prod)


def test_a_platform_without_data_needs_no_peering() -> None:
    unused: dict[str, object] = {f"services.{name}.uses": DROP for name in ("gateway", "chat", "worker")}
    without = spec_of({"database": DROP, "cache": DROP, **unused})
    assert not {"servicenetworking", "sqladmin", "redis"} & set(services(without))


def test_services_stay_enabled_when_the_stack_goes(prod: Inventory) -> None:
    assert {service.inputs["disableOnDestroy"] for service in prod.of_type("projects:Service")} == {False}


def test_the_provider_of_the_region_waits_for_every_service(prod: Inventory) -> None:
    provider = next(r for r in prod.resources if r.name == "prod-us-central1" and r.type == "pulumi:providers:gcp")
    assert {service.urn for service in prod.of_type("projects:Service")} <= set(provider.depends_on)


def test_only_the_account_uses_the_provider_that_waits_for_nothing(prod: Inventory) -> None:
    first = {prod.scope_of(r) for r in prod.custom if "::prod-services::" in r.provider}
    assert first == {"Account"}


def test_reading_and_writing_of_all_services_is_recorded(prod: Inventory) -> None:
    audit = prod.one("prod-account-audit")
    assert audit.inputs["service"] == "allServices"
    kinds = [{"logType": kind} for kind in ("ADMIN_READ", "DATA_READ", "DATA_WRITE")]
    assert audit.inputs["auditLogConfigs"] == kinds


def test_a_stack_that_goes_leaves_the_projects_audit_on(prod: Inventory) -> None:
    assert prod.one("prod-account-audit").options["retainOnDelete"] is True
