"""Keys: one authority, a certificate for each part that is reached over TLS, no key in the open."""

from automation.plan.inventory import Inventory, Secret
from tests.docker.laid import holders, items
from tests.planning import DROP, plan, production


def test_each_part_shows_a_certificate_of_the_one_authority(prod: Inventory) -> None:
    signed = prod.of_type("tls:LocallySignedCert")
    assert {found.name for found in signed} == {
        f"prod-keys-{part}-certificate" for part in ("entry", "database", "cache")
    }
    assert {found.inputs["caCertPem"] for found in signed} == {
        "<tls:SelfSignedCert prod-keys-authority-certificate>.certPem"
    }


def test_the_entrys_certificate_names_the_domain_and_this_machine(prod: Inventory) -> None:
    request = prod.one("prod-keys-entry-request").inputs
    assert (request["dnsNames"], request["ipAddresses"]) == (["agents.example.com", "localhost"], ["127.0.0.1"])


def test_without_a_domain_the_certificate_is_for_this_machine() -> None:
    found = plan(production({"profile": "development", "ingress": {}}, cloud="docker"))
    assert found.one("prod-keys-entry-request").inputs["dnsNames"] == ["localhost"]
    assert found.outputs["url"] == "https://localhost"


def test_the_url_has_a_port_that_is_not_the_usual_one() -> None:
    found = plan(production({"docker": {"entry_port": 8443}}, cloud="docker"))
    assert found.outputs["url"] == "https://agents.example.com:8443"


def test_a_private_key_is_handed_over_as_a_secret(prod: Inventory) -> None:
    for found in (*prod.of_type("tls:CertRequest"), prod.one("prod-keys-authority-certificate")):
        assert isinstance(found.inputs["privateKeyPem"], Secret)
    assert all(isinstance(found.inputs["caPrivateKeyPem"], Secret) for found in prod.of_type("tls:LocallySignedCert"))


def test_the_authoritys_own_key_lies_in_no_container(prod: Inventory) -> None:
    contents = [str(upload["content"]) for found in holders(prod) for upload in items(found, "uploads")]
    assert not [content for content in contents if "prod-keys-authority-key" in content]


def test_parts_that_do_not_stand_have_no_key() -> None:
    uses: dict[str, object] = {f"services.{name}.uses": [] for name in ("gateway", "chat", "worker")}
    found = plan(production({**uses, "profile": "development", "database": DROP, "cache": DROP}, cloud="docker"))
    assert {key.name for key in found.of_type("tls:PrivateKey")} == {"prod-keys-authority-key", "prod-keys-entry-key"}
