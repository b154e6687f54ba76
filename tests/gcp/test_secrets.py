"""Secrets: where they lie, who reads them, what happens to an old version."""

from typing import cast

from automation.plan.inventory import Inventory, Secret
from tests.gcp.lighter import lighter
from tests.planning import SECRET, plan, production

NAME = "prod-secrets-OPENAI_API_KEY"


def readers(inventory: Inventory, secret_id: str) -> set[object]:
    rights = inventory.of_type("secretmanager:SecretIamMember")
    return {right.inputs["member"] for right in rights if right.inputs["secretId"] == secret_id}


def test_a_secret_lies_in_one_region_under_the_data_key(prod: Inventory) -> None:
    key = {"kmsKeyName": "<kms:CryptoKey prod-keys-data>.id"}
    replicas = [{"location": "us-central1", "customerManagedEncryption": key}]
    assert prod.one(NAME, "secretmanager:Secret").inputs["replication"] == {"userManaged": {"replicas": replicas}}


def test_the_value_is_handed_over_as_a_secret(prod: Inventory) -> None:
    assert prod.one(f"{NAME}-value").inputs["secretData"] == Secret(SECRET)


def test_only_the_services_that_list_a_secret_read_it(prod: Inventory) -> None:
    assert readers(prod, "prod-OPENAI_API_KEY") == {"<serviceaccount:Account prod-identity-gateway>.member"}


def test_only_users_of_the_database_read_its_url(prod: Inventory) -> None:
    everyone = {f"<serviceaccount:Account prod-identity-{name}>.member" for name in ("gateway", "chat", "worker")}
    assert readers(prod, "prod-database-url") == everyone
    assert len(readers(prod, "prod-redis-url")) == 2


def test_a_reader_reads_and_does_nothing_else(prod: Inventory) -> None:
    rights = prod.of_type("secretmanager:SecretIamMember")
    assert {right.inputs["role"] for right in rights} == {"roles/secretmanager.secretAccessor"}


def test_a_copy_names_the_version_it_was_deployed_with(prod: Inventory) -> None:
    template = cast(
        "dict[str, list[dict[str, list[dict[str, object]]]]]",
        prod.one("prod-compute-gateway", "cloudrunv2:Service").inputs["template"],
    )
    variables = {env["name"]: env for env in template["containers"][0]["envs"]}
    reference = {"secret": "prod-OPENAI_API_KEY", "version": f"<secretmanager:SecretVersion {NAME}-value>.version"}
    assert variables["OPENAI_API_KEY"]["valueSource"] == {"secretKeyRef": reference}


def test_a_copy_starts_after_the_value_and_its_right_to_it(prod: Inventory) -> None:
    service = prod.one("prod-compute-gateway", "cloudrunv2:Service")
    assert {prod.one(f"{NAME}-value").urn, prod.one(f"{NAME}-gateway").urn} <= set(service.depends_on)


def test_production_keeps_an_old_version_for_a_week_and_the_secret_itself(prod: Inventory) -> None:
    inputs = prod.one(NAME, "secretmanager:Secret").inputs
    assert (inputs["versionDestroyTtl"], inputs["deletionProtection"]) == ("604800s", True)


def test_development_lets_go_at_once() -> None:
    inputs = lighter().one("dev-secrets-SIGNING_KEY", "secretmanager:Secret").inputs
    assert ("versionDestroyTtl" in inputs, inputs["deletionProtection"]) == (False, False)


def test_two_readers_have_two_rights_on_one_secret() -> None:
    shared = plan(production({"services.chat.secrets": ["OPENAI_API_KEY"]}, cloud="gcp"))
    assert len(readers(shared, "prod-OPENAI_API_KEY")) == 2
    assert (
        len([s for s in shared.of_type("secretmanager:Secret") if s.inputs["secretId"] == "prod-OPENAI_API_KEY"]) == 1
    )
