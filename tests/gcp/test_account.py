"""Enabled services and audit log of the project."""

from automation.plan.inventory import Inventory
from providers.gcp.base.enabled_services import ENABLED_BEFORE, enable_command, enabled_services
from tests.gcp.plans import development, spec_of
from tests.planning import DROP


def enabled_apis(plan: Inventory) -> set[object]:
    return {service.inputs["service"] for service in plan.of_type("projects:Service")}


def test_a_capability_that_is_not_requested_enables_no_service() -> None:
    assert not {"certificatemanager.googleapis.com", "billingbudgets.googleapis.com"} & enabled_apis(development())
    assert not {"aiplatform.googleapis.com", "sts.googleapis.com"} & enabled_apis(development())


def test_every_requested_capability_enables_its_services(prod: Inventory) -> None:
    services = (
        "sqladmin",
        "redis",
        "servicenetworking",
        "aiplatform",
        "certificatemanager",
        "sts",
        "billingbudgets",
        "cloudbilling",
    )
    assert {f"{name}.googleapis.com" for name in services} <= enabled_apis(prod)


def test_a_platform_without_data_needs_no_peering() -> None:
    unused: dict[str, object] = {f"services.{name}.uses": DROP for name in ("gateway", "chat", "worker")}
    spec = spec_of({"database": DROP, "cache": DROP, **unused})
    assert not {"servicenetworking", "sqladmin", "redis"} & set(enabled_services(spec))


def test_services_stay_enabled_after_the_stack_is_deleted(prod: Inventory) -> None:
    assert {service.inputs["disableOnDestroy"] for service in prod.of_type("projects:Service")} == {False}


def test_the_provider_of_the_region_depends_on_every_service(prod: Inventory) -> None:
    provider = next(r for r in prod.resources if r.name == "prod-us-central1" and r.type == "pulumi:providers:gcp")
    assert {service.urn for service in prod.of_type("projects:Service")} <= set(provider.depends_on)


def test_only_the_account_uses_the_provider_without_dependencies(prod: Inventory) -> None:
    components = {prod.component_of(r) for r in prod.custom if "::prod-services::" in r.provider}
    assert components == {"Account"}


def test_reads_and_writes_of_every_service_are_logged(prod: Inventory) -> None:
    audit = prod.one("prod-account-audit")
    assert audit.inputs["service"] == "allServices"
    kinds = [{"logType": kind} for kind in ("ADMIN_READ", "DATA_READ", "DATA_WRITE")]
    assert audit.inputs["auditLogConfigs"] == kinds


def test_a_deleted_stack_keeps_the_audit_log_of_the_project(prod: Inventory) -> None:
    assert prod.one("prod-account-audit").options["retainOnDelete"] is True


def test_the_services_that_enable_all_others_are_enabled_by_hand(prod: Inventory) -> None:
    assert set(ENABLED_BEFORE) == {"cloudresourcemanager", "serviceusage"}
    assert not {f"{name}.googleapis.com" for name in ENABLED_BEFORE} & enabled_apis(prod)
    assert " ".join(enable_command("acme-agents")) == (
        "gcloud services enable cloudresourcemanager.googleapis.com serviceusage.googleapis.com --project=acme-agents"
    )
