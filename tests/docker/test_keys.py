"""Certificates: one authority, a certificate for each TLS server, and secret private keys."""

from automation.plan.inventory import Inventory, Secret
from tests.docker.plans import file_containers, settings
from tests.planning import DROP, plan, production


def test_each_certificate_is_signed_by_the_one_authority(prod: Inventory) -> None:
    signed = prod.of_type("tls:LocallySignedCert")
    assert {certificate.name for certificate in signed} == {
        f"prod-keys-{part}-certificate" for part in ("entry", "database", "cache")
    }
    assert {certificate.inputs["caCertPem"] for certificate in signed} == {
        "<tls:SelfSignedCert prod-keys-authority-certificate>.certPem"
    }


def test_the_certificate_of_the_entry_has_the_domain_and_localhost(prod: Inventory) -> None:
    request = prod.one("prod-keys-entry-request").inputs
    assert (request["dnsNames"], request["ipAddresses"]) == (["agents.example.com", "localhost"], ["127.0.0.1"])


def test_without_a_domain_the_certificate_is_for_localhost() -> None:
    inventory = plan(production({"profile": "development", "ingress": {}}, cloud="docker"))
    assert inventory.one("prod-keys-entry-request").inputs["dnsNames"] == ["localhost"]
    assert inventory.outputs["url"] == "https://localhost"


def test_the_url_has_a_port_other_than_443() -> None:
    inventory = plan(production({"docker": {"entry_port": 8443}}, cloud="docker"))
    assert inventory.outputs["url"] == "https://agents.example.com:8443"


def test_private_keys_are_passed_as_secrets(prod: Inventory) -> None:
    for resource in (*prod.of_type("tls:CertRequest"), prod.one("prod-keys-authority-certificate")):
        assert isinstance(resource.inputs["privateKeyPem"], Secret)
    signed = prod.of_type("tls:LocallySignedCert")
    assert all(isinstance(certificate.inputs["caPrivateKeyPem"], Secret) for certificate in signed)


def test_the_key_of_the_authority_is_in_no_container(prod: Inventory) -> None:
    contents = [str(upload["content"]) for found in file_containers(prod) for upload in settings(found, "uploads")]
    assert not [content for content in contents if "prod-keys-authority-key" in content]


def test_parts_that_the_spec_leaves_out_have_no_key() -> None:
    unused: dict[str, object] = {f"services.{name}.uses": [] for name in ("gateway", "chat", "worker")}
    raw = production({**unused, "profile": "development", "database": DROP, "cache": DROP}, cloud="docker")
    keys = {key.name for key in plan(raw).of_type("tls:PrivateKey")}
    assert keys == {"prod-keys-authority-key", "prod-keys-entry-key"}
