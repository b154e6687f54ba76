"""Secrets: storage, readers and previous versions."""

from automation.plan.inventory import Inventory, Secret
from tests.gcp.plans import development, text_at, value_at, values_at
from tests.planning import SECRET, plan, production

NAME = "prod-secrets-OPENAI_API_KEY"


def readers(inventory: Inventory, secret_id: str) -> set[object]:
    grants = inventory.of_type("secretmanager:SecretIamMember")
    return {grant.inputs["member"] for grant in grants if grant.inputs["secretId"] == secret_id}


def test_a_secret_is_stored_in_one_region_with_the_data_key(prod: Inventory) -> None:
    key = {"kmsKeyName": "<kms:CryptoKey prod-keys-data>.id"}
    replicas = [{"location": "us-central1", "customerManagedEncryption": key}]
    assert prod.one(NAME, "secretmanager:Secret").inputs["replication"] == {"userManaged": {"replicas": replicas}}


def test_the_value_is_declared_as_a_secret(prod: Inventory) -> None:
    assert prod.one(f"{NAME}-value").inputs["secretData"] == Secret(SECRET)


def test_only_the_services_that_list_a_secret_read_it(prod: Inventory) -> None:
    assert readers(prod, "prod-OPENAI_API_KEY") == {"<serviceaccount:Account prod-identity-gateway>.member"}


def test_only_users_of_the_database_read_its_url(prod: Inventory) -> None:
    services = {f"<serviceaccount:Account prod-identity-{name}>.member" for name in ("gateway", "chat", "worker")}
    assert readers(prod, "prod-database-url") == services
    assert len(readers(prod, "prod-redis-url")) == 2


def test_a_reader_has_only_the_accessor_role(prod: Inventory) -> None:
    grants = prod.of_type("secretmanager:SecretIamMember")
    assert {grant.inputs["role"] for grant in grants} == {"roles/secretmanager.secretAccessor"}


def test_a_replica_refers_to_the_version_of_its_deployment(prod: Inventory) -> None:
    service = prod.one("prod-compute-gateway", "cloudrunv2:Service").inputs
    envs = values_at(service, "template", "containers", 0, "envs")
    variables = {text_at(env, "name"): env for env in envs}
    reference = {"secret": "prod-OPENAI_API_KEY", "version": f"<secretmanager:SecretVersion {NAME}-value>.version"}
    assert value_at(variables["OPENAI_API_KEY"], "valueSource") == {"secretKeyRef": reference}


def test_a_replica_starts_after_the_value_and_its_grant(prod: Inventory) -> None:
    service = prod.one("prod-compute-gateway", "cloudrunv2:Service")
    assert {prod.one(f"{NAME}-value").urn, prod.one(f"{NAME}-gateway").urn} <= set(service.depends_on)


def test_production_keeps_a_previous_version_for_a_week_and_protects_the_secret(prod: Inventory) -> None:
    inputs = prod.one(NAME, "secretmanager:Secret").inputs
    assert (inputs["versionDestroyTtl"], inputs["deletionProtection"]) == ("604800s", True)


def test_development_deletes_at_once() -> None:
    inputs = development().one("dev-secrets-SIGNING_KEY", "secretmanager:Secret").inputs
    assert ("versionDestroyTtl" in inputs, inputs["deletionProtection"]) == (False, False)


def test_two_readers_have_two_grants_on_one_secret() -> None:
    shared = plan(production({"services.chat.secrets": ["OPENAI_API_KEY"]}, cloud="gcp"))
    assert len(readers(shared, "prod-OPENAI_API_KEY")) == 2
    assert (
        len([s for s in shared.of_type("secretmanager:Secret") if s.inputs["secretId"] == "prod-OPENAI_API_KEY"]) == 1
    )
