"""Encryption keys: Microsoft's own."""

from tests.azure.laid import at, laid


def test_no_key_is_declared() -> None:
    assert not laid().of_type("keyvault:Key")


def test_objects_are_encrypted_twice_by_the_platforms_keys() -> None:
    account = laid().one("prod-storage")
    assert at(account, "encryption.keySource") == "Microsoft.Storage"
    assert at(account, "encryption.requireInfrastructureEncryption") is True
